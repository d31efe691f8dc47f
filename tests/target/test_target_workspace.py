"""The walk: what it meets, what it leaves out, and that it says so."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from target_repository import Repo

from assay.model.errors import TargetError
from assay.model.scan import FileStatus
from assay.scan.target.workspace import Listing, WalkOptions, files_from, list_target, root_of, walk


def put(root: Path, *names: str, content: str = "x") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def uris(listing: Listing) -> list[str]:
    return [file.uri for file in listing.files]


def reasons(listing: Listing) -> dict[str, str]:
    return {account.uri: account.reason for account in listing.accounts}


def test_ignored_folders_are_one_account_and_tracked_files_stay(repo: Repo) -> None:
    put(repo.path, ".env", "build/keep.py", "build/deep/kept.py", "src/a.py", "also.log")
    repo.write(".gitignore", ".env\nbuild/\n*.log\n")
    repo.git("add", "-f", ".env", "build/keep.py", "build/deep/kept.py", ".gitignore", "src/a.py")
    put(repo.path, "build/out.js", "build/other/x.js", "dist/a.js")
    repo.write("src/.gitignore", "*.tmp\n!keep.tmp\n")
    put(repo.path, "src/a.tmp", "src/keep.tmp")
    repo.write(".git/info/exclude", "dist\n")
    listing = list_target(str(repo.path))
    assert uris(listing) == [
        ".env",
        ".gitignore",
        "build/deep/kept.py",
        "build/keep.py",
        "src/.gitignore",
        "src/a.py",
        "src/keep.tmp",
    ]
    assert reasons(listing) == {
        ".git/": "git-internals", "also.log": "ignored", "build/": "ignored", "dist/": "ignored", "src/a.tmp": "ignored",
    }  # fmt: skip
    details = {account.uri: account.detail for account in listing.accounts}
    assert details["src/a.tmp"] == "by src/.gitignore"
    assert details["build/"] == "by .gitignore, but for files that git tracks"
    assert not listing.notifications


def test_a_subfolder_as_root_obeys_the_ignore_files_above(repo: Repo) -> None:
    put(repo.path, "d/a.py", "d/a.log", "d/e/b.tmp")
    repo.write(".gitignore", "*.log\n/d/e/*.tmp\n")
    assert uris(list_target(str(repo.path / "d"))) == ["a.py"]


def test_gitignore_says_nothing_outside_of_git_but_assayignore_does(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "b.py", "c/d.py", "c/keep.py")
    put(tmp_path, ".gitignore", content="a.py\n")
    put(tmp_path, ".assayignore", content="b.py\nc/*\n!c/keep.py\n")
    listing = list_target(str(tmp_path))
    assert uris(listing) == [".assayignore", ".gitignore", "a.py", "c/keep.py"]
    assert reasons(listing) == {"b.py": "ignored", "c/d.py": "ignored"}


def test_assayignore_brings_back_what_git_ignores_and_drops_what_git_tracks(repo: Repo) -> None:
    repo.commit(**{"tracked.py": "x", ".gitignore": ".env\n", ".assayignore": "!.env\ntracked.py\n"})
    put(repo.path, ".env")
    assert uris(list_target(str(repo.path))) == [".assayignore", ".env", ".gitignore"]


def test_exclude_beats_everything(repo: Repo) -> None:
    repo.commit(**{"a.py": "x", ".assayignore": "!a.py\n"})
    listing = list_target(str(repo.path), options=WalkOptions(exclude=("a.py",)))
    assert reasons(listing)["a.py"] == "excluded"


def test_own_outputs_are_never_scanned(tmp_path: Path) -> None:
    put(
        tmp_path,
        ".assay/reports/r.json",
        ".assay/cache/x",
        ".assay/rules/a.yaml",
        "reports/a.py",
        "p/.assay/cache/y",
    )
    listing = list_target(str(tmp_path))
    assert uris(listing) == [".assay/rules/a.yaml", "reports/a.py"]
    assert set(reasons(listing).values()) == {"own-output"}


def test_links_are_never_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(root, "real/a.py")
    put(tmp_path, "outside/secret.py")
    for link, target in {
        "loop": ".",
        "out": "../outside",
        "in": "real/a.py",
        "self": "self",
        "gone": "nowhere",
        "dir": "real",
    }.items():
        (root / link).symlink_to(target)
    listing = list_target(str(root))
    assert uris(listing) == ["real/a.py"]
    assert {account.uri: account.detail for account in listing.accounts} == {
        "loop": "to ., which is met there",
        "out": "leads out of the root",
        "in": "to real/a.py, which is met there",
        "self": "the link loops",
        "gone": "the link's target cannot be reached",
        "dir": "to real, which is met there",
    }
    assert set(reasons(listing).values()) == {"symlink"}


def test_pipes_and_sockets_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / ".assayignore")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        listing = list_target(str(tmp_path))
    assert {account.uri: account.detail for account in listing.accounts} == {
        ".assayignore": "FIFO",
        "pipe": "FIFO",
        "sock": "socket",
    }
    assert [note.uri for note in listing.notifications] == [".assayignore"]


def test_a_link_is_no_ignore_file(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "all").write_text("*\n")
    (repo.path / ".gitignore").symlink_to(tmp_path / "all")
    put(repo.path, "a.py")
    listing = list_target(str(repo.path))
    assert uris(listing) == ["a.py"]
    assert listing.notifications


def test_names_of_any_bytes(tmp_path: Path) -> None:
    for name in (b"a b.py", b"new\nline.py", b"\xff\xfe.py", "é.py".encode(), b"%41.py"):
        (tmp_path / os.fsdecode(name)).write_text("x")
    listing = list_target(str(tmp_path))
    assert uris(listing) == sorted(["a b.py", "new\nline.py", "%FF%FE.py", "é.py", "%41.py"])
    assert all(Path(file.path).read_text() == "x" for file in listing.files)
    "".join(uris(listing)).encode("utf-8")


def test_an_unreadable_folder_loses_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a/x.py", "b/y.py")
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    listing = list_target(str(tmp_path))
    assert uris(listing) == ["b/y.py"]
    (account,) = listing.accounts
    assert (account.uri, account.status, account.reason, account.detail) == (
        "a/",
        FileStatus.FAILED,
        "unreadable",
        "permission denied",
    )


def test_a_two_gigabyte_file_is_accounted_without_being_opened(tmp_path: Path) -> None:
    put(tmp_path, "a.py")
    with (tmp_path / "huge.sql").open("wb") as out:
        out.truncate(2 << 30)
    listing = list_target(str(tmp_path))
    assert uris(listing) == ["a.py"]
    assert reasons(listing) == {"huge.sql": "too-large"}


def test_folders_deeper_than_a_path_may_be(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(25):
            os.mkdir("d" * 200, dir_fd=here)
            deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = deeper
    finally:
        os.close(here)
    put(tmp_path, "z.py")
    listing = list_target(str(tmp_path))
    assert uris(listing) == ["z.py"]
    assert list(reasons(listing).values()) == ["unreadable"]


def test_a_submodule_has_ignore_files_of_its_own(repo: Repo, tmp_path: Path) -> None:
    inner = Repo(tmp_path / "inner")
    inner.commit(**{"a.py": "x", "b.log": "x", ".gitignore": "*.tmp\n"})
    repo.commit(**{"top.py": "x"})
    repo.git("submodule", "add", "-q", str(inner.path), "lib")
    repo.commit(**{".gitignore": "*.log\n"})
    put(repo.path, "lib/c.tmp")
    assert [uri for uri in uris(list_target(str(repo.path))) if uri.startswith("lib/")] == [
        "lib/.gitignore",
        "lib/a.py",
        "lib/b.log",
    ]
    repo.git("submodule", "deinit", "-f", "lib")
    listing = list_target(str(repo.path))
    assert reasons(listing)["lib/"] == "submodule"


def test_a_false_git_folder_changes_nothing(repo: Repo) -> None:
    repo.commit(**{".gitignore": "*.log\n", "d/a.py": "x"})
    put(repo.path, "d/.git", "d/x.log", content="nothing")
    listing = list_target(str(repo.path))
    assert uris(listing) == [".gitignore", "d/a.py"]


def test_a_broken_repository_is_walked_and_told(repo: Repo) -> None:
    repo.commit(**{".gitignore": "*.log\n", "a.py": "x"})
    put(repo.path, "x.log")
    (repo.path / ".git" / "index").write_bytes(b"garbage")
    listing = list_target(str(repo.path))
    assert uris(listing) == [".gitignore", "a.py"]
    assert "taken for ignored" in listing.notifications[0].message


def test_named_paths(repo: Repo) -> None:
    repo.commit(**{".gitignore": "build/\n*.log\n", ".assayignore": "never.py\n", "a.py": "x"})
    put(repo.path, "build/x.js", "build/y.log", "b.log", "never.py", "d/c.py")
    root = str(repo.path)
    assert uris(list_target(root, ["a.py"])) == ["a.py"]
    assert uris(list_target(root, ["build", "b.log"])) == ["b.log", "build/x.js"]
    assert reasons(list_target(root, ["never.py"])) == {"never.py": "ignored"}
    assert uris(list_target(root, ["d", "d/c.py", "./d/../d/c.py", str(repo.path / "d")])) == ["d/c.py"]
    assert reasons(list_target(root, [".git"])) == {".git/": "git-internals"}


def test_a_missing_path_is_an_error_and_in_a_list_an_account(tmp_path: Path) -> None:
    put(tmp_path, "root/a.py", "b.py")
    root = str(tmp_path / "root")
    with pytest.raises(TargetError, match="no such file"):
        list_target(root, ["gone.py"])
    with pytest.raises(TargetError, match="not below"):
        list_target(root, ["../b.py"])
    with pytest.raises(TargetError, match="no such file"):
        list_target(str(tmp_path / "gone"))
    with pytest.raises(TargetError, match="not a folder"):
        list_target(str(tmp_path / "b.py"))
    listing = list_target(root, ["a.py", "gone.py", "../b.py", "a\0b"], strict=False)
    assert uris(listing) == ["a.py"]
    assert set(reasons(listing).values()) == {"missing"}


def test_lists_from_another_program() -> None:
    assert files_from(b"a b.py\nc.py\r\n\na b.py\n") == ("a b.py", "c.py")
    assert files_from(b"a\nb.py\0\xff\0") == ("a\nb.py", os.fsdecode(b"\xff"))
    assert files_from(b"") == ()


def test_the_root_of_several_paths(tmp_path: Path) -> None:
    put(tmp_path, "p/a.py", "p/q/b.py", "r/c.py")
    here = str(tmp_path / "p")
    assert root_of([], here) == here
    assert root_of(["q"], here) == str(tmp_path / "p" / "q")
    assert root_of(["q", "a.py"], here) == here
    assert root_of(["a.py"], here) == here
    assert root_of(["../r/c.py"], here) == str(tmp_path / "r")
    assert root_of(["../r/c.py", "a.py"], here) == str(tmp_path)


def test_order_is_that_of_the_uris(tmp_path: Path) -> None:
    put(tmp_path, "a/b.py", "a-b.py", "a.py", "a0.py", "b/a.py", "B.py")
    met = [item.uri for item in walk(str(tmp_path))]
    assert met == sorted(met) == uris(list_target(str(tmp_path)))
