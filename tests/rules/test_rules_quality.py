"""The shipped table of rule quality: what it says of confidence, and what the default profile may hold."""

from __future__ import annotations

import json

import pytest

from assay.entrypoints.cli.main import run
from assay.model.rule import Profile
from assay.model.severity import Confidence
from assay.rules.load import builtin_rules, load_engine
from assay.rules.quality import Quality, measurement, sentence

RULES = {rule.id: rule for rule in builtin_rules()}


def test_every_row_is_of_a_rule_that_exists() -> None:
    assert set(measurement().rules) <= set(RULES)


def test_no_rule_of_the_default_profile_is_known_to_be_mostly_wrong() -> None:
    wrong = [
        name
        for name, row in measurement().rules.items()
        if row.is_measured and (row.precision or 0) < 0.5 and RULES[name].profile is Profile.DEFAULT
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("right", "wrong", "confidence"),
    [(9, 0, None), (10, 0, Confidence.HIGH), (7, 3, Confidence.MEDIUM), (3, 9, Confidence.LOW), (0, 0, None)],
)
def test_confidence_comes_from_labelled_findings(
    right: int, wrong: int, confidence: Confidence | None
) -> None:
    assert Quality(right, wrong, 0, 1000).confidence is confidence


def test_measured_rules_have_the_measured_confidence_however_they_are_loaded() -> None:
    loaded = {rule.id: rule for rule in load_engine("code")}
    for name, row in measurement().rules.items():
        if row.confidence is not None:
            assert RULES[name].confidence is row.confidence
            assert loaded[name].confidence is row.confidence


def test_what_was_not_measured_says_so() -> None:
    rule = RULES["secrets/github-personal-access-token"]
    assert sentence(rule) == "not measured"


def test_the_command_prints_the_table_and_its_corpora(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "quality", "--measured"]) == 0
    assert "labelled findings" in capsys.readouterr().out
    assert run(["rules", "quality", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["corpora"]
    assert len(data["rules"]) == len(load_engine("code"))
    assert run(["rules", "show", "code/python/sql-flow"]) == 0
    assert "quality: " in capsys.readouterr().out
