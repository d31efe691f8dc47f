from __future__ import annotations

from dataclasses import replace

from report_sample import EMPTY, FINDINGS, RESULT

from assay.model.scan import Factor, Priority
from assay.report.diff import difference, text


def test_new_gone_and_the_same() -> None:
    before = replace(RESULT, findings=FINDINGS[:2])
    after = replace(RESULT, findings=FINDINGS[1:4])
    found = difference(before, after)
    assert [one.triaged.fingerprint[0] for one in found.new] == ["c", "d"]
    assert [one.triaged.fingerprint[0] for one in found.gone] == ["a"]
    assert (found.changed, found.same, found.notes) == ((), 1, ())
    assert text(before, after).startswith("2 new, 1 gone, 0 changed, 1 the same\n")


def test_a_change_is_told_with_its_cause() -> None:
    one = FINDINGS[0]
    moved = replace(
        one, priority=Priority.P2, score=50.0, factors=(*one.factors, Factor("exposure", "internal", -10.0))
    )
    found = difference(replace(RESULT, findings=(one,)), replace(RESULT, findings=(moved,)))
    assert found.changed[0].what == ("priority P0 -> P2", "exposure: not known -> internal -10")


def test_what_makes_them_hard_to_compare_is_said() -> None:
    notes = difference(replace(EMPTY, rules_digest="x"), RESULT).notes
    assert "the rules differ" in notes[0]
    healthy = replace(
        RESULT, engines=tuple(replace(run, status=RESULT.engines[0].status) for run in RESULT.engines)
    )
    notes = difference(healthy, RESULT).notes
    assert any("hadolint did not look fully" in note for note in notes)


def test_suppressed_ones_are_in_neither() -> None:
    assert difference(replace(RESULT, findings=()), replace(RESULT, findings=FINDINGS[4:])).new == ()
