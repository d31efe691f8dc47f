"""How a secret is shown and recognised without being told.

Shown: its first four characters and its length. Recognised: HMAC-SHA256 under a key fixed for the product (`assay secret identity v1`), cut to
128 bits, so that the same value has the same identity in every file, scan and repository, and tables made for plain SHA-256 do not serve.
The limit: whoever has this source can try candidate values against an identity. For issued tokens that is hopeless (over 100 bits); for a
weak password it is not, so an organisation that publishes its reports should give a key of its own (`identity_of(value, key=...)`).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

_PRODUCT_KEY = b"assay secret identity v1"
_SHOWN = 4
_REPEATED_FROM = 6


def identity_of(value: bytes, key: bytes = b"") -> str:
    """The lasting name of a secret: 32 hexadecimal digits after `secret:`."""
    return "secret:" + hmac.digest(_PRODUCT_KEY + key, value, "sha256").hex()[:32]


def shown(value: bytes) -> str:
    """The redacted form: `ghp_… (40 characters)`; values under 12 characters show nothing of themselves but one character."""
    text = value.decode("utf-8", "replace")
    head = text[:_SHOWN] if len(text) >= 12 else text[:1]
    printable = "".join(c if c.isprintable() else "?" for c in head)
    return f"{printable}\u2026 ({len(text)} characters)"


def occurrences(
    content: bytes, secrets: Iterable[tuple[int, int]], start: int, end: int
) -> list[tuple[int, int]]:
    """The secrets' spans and every other place between `start` and `end` where the text of any of them stands, in order.

    Texts under 6 bytes are masked only where they were found.
    """
    every = list(secrets)
    spans = {(low, high) for low, high in every if high > start and low < end}
    for value in {content[low:high] for low, high in every if high - low >= _REPEATED_FROM}:
        place = content.find(value, start, end)
        while place >= 0:
            spans.add((place, place + len(value)))
            place = content.find(value, place + len(value), end)
    return sorted(spans)


def mask(content: bytes, start: int, end: int, secrets: Iterable[tuple[int, int]]) -> str:
    """The text of `content[start:end]` with every secret masked wherever it stands but for its first characters."""
    pieces, place = [], start
    for low, high in occurrences(content, secrets, start, end):
        low, high = max(low, place), min(high, end)
        if low >= high:
            continue
        pieces.append(_text(content[place:low]))
        first_part = content[low:high]
        pieces.append(_text(first_part[:_SHOWN] if high - low >= 12 else b"") + "****")
        place = high
    pieces.append(_text(content[place:end]))
    return "".join(pieces)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
