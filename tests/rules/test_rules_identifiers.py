"""Every identifier of a public catalogue that a rule names exists there."""

from __future__ import annotations

from dataclasses import replace

from assay.rules.identifiers import doubtful, identifiers
from assay.rules.load import builtin_rules

RULES = builtin_rules()


def test_every_identifier_of_a_built_in_rule_exists() -> None:
    assert {rule.id: found for rule in RULES if (found := doubtful(rule))} == {}


def test_the_lists_are_whole() -> None:
    known = identifiers()
    assert len(known.owasp) == 10
    assert len(known.asvs) == 345
    assert {"CWE-79", "CWE-639", "CWE-1427"} <= known.cwe
    assert "CWE-730" not in known.cwe, "a category is no weakness"


def test_what_is_wrong_is_named() -> None:
    rule = next(rule for rule in RULES if rule.id == "code/python/sql-flow")
    assert doubtful(replace(rule, asvs=("v5.0.0-99.1.1",))) == ["asvs: there is no v5.0.0-99.1.1"]
    assert doubtful(replace(rule, cwe=("CWE-730",))) == ["cwe: there is no CWE-730"]
    assert doubtful(replace(rule, owasp=("A01:2021",))) == ["owasp: CWE-89 is in A03:2021, not in A01:2021"]
