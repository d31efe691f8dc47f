"""How npm's tools write a package and where it comes from: `@scope/name@range`, `npm:`, `git+ssh:`, `file:`, `workspace:`."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from typing import Any

import re2

from assay.dependencies.shapes import mapping, read_json, text
from assay.model.component import Origin, Scope

_SHORTHAND = re2.compile(r"^(?:github:|gitlab:|bitbucket:|gist:)|^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(?:#.*)?$")
_EXACT = re2.compile(r"^[v=]?\s*(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$")
# Section of a package.json -> scope. Peers are what a consumer must install; they run in production.
SECTIONS = {
    "dependencies": Scope.RUNTIME,
    "devDependencies": Scope.DEVELOPMENT,
    "optionalDependencies": Scope.OPTIONAL,
    "peerDependencies": Scope.RUNTIME,
}


def split_descriptor(descriptor: str) -> tuple[str, str]:
    """`@a/b@^1` -> (`@a/b`, `^1`); the part behind the name is empty where there is none."""
    at = descriptor.find("@", 1)
    return (descriptor, "") if at < 0 else (descriptor[:at], descriptor[at + 1 :])


def unalias(name: str, wanted: str) -> tuple[str, str]:
    """The package that is really installed: `foo` at `npm:bar@1` is `bar` at `1`."""
    if not wanted.startswith("npm:"):
        return name, wanted
    rest = wanted[4:]
    if "@" in rest[1:]:
        return split_descriptor(rest)
    # Without a version, `npm:` is followed by a range (Yarn 2) or by a bare name.
    is_range = not (rest[:1].isalpha() or rest.startswith("@")) or rest in {"latest", "next"}
    return (name, rest) if is_range else (rest, "")


def origin_of(wanted: str) -> Origin:
    """Where a range or a resolved URL points."""
    lowered = wanted.lower()
    if lowered.startswith(("git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:")):
        return Origin.VCS
    if lowered.startswith(("file:", "link:", "portal:", "./", "../", "/", "~/")):
        return Origin.PATH
    if lowered.startswith("workspace:"):
        return Origin.WORKSPACE
    if lowered.startswith(("http:", "https:")):
        is_git = lowered.split("#", 1)[0].endswith(".git") or "codeload.github.com/" in lowered
        return Origin.VCS if is_git else Origin.URL
    return Origin.VCS if _SHORTHAND.match(wanted) else Origin.REGISTRY


def exact_version(wanted: str) -> str:
    """The version of a range that allows one only, else empty."""
    match = _EXACT.match(wanted.strip())
    return str(match.group(1)) if match else ""


def commit_of(wanted: str) -> str:
    """The commit that a git address names behind its `#`, empty for a branch, a tag or nothing."""
    fragment = wanted.rpartition("#")[2] if "#" in wanted else ""
    return fragment if 7 <= len(fragment) <= 64 and not set(fragment) - set("0123456789abcdef") else ""


def integrity_hashes(integrity: str) -> tuple[str, ...]:
    """Subresource integrity (`sha512-<base64>`) as `sha512:<hex>`; values that are no base64 are dropped."""
    hashes = []
    for part in integrity.split()[:8]:
        algorithm, _, value = part.partition("-")
        try:
            hashes.append(f"{algorithm}:{binascii.a2b_base64(value.split('?', 1)[0]).hex()}")
        except (binascii.Error, ValueError):
            continue
    return tuple(hashes)


def asked_of(package: dict[str, Any]) -> Iterator[tuple[str, str, Scope]]:
    """(name, range, scope) of everything that one package.json (or a lockfile's copy of it) asks for."""
    for section, scope in SECTIONS.items():
        for name, wanted in mapping(package.get(section)).items():
            yield name, text(wanted), scope


def sibling_package(data: bytes | None) -> dict[str, Any]:
    """The package.json beside a lockfile, empty where there is none or it does not parse."""
    if data is None:
        return {}
    try:
        return mapping(read_json(data.decode("utf-8-sig", "replace")))
    except ValueError:
        return {}
