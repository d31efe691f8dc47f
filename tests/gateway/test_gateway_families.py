"""Families of calls, hundreds each, under the policy that ships: what must be refused, asked, masked, and what must go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.gateway.assemble import assemble
from assay.gateway.decide import Gateway, decide
from assay.gateway.forms import call_of
from assay.model.decision import Call, Subject

FOLDER = Path(__file__).parents[2] / "bench" / "gateway_families"
DEFAULTS = Call(
    "",
    "",
    {},
    Subject("agent"),
    workspace="/home/dev/project",
    cwd="/home/dev/project",
    home="/home/dev",
    branch="feature",
)


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    return assemble("/home/dev/project", ["default"])


def families() -> Iterator[tuple[str, str, list[str]]]:
    """(effect, family, commands); a command's line breaks are written as ⏎."""
    for effect in ("deny", "approval_needed", "allow"):
        name = ""
        commands: list[str] = []
        for line in (FOLDER / f"{effect}.txt").read_text(encoding="utf-8").splitlines():
            if line.startswith("# "):
                if commands:
                    yield effect, name, commands
                name, commands = line[2:], []
            else:
                commands.append(line.replace("⏎", "\n"))
        yield effect, name, commands


def others() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / "others.jsonl").read_text(encoding="utf-8").splitlines()]


def effect_of(gateway: Gateway, tool: str, given: dict[str, Any]) -> str:
    effect: str = decide(gateway, call_of({"id": "1", "tool": tool, "input": given}, DEFAULTS)).effect.value
    return effect


@pytest.mark.parametrize(("effect", "family", "commands"), list(families()))
def test_commands(gateway: Gateway, effect: str, family: str, commands: list[str]) -> None:
    wrong = {
        command: found
        for command in commands
        if (found := effect_of(gateway, "Bash", {"command": command})) != effect
    }
    assert not wrong, family


def test_other_tools(gateway: Gateway) -> None:
    wrong = [each for each in others() if effect_of(gateway, each["tool"], each["input"]) != each["label"]]
    assert not wrong


def test_the_families_are_large() -> None:
    assert sum(len(commands) for *_, commands in families()) > 3_000
    assert len(others()) > 400


def test_what_is_known_to_be_wrong_still_is(gateway: Gateway) -> None:
    """A gap that was closed belongs to its family."""
    lines = (FOLDER / "gaps.txt").read_text(encoding="utf-8").splitlines()
    for effect, command in (line.split("\t") for line in lines if not line.startswith("#")):
        assert effect_of(gateway, "Bash", {"command": command}) != effect, command
