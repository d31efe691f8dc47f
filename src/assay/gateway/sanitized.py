"""A call's arguments, or a result, without what must not pass; the same input always gives the same output."""

from __future__ import annotations

from collections.abc import Mapping

from assay.gateway.actions.calls import personal_kinds
from assay.gateway.actions.text import look_at_text, without_instructions, without_tricks
from assay.gateway.policy.sanitize import mask, masked_secrets, personal_spans, rewrite
from assay.model.decision import Call, Change


def sanitized(call: Call, personal: tuple[str, ...]) -> tuple[Mapping[str, object], tuple[Change, ...]]:
    """New arguments and what was changed where."""
    if call.phase == "after":
        personal = personal_kinds(call.tool, personal)

    def change(_pointer: str, text: str) -> tuple[str, dict[str, int]]:
        counts: dict[str, int] = {}
        if call.phase == "after":
            text, counts = _of_result(text)
        text, secrets = masked_secrets(text)
        text, people = mask(text, personal_spans(text, personal))
        for found in (secrets, people):
            for kind, count in found.items():
                counts[kind] = counts.get(kind, 0) + count
        return text, counts

    new, changes = rewrite(call.arguments, change)
    return (new if isinstance(new, Mapping) else {"value": new}), tuple(changes)


def _of_result(text: str) -> tuple[str, dict[str, int]]:
    signs = look_at_text(text)
    counts: dict[str, int] = {}
    if signs.injected:
        text, removed = without_instructions(text)
        counts["instruction"] = removed
    if signs.hidden or signs.terminal:
        text = without_tricks(text)
        counts["hidden-characters" if signs.hidden else "terminal-sequence"] = 1
    return text, counts
