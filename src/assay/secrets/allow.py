"""Inline comments by which other scanners are told to let a line pass."""

from __future__ import annotations

# Comment -> whether it stands on the line before.
_SAME_LINE = (
    "gitleaks:allow",
    "betterleaks:allow",
    "pragma: allowlist secret",
    "pragma: whitelist secret",
    "pragma:allowlist secret",
    "trufflehog:ignore",
    "kingfisher:ignore",
    "noseyparker:ignore",
    "ship-safe-ignore",
    "ggignore",
    "nosecret",
    "no-secret-scan",
    "secretlint-disable-line",
    "checkov:skip=ckv_secret",
    "devskim: ignore ds173237",
)
_LINE_BEFORE = (
    "pragma: allowlist nextline secret",
    "pragma: whitelist nextline secret",
    "secretlint-disable-next-line",
    "kingfisher:ignore-next",
)


def peer_allow(line: str, previous_line: str = "") -> str | None:
    """The comment that lets this line pass, in the peer's words, or None."""
    lowered = line[:4096].lower() if len(line) <= 4096 else (line[:2048] + line[-2048:]).lower()
    for comment in _SAME_LINE:
        if comment in lowered:
            return comment
    before = previous_line[-512:].lower()
    for comment in _LINE_BEFORE:
        if comment in before:
            return comment
    return None
