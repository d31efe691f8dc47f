r"""gitignore patterns, compiled to linear regexes over bytes (https://git-scm.com/docs/gitignore).

Written here and not taken from `pathspec`: a pattern file of the target is hostile input, so it must not reach a backtracking
engine, and git matches bytes, not characters. A path that is a directory is asked for with a closing NUL, which no name can hold:
so one alternation answers for patterns with and without a closing `/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import re2

MAX_IGNORE_BYTES = 4 << 20
_IN_A_GROUP = 400
_CLASSES = {
    b"alnum": rb"0-9A-Za-z", b"alpha": rb"A-Za-z", b"blank": rb" \t", b"cntrl": rb"\x01-\x1f\x7f", b"digit": rb"0-9",
    b"graph": rb"\x21-\x7e", b"lower": rb"a-z", b"print": rb"\x20-\x7e", b"punct": rb"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    b"space": rb" \t\n\r\f\v", b"upper": rb"A-Z", b"xdigit": rb"0-9A-Fa-f",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one ignore file, last group first: (whether it un-ignores, its regex). `broken`: lines that do not compile."""

    groups: tuple[tuple[bool, re2._Regexp], ...]
    broken: int = 0

    def verdict(self, path: bytes) -> bool | None:
        """Whether a path is ignored; None if no pattern speaks of it. `path` is relative, a directory's ends in NUL."""
        for negated, regex in self.groups:
            if regex.search(path) is not None:
                return not negated
        return None


@lru_cache(maxsize=512)
def compile_patterns(content: bytes) -> Patterns:
    """Patterns of an ignore file's content. A line that cannot be a pattern matches nothing, as in git."""
    runs: list[tuple[bool, list[bytes]]] = []
    for line in _lines(content):
        negated = line.startswith(b"!")
        source = _regex_of(line[1:] if negated else line)
        if source is None:
            continue
        if not runs or runs[-1][0] is not negated or len(runs[-1][1]) >= _IN_A_GROUP:
            runs.append((negated, []))
        runs[-1][1].append(source)
    groups: list[tuple[bool, re2._Regexp]] = []
    broken = 0
    for negated, sources in reversed(runs):
        compiled, failed = _compile(sources)
        groups.extend((negated, regex) for regex in compiled)
        broken += failed
    return Patterns(tuple(groups), broken)


def _lines(content: bytes) -> Iterator[bytes]:
    for raw in content.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        line = raw.removesuffix(b"\r").split(b"\0", 1)[0]
        if line and not line.startswith(b"#"):
            yield _without_trailing_spaces(line)


def _without_trailing_spaces(line: bytes) -> bytes:
    stripped = line.rstrip(b" ")
    slashes = len(stripped) - len(stripped.rstrip(b"\\"))
    return stripped + b" " if slashes % 2 and stripped != line else stripped


def _compile(sources: list[bytes]) -> tuple[list[re2._Regexp], int]:
    """One regex of all sources; where that is too large for the engine, two, and so on. Also the number that never compiles."""
    try:
        return [re2.compile(b"|".join(sources), _options())], 0
    except re2.error:
        if len(sources) == 1:
            return [], 1
    half = len(sources) // 2
    left, left_failed = _compile(sources[:half])
    right, right_failed = _compile(sources[half:])
    return left + right, left_failed + right_failed


@lru_cache(maxsize=1)
def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.dot_nl = True
    options.never_capture = True
    options.log_errors = False
    options.max_mem = 32 << 20
    return options


def _regex_of(pattern: bytes) -> bytes | None:
    """The regex of one pattern without its `!`; None if it can match nothing."""
    directory = pattern.endswith(b"/")
    if directory:
        pattern = pattern[:-1]
    anchored = b"/" in pattern
    body = _translate(pattern.removeprefix(b"/"), anchored)
    if not body:
        return None
    head = b"^" if anchored else b"(?:^|/)"
    return head + body + (rb"\x00$" if directory else rb"\x00?$")


def _translate(pattern: bytes, anchored: bool) -> bytes | None:
    out: list[bytes] = []
    at = 0
    while at < len(pattern):
        char = pattern[at : at + 1]
        if char == b"*":
            piece, at = _stars(pattern, at, anchored)
        elif char == b"?":
            piece, at = rb"[^/\x00]", at + 1
        elif char == b"[":
            bracket = _bracket(pattern, at)
            if bracket is None:
                return None
            piece, at = bracket
        else:
            if char == b"\\":
                at += 1
                if at == len(pattern):
                    return None
            piece, at = re.escape(pattern[at : at + 1]), at + 1
        out.append(piece)
    return b"".join(out)


def _stars(pattern: bytes, at: int, anchored: bool) -> tuple[bytes, int]:
    """`*`, or `**` where it stands for whole directories: between slashes or the pattern's ends."""
    end = at
    while end < len(pattern) and pattern[end : end + 1] == b"*":
        end += 1
    whole = anchored and (at == 0 or pattern[at - 1 : at] == b"/")
    if end - at < 2 or not whole:
        return rb"[^/\x00]*", end
    if end == len(pattern):
        return rb"[^\x00]+", end
    if pattern[end : end + 1] == b"/":
        return rb"(?:[^\x00]*/)?", end + 1
    return rb"[^/\x00]*", end


def _bracket(pattern: bytes, at: int) -> tuple[bytes, int] | None:
    """A `[...]` set and the place after it; None if it never closes, which makes the pattern match nothing."""
    at += 1
    negated = pattern[at : at + 1] in (b"!", b"^")
    at += negated
    members: list[bytes] = []
    first = True
    while True:
        char = pattern[at : at + 1]
        if not char:
            return None
        if char == b"]" and not first:
            return _set(members, negated), at + 1
        first = False
        member = _member(pattern, at)
        if member is None:
            return None
        piece, at = member
        members.append(piece)


def _member(pattern: bytes, at: int) -> tuple[bytes, int] | None:
    if pattern[at : at + 2] == b"[:":
        end = pattern.find(b"]", at + 2)
        if end < 0:
            return None
        if pattern[end - 1 : end] == b":" and end > at + 2:
            known = _CLASSES.get(pattern[at + 2 : end - 1])
            return None if known is None else (known, end + 1)
        return re.escape(b"["), at + 1
    low = _bracket_char(pattern, at)
    if low is None:
        return None
    start, at = low
    if pattern[at : at + 1] != b"-" or pattern[at + 1 : at + 2] in (b"]", b""):
        return b"\\x%02x" % start, at
    high = _bracket_char(pattern, at + 1)
    if high is None:
        return None
    end_char, at = high
    return (b"\\x%02x-\\x%02x" % (start, end_char) if start <= end_char else b""), at


def _bracket_char(pattern: bytes, at: int) -> tuple[int, int] | None:
    if pattern[at : at + 1] == b"\\":
        at += 1
    return (pattern[at], at + 1) if at < len(pattern) else None


def _set(members: list[bytes], negated: bool) -> bytes:
    """A set never matches `/` (nor our NUL); an empty one matches nothing, its negation anything."""
    inside = b"".join(members)
    if negated:
        return rb"[^/\x00" + inside + b"]"
    if not inside:
        return rb"[^\x00-\xff]"
    # RE2 has no set difference: cut the slash out of the members by spelling them out.
    return _without_slash(inside)


def _without_slash(inside: bytes) -> bytes:
    matcher = re.compile(b"[" + inside + b"]")
    kept = [code for code in range(1, 256) if code != 0x2F and matcher.match(bytes((code,)))]
    return b"[" + b"".join(b"\\x%02x" % code for code in kept) + b"]" if kept else rb"[^\x00-\xff]"
