"""Approvals bind to one call and are used once; budgets hold under many takers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from assay.gateway.approval.requests import Requests
from assay.gateway.assemble import assemble
from assay.gateway.budget.limits import Ledger, limits_of, seconds
from assay.gateway.decide import Gateway, decide
from assay.gateway.policy.document import LimitFile, load_text
from assay.model.decision import Action, Call, Effect, Subject
from assay.model.errors import ConfigError, UsageError
from assay.store.database import open_store

PUSH = Call(
    "1",
    "Bash",
    {"command": "git push origin main"},
    Subject("bot", session="s"),
    workspace="/w",
    cwd="/w",
    home="/h",
    time=1000.0,
)


def gateway_in(folder: Path) -> tuple[Gateway, Requests]:
    return assemble("/nonexistent", ["default"], str(folder)), Requests(open_store(folder / "gateway.db"))


def test_approve_once(tmp_path: Path) -> None:
    gateway, requests = gateway_in(tmp_path)
    first = decide(gateway, PUSH)
    assert (first.effect, decide(gateway, PUSH).approval) == (Effect.APPROVAL_NEEDED, first.approval)
    assert requests.vote(first.approval, "ann", approve=True, reason="fine").state == "approved"
    assert decide(gateway, PUSH).effect is Effect.ALLOW
    again = decide(gateway, PUSH)
    assert again.effect is Effect.APPROVAL_NEEDED
    assert again.approval != first.approval
    assert requests.show(first.approval).note == "ann: fine"


@pytest.mark.parametrize(
    "other",
    [
        replace(PUSH, arguments={"command": "git push origin main --force"}),
        replace(PUSH, subject=Subject("other", session="s")),
        replace(PUSH, subject=Subject("bot", session="s2")),
        replace(PUSH, cwd="/elsewhere"),
    ],
)
def test_an_approval_is_for_exactly_one_call(tmp_path: Path, other: Call) -> None:
    gateway, requests = gateway_in(tmp_path)
    requests.vote(decide(gateway, PUSH).approval, "ann", approve=True, reason="")
    assert decide(gateway, other).effect is not Effect.ALLOW


def test_a_new_policy_asks_again(tmp_path: Path) -> None:
    gateway, requests = gateway_in(tmp_path)
    requests.vote(decide(gateway, PUSH).approval, "ann", approve=True, reason="")
    policy = tmp_path / "p.yaml"
    policy.write_text("extends: default\nstatements:\n  - {id: never, effect: deny, actions: [git.push]}\n")
    assert decide(assemble("/nonexistent", [str(policy)], str(tmp_path)), PUSH).effect is Effect.DENY


def test_who_may_approve(tmp_path: Path) -> None:
    gateway, requests = gateway_in(tmp_path)
    name = decide(gateway, PUSH).approval
    for approver in ("", "bot", "agent:x"):
        with pytest.raises(UsageError):
            requests.vote(name, approver, approve=True, reason="")
    listed = Requests(open_store(tmp_path / "gateway.db"), approvers=("ann",))
    with pytest.raises(UsageError, match="approvers"):
        listed.vote(name, "eve", approve=True, reason="")
    assert listed.vote(name, "ann", approve=False, reason="no").state == "denied"
    with pytest.raises(UsageError, match="already denied"):
        listed.vote(name, "ann", approve=True, reason="")
    with pytest.raises(UsageError, match="no approval"):
        requests.vote("ap-none", "ann", approve=True, reason="")


def test_it_expires(tmp_path: Path) -> None:
    now = [0.0]
    requests = Requests(open_store(tmp_path / "a.db"), lifetime=60, clock=lambda: now[0])
    granted, name = requests.resolve(PUSH, (), "r")
    requests.vote(name, "ann", approve=True, reason="")
    now[0] = 61.0
    assert requests.resolve(PUSH, (), "r")[0] is granted is False
    assert requests.show(name).state == "expired"


def test_two_people_where_two_are_needed(tmp_path: Path) -> None:
    requests = Requests(open_store(tmp_path / "a.db"), needed=2)
    name = requests.resolve(PUSH, (), "r")[1]
    assert requests.vote(name, "ann", approve=True, reason="").state == "pending"
    assert requests.vote(name, "ann", approve=True, reason="").state == "pending"
    assert requests.vote(name, "bob", approve=True, reason="").state == "approved"


def test_approvers_race_safely(tmp_path: Path) -> None:
    requests = Requests(open_store(tmp_path / "a.db"))
    name = requests.resolve(PUSH, (), "r")[1]

    def vote(number: int) -> str:
        own = Requests(open_store(tmp_path / "a.db"))
        try:
            return own.vote(name, f"p{number}", approve=number % 2 == 0, reason="").state
        except UsageError:
            return "late"

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(vote, range(8)))
    assert states.count("late") == 7
    assert requests.show(name).state in states


def test_an_approval_is_used_once_by_many(tmp_path: Path) -> None:
    requests = Requests(open_store(tmp_path / "a.db"))
    requests.vote(requests.resolve(PUSH, (), "r")[1], "ann", approve=True, reason="")
    with ThreadPoolExecutor(8) as pool:
        granted = list(
            pool.map(lambda _: Requests(open_store(tmp_path / "a.db")).resolve(PUSH, (), "r")[0], range(16))
        )
    assert granted.count(True) == 1


def test_a_hundred_takers(tmp_path: Path) -> None:
    limits = limits_of([LimitFile("l", "calls", 40, "1h")])

    def take(_: int) -> bool:
        return not Ledger(open_store(tmp_path / "a.db"), limits).take(PUSH, ())[0]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(take, range(100))).count(True) == 40


def test_windows_kinds_and_warnings(tmp_path: Path) -> None:
    ledger = Ledger(
        open_store(tmp_path / "a.db"),
        limits_of(
            [
                LimitFile("tokens", "tokens", 100, "0s"),
                LimitFile("rate", "calls", 2, "1m", ["session"]),
                LimitFile("out", "bytes_out", 50, "1h", actions=["net.*"]),
            ]
        ),
    )
    call = replace(PUSH, arguments={"usage": {"tokens": 45}})
    assert ledger.take(call, ()) == ((), ())
    assert len(ledger.take(call, ())[1]) == 2
    stops, _ = ledger.take(call, ())
    assert {stop.statement for stop in stops} == {"limit/tokens", "limit/rate"}
    assert all(stop.message and stop.instead for stop in stops)
    later = replace(PUSH, time=2000.0)
    assert ledger.take(later, ())[0] == ()
    assert (
        ledger.take(replace(later, arguments={"x": "y" * 100}), (Action("net.connect"),))[0][0].statement
        == "limit/out"
    )
    assert ("rate|session=s", 33, 2.0) not in [
        (name, span, used) for name, span, used in ledger.used() if used > 2
    ]


def test_what_is_refused_takes_nothing(tmp_path: Path) -> None:
    ledger = Ledger(
        open_store(tmp_path / "a.db"), limits_of([LimitFile("a", "calls", 5), LimitFile("b", "calls", 1)])
    )
    ledger.take(PUSH, ())
    assert ledger.take(PUSH, ())[0]
    assert {name.partition("|")[0]: used for name, _, used in ledger.used()} == {"a": 1.0, "b": 1.0}


def test_budgets_in_decisions(tmp_path: Path) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text(
        "extends: default\nlimits:\n  - {id: few, what: calls, amount: 2, window: 1h, by: [agent]}\n"
    )
    gateway = assemble("/nonexistent", [str(policy)], str(tmp_path))
    call = replace(PUSH, tool="Read", arguments={"file_path": "/w/a"})
    effects = [decide(gateway, call).effect for _ in range(3)]
    assert effects == [Effect.ALLOW, Effect.ALLOW, Effect.DENY]
    assert decide(gateway, replace(call, subject=Subject("other"))).effect is Effect.ALLOW


def test_spans_of_time() -> None:
    assert [seconds(text) for text in ("90s", "15m", "1h", "7d", "5")] == [90, 900, 3600, 604_800, 5]
    with pytest.raises(ConfigError):
        seconds("soon")
    assert load_text("limits:\n  - {id: a, what: cost, amount: 1.5}").policy.limits[0].by == ["agent"]
