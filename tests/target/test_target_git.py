"""Git, asked of real repositories, hostile ones among them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from target_repository import Repo

from assay.model.errors import GitError
from assay.model.location import Region
from assay.scan.target.change import ChangeKind, base_targets, changed_targets, since, staged
from assay.scan.target.git import BlobReader, run, stream
from assay.scan.target.history import HistoryBlob, blobs_of_history, origins
from assay.scan.target.read import read_file
from assay.scan.target.repository import (
    blame_line,
    blobs_at,
    find_repository,
    head_commit,
    merge_base,
    remote_url,
    resolve,
    targets_at,
    tracked,
    without_credentials,
)
from assay.scan.target.workspace import list_target


def line(number: int) -> Region:
    return Region(number, 1, number, 2)


def test_a_folder_without_git_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not in a git repository"):
        find_repository(str(tmp_path))


def test_git_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="git program was not found"):
        find_repository(str(tmp_path))


def test_before_the_first_commit(repo: Repo) -> None:
    repository = find_repository(str(repo.path))
    assert head_commit(repository) == ""
    with pytest.raises(GitError, match="no commits yet"):
        resolve(repository, "main")
    repo.write("a.py", "x = 1\n")
    repo.git("add", "a.py")
    repo.write("a.py", "working = 'file'\n")
    change = staged(repository)
    assert change.is_new("a.py", line(1))
    with BlobReader(repository.root) as blobs:
        (target,) = changed_targets(repository, change)
        read = read_file(target, blobs=blobs)
    assert getattr(read, "content", None) == b"x = 1\n"


def test_an_unknown_ref_comes_with_advice(repo: Repo) -> None:
    repo.commit(a="1")
    with pytest.raises(GitError, match=r"knows no commit 'origin/gone'[\s\S]*git fetch origin gone"):
        resolve(find_repository(str(repo.path)), "origin/gone")


@pytest.mark.parametrize("ref", ["--output=/tmp/x", "", "-x"])
def test_a_ref_is_never_an_option(repo: Repo, ref: str) -> None:
    repo.commit(a="1")
    with pytest.raises(GitError, match="no git ref"):
        resolve(find_repository(str(repo.path)), ref)


def test_changed_lines_of_a_branch(repo: Repo) -> None:
    repo.commit(a__py="1\n2\n3\n4\n5\n", gone__py="x", old__py="same\n" * 9)
    repo.git("checkout", "-q", "-b", "topic")
    repo.git("mv", "old.py", "new.py")
    repo.git("rm", "-q", "gone.py")
    repo.commit(a__py="1\n2\nnew\n3\n5\nlast\n", b__py="q\n")
    repo.git("checkout", "-q", "main")
    repo.commit(main__py="only on main\n")
    repository = find_repository(str(repo.path))
    change = since(repository, "main", "topic")
    assert [number for number in range(1, 8) if change.is_new("a.py", line(number))] == [3, 6]
    assert change.is_new("a.py", Region(1, 1, 3, 1))
    assert change.is_new("b.py", line(1))
    assert not change.is_new("main.py")
    assert not change.is_new("new.py", line(1))
    assert change.files["new.py"].kind is ChangeKind.RENAMED
    assert change.old_uri("new.py") == "old.py"
    assert [file.old_uri for file in change.deleted] == ["gone.py"]
    assert [target.uri for target in changed_targets(repository, change)] == ["a.py", "b.py", "new.py"]
    assert [target.uri for target in base_targets(repository, change)] == ["a.py", "gone.py", "old.py"]
    with BlobReader(repository.root) as blobs:
        old = [read_file(target, blobs=blobs) for target in base_targets(repository, change)]
    assert [getattr(file, "content", None) for file in old] == [b"1\n2\n3\n4\n5\n", b"x", b"same\n" * 9]
    assert [target.uri for target in targets_at(repository, "main~1")] == ["a.py", "gone.py", "old.py"]


def test_the_working_tree_counts_edits_and_untracked_files(repo: Repo) -> None:
    repo.commit(a__py="1\n2\n", __gitignore="*.log\n")
    repo.write("a.py", "1\n2\n3")
    repo.write("new.py", "x\n")
    repo.write("x.log", "x\n")
    change = since(find_repository(str(repo.path)), "HEAD")
    assert (change.is_new("a.py", line(2)), change.is_new("a.py", line(3))) == (False, True)
    assert change.is_new("new.py", line(1))
    assert not change.is_new("x.log")


def test_a_subfolder_has_uris_of_its_own(repo: Repo) -> None:
    repo.commit(**{"d/a.py": "1\n", "b.py": "1\n"})
    repo.commit(**{"d/a.py": "1\n2\n", "b.py": "1\n2\n"})
    repository = find_repository(str(repo.path / "d"))
    change = since(repository, "HEAD~1", "HEAD")
    assert set(change.files) == {"a.py"}
    assert [blob.uri for blob in blobs_at(repository, "HEAD")] == ["a.py"]


STRANGE = [
    b"a b.py",
    b'q"uo\\te.py',
    b"new\nline.py",
    b"\xff\xfe.py",
    "é.py".encode(),
    b"tab\t.py",
    b"-dash.py",
    b":(top)x.py",
]


@pytest.mark.parametrize("name", STRANGE)
def test_strange_names_and_posing_content(repo: Repo, name: bytes) -> None:
    path = os.path.join(os.fsencode(repo.path), name)
    with open(path, "wb") as out:
        out.write(b"1\n")
    repo.commit()
    with open(path, "ab") as out:
        out.write(b"++ b/other.py\n@@ -1 +900 @@\n-- a/x\ndiff --git a/x b/x\n")
    repo.commit()
    change = since(find_repository(str(repo.path)), "HEAD~1", "HEAD")
    assert [file.lines for file in change.files.values()] == [((2, 5),)]
    assert list(change.files) == [file.uri for file in list_target(str(repo.path)).files]


def test_an_attribute_cannot_hide_lines(repo: Repo) -> None:
    repo.commit(**{"a.py": "1\n", ".gitattributes": "*.py -diff binary\n"})
    repo.commit(**{"a.py": "1\n2\n"})
    assert since(find_repository(str(repo.path)), "HEAD~1", "HEAD").is_new("a.py", line(2))


def test_staged_is_the_index_not_the_working_file(repo: Repo) -> None:
    repo.commit(a__py="1\n")
    repo.write("a.py", "1\nstaged\n")
    repo.git("add", "a.py")
    repo.write("a.py", "working\n")
    os.symlink("/etc/passwd", repo.path / "link")
    repo.git("add", "link")
    repository = find_repository(str(repo.path))
    change = staged(repository)
    assert set(change.files) == {"a.py"}
    assert change.is_new("a.py", line(2))
    (target,) = changed_targets(repository, change)
    assert target.size == len("1\nstaged\n")


def test_a_hook_of_commit_all_is_asked_for_its_own_index(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit(a__py="1\n")
    index = str(repo.path / ".git" / "next-index")
    repo.write("b.py", "x\n")
    repo.git("add", "b.py", GIT_INDEX_FILE=index)
    repository = find_repository(str(repo.path))
    assert not staged(repository).files
    monkeypatch.setenv("GIT_INDEX_FILE", index)
    assert set(staged(repository).files) >= {"b.py"}


HOSTILE_CONFIG = """
[core]
  fsmonitor = "touch {mark}-fsmonitor; false"
  hooksPath = {hooks}
  sshCommand = "touch {mark}-ssh"
  pager = "touch {mark}-pager"
  alternateRefsCommand = "touch {mark}-alternate"
  editor = "touch {mark}-editor"
  gitProxy = "touch {mark}-proxy"
[diff]
  external = "touch {mark}-external; true"
[diff "evil"]
  textconv = "touch {mark}-textconv; cat"
  command = "touch {mark}-command; true"
[filter "evil"]
  clean = "touch {mark}-clean; cat"
  smudge = "touch {mark}-smudge; cat"
  process = "touch {mark}-process"
  required = true
[alias]
  ls-files = "!touch {mark}-alias"
[credential]
  helper = "!touch {mark}-credential"
[protocol]
  allow = always
[protocol "ext"]
  allow = always
[remote "origin"]
  url = "ext::sh -c touch% {mark}-remote"
  promisor = true
[extensions]
  partialClone = origin
[pager]
  diff = "touch {mark}-pager-diff"
[gpg]
  program = "touch {mark}-gpg"
[log]
  showSignature = true
"""


def test_a_hostile_configuration_runs_nothing(repo: Repo, tmp_path: Path) -> None:
    repo.commit(**{"a.py": "1\n", ".gitattributes": "*.py filter=evil diff=evil\n", ".gitignore": "*.log\n"})
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "pre-commit", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/marker-hook\n")
        (hooks / name).chmod(0o755)
    missing = "1" * 40
    with (repo.path / ".git" / "config").open("a") as config:
        config.write("\n" + HOSTILE_CONFIG.format(mark=tmp_path / "marker", hooks=hooks))
    repo.write("a.py", "1\n2 is longer\n")
    repository = find_repository(str(repo.path))
    assert since(repository, "HEAD").is_new("a.py", line(2))
    staged(repository)
    blobs_at(repository, "HEAD")
    blame_line(repository, b"a.py", 1)
    list_target(str(repo.path))
    origins(repository, [blob.oid for blob in blobs_of_history(repository) if isinstance(blob, HistoryBlob)])
    assert remote_url(repository).startswith("ext:") or remote_url(repository) == ""
    with BlobReader(repository.root) as blobs:
        try:
            assert blobs.read(missing) is None
        except GitError:
            pass
    assert [path.name for path in tmp_path.glob("marker*")] == []
    # The traps are real: git without our care steps into them.
    subprocess.run(["git", "diff", "--stat", "-p"], cwd=repo.path, capture_output=True, check=False)
    assert {"marker-fsmonitor", "marker-process"} <= {path.name for path in tmp_path.glob("marker*")}


def test_a_work_tree_that_claims_to_be_elsewhere_is_refused(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    repo.git("config", "core.worktree", str(tmp_path / "other"))
    with pytest.raises(GitError, match="elsewhere"):
        find_repository(str(repo.path))


def test_a_shallow_clone_says_so(repo: Repo, tmp_path: Path) -> None:
    old = repo.commit(a="1")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(c="1")
    repo.git("checkout", "-q", "main")
    repo.commit(b="1")
    repo.git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{repo.path}", str(tmp_path / "clone"))
    clone = find_repository(str(tmp_path / "clone"))
    assert clone.shallow
    with pytest.raises(GitError, match="fetch-depth: 0"):
        resolve(clone, old)
    with pytest.raises(GitError, match="fetch-depth: 0"):
        merge_base(clone, resolve(clone, "origin/side"), resolve(clone, "origin/main"))


def test_a_linked_worktree(repo: Repo, tmp_path: Path) -> None:
    repo.commit(a="1", __gitignore="*.log\n")
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    repo.write(".git/info/exclude", "private\n")
    for name in ("private", "x.log", "b.py"):
        (tmp_path / "linked" / name).write_text("x")
    assert find_repository(str(tmp_path / "linked")).top == str(tmp_path / "linked")
    assert [file.uri for file in list_target(str(tmp_path / "linked")).files] == [".gitignore", "a", "b.py"]


def test_a_sha256_repository(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "wide", "--object-format=sha256")
    repo.commit(a="1\n")
    repo.commit(a="1\n2\n")
    repository = find_repository(str(repo.path))
    change = since(repository, "HEAD~1", "HEAD")
    assert change.is_new("a", line(2))
    with BlobReader(repository.root) as blobs:
        assert blobs.read(change.files["a"].blob) == b"1\n2\n"


def test_the_reader_answers_on_after_missing_and_large_objects(repo: Repo) -> None:
    repo.commit(a="small", b="large" * 100, c="")
    repository = find_repository(str(repo.path))
    oid = {blob.uri: blob.oid for blob in blobs_at(repository, "HEAD")}
    with BlobReader(repository.root) as blobs:
        assert blobs.read("1" * 40) is None
        assert blobs.read(oid["b"], limit=10) is None
        assert blobs.read(oid["a"]) == b"small"
        assert blobs.read(oid["c"]) == b""
        with pytest.raises(GitError, match="no git object id"):
            blobs.read("HEAD:a\n")
    with pytest.raises(GitError, match="not open"):
        blobs.read(oid["a"])


def test_tracked_paths_answer_for_folders(repo: Repo) -> None:
    repo.commit(**{"d/e/a": "1", "d-x": "1"})
    held = tracked(str(repo.path))
    assert held.holds(b"d-x")
    assert not held.holds(b"d")
    assert held.holds_below(b"d/")
    assert not held.holds_below(b"x/")


def test_blame_names_the_author_of_a_line(repo: Repo) -> None:
    repo.commit("first", a="1\n2\n")
    repo.commit("second", a="1\nx\n")
    blame = blame_line(find_repository(str(repo.path)), b"a", 2)
    assert blame is not None
    assert (blame.author, blame.email, blame.subject, blame.time) == (
        "Ada",
        "ada@example.org",
        "second",
        1_700_000_120,
    )
    assert blame_line(find_repository(str(repo.path)), b"gone", 2) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:word@example.org:8443/a/b.git?token=x#y", "https://example.org:8443/a/b.git"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("ssh://git@example.org/a", "ssh://example.org/a"),
        ("https://word@[::1]/a", "https://[::1]/a"),
        ("/srv/a.git", "/srv/a.git"),
        ("https://example.org:port/a", ""),
    ],
)
def test_an_address_is_shown_without_credentials(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def fake_git(folder: Path, script: str) -> str:
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_a_git_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", "exec sleep 60"))
    with pytest.raises(GitError, match=r"git status in .* took longer"):
        run(str(tmp_path), "status", seconds=0.05)
    with (
        pytest.raises(GitError, match=r"git diff in .* took longer"),
        stream(str(tmp_path), "diff", seconds=0.05) as source,
    ):
        assert source.read() == b""


def test_a_git_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", "echo 'fatal: the disk is gone' >&2; exit 128"))
    with pytest.raises(GitError, match=r"git log failed in .*: fatal: the disk is gone"):
        run(str(tmp_path), "log")
    with pytest.raises(GitError, match="the disk is gone"), stream(str(tmp_path), "log") as source:
        source.read()
    with BlobReader(str(tmp_path)) as blobs, pytest.raises(GitError, match="ended before"):
        blobs.read("1" * 40)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_someone_else_comes_with_advice(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(a="1")
    for path in (repo.path, repo.path / ".git"):
        os.chown(path, 54321, 54321)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    with pytest.raises(GitError, match=r"another user[\s\S]*safe\.directory"):
        find_repository(str(repo.path))


def test_the_index_of_a_hook_in_a_linked_worktree(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(a__py="1\n")
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", "-b", "side", str(linked))
    index = repo.path / ".git" / "worktrees" / "linked" / "next-index"
    (linked / "b.py").write_text("x")
    repo.git("-C", str(linked), "add", "b.py", GIT_INDEX_FILE=str(index))
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    assert "b.py" in staged(find_repository(str(linked))).files
    assert not staged(find_repository(str(repo.path))).files
