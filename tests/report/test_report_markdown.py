from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_sample import EMPTY, FINDINGS, RAW_SECRET, RESULT, SQL, many, place, ranked

from assay.model.fix import Fix
from assay.model.scan import Notification, Priority
from assay.report import markdown

GOLDEN = Path(__file__).parent / "golden"
GITHUB_LIMIT = 65_536


@pytest.mark.parametrize(("name", "result"), [("comment", RESULT), ("comment_empty", EMPTY)])
def test_the_comment(name: str, result: object) -> None:
    shown = markdown.render(result).decode()  # type: ignore[arg-type]
    assert shown == (GOLDEN / f"{name}.md").read_text()


def test_marker_and_verdict_come_first() -> None:
    lines = markdown.render(RESULT).decode().split("\n")
    assert lines[0] == markdown.MARKER
    assert lines[1] == "## assay: failed: the policy blocks"


def test_ten_are_open_and_what_is_cut_is_said() -> None:
    shown = markdown.render(many(2000)).decode()
    assert len(shown) < GITHUB_LIMIT
    assert "**10. " in shown
    assert "**11. " not in shown
    assert "1,990 further findings" in shown
    rows = shown.count("| SQL built from untrusted text")
    assert f"{2000 - rows} of them were cut to fit a comment" in shown
    assert shown.rstrip().endswith("</sub>")
    kept = shown.split("<details>")[1]
    assert "P0 critical" in kept
    assert "P3 critical" not in kept


def test_few_are_not_cut() -> None:
    shown = markdown.render(many(30)).decode()
    assert "20 further findings" in shown
    assert "were cut" not in shown


def test_nothing_of_a_suppressed_finding() -> None:
    shown = markdown.render(RESULT).decode()
    assert FINDINGS[4].triaged.finding.location.uri not in shown
    assert "1 suppressed" in shown
    assert RAW_SECRET not in shown


HOSTILE = "@team #1 <img src=x> [a](javascript:b) `code` | ``` \n# head\n![i](u) <!-- x --> </details> $x$"


def test_text_of_others_is_never_markup() -> None:
    found = replace(
        SQL, message=HOSTILE, why=HOSTILE, location=place(HOSTILE, 1), fixes=(Fix(HOSTILE, command="a ``` b"),), remediation=HOSTILE
    )  # fmt: skip
    result = replace(RESULT, findings=(ranked(found, Priority.P0, 90.0),), rules=())
    shown = markdown.render(result).decode()
    outside = "".join(part for at, part in enumerate(shown.split("````")) if at % 2 == 0)
    assert "<img" not in outside.replace("`", "\0").split("\0")[0]
    assert "\n# head" not in shown
    assert "````sh\na ``` b\n````" in shown
    for line in shown.split("\n"):
        text = line.split("`")[-1]
        assert "@team" not in text
        assert "<img" not in text


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40), st.integers(1, 60))
def test_always_below_the_limit(text: str, count: int) -> None:
    long = (text or "@") * 60
    found = replace(SQL, message=long, why=long, remediation=long, location=place(long or "a", 1))
    base = many(count)
    findings = tuple(replace(one, triaged=replace(one.triaged, finding=found)) for one in base.findings)
    notes = tuple(Notification("warning", long) for _ in range(count))
    verdict = replace(RESULT.verdict, reasons=(long,) * 40)
    shown = markdown.render(replace(base, findings=findings, notifications=notes, verdict=verdict)).decode()
    assert len(shown) < GITHUB_LIMIT
    assert shown.startswith(markdown.MARKER)
    assert shown.rstrip().endswith("</sub>")
