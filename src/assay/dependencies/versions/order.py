"""The version order of each ecosystem, as sort keys. A version that its ecosystem does not allow has no key."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2

_MAX_VERSION = 256
_SEMVER = re2.compile(
    r"^[vV=\s]*(\d+)(?:\.(\d+))?(?:\.(\d+))?((?:\.\d+)*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\s*$"
)
_RUBY_PART = re2.compile(r"[0-9]+|[a-z]+")
_RUBY = re2.compile(r"^\s*[0-9]+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\s*$")
_COMPOSER = re2.compile(
    r"(?i)^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.(\d+))?(?:[._-]?(?:(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d+)*)?)?([.-]?dev)?)(?:\+\S*)?$"
)
_COMPOSER_RANK = {
    "dev": -5,
    "alpha": -4,
    "a": -4,
    "beta": -3,
    "b": -3,
    "rc": -2,
    "": 0,
    "stable": 0,
    "patch": 1,
    "pl": 1,
    "p": 1,
}


@lru_cache(maxsize=200_000)
def key_of(ecosystem: str, version: str) -> Any:
    """A comparable key, None where the text is no version of the ecosystem. Keys of different ecosystems do not compare."""
    if len(version) > _MAX_VERSION:
        return None
    ecosystem = ecosystem.partition(":")[0]
    maker = _KEYS.get(ecosystem, _semver_key)
    try:
        return maker(version)
    except (ValueError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        return None


def is_major_step(old: str, new: str, ecosystem: str = "") -> bool:
    """Whether going from one version to the other may break: the first number that is not zero changes."""
    first, second = _numbers(old, ecosystem), _numbers(new, ecosystem)
    if not first or not second:
        return True
    if first[0] or second[0]:
        return first[0] != second[0]
    return first[1:2] != second[1:2]


def is_prerelease(ecosystem: str, version: str) -> bool:
    """Whether a version is one that tools do not choose unasked."""
    if ecosystem == "PyPI":
        key = key_of(ecosystem, version)
        return bool(key is not None and key.is_prerelease)
    if ecosystem == "RubyGems":
        return any(char.isalpha() for char in version)
    head = version.partition("+")[0]
    return "-" in head and head.rpartition("-")[2].lower() not in {"final", "release", "ga", "jre", "android"}


def _numbers(version: str, ecosystem: str) -> list[int]:
    head = version.lstrip("vV= ").rpartition("!")[2] if ecosystem == "PyPI" else version.lstrip("vV= ")
    numbers = []
    for part in head.split(".")[:3]:
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits or len(digits) > 18:
            break
        numbers.append(int(digits))
    return numbers


def _pypi_key(version: str) -> Any:
    from packaging.version import Version

    return Version(version)


def _semver_key(version: str) -> Any:
    """Semantic versioning 2.0.0, section 11; short forms and a leading v as npm and Go write them.

    Go's pseudo-versions (`v0.0.0-20220101000000-abcdefabcdef`) sort by their time, for it comes first.
    """
    match = _SEMVER.match(version)
    if match is None:
        return None
    more = tuple(_number(part) for part in match.group(4).split(".") if part) if match.group(4) else ()
    while more and more[-1] == 0:
        more = more[:-1]
    numbers = tuple(_number(match.group(index) or "0") for index in (1, 2, 3))
    return numbers, more, _prerelease_key(match.group(5))


def _prerelease_key(prerelease: str | None) -> tuple[Any, ...]:
    if not prerelease:
        return (1,)
    parts = tuple(
        (0, _number(part), "") if part.isdigit() else (1, 0, part) for part in prerelease.split(".")
    )
    return (0, parts)


def _number(digits: str) -> int:
    # int() is quadratic in the digits and refuses more than 4,300 of them; versions are cut to 256 characters before.
    return int(digits)


def _ruby_key(version: str) -> Any:
    """Gem::Version#<=>: segments of digits and letters, letters below numbers, missing ones are zero."""
    version = version.strip()
    if not version:
        version = "0"
    if not _RUBY.match(version):
        return None
    segments: list[tuple[int, int, str]] = []
    for part in _RUBY_PART.findall(
        version.replace("-", ".pre.").lower() if version.islower() or "-" in version else version.lower()
    ):
        piece = str(part)
        segments.append((1, int(piece), "") if piece.isdigit() else (0, 0, piece))
    # Trailing zeros say nothing, neither at the end nor in front of the first letters.
    first_text = next((index for index, item in enumerate(segments) if item[0] == 0), len(segments))
    release, rest = segments[:first_text], segments[first_text:]
    while release and release[-1] == (1, 0, ""):
        release.pop()
    while rest and rest[-1] == (1, 0, ""):
        rest.pop()
    # A missing segment counts as number 0: above every text, below every other number.
    return (*release, *rest, (1, 0, "")) if rest else (*release, (1, 0, ""))


def _composer_key(version: str) -> Any:
    """Composer's normalised versions: four numbers, then dev < alpha < beta < RC < stable < patch."""
    version = version.strip().partition("#")[0]
    if version.lower().startswith("dev-"):
        return None
    match = _COMPOSER.match(version.replace("x-dev", "9999999-dev"))
    if match is None:
        return None
    numbers = tuple(int(match.group(index) or 0) for index in (1, 2, 3, 4))
    word = (match.group(5) or "").lower()
    steps = tuple(int(part) for part in str(match.group(6) or "").replace("-", ".").split(".") if part)
    rank = _COMPOSER_RANK["dev" if match.group(7) and not word else word]
    return numbers, rank, steps, -1 if match.group(7) else 0


class _UniversKey:
    """A version of univers in a wrapper: its order may raise for odd input, which `key_of` must see at once."""

    __slots__ = ("version",)

    def __init__(self, version: Any) -> None:
        self.version = version

    def __lt__(self, other: _UniversKey) -> bool:
        return bool(self.version < other.version)

    def __gt__(self, other: _UniversKey) -> bool:
        return other < self

    def __le__(self, other: _UniversKey) -> bool:
        return not other < self

    def __ge__(self, other: _UniversKey) -> bool:
        return not self < other

    def __eq__(self, other: object) -> bool:
        # Equality of univers is that of the text: Debian's `0` and `00` are neither less than the other, and so the same version.
        return isinstance(other, _UniversKey) and not self < other and not other < self

    __hash__ = None  # type: ignore[assignment]  # equal keys have texts that differ


def _univers(name: str) -> Callable[[str], Any]:
    def make(version: str) -> Any:
        import univers.versions as known

        try:
            key = _UniversKey(getattr(known, name)(version))
            # Comparing once shows whether the order holds for this text.
            return key if key == key and not key < key else None
        except Exception:  # noqa: BLE001 - its classes raise errors of their own kinds for odd texts
            return None

    return make


_KEYS: dict[str, Callable[[str], Any]] = {
    "PyPI": _pypi_key,
    "RubyGems": _ruby_key,
    "Packagist": _composer_key,
    "Maven": _univers("MavenVersion"),
    "NuGet": _univers("NugetVersion"),
    "Debian": _univers("DebianVersion"),
    "Ubuntu": _univers("DebianVersion"),
    "Alpine": _univers("AlpineLinuxVersion"),
}
