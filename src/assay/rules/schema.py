"""The shape of a rule file, as types that msgspec checks and as the published JSON schema."""

from __future__ import annotations

from typing import Any

import msgspec

from assay.model.rule import Example, Profile, Rule
from assay.model.severity import Confidence, Severity


class ExampleFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One example: the text, the path under which the engine sees it, further files where the rule looks across files,
    the text before the change where it looks at changes.
    """

    code: str
    path: str
    note: str = ""
    files: dict[str, str] | None = None
    before: str = ""


class RuleFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One rule file. The path below the pack is the id, so no id stands inside."""

    title: str
    engine: str
    severity: Severity
    confidence: Confidence
    message: str
    remediation: str
    cwe: list[str]
    references: list[str]
    last_reviewed: str
    match: dict[str, Any]
    bad: list[ExampleFile] = []
    good: list[ExampleFile] = []
    owasp: list[str] = []
    asvs: list[str] = []
    controls: list[str] = []
    profile: Profile = Profile.DEFAULT


def json_schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of a rule file, for editors and for `assay rules validate`."""
    schema = msgspec.json.schema(RuleFile)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "assay rule"
    return schema


def to_rule(rule_id: str, raw: RuleFile) -> Rule:
    """The model's rule for a checked file."""
    return Rule(
        id=rule_id,
        title=raw.title,
        engine=raw.engine,
        severity=raw.severity,
        confidence=raw.confidence,
        message=raw.message,
        remediation=raw.remediation,
        cwe=tuple(raw.cwe),
        references=tuple(raw.references),
        last_reviewed=raw.last_reviewed,
        match=raw.match,
        bad=tuple(_example(example) for example in raw.bad),
        good=tuple(_example(example) for example in raw.good),
        owasp=tuple(raw.owasp),
        asvs=tuple(raw.asvs),
        controls=tuple(raw.controls),
        profile=raw.profile,
    )


def _example(raw: ExampleFile) -> Example:
    return Example(code=raw.code, path=raw.path, note=raw.note, files=raw.files, before=raw.before)
