"""Workers that hang, die or fail take only their own task along."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from assay.scan.engines.pool import Ended, Item, run_tasks


def work(task: str) -> Iterator[str]:
    yield f"{task} began"
    if task == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "hangs":
        time.sleep(60)
    if task == "fails":
        raise ValueError("a message that may hold text of the scanned file")
    if task == "eats":
        block = bytearray(2 << 30)
        yield str(len(block))
    yield f"{task} finished"


def outcome(tasks: list[str], jobs: int = 2) -> tuple[list[str], dict[str, str]]:
    items, ends = [], {}
    for event in run_tasks(
        work, tasks, jobs=jobs, seconds=lambda task: 0.3 if task == "hangs" else 30.0, memory_bytes=1 << 30
    ):
        match event:
            case Item(_, value):
                items.append(value)
            case Ended(task, problem, detail, _):
                ends[task] = f"{problem} {detail}".strip()
    return items, ends


def test_every_task_ends_and_yields_everything() -> None:
    tasks = [f"t{n}" for n in range(9)]
    items, ends = outcome(tasks)
    assert sorted(items) == sorted(f"{task} {word}" for task in tasks for word in ("began", "finished"))
    assert ends == dict.fromkeys(tasks, "")


@pytest.mark.parametrize(
    ("culprit", "problem"),
    [
        ("dies", "died killed by signal SIGKILL"),
        ("hangs", "timed-out more than 0 s"),
        ("eats", "out-of-memory the memory limit was reached"),
    ],
)
def test_a_culprit_loses_nothing_of_the_others(culprit: str, problem: str) -> None:
    items, ends = outcome(["a", culprit, "b", "c"])
    assert ends == {"a": "", "b": "", "c": "", culprit: problem}
    assert {"a finished", "b finished", "c finished", f"{culprit} began"} <= set(items)


def test_a_failure_names_its_kind_and_place_but_never_the_text() -> None:
    _, ends = outcome(["fails"])
    assert ends["fails"].startswith("failed ValueError in ")
    assert "scanned file" not in ends["fails"]


def test_closing_the_iterator_leaves_no_process_behind() -> None:
    events = run_tasks(report_pid_and_hang, ["x", "y"], jobs=2, seconds=lambda _task: 60.0)
    pids = [int(event.value) for event in (next(events), next(events)) if isinstance(event, Item)]
    assert len(pids) == 2
    events.close()  # type: ignore[attr-defined]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def report_pid_and_hang(_task: str) -> Iterator[str]:
    yield str(os.getpid())
    time.sleep(60)
