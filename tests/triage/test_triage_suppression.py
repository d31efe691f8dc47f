from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from triage_sample import finding, triaged

from assay.model.errors import ConfigError
from assay.model.finding import Evidence
from assay.model.location import Location, Region
from assay.model.scan import TriagedFinding
from assay.model.severity import Severity
from assay.scan.triage.authors import is_agent_commit
from assay.scan.triage.inline import Mark, parse_marks
from assay.scan.triage.suppression import apply, in_use
from assay.scan.triage.suppression_file import External, glob_match, parse_suppressions

TODAY = date(2026, 11, 21)
RULE = "code/python/sql-injection"
GOOD = f'assay: ignore[{RULE}] reason="table name is a constant" until=2027-01-31 by=@ada'


def marks(text: str, uri: str = "app/db.py") -> tuple[Mark, ...]:
    found, notes = parse_marks(uri, text.split("\n"))
    assert notes == ()
    return found


@pytest.mark.parametrize(
    "line",
    [
        f"q(x)  # {GOOD}",
        f"q(x); // {GOOD}",
        f"q(x) /* {GOOD} */",
        f"-- {GOOD}",
        f"<!-- {GOOD} -->",
        f"; {GOOD}",
        f"{{# {GOOD} #}}",
        f" * {GOOD}",
        f"q(x)  # noqa: S608 - {GOOD}",
    ],
)
def test_every_comment_syntax(line: str) -> None:
    mark = marks(line)[0]
    assert mark.rules == (RULE,)
    assert mark.reason == "table name is a constant"
    assert mark.until == date(2027, 1, 31)
    assert mark.by == "@ada"


def test_text_that_is_no_comment_is_no_mark() -> None:
    assert parse_marks("a.py", [f'print("{GOOD}")', "assay: hello"]) == ((), ())


def test_a_mark_alone_is_for_the_next_code_line_and_one_behind_code_for_its_own() -> None:
    alone = marks(f"# {GOOD}\n\n# why\nq(x)\n")[0]
    assert alone.covers([RULE], 3)
    behind = marks(f"q(x)  # {GOOD}\nq(y)\n")[0]
    assert behind.covers([RULE], 1)
    assert not behind.covers([RULE], 2)


def test_block_and_file_forms() -> None:
    text = f'a\n# assay: ignore-start[{RULE}] reason="r"\nb\nc\n# assay: ignore-end\nd\n'
    block = marks(text)[0]
    assert [block.covers([RULE], line) for line in (1, 3, 4, 6)] == [False, True, True, False]
    whole = marks('a\n# assay: ignore-file[code/*] reason="r"\n')[0]
    assert whole.covers([RULE], 1)
    assert not whole.covers(["secrets/x"], 1)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"# assay: ignore[{RULE}]", "no reason"),
        (f'# assay: ignore[{RULE}] reason=" "', "no reason"),
        ('# assay: ignore reason="all"', "names no rule"),
        ('# assay: ignore[*] reason="all"', "does not name rules"),
        (f'# assay: ignore[{RULE}] reason="r" until=tomorrow', "not YYYY-MM-DD"),
        (f'# assay: ignore-start[{RULE}] reason="r"', "never ended"),
        ("# assay: ignore-end", "not begun"),
    ],
)
def test_what_is_wrong_is_said_and_does_not_count(text: str, problem: str) -> None:
    found, notes = parse_marks("a.py", [text])
    assert found == ()
    assert problem in notes[0].message
    assert notes[0].message.startswith("a.py:1:")


def run(
    found: TriagedFinding,
    given_marks: tuple[Mark, ...] = (),
    external: tuple[External, ...] = (),
    **more: object,
) -> tuple[TriagedFinding, list[str]]:
    agent = more.get("agent", frozenset())
    ledger = apply([found], given_marks, external, TODAY, agent)  # type: ignore[arg-type]
    return ledger.findings[0], [note.message for note in ledger.notifications]


def test_a_suppressed_finding_is_not_active() -> None:
    one, notes = run(triaged(finding(line=1)), marks(f"q(x)  # {GOOD}"))
    assert not one.active
    assert one.suppression is not None
    assert (one.suppression.kind, one.suppression.owner, one.suppression.until) == (
        "inSource",
        "@ada",
        "2027-01-31",
    )
    assert notes == []


def test_expired_unused_and_critical_ones_do_not_count_and_are_reported() -> None:
    old = GOOD.replace("2027-01-31", "2026-11-20")
    one, notes = run(triaged(finding(line=1)), marks(f"q(x)  # {old}"))
    assert one.active
    assert "expired on 2026-11-20" in notes[0]
    _, notes = run(triaged(finding(line=7)), marks(f"q(x)  # {GOOD}"))
    assert "matches no finding" in notes[0]
    one, notes = run(triaged(finding(line=1, severity=Severity.CRITICAL)), marks(f"q(x)  # {GOOD}"))
    assert one.active
    assert "critical" in notes[0]


def test_until_is_the_last_day() -> None:
    one, _ = run(triaged(finding(line=1)), marks("q(x)  # " + GOOD.replace("2027-01-31", "2026-11-21")))
    assert not one.active


def test_one_that_an_agent_added_waits_for_a_human() -> None:
    one, notes = run(triaged(finding(line=1)), marks(f"q(x)  # {GOOD}"), agent=frozenset({("app/db.py", 1)}))
    assert one.active
    assert one.suppression is not None
    assert one.suppression.status == "underReview"
    assert "until a human confirms" in notes[0]


def test_only_comments_for_a_finding_are_in_use() -> None:
    given_marks = marks(f"q(x)  # {GOOD}\nq(y)  # {GOOD}\n")
    assert in_use([triaged(finding(line=2))], given_marks) == given_marks[1:]


def test_a_finding_at_several_places_needs_every_place() -> None:
    place = Location("b.py", Region(1, 1, 1, 5))
    found = triaged(replace(finding(line=1), related=(place,)))
    one, notes = run(found, marks(f"q(x)  # {GOOD}"))
    assert one.active
    assert "every place" in notes[0]
    both = (*marks(f"q(x)  # {GOOD}"), *marks(f"q(x)  # {GOOD}", uri="b.py"))
    assert not run(found, both)[0].active


def test_a_dependency_is_suppressed_where_it_is_declared_not_where_it_is_imported() -> None:
    imported = Location("src/x.py", Region(1, 1, 1, 5))
    found = triaged(
        replace(finding("dependencies/x", uri="req.txt", purl="pkg:pypi/a@1"), related=(imported,)), "f1"
    )
    text = b"suppressions: [{rule: dependencies/x, path: 'req.txt', reason: not used}]"
    assert not run(found, external=parse_suppressions(text, "s"))[0].active


def test_the_name_that_another_tool_gives_counts_too() -> None:
    found = replace(finding(line=1), evidence=(Evidence("bandit", "bandit/B608", "medium"),))
    assert not run(triaged(found), marks(f"q(x)  # {GOOD.replace(RULE, 'bandit/B608')}"))[0].active


FILE = b"""
version: 1
suppressions:
  - fingerprint: f1
    rule: code/python/sql-injection
    path: app/**
    reason: constant table name
    owner: "@ada"
    created: 2026-01-01
    expires: 2026-12-31
"""


def test_the_file() -> None:
    external = parse_suppressions(FILE, ".assay/suppressions.yaml")
    one, _ = run(triaged(finding(), "f1"), external=external)
    assert not one.active
    assert one.suppression is not None
    assert one.suppression.source == ".assay/suppressions.yaml#1"
    assert run(triaged(finding(), "f2"), external=external)[0].active
    assert run(triaged(finding(uri="lib/x.py"), "f1"), external=external)[0].active


def test_a_critical_finding_needs_somebody_who_approved() -> None:
    critical = triaged(finding(severity=Severity.CRITICAL), "f1")
    one, notes = run(critical, external=parse_suppressions(FILE, "s"))
    assert one.active
    assert "approved_by" in notes[0]
    approved = parse_suppressions(FILE + b'    approved_by: "@grace"\n', "s")
    assert not run(critical, external=approved)[0].active


@pytest.mark.parametrize(
    "text",
    [
        b"suppressions: 3",
        b"suppressions:\n  - rule: x\n",
        b"suppressions:\n  - reason: x\n",
        b"suppressions:\n  - rule: x\n    reason: ' '\n",
        b"suppressions:\n  - rule: x\n    reason: y\n    typo: z\n",
        b"suppressions:\n  - rule: x\n    reason: y\n    expires: soon\n",
        b"a: &a [1]\nb: [*a, *a]\n",
        b"{",
        b"\xff\xfe\x00",
        b"[" * 5000,
        b"version: 2\nsuppressions: []\n",
    ],
)
def test_a_broken_file_is_a_clear_error(text: bytes) -> None:
    with pytest.raises(ConfigError) as error:
        parse_suppressions(text, ".assay/suppressions.yaml")
    assert ".assay/suppressions.yaml" in error.value.message
    assert error.value.advice


def test_an_empty_file_suppresses_nothing() -> None:
    assert parse_suppressions(b"", "s") == ()


@pytest.mark.parametrize(
    ("pattern", "uri", "expected"),
    [
        ("app/*.py", "app/db.py", True),
        ("app/*.py", "app/x/db.py", False),
        ("app/**", "app/x/db.py", True),
        ("**/db.py", "db.py", True),
        ("**/db.py", "a/b/db.py", True),
        ("**/db.py", "a/bdb.py", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("tests/", "tests/a/b.py", True),
        ("?.py", "a.py", True),
        ("?.py", "/.py", False),
        ("a.py", "a.pyc", False),
    ],
)
def test_globs(pattern: str, uri: str, expected: bool) -> None:
    assert glob_match(pattern, uri) is expected


def test_a_hostile_glob_ends() -> None:
    assert not glob_match("*a" * 200 + "b", "a" * 2000)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet="#/ assay:ignore[]-\"'=startend", max_size=60), max_size=12))
def test_any_text_parses(lines: list[str]) -> None:
    found, notes = parse_marks("a", [f"# assay: ignore{line}" for line in lines])
    assert all(1 <= mark.first <= mark.last for mark in found)
    assert len(found) + len(notes) <= 2 * len(lines)


@pytest.mark.parametrize(
    ("message", "identity", "expected"),
    [
        ("Fix\n\nCo-Authored-By: Claude <noreply@anthropic.com>", "", True),
        ("Fix\n\nCo-authored-by: Claude Opus 4 <noreply@anthropic.com>", "", True),
        ("Fix\n\nAssisted-by: Claude:claude-opus-4 [ruff]", "", True),
        ("Fix\n\nCo-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>", "", True),
        ("Fix", "Cursor Agent <cursoragent@cursor.com>", True),
        (
            "Fix",
            "devin-ai-integration[bot] <158243242+devin-ai-integration[bot]@users.noreply.github.com>",
            True,
        ),
        ("Fix", "Claude Dupont <claude.dupont@example.org>", False),
        ("Talk about Claude and Copilot", "Ada <ada@example.org>", False),
        ("Fix\n\nCo-authored-by: Ada <ada@example.org>", "", False),
        ("", "", False),
    ],
)
def test_agents_by_what_a_commit_says(message: str, identity: str, expected: bool) -> None:
    assert is_agent_commit(message, [identity] if identity else []) is expected
