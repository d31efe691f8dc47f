from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from report_sample import EMPTY, FINDINGS, RESULT, SQL, many, place, ranked

from assay.model.scan import Priority
from assay.report import agent


def test_what_to_do_in_order_and_how_to_check_it() -> None:
    shown = agent.render(RESULT).decode()
    assert shown.startswith("assay: failed: the policy blocks (exit code 1)\n")
    assert shown.index("app/db.py:42:9") < shown.index("uv.lock:120:1")
    assert "run: uv lock --upgrade-package jinja2==2.10.1" in shown
    assert "also at app/db.py:77" in shown
    assert "not looked: engine trivy missing: not on PATH" in shown
    assert "it must exit 0" in shown
    assert FINDINGS[4].triaged.finding.location.uri not in shown
    assert "0 findings in 2 of 2 files" in agent.render(EMPTY).decode()


def test_many_are_counted() -> None:
    shown = agent.render(many(500)).decode()
    assert len(shown) <= agent.MAX_CHARACTERS
    assert "more are not shown" in shown


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.integers(1, 30))
def test_bounded_and_one_line_for_any_text(text: str, count: int) -> None:
    found = replace(SQL, message=text, why=text, remediation=text, location=place(text or "a", 1))
    findings = tuple(ranked(found, Priority.P0, 90.0, fingerprint=str(number)) for number in range(count))
    shown = agent.render(replace(RESULT, findings=findings, rules=())).decode()
    assert len(shown) <= agent.MAX_CHARACTERS
    assert all(line == "" or line[0] in "a-0123456789 ncSF" for line in shown.split("\n"))
