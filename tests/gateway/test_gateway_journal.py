"""The journal in front of the trail's database: what is written there is kept, and what is done to it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.gateway.audit.trail import Trail
from assay.gateway.audit.verify import export, problems, replaced
from assay.gateway.decide import refusal
from assay.model.decision import Call, Subject
from assay.signing.keys import KeyFolder
from assay.store.database import Store, StoreError, open_store
from assay.store.journal import Journal

CALL = Call("c", "Bash", {"command": "ls"}, Subject("agent", tenant="t\tx\n"), workspace="/w")


def waiting(folder: Path, count: int = 5) -> tuple[Trail, Store, KeyFolder]:
    """A trail whose records are still in the journal."""
    store, keys = open_store(folder / "g.db"), KeyFolder(folder / "keys")
    trail = Trail(store, keys)
    for number in range(count):
        trail.append(CALL, refusal(CALL, "r", f"number {number}"), (), 1)
    return trail, store, keys


def journal_of(folder: Path) -> Path:
    return folder / "g.db.trail"


def test_records_wait_in_the_journal_and_are_whole(tmp_path: Path) -> None:
    _, store, keys = waiting(tmp_path)
    assert store.one("SELECT COUNT(*) FROM audit") == (0,)
    assert list(problems(store, keys)) == []
    assert store.one("SELECT COUNT(*), MAX(tenant) FROM audit") == (5, "t\tx ")
    assert journal_of(tmp_path).read_bytes() == b""


def _cut(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))


def _change(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"number 6", b"number 2"))


def _drop(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:1], *lines[2:]]))


def _forge(path: Path) -> None:
    last = path.read_bytes().splitlines(keepends=True)[-1]
    path.write_bytes(path.read_bytes() + last.replace(b"9\t", b"10\t", 1))


def _garble(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\t", b" ", 3))


def _headless(path: Path) -> None:
    path.with_name(path.name + ".head").unlink()


def _empty_head(path: Path) -> None:
    head = path.with_name(path.name + ".head")
    head.write_bytes(bytes(len(head.read_bytes())))


@pytest.mark.parametrize(
    ("tamper", "kinds"),
    [
        (_cut, {"truncated"}),
        (_change, {"changed"}),
        (_drop, {"removed"}),
        (_forge, {"changed", "truncated"}),
        (_garble, {"removed", "truncated"}),
        (_headless, {"truncated"}),
        (_empty_head, {"truncated"}),
    ],
)
def test_tampering_with_the_journal_is_told(
    tmp_path: Path, tamper: Callable[[Path], None], kinds: set[str]
) -> None:
    trail, store, keys = waiting(tmp_path)
    trail.settle()
    trail.append(CALL, refusal(CALL, "r", "number 5"), (), 1)
    for number in range(6, 9):
        trail.append(CALL, refusal(CALL, "r", f"number {number}"), (), 1)
    trail.release()
    tamper(journal_of(tmp_path))
    assert {problem.kind for problem in problems(store, keys)} & kinds


def test_a_line_written_before_the_head_was_put_counts(tmp_path: Path) -> None:
    trail, store, keys = waiting(tmp_path)
    head = journal_of(tmp_path).with_name("g.db.trail.head")
    before = head.read_bytes()
    trail.append(CALL, refusal(CALL, "r", "the last"), (), 1)
    trail.release()
    head.write_bytes(before)  # as if the process had been killed in between
    assert list(problems(store, keys)) == []
    assert store.one("SELECT COUNT(*) FROM audit") == (6,)


def test_several_writers_make_one_chain(tmp_path: Path) -> None:
    store, keys = open_store(tmp_path / "g.db"), KeyFolder(tmp_path / "keys")
    trails = [Trail(store, keys), Trail(open_store(tmp_path / "g.db"), keys)]

    def write(trail: Trail) -> None:
        for _ in range(60):
            trail.append(CALL, refusal(CALL, "r", "x"), (), 1)

    threads = [threading.Thread(target=write, args=(trail,)) for trail in (*trails, *trails)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(problems(store, keys)) == []
    assert store.one("SELECT COUNT(*) FROM audit") == (240,)


def test_an_exported_checkpoint_tells_an_older_copy(tmp_path: Path) -> None:
    trail, store, keys = waiting(tmp_path)
    older = {path: path.read_bytes() for path in tmp_path.glob("g.db*")}
    trail.append(CALL, refusal(CALL, "r", "more"), (), 1)
    trail.close()
    exported = tmp_path / "out.jsonl"
    assert export(store, exported) == 6
    assert list(replaced(store, keys, exported)) == []
    store.close()
    for path in tmp_path.glob("g.db*"):
        path.unlink()
    for path, data in older.items():
        path.write_bytes(data)
    again = open_store(tmp_path / "g.db")
    assert list(problems(again, keys)) == []  # by itself the copy is whole
    assert [problem.kind for problem in replaced(again, keys, exported)] == ["replaced"]


def test_a_journal_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "j").mkdir()
    with pytest.raises(StoreError):
        Journal(tmp_path / "j")


def test_a_journal_removed_while_in_use_closes(tmp_path: Path) -> None:
    trail, store, keys = waiting(tmp_path)
    journal_of(tmp_path).unlink()
    with pytest.raises(StoreError, match="removed"):
        trail.append(CALL, refusal(CALL, "r", "one more"), (), 1)
    assert {problem.kind for problem in problems(store, keys)} & {"truncated", "removed"}
