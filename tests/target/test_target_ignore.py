"""The ignore patterns decide as git does: the same random trees and patterns asked of both."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from target_repository import Repo

from assay.scan.target.ignore import compile_patterns
from assay.scan.target.workspace import WalkOptions, list_target

# `foo**/` is left out: git 2.39 reads the byte before its buffer there, so its answer is no rule.
ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        "*",
        "?",
        "[ab]",
        "[!a]",
        "[a-b]",
        "\\a",
        "[]a]",
        "[^b-]",
        "[[:alpha:]]",
        "\\*",
        ".b",
        " ",
    ]
)
WORDS = st.lists(ATOMS, min_size=1, max_size=3).map("".join)
PARTS = st.one_of(WORDS.filter(lambda word: "**" not in word), st.just("**"))
PATTERNS = st.builds(
    lambda bang, root, parts, end: bang + root + "/".join(parts) + end,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(PARTS, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " "]),
)
NAMES = st.sampled_from(["a", "b", "ab", "ba", "a.b", ".b", "a b", "*", "]", "-"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(PATHS, min_size=1, max_size=8, unique=True),
    st.lists(PATTERNS, max_size=5),
    st.lists(PATTERNS, max_size=3),
    st.lists(PATTERNS, max_size=2),
)
def test_walks_agree_with_git(
    paths: list[str], top: list[str], nested: list[str], private: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repo = Repo(Path(folder) / "repo")
        for path in paths:
            try:
                repo.write(path, "x")
            except OSError:  # the name is a file where another path wants a folder, or the other way
                continue
        repo.write(".gitignore", "\n".join(top))
        repo.write(".git/info/exclude", "\n".join(private))
        if (repo.path / "a").is_dir():
            repo.write("a/.gitignore", "\n".join(nested))
        expected = sorted(
            filter(None, repo.git("ls-files", "-z", "--others", "--exclude-standard").split("\0"))
        )
        assert [file.uri for file in list_target(str(repo.path)).files] == expected


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (b"*.pyc", [b"a.pyc", b"d/a.pyc", b".pyc"], [b"a.py", b"a.pyc/x"]),
        (b"build/", [b"build\0", b"a/build\0"], [b"build", b"builds\0"]),
        (b"/build", [b"build", b"build\0"], [b"a/build"]),
        (b"a/b", [b"a/b"], [b"x/a/b"]),
        (b"a/**", [b"a/b", b"a/b/c\0"], [b"a\0", b"ab"]),
        (b"**/x", [b"x", b"a/b/x"], [b"ax"]),
        (b"a/**/b", [b"a/b", b"a/x/y/b"], [b"ab", b"a/xb"]),
        (b"\\#a", [b"#a"], [b"a"]),
        (b"\\!a", [b"!a"], [b"a"]),
        (b"a\\ ", [b"a "], [b"a"]),
        (b"a  \r", [b"a"], [b"a  "]),
        (b"[", [], [b"[", b"x"]),
        (b"a\\", [], [b"a", b"a\\"]),
        (b"[[:digit:]x]", [b"1", b"x"], [b"y", b":"]),
        (b"\xff*", [b"\xff\xfe"], [b"\xfe"]),
        (b"a[/]b", [], [b"a/b"]),
        (b"\xef\xbb\xbfa", [b"a"], [b"b"]),
    ],
)
def test_pattern_forms(pattern: bytes, matching: list[bytes], other: list[bytes]) -> None:
    patterns = compile_patterns(pattern)
    assert [path for path in matching if patterns.verdict(path) is not True] == []
    assert [path for path in other if patterns.verdict(path) is not None] == []


def test_the_last_pattern_that_matches_wins() -> None:
    patterns = compile_patterns(b"*.log\n!keep.log\nkeep.log.old\n")
    assert patterns.verdict(b"a.log") is True
    assert patterns.verdict(b"x/keep.log") is False
    assert patterns.verdict(b"other") is None


def test_a_hostile_pattern_costs_no_exponential_time() -> None:
    patterns = compile_patterns(b"**/a" * 40 + b"/b\n" + b"*a" * 200 + b"b")
    assert patterns.verdict(b"a/" * 500 + b"a" * 2000) is None


def test_thousands_of_patterns_compile() -> None:
    patterns = compile_patterns(b"\n".join(b"/dir%d/*.x%d" % (number, number) for number in range(5000)))
    assert patterns.broken == 0
    assert patterns.verdict(b"dir4999/q.x4999") is True


def test_exclude_options_use_the_same_syntax(tmp_path: Path) -> None:
    for name in ("a.py", "b.txt", "d/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    listing = list_target(str(tmp_path), options=WalkOptions(exclude=("*.txt", "!/b.txt")))
    assert [file.uri for file in listing.files] == ["a.py", "b.txt"]
    assert [(account.uri, account.reason) for account in listing.accounts] == [("d/c.txt", "excluded")]
