"""Bytes to text, with the limits that every reader keeps."""

from __future__ import annotations

from assay.infrastructure.unit import Problem

MAX_BYTES = 8 * 1024 * 1024
MAX_NODES = 400_000
MAX_DEPTH = 200


def decode(content: bytes) -> tuple[str, Problem | None]:
    """The text, byte order marks honoured and line ends made `\\n`; a problem if it is too large, binary or not Unicode."""
    if len(content) > MAX_BYTES:
        return "", Problem("too-large", f"{len(content)} bytes; the limit is {MAX_BYTES}")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        if b"\0" in content[:8192]:
            return "", Problem("binary", "the file holds NUL bytes")
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    problem = Problem("encoding", "not UTF-8; unreadable bytes were replaced") if "\ufffd" in text else None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, problem
