"""The indexes by which a call meets few statements change nothing: every statement tried one by one says the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assay.gateway.actions.calls import actions_of
from assay.gateway.actions.sight import sights
from assay.gateway.defaults import load_policy
from assay.gateway.policy.compiled import Policy, compile_policy, evaluate
from assay.model.decision import Call, Subject

FOLDER = Path(__file__).parents[2] / "bench" / "gateway_families"
ROOTS = (
    "/home/dev/project/src",
    "~/.ssh",
    "/etc",
    "$WORKSPACE/docs",
    "$TMP",
    "/home/dev",
    "/",
    "/srv/team/**",
    "**/notes",
    "~/Documents",
)
HOSTS = ("evil.example", "github.com", "localhost", "api.github.com")
BRANCHES = ("main", "feature", "release")
PACKAGES = ("npm:lodash", "pypi:requests", "*")


def _policy(folder: Path) -> Policy:
    lines = ["extends: default", "statements:"]
    for number, root in enumerate(ROOTS):
        lines.append(
            f"  - {{id: p{number}, effect: deny, actions: [file.read, file.delete], resources: {{paths: ['{root}']}}, reason: r}}"
        )
        lines.append(
            f"  - {{id: q{number}, effect: approval_needed, subjects: {{agents: [bot]}}, actions: ['file.*'], resources: {{paths: ['{root}']}}, reason: r}}"
        )
    for key, actions, values in (
        ("hosts", "net.connect", HOSTS),
        ("branches", "git.push", BRANCHES),
        ("targets", "package.*", PACKAGES),
    ):
        for number, value in enumerate(values):
            lines.append(
                f"  - {{id: {key}{number}, effect: deny, actions: ['{actions}'], resources: {{{key}: ['{value}']}}, when: 'branch != \"x\"', reason: r}}"
            )
    path = folder / "policy.yaml"
    path.write_text("\n".join(lines))
    return compile_policy(load_policy("/home/dev/project", [str(path)]))


def _commands() -> list[str]:
    lines = [
        line.replace("⏎", "\n")
        for effect in ("deny", "approval_needed", "allow")
        for line in (FOLDER / f"{effect}.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("# ")
    ]
    return lines[::4]


@pytest.mark.parametrize("agent", ["bot", "other"])
def test_an_index_changes_no_decision(tmp_path: Path, agent: str) -> None:
    fast = _policy(tmp_path)
    plain = replace(fast, statements=tuple(replace(each, keys=None) for each in fast.statements), _by_verb={})
    assert any(each.keys for each in fast.statements)
    for command in _commands():
        call = Call(
            "1", "Bash", {"command": command}, Subject(agent), workspace="/home/dev/project", cwd="/home/dev/project", home="/home/dev"
        )  # fmt: skip
        seen = list(sights(actions_of(call).actions, call))
        a, b = evaluate(fast, call, seen), evaluate(plain, call, seen)
        assert (a.effect, set(a.matched), set(a.reasons), a.errors) == (
            b.effect,
            set(b.matched),
            set(b.reasons),
            b.errors,
        ), command
