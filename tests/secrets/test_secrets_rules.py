"""Every example of every secrets rule, through the scanner as the engine uses it, with and without Hyperscan."""

from __future__ import annotations

from functools import cache

import pytest

from assay.model.rule import Example, Rule
from assay.rules.load import PACK, load_folder
from assay.secrets.scan import Scan, Scanner, build_scanner, scan_bytes
from assay.secrets.specimen import expand_example

RULES = load_folder(PACK / "secrets", "secrets/")


@cache
def scanner(fast: bool) -> Scanner:
    return build_scanner(RULES, fast=fast)


def look(rule: Rule, kind: str, index: int, example: Example, fast: bool) -> Scan:
    content = expand_example(example.code, rule.id, kind, index).encode()
    return scan_bytes(content, example.path, scanner(fast))


def test_there_are_many_rules() -> None:
    assert len(RULES) >= 250


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_examples(rule: Rule) -> None:
    for index, example in enumerate(rule.bad):
        found = look(rule, "bad", index, example, True)
        assert rule.id in {finding.rule_id for finding in found.findings}, (index, found)
    for index, example in enumerate(rule.good):
        found = look(rule, "good", index, example, True)
        assert rule.id not in {finding.rule_id for finding in found.findings}, (index, found)
    silent = bool(rule.match.get("silent"))
    assert rule.good
    assert rule.bad or silent


def test_both_prefilters_see_the_same_in_every_example() -> None:
    for rule in RULES:
        for kind, examples in (("bad", rule.bad), ("good", rule.good)):
            for index, example in enumerate(examples):
                assert look(rule, kind, index, example, True) == look(rule, kind, index, example, False), (
                    rule.id,
                    kind,
                    index,
                )
