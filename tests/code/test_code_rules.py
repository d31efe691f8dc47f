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
    seconds = 0.0

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
    if example.before:
        changed = [(example.path, example.before.encode(), example.code.encode())]
        return {finding.rule_id for finding in CodeEngine().compare(changed)}
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


class Keeping(Texts):
    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__(texts)
        self.kept: dict[bytes, bytes] = {}
        self.hits = 0

    def cached(self, key: bytes) -> bytes | None:
        self.hits += key in self.kept
        return self.kept.get(key)

    def store(self, key: bytes, value: bytes) -> None:
        self.kept[key] = value


def test_a_second_scan_of_the_same_takes_what_the_first_came_to() -> None:
    canary = CodeEngine().canary()
    project = Keeping({path: text.decode() for path, text in canary.files})
    first = list(CodeEngine().look_at_project(project))
    assert list(CodeEngine().look_at_project(project)) == first
    assert project.hits == 1
    project.texts["view.py"] += "\n# changed\n"
    list(CodeEngine().look_at_project(project))
    assert project.hits == 1


def test_a_damaged_cache_is_not_used() -> None:
    canary = CodeEngine().canary()
    project = Keeping({path: text.decode() for path, text in canary.files})
    first = list(CodeEngine().look_at_project(project))
    project.kept = {key: b"\xc1" + value for key, value in project.kept.items()}
    assert list(CodeEngine().look_at_project(project)) == first
