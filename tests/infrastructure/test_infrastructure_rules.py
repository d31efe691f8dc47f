"""Every rule's examples and every fix, through the production engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from assay.infrastructure.checks.edits import apply
from assay.model.finding import Finding
from assay.model.rule import Example, Rule
from assay.model.scan import FileStatus
from assay.rules.load import builtin_rules
from assay.scan.engines.api import ApiEngine
from assay.scan.engines.infrastructure import DocumentEngine, InfrastructureEngine
from assay.scan.engines.protocol import Look
from assay.scan.target.file import SourceFile, TargetFile

ENGINES: dict[str, DocumentEngine] = {"infrastructure": InfrastructureEngine(), "api": ApiEngine()}
RULES = [rule for rule in builtin_rules() if rule.engine in ENGINES]


@dataclass
class Texts:
    contents: Mapping[str, bytes]
    root: str = "."
    jobs: int = 1
    offline: bool = True
    seconds: float = 0.0

    def files(self) -> Sequence[TargetFile]:
        return [TargetFile(uri, uri, len(content)) for uri, content in sorted(self.contents.items())]

    def read(self, file: TargetFile) -> SourceFile:
        return SourceFile(file.uri, self.contents[file.uri])

    def cached(self, key: bytes) -> bytes | None:
        return None

    def store(self, key: bytes, value: bytes) -> None:
        pass


def look(engine: DocumentEngine, texts: Mapping[str, str]) -> list[Look]:
    wanted = {uri: text.encode() for uri, text in texts.items() if engine.wants(uri, "", frozenset())}
    return list(engine.look_at_project(Texts(wanted)))


def findings(rule: Rule, texts: Mapping[str, str]) -> list[Finding]:
    looks = look(ENGINES[rule.engine], texts)
    for each in looks:
        assert each.status in (FileStatus.SCANNED, FileStatus.PARTIAL), (each.uri, each.notifications)
    return [finding for each in looks for finding in each.findings if finding.rule_id == rule.id]


def texts_of(example: Example) -> dict[str, str]:
    return {example.path: example.code, **(example.files or {})}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_bad_examples_are_reported_and_good_ones_are_not(rule: Rule) -> None:
    assert rule.bad, "a rule without a bad example proves nothing"
    assert rule.good, "a rule without a good example proves nothing"
    for example in rule.bad:
        found = findings(rule, texts_of(example))
        assert found, f"not reported:\n{example.code}"
        for finding in found:
            assert "?" not in finding.message.replace("?raw", ""), (
                f"a hole of the message was not filled: {finding.message}"
            )
    for example in rule.good:
        assert not findings(rule, texts_of(example)), f"reported although good:\n{example.code}"


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if "'fix'" in repr(rule.match)], ids=lambda rule: rule.id
)
def test_a_fix_leaves_a_clean_document(rule: Rule) -> None:
    fixed_any = False
    for example in rule.bad:
        texts = texts_of(example)
        for _ in range(12):
            found = [finding for finding in findings(rule, texts) if finding.fixes]
            if not found:
                break
            fixed_any = True
            edits = found[0].fixes[0].edits
            for uri in {edit.location.uri for edit in edits}:
                texts[uri] = apply(texts[uri], edits, uri)
        assert not [finding for finding in findings(rule, texts) if finding.fixes], texts
    assert fixed_any, "the rule states a fix, and no example shows it"
