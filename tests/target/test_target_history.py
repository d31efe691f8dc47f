"""History: every blob once, and where it came from."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from target_repository import Repo

from assay.model.scan import FileAccount
from assay.scan.target.history import HistoryBlob, blobs_of_history, commit_count, commit_of, origins
from assay.scan.target.repository import find_repository


def contents(repo: Repo) -> dict[bytes, HistoryBlob]:
    found = list(blobs_of_history(find_repository(str(repo.path))))
    blobs = [item for item in found if isinstance(item, HistoryBlob)]
    assert len({blob.oid for blob in blobs}) == len(blobs)
    return {blob.content: blob for blob in blobs}


def test_every_blob_of_every_ref_once(repo: Repo) -> None:
    repo.commit(a="one\n", same="twice\n", also="twice\n")
    repo.commit(a="two\n", b="", bin="a\0b\nc")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(a="only on side\n")
    repo.git("checkout", "-q", "main")
    repo.write("stash", "stashed\n")
    repo.git("add", "stash")
    repo.git("stash", "-q")
    found = contents(repo)
    assert set(found) == {b"one\n", b"twice\n", b"two\n", b"", b"a\0b\nc", b"only on side\n", b"stashed\n"}
    assert found[b"one\n"].uri == "a"


def test_origin_of_a_removed_and_of_a_present_blob(repo: Repo) -> None:
    first = repo.commit("add the key", **{"config.py": "key\n", "keep.py": "kept\n"})
    repo.commit("remove it", **{"config.py": "none\n"})
    repo.commit("bring it back elsewhere", **{"d/other file.py": "key\n"})
    repo.commit("remove it again", **{"d/other file.py": "none\n"})
    repository = find_repository(str(repo.path))
    found = contents(repo)
    removed, kept = found[b"key\n"].oid, found[b"kept\n"].oid
    told = origins(repository, [removed, kept])
    commit = told[removed].commit
    assert commit is not None
    assert (commit.sha, commit.author, commit.email, commit.subject) == (
        first,
        "Ada",
        "ada@example.org",
        "add the key",
    )
    assert commit.date == "2023-11-14T22:14:20+00:00"
    assert told[removed].uris == ("config.py", "d/other file.py")
    assert (told[removed].at_head, told[kept].at_head) == (False, True)
    assert commit_count(repository) == 4


def test_what_only_a_merge_brought_in_is_the_merges(repo: Repo) -> None:
    repo.commit(a="1\n")
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit("on side", b="from side\n")
    repo.git("checkout", "-q", "main")
    repo.commit(c="1\n")
    repo.git("merge", "-q", "--no-commit", "--no-ff", "side")
    merge = repo.commit("merge", a="evil\n")
    found = contents(repo)
    told = origins(find_repository(str(repo.path)), [found[b"evil\n"].oid, found[b"from side\n"].oid])
    assert {told[found[b"evil\n"].oid].commit, told[found[b"from side\n"].oid].commit} != {None}
    shas = [
        origin.commit.sha
        for origin in (told[found[b"evil\n"].oid], told[found[b"from side\n"].oid])
        if origin.commit
    ]
    assert shas == [merge, side]


def test_a_blob_that_only_a_tag_holds(repo: Repo) -> None:
    repo.commit(a="1\n")
    oid = repo.git("hash-object", "-w", str(repo.write("loose", "tagged\n")))
    repo.git("tag", "blobtag", oid)
    assert contents(repo)[b"tagged\n"].oid == oid
    origin = origins(find_repository(str(repo.path)), [oid])[oid]
    assert (origin.commit, origin.uris, origin.at_head) == (None, (), False)


def test_large_blobs_are_accounts_and_are_not_read(repo: Repo) -> None:
    repo.commit(**{"big file.bin": "x" * 5000, "a": "1"})
    found = list(blobs_of_history(find_repository(str(repo.path)), limit=100))
    assert [(item.uri, item.reason) for item in found if isinstance(item, FileAccount)] == [
        ("big file.bin", "too-large")
    ]
    assert [item.content for item in found if isinstance(item, HistoryBlob)] == [b"1"]


def test_strange_names_in_history(repo: Repo) -> None:
    for name in (b"a b", b"\xff", b"new\nline", b'quo"te'):
        with open(os.path.join(os.fsencode(repo.path), name), "wb") as out:
            out.write(name)
    repo.commit()
    found = contents(repo)
    told = origins(find_repository(str(repo.path)), [blob.oid for blob in found.values()])
    assert sorted(uri for origin in told.values() for uri in origin.uris) == [
        "%FF",
        "a b",
        "new\nline",
        'quo"te',
    ]


def test_a_replaced_object_is_seen_as_it_is(repo: Repo) -> None:
    repo.commit(a="real\n")
    good = repo.git("hash-object", "-w", str(repo.write("loose", "harmless\n")))
    repo.git("replace", repo.git("rev-parse", "HEAD:a"), good)
    assert b"real\n" in contents(repo)


def test_without_commits_there_is_nothing(repo: Repo) -> None:
    assert contents(repo) == {}
    assert origins(find_repository(str(repo.path)), []) == {}


def test_a_partial_clone_tells_what_is_missing(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="1\n")
    repo.commit(a="2\n")
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git(
        "clone", "-q", "--no-local", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "clone")
    )
    found = list(blobs_of_history(find_repository(str(tmp_path / "clone"))))
    old = repo.git("rev-parse", "HEAD~1:a")
    assert [(item.uri, item.reason) for item in found if isinstance(item, FileAccount)] == [
        (f"git:{old}", "missing")
    ]
    assert [item.content for item in found if isinstance(item, HistoryBlob)] == [b"2\n"]


def test_the_edge_of_a_shallow_clone_is_marked(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="1\n")
    repo.commit(b="2\n")
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "clone"))
    clone = find_repository(str(tmp_path / "clone"))
    oids = [item.oid for item in blobs_of_history(clone) if isinstance(item, HistoryBlob)]
    assert len(oids) == 2
    assert all(origin.at_boundary for origin in origins(clone, oids).values())


def test_a_broken_object_loses_nothing_else(repo: Repo) -> None:
    for number in range(5):
        dense = "".join(hashlib.sha256(b"%d %d" % (number, part)).hexdigest() for part in range(400))
        repo.commit(**{f"file {number}": dense})
    oids = [repo.git("rev-parse", f"HEAD:file {number}") for number in (1, 2, 4)]
    for oid in oids:
        path = repo.path / ".git" / "objects" / oid[:2] / oid[2:]
        content = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(content[: len(content) // 2])
    found = list(blobs_of_history(find_repository(str(repo.path))))
    assert sorted(item.uri for item in found if isinstance(item, HistoryBlob)) == ["file 0", "file 3"]
    broken = [item for item in found if isinstance(item, FileAccount)]
    assert sorted((item.uri, item.reason) for item in broken) == [
        (f"file {number}", "unreadable") for number in (1, 2, 4)
    ]


def test_leaving_early_stops_git(repo: Repo) -> None:
    for number in range(5):
        repo.commit(a=f"{number}\n" * 1000)
    stream = blobs_of_history(find_repository(str(repo.path)))
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # it is a generator


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"tree x\nauthor Z\xf6e <z@x> 0 -0330\nencoding latin-1\n\nSubj\nbody",
            ("Zöe", "z@x", "1969-12-31T20:30:00-03:30", "Subj"),
        ),
        (b"tree x\nauthor A <a@b> 99999999999999999999 +0000\n\n", ("A", "a@b", "", "")),
        (b"tree x\nauthor nonsense\n\nS", ("nonsense", "", "", "S")),
        (b"", ("", "", "", "")),
        (b"author A <a@b> 1 +9999\nencoding none-such\n\nS", ("A", "a@b", "", "S")),
    ],
)
def test_commit_objects_of_any_kind(content: bytes, expected: tuple[str, ...]) -> None:
    commit = commit_of("1" * 40, content)
    assert (commit.author, commit.email, commit.date, commit.subject) == expected
