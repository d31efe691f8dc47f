"""A whole session with five misdeeds through the real hook command and daemon, enforced and only observed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_run import STEPS, payload_of
from hook_client import hooked

from assay.gateway.audit.trail import settled
from assay.signing.keys import KeyFolder
from assay.store.database import open_store

SHADOW = "extends: default\nmode: shadow\n"


def said(text: str) -> str:
    """What an agent does with the hook's answer."""
    found: dict[str, Any] = json.loads(text)["hookSpecificOutput"] if text else {}
    if "updatedToolOutput" in found:
        return "sanitize"
    return str(found.get("permissionDecision", "allow"))


@pytest.mark.parametrize("mode", ["enforce", "shadow"])
def test_five_misdeeds_in_a_session(tmp_path: Path, mode: str) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(SHADOW if mode == "shadow" else "extends: default\n")
    answers = [
        hooked(tmp_path, "claude", payload_of(event, tool, given), policy=str(policy)).stdout
        for _, event, tool, given, _ in STEPS
    ]
    # A pending approval is told as a refusal that says how to go on.
    enforced = [{"approval_needed": "deny"}.get(effect, effect) for *_, effect in STEPS]
    assert [said(text) for text in answers] == (["allow"] * len(STEPS) if mode == "shadow" else enforced)
    assert all("assay: " in text for text in answers if text)
    store = open_store(tmp_path / "gateway.db")
    settled(store, KeyFolder(tmp_path / "keys"))
    results = [
        json.loads(str(row[0]))["result"] for row in store.rows("SELECT record FROM audit ORDER BY seq")
    ]
    assert [each["effect"] for each in results] == [effect for *_, effect in STEPS]
    assert {each["outcome"] for each in results} == (
        {"allow"} if mode == "shadow" else {effect for *_, effect in STEPS}
    )
