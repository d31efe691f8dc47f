"""Text that stands encoded in a file, one level deep: base64 and hexadecimal runs, and the values of a Kubernetes Secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.secrets.checks.encodings import base64_bytes
from assay.secrets.detector import compiled
from assay.secrets.triggers import BASE64, TEXT

_KUBERNETES_VALUE = r"(?m)^[ \t]{1,8}(?P<name>[\w.-]{1,100}):[ \t]{1,4}[\"']?(?P<value>[A-Za-z0-9+/]{4,}={0,2})[\"']?[ \t]*\r?$"
_CHARACTERS = BASE64.encode()
_LONGEST = 8192
_NEAR = 64
_TEXT = bytes(TEXT)
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


def encoded_runs(content: bytes, places: Sequence[int]) -> Iterator[Encoded]:
    """Runs of 40 characters and more that decode to printable text. `places`: behind the first 32 characters of each that may."""
    end = count = 0
    for place in places:
        if place <= end:
            continue
        start, end = _widened(content, place)
        if end - start < 40:
            continue
        count += 1
        if count > _MOST:
            return
        found = _decoded(content, start, end)
        if found is not None:
            yield found


def _widened(content: bytes, place: int) -> tuple[int, int]:
    """The run around `place`, over slashes too, and the padding behind it; one that is too long is left as it is known to be too long."""
    start, end = _reach(content, place, _NEAR)  # nearly every run is a name and ends soon
    if place - start == _NEAR or end - place == _NEAR:
        start, end = _reach(content, place, _LONGEST + 1)
    padding = content[end : end + 2]
    return start, end + len(padding) - len(padding.lstrip(b"="))


def _reach(content: bytes, place: int, most: int) -> tuple[int, int]:
    before, after = content[max(0, place - most) : place], content[place : place + most]
    start = place - len(before) + len(before.rstrip(_CHARACTERS))
    return start, place + len(after) - len(after.lstrip(_CHARACTERS))


def _decoded(content: bytes, start: int, end: int) -> Encoded | None:
    if end - start > _LONGEST:
        return None
    run = content[start:end]
    head = run[:40]
    if not head.translate(None, _HEX):
        return _from_hex(start, run, end)
    if (
        head.replace(b"/", b"").isalpha() or head.islower() or head.isupper()
    ):  # names and paths; base64 of 40 characters mixes more
        return None
    first = base64_bytes(head.decode())
    if first is None or first.translate(None, _TEXT):
        return None
    data = base64_bytes(run.decode())
    return _printable(start, end, data, "base64") if data is not None else None


def _from_hex(start: int, run: bytes, end: int) -> Encoded | None:
    digits = run.rstrip(b"=")
    if (
        len(digits) % 2
        or bytes.fromhex(run[:8].decode()).translate(None, _TEXT)
        or digits.translate(None, _HEX)
    ):
        return None
    return _printable(start, end, bytes.fromhex(digits.decode()), "hexadecimal")


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
