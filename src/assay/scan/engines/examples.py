"""A rule's own examples as its test, through the production engine: the same for our rules and for a user's."""

from __future__ import annotations

from dataclasses import dataclass

from assay.model.rule import Example, Rule
from assay.scan.engines.canary import look_at_texts
from assay.scan.engines.protocol import ComparingEngine, FileEngine, ProjectEngine


@dataclass(frozen=True, slots=True)
class Failure:
    """One example that did not come out as it says. `kind` is bad or good, `index` counts from 0."""

    rule_id: str
    kind: str
    index: int
    message: str


def check_rule(rule: Rule, engine: FileEngine | ProjectEngine) -> list[Failure]:
    """Run every example of one rule: `bad` ones must report this rule, `good` ones must not."""
    # A silent rule names what is known and no secret: it never reports, so it has nothing bad to show.
    failures = (
        []
        if rule.bad or rule.match.get("silent")
        else [Failure(rule.id, "bad", 0, "the rule has no bad example")]
    )
    failures += [] if rule.good else [Failure(rule.id, "good", 0, "the rule has no good example")]
    for kind, examples in (("bad", rule.bad), ("good", rule.good)):
        for index, example in enumerate(examples):
            problem = _check(rule, engine, kind, index, example)
            if problem:
                failures.append(Failure(rule.id, kind, index, problem))
    return failures


def texts_of(rule_id: str, kind: str, index: int, example: Example, engine: object) -> dict[str, bytes]:
    """The files of an example. An engine whose examples hold placeholders (no secret stands in a rule file) expands them."""
    expand = getattr(engine, "expand_example", None)
    texts = {example.path: example.code, **(example.files or {})}
    if expand is None:
        return {path: text.encode() for path, text in texts.items()}
    return {path: expand(rule_id, kind, index, text) for path, text in texts.items()}


def _check(rule: Rule, engine: FileEngine | ProjectEngine, kind: str, index: int, example: Example) -> str:
    if example.before and isinstance(engine, ComparingEngine):
        compared = engine.compare([(example.path, example.before.encode(), example.code.encode())])
        return _said(rule, kind, {finding.rule_id for finding in compared})
    looks = look_at_texts(engine, texts_of(rule.id, kind, index, example, engine))
    return _said(rule, kind, {finding.rule_id for look in looks for finding in look.findings})


def _said(rule: Rule, kind: str, found: set[str]) -> str:
    if kind == "bad" and rule.id not in found:
        others = f"; reported instead: {', '.join(sorted(found))}" if found else ""
        return f"does not report {rule.id}{others}"
    if kind == "good" and rule.id in found:
        return f"reports {rule.id}, which it must not"
    return ""
