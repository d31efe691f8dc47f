from __future__ import annotations

from datetime import date

from triage_sample import finding

from assay.model.scan import BaselineState
from assay.scan.triage.baseline import baseline_of
from assay.scan.triage.steps import TriageInput, triage

TODAY = date(2026, 11, 21)
BEFORE = "def f(x):\n    db.execute(x)\n"
AFTER = (
    "import os\n\n\ndef f(x):\n    db.execute(x)\n\n\ndef g(y):\n    db.execute(y)\n\n\n"
    'def h(z):\n    db.execute(z)  # assay: ignore[code/python/sql-injection] reason="z is a constant"\n'
)


def given(text: str, **more: object) -> TriageInput:
    return TriageInput(lambda uri: text.encode() if uri == "app/db.py" else None, TODAY, **more)  # type: ignore[arg-type]


def test_from_raw_findings_to_ranked_ones() -> None:
    before = triage([finding(line=2, columns=(5, 18))], given(BEFORE))
    known = baseline_of([one.triaged for one in before.findings], "1", TODAY.isoformat()).findings
    raw = [finding(line=line, columns=(5, 18)) for line in (5, 9, 13)]
    after = triage(raw, given(AFTER, known=tuple(known)))
    by_line = {one.triaged.finding.location.region.start_line: one.triaged for one in after.findings}
    assert by_line[5].baseline is BaselineState.UNCHANGED
    assert by_line[9].baseline is BaselineState.NEW
    assert not by_line[13].active
    assert [one.triaged.active for one in after.findings] == [True, True, False]
    assert after.findings[0].triaged is by_line[9]
    assert all(one.triaged.line_hash for one in after.findings)
    assert (after.gone, after.drops, after.notifications) == ((), (), ())
    assert len(after.joined) == 3


def test_a_file_that_is_gone_loses_nothing() -> None:
    result = triage([finding(uri="gone.py")], given(""))
    assert len(result.findings) == 1
    assert result.findings[0].triaged.line_hash == ""


def test_unused_marks_of_files_without_findings() -> None:
    assert triage([], given(AFTER)).notifications == ()
    told = triage([], given(AFTER, mark_files=("app/db.py",))).notifications
    assert "matches no finding" in told[0].message
    assert triage([], given(AFTER, mark_files=("app/db.py",), whole=False)).notifications == ()
