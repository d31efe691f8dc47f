"""What is looked for: a rule and the examples that prove it (SARIF `reportingDescriptor`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from assay.model.severity import Confidence, Severity


class Profile(Enum):
    """DEFAULT rules have measured precision; HYGIENE ones are good style and run only when asked for."""

    DEFAULT = "default"
    HYGIENE = "hygiene"


@dataclass(frozen=True, slots=True)
class Example:
    """A text on which a rule must (bad) or must not (good) report, seen by the production engine as the file `path`.

    `files` holds further files of the example, path to text, for rules that look across files. `before` is the text before the change, for rules
    on what a change does.
    """

    code: str
    path: str
    note: str = ""
    files: Mapping[str, str] | None = None
    before: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is looked for. `id` is the path below the pack; `match` is the engine's own part and only that engine reads it."""

    id: str
    title: str
    engine: str
    severity: Severity
    confidence: Confidence
    message: str
    remediation: str
    cwe: tuple[str, ...]
    references: tuple[str, ...]
    last_reviewed: str
    match: Mapping[str, object]
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    owasp: tuple[str, ...] = ()
    asvs: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    profile: Profile = Profile.DEFAULT
