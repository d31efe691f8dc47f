"""Rules as files: checked whole, packed, found."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import msgspec
import pytest

from assay.model.errors import RuleError
from assay.model.severity import Severity
from assay.rules.load import Packed, builtin_rules, load_file, load_folder, pack
from assay.rules.schema import json_schema
from assay.rules.select import find, own_rules

GOOD = """
title: A title
engine: secrets
severity: high
confidence: medium
message: What it is
remediation: What to do
cwe: [CWE-798]
references: [https://example.com]
last_reviewed: 2026-11-21
match: {pattern: 'x', n: 3}
bad: [{path: a.py, code: bad}]
good: [{path: a.py, code: good}]
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_path_is_the_id(tmp_path: Path) -> None:
    write(tmp_path, "secrets/one.yaml", GOOD)
    (rule,) = load_folder(tmp_path)
    assert (rule.id, rule.severity, rule.last_reviewed) == ("secrets/one", Severity.HIGH, "2026-11-21")
    assert rule.bad[0].code == "bad"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("severity: high", "severity: severe"), "Invalid enum value 'severe'"),
        (("title: A title", "titel: A title"), "unknown field `titel`"),
        (("cwe: [CWE-798]", "cwe: CWE-798"), "Expected `array`, got `str`"),
        (("match: {", "match: ["), "not YAML"),
        (("title: A title", ""), "missing required field `title`"),
    ],
)
def test_a_broken_rule_says_what_is_wrong_and_where(
    tmp_path: Path, change: tuple[str, str], expected: str
) -> None:
    path = write(tmp_path, "broken.yaml", GOOD.replace(*change))
    with pytest.raises(RuleError) as caught:
        load_file(path, "broken")
    assert expected in str(caught.value)
    assert "broken.yaml" in str(caught.value)


def test_a_huge_rule_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "huge.yaml", "x" * 300_000)
    with pytest.raises(RuleError, match="too large"):
        load_file(path, "huge")


def test_the_packed_file_holds_everything_but_examples(tmp_path: Path) -> None:
    write(tmp_path, "pack/secrets/one.yaml", GOOD)
    out = tmp_path / "packed.json"
    packed = pack(tmp_path / "pack", out)
    again = msgspec.json.decode(out.read_bytes(), type=Packed)
    assert again == packed
    (entry,) = again.engines["secrets"]
    assert (entry.id, entry.rule.bad, entry.rule.match) == ("secrets/one", [], {"pattern": "x", "n": 3})


def test_own_rules_cannot_take_a_built_in_id(tmp_path: Path) -> None:
    write(tmp_path, ".assay/rules/secrets/one.yaml", GOOD)
    assert [rule.id for rule in own_rules(tmp_path)] == ["own/secrets/one"]
    assert own_rules(tmp_path / "elsewhere") == ()


def test_the_published_schema_accepts_what_we_accept(tmp_path: Path) -> None:
    import yaml

    document = yaml.safe_load(GOOD.replace("2026-11-21", "'2026-11-21'"))
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate({**document, "severity": "severe"})


def test_built_in_rules_carry_what_readers_need() -> None:
    for rule in builtin_rules():
        assert rule.title, rule.id
        assert rule.remediation, rule.id
        assert rule.last_reviewed, rule.id
        assert all(cwe.startswith("CWE-") and cwe[4:].isdigit() for cwe in rule.cwe), rule.id


def test_a_rule_that_is_not_there_names_near_ones(tmp_path: Path) -> None:
    write(tmp_path, "secrets/github-token.yaml", GOOD)
    with pytest.raises(RuleError, match="near: secrets/github-token"):
        find(load_folder(tmp_path), "secrets/github-tokn")
