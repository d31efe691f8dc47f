"""Text that stands encoded in a file, one level deep: base64 and hexadecimal runs, and the values of a Kubernetes Secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.secrets.checks.encodings import base64_bytes
from assay.secrets.detector import compiled

_RUN = r"[A-Za-z0-9+/]{40,}={0,2}"
_KUBERNETES_VALUE = r"(?m)^[ \t]{1,8}(?P<name>[\w.-]{1,100}):[ \t]{1,4}[\"']?(?P<value>[A-Za-z0-9+/]{4,}={0,2})[\"']?[ \t]*\r?$"
_LONGEST = 8192
_TEXT = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_HEX = b"0123456789abcdefABCDEF"
_MOST = 500


@dataclass(frozen=True, slots=True)
class Encoded:
    """A run of encoded text: its byte offsets, its decoded text, how it is encoded, and the name it stands under, if any."""

    start: int
    end: int
    text: bytes
    how: str
    name: str = ""


def encoded_runs(content: bytes) -> Iterator[Encoded]:
    """Runs of 40 characters and more that decode to printable text."""
    for count, match in enumerate(compiled(_RUN).finditer(content)):
        if count >= _MOST:
            return
        start, end = match.span()
        found = _decoded(content, start, end)
        if found is not None:
            yield found


def _decoded(content: bytes, start: int, end: int) -> Encoded | None:
    if end - start > _LONGEST:
        return None
    run = content[start:end]
    if not run.translate(None, _HEX):
        return _printable(start, end, bytes.fromhex(run.decode()), "hexadecimal") if len(run) % 2 == 0 else None
    if not (any(65 <= byte <= 90 for byte in run) and any(97 <= byte <= 122 for byte in run)):
        return None
    head = base64_bytes(run[:40].decode())
    if head is None or head.translate(None, _TEXT):
        return None
    data = base64_bytes(run.decode())
    return _printable(start, end, data, "base64") if data is not None else None


def _printable(start: int, end: int, data: bytes, how: str) -> Encoded | None:
    return None if len(data.translate(None, _TEXT)) * 20 > len(data) else Encoded(start, end, data, how)


def kubernetes_values(content: bytes) -> Iterator[Encoded]:
    """The decoded values below `data:` of a Secret; `stringData` is plain text and read as any YAML."""
    if b"kind: Secret" not in content:
        return
    place = 0
    while (place := content.find(b"\ndata:", place)) >= 0:
        place += 6
        end = place
        for line in content[place : place + 200_000].split(b"\n"):
            if line.strip() and not line.startswith((b" ", b"\t")):
                break
            end += len(line) + 1
        for match in compiled(_KUBERNETES_VALUE).finditer(content, place, min(end, len(content))):
            start, stop = match.span(2)
            data = base64_bytes(match.group(2).decode())
            if data is not None and not data.translate(None, _TEXT):
                yield Encoded(start, stop, data.strip(), "base64", match.group(1).decode())
