"""Sets of paths, hosts and names that statements refer to, compiled so that a look-up does not grow with the set."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, pairwise

import re2

from assay.model.decision import Call

_TMP = ("/tmp", "/var/tmp", "/private/tmp")  # noqa: S108 - places to compare with


def fold(path: str) -> str:
    """One form for paths that a file system may take for the same: NFKC, case-folded."""
    return path if path.isascii() and path.islower() else unicodedata.normalize("NFKC", path).casefold()


class Place:
    """A path as sets see it: folded, with the forms it has below home, workspace and temporary folder, and the names on its way.

    `reach` holds every form and every folder above one; `pairs` two names that follow each other. Compared by identity: places are made once
    and kept. `held` remembers the answers of sets by their number.
    """

    __slots__ = ("forms", "glob", "held", "joined", "names", "pairs", "reach", "recursive")

    def __init__(self, forms: tuple[str, ...], *, glob: bool = False, recursive: bool = False) -> None:
        self.forms = forms
        self.names = names = [part for part in forms[0].split("/") if part]
        self.pairs = [f"{first}/{second}" for first, second in pairwise(names)]
        self.glob, self.recursive = glob, recursive
        self.held: dict[int, bool] = {}
        reach: set[str] = set()
        for form in forms:
            while form and form not in reach:
                reach.add(form)
                form = form[: form.rfind("/")] if "/" in form else ""
        self.reach = reach
        self.joined = "\n".join(forms)


def first_name(form: str) -> str:
    """The first name of a path's form: `srv` of `/srv/a`, `~` of `~/a`; empty for the root."""
    return form.lstrip("/").partition("/")[0]


@lru_cache(maxsize=256)
def _marks(home: str, workspace: str) -> tuple[tuple[str, str, str], ...]:
    """The roots that have a name of their own: the mark, the folded root, and the beginning of everything below it."""
    roots = (("~", home), ("$workspace", workspace), *(("$tmp", tmp) for tmp in _TMP))
    return tuple((mark, fold(root), fold(root).rstrip("/") + "/") for mark, root in roots if root)


def place_of(path: str, call: Call, *, glob: bool = False, recursive: bool = False) -> Place:
    """The forms of an absolute path: itself, `~/...`, `$WORKSPACE/...`, `$TMP/...`."""
    folded = fold(path)
    forms = [folded]
    for mark, base, inside in _marks(call.home, call.workspace):
        if folded.startswith(inside) or folded == base:
            forms.append(mark + folded[len(base) :])
    if recursive and fold(call.home).startswith(folded.rstrip("/") + "/"):
        forms.append("~")
    if folded.startswith(("/home/", "/users/", "/root/")) and not any(form[0] == "~" for form in forms):
        depth = 2 if folded.startswith("/root/") else 3
        forms.append("/".join(["~", *folded.split("/")[depth:]]))
    return Place(tuple(forms), glob=glob, recursive=recursive)


@dataclass(frozen=True, slots=True)
class PathSet:
    """Paths by pattern: `~/.ssh` (and all below), `**/.env` (a name anywhere), `**/.git/hooks/**`, `*.pem`; `!` takes out again.

    A call's path with unexpanded wildcards is in the set when it could name something in it; a recursive read of a folder above a
    listed place is in it too. Literal roots, names and pairs of names are looked up; endings and beginnings of names are compared; the rest is
    one pattern, asked only where one of its `literals` stands in the path.
    """

    roots: frozenset[str]
    names: frozenset[str]
    tails: frozenset[str]
    endings: tuple[str, ...]
    beginnings: tuple[str, ...]
    pattern: object
    literals: tuple[str, ...]
    globs: dict[str, tuple[tuple[str, ...], ...]]
    """Patterns that begin at a root, split into names, by the first of them; those with a wildcard there under the empty text."""
    anywhere: tuple[str, ...]
    """The plainest example of each pattern for a name anywhere."""
    number: int
    without: PathSet | None = None

    def holds(self, place: Place) -> bool:
        """Whether a place is (or may be) in the set. What is only perhaps taken out stays in."""
        known = place.held.get(self.number)
        if known is None:
            known = place.held[self.number] = self._holds(place)
        return known

    def _holds(self, place: Place) -> bool:
        if not self._plainly(place) and not self._perhaps(place):
            return False
        return self.without is None or not self.without._plainly(place)

    def _plainly(self, place: Place) -> bool:
        if not self.roots.isdisjoint(place.reach) or not self.names.isdisjoint(place.names):
            return True
        if self.tails and not self.tails.isdisjoint(place.pairs):
            return True
        if self.endings or self.beginnings:
            for name in place.names:
                if name.endswith(self.endings) or name.startswith(self.beginnings):
                    return True
        if self.pattern is None:
            return False
        joined = place.joined
        for literal in self.literals:
            if literal in joined:
                return self.pattern.search(joined) is not None  # type: ignore[attr-defined]
        return False

    def _perhaps(self, place: Place) -> bool:
        if place.recursive and any(self._contains_root(form) for form in place.forms):
            return True
        return place.glob and any(self._meets(form.split("/")) for form in place.forms)

    def _meets(self, parts: list[str]) -> bool:
        """Whether a path with wildcards could name what a pattern names, or something below it."""
        if self.anywhere and len(parts[-1].strip("*?[]")) >= 2 and _one_meets(parts[-1], self.anywhere):
            return True
        first = parts[0] or (parts[1] if len(parts) > 1 else "")
        if any(char in first for char in "*?["):
            candidates = [glob for globs in self.globs.values() for glob in globs]
        else:
            candidates = [*self.globs.get(first, ()), *self.globs.get("", ())]
        return any(
            len(parts) >= len(glob)
            and all(_wildcards_meet(part, piece) for part, piece in zip(parts, glob, strict=False))
            for glob in candidates
        )

    def _contains_root(self, form: str) -> bool:
        inside = "/" if form == "/" else form.removesuffix("/*") + "/"
        return any(root.startswith(inside) and root != form for root in self.roots)


_NUMBERS = count()


def path_set(patterns: Sequence[str]) -> PathSet:
    """Compile patterns. See `PathSet`."""
    plain = [fold(_tidy(pattern)).removesuffix("/**") for pattern in patterns if not pattern.startswith("!")]
    excluded = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    named = [pattern[3:] for pattern in plain if pattern.startswith("**/") and "/" not in pattern[3:]]
    roots = frozenset(pattern for pattern in plain if not _wild(pattern))
    names = frozenset(name for name in named if not _wild(name))
    endings = tuple(name[1:] for name in named if name[0] == "*" and not _wild(name[1:]))
    beginnings = tuple(name[:-1] for name in named if name[-1] == "*" and not _wild(name[:-1]))
    simple = {
        f"**/{name}"
        for name in (*names, *(f"*{ending}" for ending in endings), *(f"{start}*" for start in beginnings))
    }
    pairs = {
        pattern
        for pattern in plain
        if pattern.startswith("**/") and pattern.count("/") == 2 and not _wild(pattern[3:])
    }
    rest = [pattern for pattern in plain if _wild(pattern) and pattern not in simple and pattern not in pairs]
    source = "|".join(f"(?:{_regex(pattern)})" for pattern in rest)
    globs: dict[str, tuple[tuple[str, ...], ...]] = {}
    for pattern in plain:
        if not pattern.startswith("**"):
            first = first_name(pattern) if not _wild(first_name(pattern)) else ""
            globs[first] = (*globs.get(first, ()), tuple(pattern.split("/")))
    compiled = re2.compile(f"(?m:{source})") if source else None
    return PathSet(
        roots,
        names,
        frozenset(pattern[3:] for pattern in pairs),
        endings,
        beginnings,
        compiled,
        tuple(dict.fromkeys(_literal(pattern) for pattern in rest)),
        globs,
        tuple(name.replace("*", "x").replace("?", "x") for name in named),
        next(_NUMBERS),
        path_set(excluded) if excluded else None,
    )


def _literal(pattern: str) -> str:
    """The longest piece of a pattern that every match holds."""
    for mark in ("**/", "/**", "*", "?"):
        pattern = pattern.replace(mark, "\0")
    while "[" in pattern and "]" in pattern[pattern.index("[") :]:
        start = pattern.index("[")
        pattern = pattern[:start] + "\0" + pattern[pattern.index("]", start) + 1 :]
    return max(pattern.split("\0"), key=len)


def _tidy(pattern: str) -> str:
    if "/" not in pattern and not pattern.startswith(("~", "$")):
        return f"**/{pattern}"
    return pattern.rstrip("/") or "/"


def _wild(text: str) -> bool:
    return any(char in text for char in "*?[")


def _regex(pattern: str) -> str:
    """`**/` any folders, `*` within one name, `/**` everything below."""
    body = pattern.removesuffix("/**")
    out = []
    index = 0
    while index < len(body):
        if body.startswith("**/", index):
            out.append("(?:[^\\n]*/)?")
            index += 3
        elif body[index] == "*":
            out.append("[^/\\n]*")
            index += 1
        elif body[index] == "?":
            out.append("[^/\\n]")
            index += 1
        else:
            out.append(re2.escape(body[index]))
            index += 1
    start = "(?:^|/)" if pattern.startswith("**/") else "^"
    return start + "".join(out).removeprefix("(?:[^\\n]*/)?") + "(?:/|$)"


@lru_cache(maxsize=8_192)
def _one_meets(name: str, examples: tuple[str, ...]) -> bool:
    """Whether a name with wildcards means one of the examples. Two wildcards nearly always meet somewhere; so the plainest example counts."""
    return any(_wildcards_meet(name, example) for example in examples)


@lru_cache(maxsize=8_192)
def _wildcards_meet(left: str, right: str) -> bool:
    """Whether some name matches both of two wildcard patterns; a leading dot is only matched by a dot."""
    if left[:1] in "*?[" and right[:1] == "." and left[:1] != ".":
        return False
    if len(left) > 64 or len(right) > 64:
        return True
    left, right = _bracketless(left), _bracketless(right)
    reached = {(0, 0)}
    seen: set[tuple[int, int]] = set()
    while reached:
        i, j = reached.pop()
        if (i, j) in seen:
            continue
        seen.add((i, j))
        if i == len(left) and j == len(right):
            return True
        a, b = left[i : i + 1], right[j : j + 1]
        if a == "*":
            reached.add((i + 1, j))
            if b and b != "*":
                reached.add((i, j + 1))
        if b == "*":
            reached.add((i, j + 1))
            if a and a != "*":
                reached.add((i + 1, j))
        if a and b and a != "*" and b != "*" and (a == b or "?" in (a, b)):
            reached.add((i + 1, j + 1))
    return False


def _bracketless(pattern: str) -> str:
    """Every `[...]` becomes `?`: a little wider, never narrower."""
    while "[" in pattern and "]" in pattern[pattern.index("[") :]:
        start = pattern.index("[")
        end = pattern.index("]", start)
        pattern = pattern[:start] + "?" + pattern[end + 1 :]
    return pattern


@dataclass(frozen=True, slots=True)
class NameSet:
    """Hosts, branches, programs or other names: exact, `*.suffix`, or with wildcards; folded; `!` takes out again."""

    exact: frozenset[str]
    suffixes: tuple[str, ...]
    pattern: object
    without: NameSet | None = None

    def holds(self, name: str) -> bool:
        """Whether a name is in the set."""
        folded = name.casefold()
        found = (
            folded in self.exact
            or (bool(self.suffixes) and folded.endswith(self.suffixes))
            or (self.pattern is not None and self.pattern.search(folded) is not None)  # type: ignore[attr-defined]
        )
        return found and not (self.without is not None and self.without.holds(name))


def name_set(names: Sequence[str]) -> NameSet:
    """Compile names. See `NameSet`."""
    plain = [name.casefold() for name in names if not name.startswith("!")]
    excluded = [name[1:] for name in names if name.startswith("!")]
    exact = {name for name in plain if not _wild(name)}
    suffixes = tuple(name[1:] for name in plain if name.startswith("*.") and not _wild(name[1:]))
    wild = [name for name in plain if _wild(name) and not (name.startswith("*.") and not _wild(name[1:]))]
    source = "|".join(
        f"^{''.join('.*' if char == '*' else '.' if char == '?' else re2.escape(char) for char in name)}$"
        for name in wild
    )
    return NameSet(
        frozenset(exact),
        suffixes,
        re2.compile(f"(?s:{source})") if source else None,
        name_set(excluded) if excluded else None,
    )
