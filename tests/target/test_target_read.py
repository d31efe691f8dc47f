"""Reading: once, safely, or an account."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.model.scan import FileAccount, FileStatus
from assay.scan.target.file import SourceFile, TargetFile
from assay.scan.target.read import read_file


def target(path: Path) -> TargetFile:
    return TargetFile(path.name, str(path), 0)


def reason(read: SourceFile | FileAccount) -> str:
    assert isinstance(read, FileAccount)
    return read.reason


def test_a_file_is_read_whole_with_language(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_bytes(b"#!/usr/bin/env python3\n" + b"x = 1\n" * 500_000)
    read = read_file(target(path))
    assert isinstance(read, SourceFile)
    assert read.language == "python"
    assert read.content == path.read_bytes()


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    assert read_file(target(tmp_path / "a.py")) == SourceFile("a.py", b"", "python")


def test_what_became_a_link_or_a_pipe_since_the_walk_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    assert reason(read_file(target(tmp_path / "link"))) == "unreadable"
    assert reason(read_file(target(tmp_path / "pipe"))) == "not-a-regular-file"
    assert reason(read_file(target(tmp_path / "gone"))) == "unreadable"
    assert reason(read_file(target(tmp_path))) == "not-a-regular-file"


def test_two_gigabytes_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as out:
        out.truncate(2 << 30)
    read = read_file(target(tmp_path / "huge"))
    assert reason(read) == "too-large"
    assert isinstance(read, FileAccount)
    assert read.status is FileStatus.SKIPPED
    assert reason(read_file(target(tmp_path / "huge"), limit=10)) == "too-large"


@pytest.mark.parametrize(("changes", "expected"), [(1, ""), (9, "changed-while-read")])
def test_a_file_that_changes_while_read_is_read_again_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: int, expected: str
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"1")
    real, left = os.read, [changes]

    def read(descriptor: int, count: int) -> bytes:
        content = real(descriptor, count)
        if left[0]:
            left[0] -= 1
            with path.open("ab") as out:
                out.write(b"2")
        return content

    monkeypatch.setattr(os, "read", read)
    result = read_file(target(path))
    assert (result.reason if isinstance(result, FileAccount) else "") == expected
    if isinstance(result, SourceFile):
        assert result.content == b"12"


def test_a_blob_without_git_is_an_account() -> None:
    assert reason(read_file(TargetFile("a", "a", 1, "1" * 40))) == "unreadable"
