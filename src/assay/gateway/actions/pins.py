"""Descriptions of tools as they were when they were first accepted, so that a later change is seen."""

from __future__ import annotations

import time
from hashlib import sha256

from assay.gateway.actions.calls import words_only
from assay.gateway.policy.sanitize import leaves
from assay.model.decision import Call
from assay.store.database import Store


class Pins:
    """Digests of accepted descriptions, by server and tool."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def is_changed(self, call: Call) -> bool:
        """Whether a tool's words differ from the accepted ones. A tool seen for the first time is not changed."""
        row = self._store.one("SELECT digest FROM tool_pin WHERE server = ? AND tool = ?", _key(call))
        return row is not None and row[0] != _digest(call)

    def keep(self, call: Call) -> None:
        """Accept a tool's words as they are now."""
        self._store.execute(
            "INSERT OR REPLACE INTO tool_pin VALUES (?, ?, ?, ?)", (*_key(call), _digest(call), time.time())
        )


def _key(call: Call) -> tuple[str, str]:
    return str(call.arguments.get("server", "")), str(call.arguments.get("name", call.tool))


def _digest(call: Call) -> str:
    texts = sorted(f"{pointer}={words_only(text)}" for pointer, text in leaves(call.arguments))
    return sha256("\n".join(texts).encode()).hexdigest()
