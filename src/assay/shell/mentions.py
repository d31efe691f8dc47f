"""Paths and addresses that an argument or a piece of text names, whatever program gets it."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from assay.shell.value import UNKNOWN, Word

# An absolute path, one below the home or a relative one that climbs or is hidden; stops at quotes, blanks and shell punctuation.
_PATH = re2.compile(
    r"(?:~[A-Za-z0-9_]*/|\.{1,2}/|/|\$HOME/)[^\s'\"`,;|&<>()\[\]{}\\]+|(?:^|[\s'\"=@:(,])(\.[A-Za-z][A-Za-z0-9._-]*)"
)
_URL = re2.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]{1,12}://[^\s'\"`<>|\\^{}]+)")
_MAX_TEXT = 20_000
# Endings of files that carry keys; with them a bare name is taken for a file.
_CARRIERS = (
    ".pem",
    ".key",
    ".p12",
    ".pfx",
    ".jks",
    ".keystore",
    ".kdbx",
    ".tfstate",
    ".ppk",
    ".ovpn",
    ".env",
)


def paths_in_word(word: Word) -> Iterator[str]:
    """What of an argument may be a path: the whole, the value of `--option=`, behind `@`, between `:`."""
    text = word.text
    if not text or "://" in text:
        if text.startswith("file://"):
            yield text
        return
    if text[0] == "-":
        _, equals, value = text.partition("=")
        if equals and value:
            yield from _pieces(value)
        elif text[1:2] != "-" and len(text) > 3 and text[2] in "/~.":
            yield text[2:]
        return
    yield from _pieces(text)


def _pieces(text: str) -> Iterator[str]:
    if _looks_like_path(text):
        yield text
    for mark in "=@:":
        if mark in text:
            yield from (piece for piece in text.split(mark) if piece and _looks_like_path(piece))


def _looks_like_path(text: str) -> bool:
    return (
        (
            "/" in text
            or text[0] in ".~"
            or text.startswith(("id_", "credentials.", "secrets."))
            or text.endswith(_CARRIERS)
        )
        and "\n" not in text
        and text.strip(UNKNOWN + "/.") != ""
    )


def paths_in_text(text: str) -> Iterator[str]:
    """Paths named anywhere in a text, each once, longest form first met."""
    seen = set()
    for match in _PATH.finditer(text[:_MAX_TEXT]):
        found = match.group(1) or match.group(0)
        found = found.rstrip(".:").replace("$HOME/", "~/")
        if len(found) > 2 and found not in seen and not found.startswith("//"):
            seen.add(found)
            yield found


def urls_in_text(text: str) -> Iterator[str]:
    """Addresses with a scheme named in a text, each once."""
    seen = set()
    for match in _URL.finditer(text[:_MAX_TEXT]):
        found = match.group(1).rstrip(").,;")
        if found not in seen:
            seen.add(found)
            yield found


def host_of(address: str) -> str:
    """The host of a URL or of `user@host:port/path`; empty if there is none."""
    rest = address.partition("://")[2] if "://" in address else address
    authority = rest.replace("\\", "/").partition("/")[0].partition("?")[0].partition("#")[0]
    authority = authority.rpartition("@")[2]
    if authority.startswith("["):
        return authority.partition("]")[0] + "]"
    return authority.partition(":")[0].lower()


_BUILT = frozenset(
    {"dist", "build", "out", "public", "site", "_site", "target", "www", ".next", "_build", "htmlcov"}
)


def is_built(path: str) -> bool:
    """Whether a relative path names what a build made (`dist/`, `build/app`): such a thing is meant to be sent."""
    parts = [part for part in path.removeprefix("./").split("/") if part]
    return not path.startswith(("/", "~", "..")) and bool(parts) and parts[0] in _BUILT
