"""The vulnerabilities engine: components of the project against the advisory store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from assay.dependencies.advisories.match import AdvisorySource, open_default
from assay.dependencies.policy import AdvisoryPolicy
from assay.dependencies.survey import is_input
from assay.dependencies.vulnerability_findings import KNOWN, Muted, judge
from assay.model.errors import ConfigError
from assay.model.rule import Rule
from assay.model.scan import Notification, ScanType
from assay.rules.load import load_engine
from assay.scan.engines.dependency_inputs import looks, survey_of
from assay.scan.engines.protocol import Canary, Look, Project
from assay.scan.target.file import Trait

_STALE_DAYS = 14


class VulnerabilitiesEngine:
    """Known vulnerabilities, malicious releases and unmaintained packages among everything that manifests and lockfiles name."""

    name = "vulnerabilities"
    version = "2"
    scan_types = frozenset({ScanType.VULNERABILITIES})

    def __init__(self, extra_rules: Sequence[Rule] = (), store: str | None = None) -> None:
        self._extra = tuple(extra_rules)
        self._store = store

    def rules(self) -> Sequence[Rule]:
        """The built-in rules and the user's own."""
        return (*load_engine(self.name), *self._extra)

    def canary(self) -> Canary:
        """A lockfile with a package that every store knows to be vulnerable."""
        text = b"urllib3==1.26.15\n"
        return Canary((("requirements.txt", text),), (KNOWN,))

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:
        """Manifests, and sources for what they import; sources of others (vendored, generated) say nothing about this project."""
        if traits & {Trait.VENDORED, Trait.MINIFIED} and language:
            return False
        return is_input(uri, language)

    def look_at_project(self, project: Project) -> Iterator[Look]:
        """Yield one look for each file that it wanted."""
        survey, unread = survey_of(project)
        source, notes = self._open()
        if survey.inventory.components:
            notes += _age_notes(source, self.name)
        judged = judge(survey.inventory, source, survey.sources, survey.statements)
        notes += [_muted_note(muted, self.name) for muted in judged.muted]
        doubt = _doubt(source, survey.policy.file.advisories)
        yield from looks(project, self.name, survey, unread, judged.findings, notes, doubt)

    def _open(self) -> tuple[AdvisorySource, list[Notification]]:
        try:
            return open_default(self._store), []
        except ConfigError as error:
            from assay.dependencies.advisories.starter import Starter

            message = f"{error.message}: the built-in starter set is used instead"
            return Starter(), [Notification("error", message, self.name)]


def _doubt(source: AdvisorySource, policy: AdvisoryPolicy) -> str:
    """Why the store is not what the policy demands, empty where it is."""
    status = source.status()
    if policy.require_full and status.kind == "starter":
        return "only-the-starter-set"
    if policy.max_age_days and status.age_days(datetime.now(UTC)) > policy.max_age_days:
        return "advisory-store-too-old"
    return ""


def _age_notes(source: AdvisorySource, engine: str) -> list[Notification]:
    status = source.status()
    day = status.created[:10]
    if status.kind == "starter":
        message = (
            f"coverage is the built-in starter set of {day} ({status.advisories} advisories): "
            "what it does not list was not looked for; `assay db update` fetches everything"
        )
        return [Notification("warning", message, engine)]
    age = status.age_days(datetime.now(UTC))
    if age > _STALE_DAYS:
        return [
            Notification(
                "warning",
                f"the advisory store is {age:.0f} days old (of {day}): run `assay db update`",
                engine,
            )
        ]
    return [Notification("note", f"advisory store of {day} with {status.advisories} advisories", engine)]


def _muted_note(muted: Muted, engine: str) -> Notification:
    match, statement = muted.match, muted.statement
    message = f"{match.id} in {match.component.name} {match.component.version} is muted by {statement.source} ({statement.status}): {statement.reason}"
    return Notification(
        "note", message, engine, match.component.location.uri if match.component.location else ""
    )
