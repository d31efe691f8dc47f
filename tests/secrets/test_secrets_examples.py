"""Every built-in secrets rule against its own examples, through the engine that users run, and the rules beside one another."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache

import pytest

from assay.model.rule import Example, Rule
from assay.rules.load import PACK, load_folder
from assay.secrets.scan import Scanner, build_scanner, scan_bytes
from assay.secrets.specimen import expand_example

# Prefixes that their providers chose this short; every other keyword is long enough to be rare in ordinary text.
_SHORT = 3
_MANY = 250


@cache
def _rules() -> tuple[Rule, ...]:
    return load_folder(PACK / "secrets", "secrets/")


@cache
def _scanner() -> Scanner:
    # The google-re2 prefilter needs no compiled database, so that every worker starts at once; both give the same findings.
    return build_scanner(_rules(), fast=False)


def _found(rule: Rule, kind: str, index: int, example: Example) -> set[str]:
    text = expand_example(example.code, rule.id, kind, index)
    scan = scan_bytes(text.encode(), example.path, _scanner())
    return {finding.rule_id for finding in (*scan.findings, *(finding for finding, _ in scan.allowed))}


@pytest.mark.parametrize("rule", _rules(), ids=lambda rule: rule.id.rpartition("/")[2])
def test_reports_bad_and_not_good(rule: Rule) -> None:
    silent = bool(rule.match.get("silent"))
    assert rule.good, "a rule shows what it leaves alone"
    assert rule.bad or silent, "a rule shows what it finds"
    for index, example in enumerate(rule.bad):
        assert rule.id in _found(rule, "bad", index, example), f"bad[{index}]: {example.code}"
    for index, example in enumerate(rule.good):
        assert rule.id not in _found(rule, "good", index, example), f"good[{index}]: {example.code}"


def test_titles_are_unique() -> None:
    assert [title for title, count in Counter(rule.title for rule in _rules()).items() if count > 1] == []


def test_messages_are_unique() -> None:
    assert [text for text, count in Counter(rule.message for rule in _rules()).items() if count > 1] == []


def test_no_two_rules_look_for_the_same() -> None:
    same: dict[str, list[str]] = defaultdict(list)
    for rule in _rules():
        if "pattern" in rule.match:
            same[repr([rule.match.get(part) for part in ("pattern", "named", "near", "paths")])].append(
                rule.id
            )
    assert [ids for ids in same.values() if len(ids) > 1] == []


def test_every_rule_wins_its_own_examples() -> None:
    """Where two rules see one value the more specific is reported, so that no rule is always hidden by another."""
    hidden = [
        rule.id
        for rule in _rules()
        if rule.bad
        and all(rule.id not in _found(rule, "bad", index, example) for index, example in enumerate(rule.bad))
    ]
    assert hidden == []


def test_keywords_are_selective() -> None:
    ordinary = {"key", "token", "secret", "password", "auth", "api"}
    for rule in _rules():
        words = [str(word).lower() for word in rule.match.get("keywords", [])]  # type: ignore[attr-defined]
        if not rule.match.get("paths"):
            assert not ordinary.intersection(words), rule.id
        assert all(len(word) >= _SHORT for word in words), rule.id


def test_no_literal_secret_stands_in_an_example() -> None:
    """Examples hold placeholders; a long run of mixed characters written out would be a secret for every other scanner."""
    run = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[0-9A-Za-z]{40}")
    for rule in _rules():
        for example in (*rule.bad, *rule.good):
            assert not run.search(re.sub(r"<<.*?>>|x{10,}", " ", example.code)), rule.id


def test_there_are_many() -> None:
    assert len(_rules()) >= _MANY
    assert {rule.engine for rule in _rules()} == {"secrets"}


@pytest.mark.parametrize(
    "line",
    [
        "DEEPGRAM_API_KEY={}",
        "deepgram-api-key: {}",
        'deepgramApiKey = "{}"',
        "deepgram.api-key={}",
        "deepgram.apiKey={}",
        'client = Client(deepgram_api_key="{}")',
        '"MY_DEEPGRAM_API_KEY": "{}",',
    ],
)
def test_a_name_is_known_in_every_spelling(line: str) -> None:
    value = expand_example("<<hex:40>>", "spelling", "bad", 0)
    scan = scan_bytes(line.format(value).encode(), "deploy/values.yaml", _scanner())
    assert [finding.rule_id for finding in scan.findings] == ["secrets/deepgram-api-key"]
