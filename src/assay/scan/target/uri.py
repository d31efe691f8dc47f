"""File names as the file system has them (any bytes) and as reports show them (`Location.uri`)."""

from __future__ import annotations

import os
import re

# surrogateescape puts the byte 0xNN, where it is no UTF-8, at U+DCNN (PEP 383).
_ESCAPED = re.compile("[\udc80-\udcff]")
_AMBIGUOUS = re.compile("%(?=25|[89A-Fa-f][0-9A-Fa-f])")


def uri_of(path: str) -> str:
    """The uri of a path in file system text: `/` between parts, bytes that are not UTF-8 as %XX.

    A `%` that would read as such an escape is itself escaped (%25), so that two paths never have one uri.
    """
    if "%" in path:
        path = _AMBIGUOUS.sub("%25", path)
    if path.isascii():
        return path
    return _ESCAPED.sub(lambda match: f"%{ord(match[0]) - 0xDC00:02X}", path)


def uri_of_bytes(path: bytes) -> str:
    """The uri of a path as git prints it."""
    return uri_of(path.decode("utf-8", "surrogateescape"))


def path_of_bytes(path: bytes) -> str:
    """File system text of a path as git prints it."""
    return os.fsdecode(path)


_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_CONTROLS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def unquote(path: bytes) -> bytes:
    """A path as git prints it where NUL does not separate: quoted as in C if it holds special bytes."""
    if not (path.startswith(b'"') and path.endswith(b'"') and len(path) > 1):
        return path
    return _ESCAPE.sub(_unescape, path[1:-1])


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes((int(code, 8) & 0xFF,)) if len(code) == 3 else _CONTROLS.get(code, code)
