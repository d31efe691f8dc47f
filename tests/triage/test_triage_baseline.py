from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from triage_sample import finding, triaged

from assay.model.errors import ConfigError, ReportError
from assay.model.scan import BaselineState, Suppression
from assay.model.severity import Severity
from assay.scan.triage.baseline import (
    baseline_of,
    compare,
    prune,
    read_baseline,
    with_baseline,
    write_baseline,
)

TODAY = date(2026, 11, 21).isoformat()


def test_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / ".assay" / "baseline.json"
    suppressed = replace(triaged(finding(line=9), "s"), suppression=Suppression("external", "known"))
    baseline = baseline_of(
        [triaged(finding(line=5), "b"), triaged(finding(line=2), "a"), suppressed], "1.0", TODAY
    )
    write_baseline(path, baseline)
    assert [entry.fingerprint for entry in read_baseline(path).findings] == ["a", "b"]
    assert read_baseline(path) == baseline
    assert [entry.name for entry in path.parent.iterdir()] == ["baseline.json"]


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b'{"schema":"x","tool":"","created":"","findings":[]}', b"\xff\xfe", b"[" * 9999],
)
def test_a_broken_baseline_is_a_clear_error(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match=r"baseline\.json") as error:
        read_baseline(path)
    assert "assay baseline write" in error.value.advice


def test_a_missing_baseline_and_one_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_baseline(tmp_path / "none.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot be written"):
        write_baseline(tmp_path / "file" / "baseline.json", baseline_of([], "1.0", TODAY))


def test_states() -> None:
    old = [triaged(finding(line=1), "same"), triaged(finding(line=2, severity=Severity.LOW), "worse")]
    gone = triaged(finding(line=3), "gone")
    head = [triaged(finding(line=8), "same"), triaged(finding(line=2), "worse"), triaged(finding(), "new")]
    stated, absent = compare([*old, gone], head)
    assert [one.baseline for one in stated] == [
        BaselineState.UNCHANGED,
        BaselineState.UPDATED,
        BaselineState.NEW,
    ]
    assert [(one.fingerprint, one.baseline) for one in absent] == [("gone", BaselineState.ABSENT)]


def test_a_lower_severity_is_no_update() -> None:
    base = triaged(finding(severity=Severity.CRITICAL), "a")
    stated, _ = compare([base], [triaged(finding(severity=Severity.LOW), "a")])
    assert stated[0].baseline is BaselineState.UNCHANGED


def test_prune_only_removes() -> None:
    baseline = baseline_of([triaged(finding(line=1), "a"), triaged(finding(line=2), "b")], "1.0", TODAY)
    pruned, gone = prune(baseline, [triaged(finding(line=1), "a"), triaged(finding(line=7), "new")])
    assert [entry.fingerprint for entry in pruned.findings] == ["a"]
    assert [entry.fingerprint for entry in gone] == ["b"]
    assert with_baseline([], pruned.findings)[1] == tuple(pruned.findings)
