"""The map from rules to controls of public frameworks."""

from __future__ import annotations

import pytest

from assay.model.errors import UsageError
from assay.rules.controls import catalogue, control, controls_of, coverage
from assay.rules.load import builtin_rules

RULES = builtin_rules()


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.engine in ("infrastructure", "api")], ids=lambda rule: rule.id
)
def test_every_control_that_a_rule_names_exists(rule: object) -> None:
    assert [each for each in rule.controls if control(each) is None] == []  # type: ignore[attr-defined]


def test_every_control_of_a_theme_exists() -> None:
    named = {each for ids in catalogue().by_cwe.values() for each in ids}
    assert sorted(each for each in named if control(each) is None) == []


def test_every_framework_states_version_and_source() -> None:
    for framework in catalogue().frameworks.values():
        assert framework.version
        assert framework.source.startswith("https://")
        assert framework.controls


def test_a_rule_bears_on_what_it_names_and_on_what_its_weakness_breaks() -> None:
    rule = next(rule for rule in RULES if rule.id == "infrastructure/docker/user-missing")
    ids = [each.id for each in controls_of(rule)]
    assert ids[0] == "cis-docker:4.1"
    assert "hipaa:164.312(a)(1)" in ids
    assert {each.framework for each in controls_of(rule, ["hipaa"])} == {"hipaa"}


def test_coverage_lists_controls_without_rules_too() -> None:
    rows = coverage(RULES, "hipaa")
    assert [row.control.id for row in rows] == list(catalogue().frameworks["hipaa"].controls)
    assert next(row for row in rows if row.control.id == "hipaa:164.312(e)(1)").rules


def test_an_unknown_framework_is_an_error_with_advice() -> None:
    with pytest.raises(UsageError, match="no framework"):
        coverage(RULES, "hippa")
