from __future__ import annotations

from pathlib import Path

from triage_sample import finding

from assay.model.scan import BaselineState, ScanRequest
from assay.scan.triage.triage import Side, triage

BEFORE = "def f(x):\n    db.execute(x)\n"
AFTER = (
    "import os\n\n\ndef f(x):\n    db.execute(x)\n\n\ndef g(y):\n    db.execute(y)\n\n\n"
    'def h(z):\n    db.execute(z)  # assay: ignore[code/python/sql-injection] reason="z is a constant"\n'
)


def side(text: str, lines: tuple[int, ...], marked: tuple[str, ...] = ()) -> Side:
    found = [finding(line=line, columns=(5, 18)) for line in lines]
    return Side(found, lambda uri: text.encode() if uri == "app/db.py" else None, marked)


def test_from_raw_findings_to_ranked_ones(tmp_path: Path) -> None:
    head, base = side(AFTER, (5, 9, 13), ("app/db.py",)), side(BEFORE, (2,))
    after = triage(ScanRequest(str(tmp_path)), head, base, partial=False)
    by_line = {one.triaged.finding.location.region.start_line: one.triaged for one in after.findings}
    assert by_line[5].baseline is BaselineState.UNCHANGED
    assert by_line[9].baseline is BaselineState.NEW
    assert not by_line[13].active
    assert [one.triaged.active for one in after.findings] == [True, True, False]
    assert after.findings[0].triaged is by_line[9]
    assert all(one.triaged.line_hash for one in after.findings)
    assert after.notifications == ()


def test_a_file_that_is_gone_loses_nothing(tmp_path: Path) -> None:
    result = triage(
        ScanRequest(str(tmp_path)), Side([finding(uri="gone.py")], lambda _: None), None, partial=False
    )
    assert len(result.findings) == 1
    assert result.findings[0].triaged.line_hash == ""


def test_unused_marks_of_files_without_findings(tmp_path: Path) -> None:
    request = ScanRequest(str(tmp_path))
    told = triage(request, side(AFTER, (), ("app/db.py",)), None, partial=False).notifications
    assert "matches no finding" in told[0].message
    assert triage(request, side(AFTER, (), ("app/db.py",)), None, partial=True).notifications == ()


def test_context_and_owners_of_the_project_count(tmp_path: Path) -> None:
    (tmp_path / ".assay").mkdir()
    text = "components: [{name: shop, paths: ['app/**'], exposure: internet}]"
    (tmp_path / ".assay" / "context.yaml").write_text(text)
    files = {"app/db.py": BEFORE.encode(), "CODEOWNERS": b"* @all\n/app/ @team\n"}
    found = [finding(line=2, columns=(5, 18))]
    one = triage(ScanRequest(str(tmp_path)), Side(found, files.get), None, partial=False).findings[0]
    assert one.owner == "@team"
    assert one.score == 75.0
    assert "internet" in one.triaged.finding.why
