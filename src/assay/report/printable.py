"""Text of others made harmless for a terminal or a line: file names and messages may hold escape sequences."""

from __future__ import annotations

import unicodedata

# Controls, format characters (bidirectional overrides among them), surrogates, private use, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(text: str) -> str:
    """The text on one line, with everything that a terminal would obey or hide written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def shortened(text: str, width: int) -> str:
    """At most `width` characters, an ellipsis for the rest."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def _shown(character: str) -> str:
    if character in "\n\r\t":
        return " "
    # U+FFFE and U+FFFF end every plane, are no characters, and no XML may hold them.
    if unicodedata.category(character) not in _HIDDEN and ord(character) & 0xFFFE != 0xFFFE:
        return character
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
