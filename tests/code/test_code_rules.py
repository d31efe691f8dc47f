"""Every rule's examples, through the production engine."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assay.model.rule import Example, Rule
from assay.model.scan import FileStatus
from assay.rules.load import builtin_rules
from assay.scan.engines.code import CodeEngine
from assay.scan.target.file import SourceFile, TargetFile

RULES = [rule for rule in builtin_rules() if rule.engine == "code"]


class Texts:
    root = ""
    jobs = 1
    offline = True

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def files(self) -> Sequence[TargetFile]:
        return [TargetFile(uri, uri, len(text)) for uri, text in sorted(self.texts.items())]

    def read(self, file: TargetFile) -> SourceFile:
        return SourceFile(file.uri, self.texts[file.uri].encode())

    def cached(self, key: bytes) -> bytes | None:
        return None

    def store(self, key: bytes, value: bytes) -> None:
        pass


def reported(example: Example) -> set[str]:
    texts = {example.path: example.code, **(example.files or {})}
    looks = list(CodeEngine().look_at_project(Texts(texts)))
    if any(look.reason == "unsupported" for look in looks):
        pytest.skip("no front end for this language yet")
    assert all(look.status is FileStatus.SCANNED for look in looks), looks
    return {finding.rule_id for look in looks for finding in look.findings}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_bad_examples_are_reported_and_good_ones_are_not(rule: Rule) -> None:
    assert rule.bad, "a rule without a bad example proves nothing"
    assert rule.good, "a rule without a good example proves nothing"
    for example in rule.bad:
        assert rule.id in reported(example), f"not reported:\n{example.code}"
    for example in rule.good:
        assert rule.id not in reported(example), f"reported although good:\n{example.code}"


def test_the_canary_is_found() -> None:
    canary = CodeEngine().canary()
    looks = CodeEngine().look_at_project(Texts({path: text.decode() for path, text in canary.files}))
    assert set(canary.expected) <= {finding.rule_id for look in looks for finding in look.findings}
