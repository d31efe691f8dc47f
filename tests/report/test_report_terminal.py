from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from report_sample import EMPTY, FINDINGS, RESULT, SQL, many, place, ranked

from assay.model.scan import Priority
from assay.report import terminal

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(("name", "result"), [("terminal", RESULT), ("terminal_empty", EMPTY)])
def test_the_screen(name: str, result: object) -> None:
    shown = terminal.screen(result, color=False)  # type: ignore[arg-type]
    assert shown == (GOLDEN / f"{name}.txt").read_text()


def test_at_most_ten_findings_and_the_rest_counted() -> None:
    shown = terminal.screen(many(37), color=False)
    assert "10. " in shown
    assert "11. " not in shown
    assert "and 27 more (27 critical)" in shown
    assert "37 findings in 3 of 7 files" in shown


def test_no_findings_only_with_what_was_looked_at() -> None:
    shown = terminal.screen(EMPTY, color=False)
    assert "0 findings in 2 of 2 files, 3 engines, 371 rules" in shown


def test_colours_only_where_asked() -> None:
    assert "\x1b[" not in terminal.render(RESULT).decode()
    assert "\x1b[" in terminal.screen(RESULT, color=True)
    assert terminal.wants_color({}, True)
    assert not terminal.wants_color({"NO_COLOR": "1"}, True)
    assert not terminal.wants_color({"TERM": "dumb"}, True)
    assert not terminal.wants_color({}, False)


def test_a_file_name_cannot_write_to_the_terminal() -> None:
    evil = "a\x1b]0;owned\x07\u202egnp.py\n1. P0"
    found = replace(SQL, message="\x1b[2Jgone\r", location=place(evil, 1))
    shown = terminal.screen(replace(RESULT, findings=(ranked(found, Priority.P0, 90.0),)), color=False)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\r" not in shown
    assert "a\\x1b]0;owned" in shown


def test_an_interrupted_scan_says_so() -> None:
    assert "interrupted" in terminal.screen(replace(RESULT, interrupted=True), color=False)


def test_suppressed_findings_are_counted_and_not_shown() -> None:
    shown = terminal.screen(RESULT, color=False)
    assert "1 finding suppressed" in shown
    assert FINDINGS[4].triaged.finding.location.uri not in shown


def test_what_was_inherited_is_one_line_a_bucket() -> None:
    shown = terminal.screen(RESULT, color=False)
    assert "Inherited, not from this change, and not blocking:\n  P1 this sprint: 1 finding\n" in shown
    assert "config/settings.py" not in shown
    assert "app/db.py:42:9" in shown
    blocking = replace(RESULT.verdict, blocking=("c" * 32,))
    assert "config/settings.py" in terminal.screen(replace(RESULT, verdict=blocking), color=False)
