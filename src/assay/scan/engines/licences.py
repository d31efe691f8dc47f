"""The licences engine: what lockfiles say of licences, against the policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assay.dependencies.licence_findings import DENIED, judge_licences
from assay.dependencies.manifests.registry import format_of
from assay.dependencies.policy import POLICY_FILE
from assay.model.rule import Rule
from assay.model.scan import Notification, ScanType
from assay.rules.load import load_engine
from assay.scan.engines.dependency_inputs import looks, survey_of
from assay.scan.engines.protocol import Canary, Look, Project
from assay.scan.target.file import Trait


class LicencesEngine:
    """Licences that the policy denies or wants looked at, and conflicts with the project's own; unknown is a state of its own."""

    name = "licences"
    version = "2"
    scan_types = frozenset({ScanType.LICENCES})

    def __init__(self, extra_rules: Sequence[Rule] = ()) -> None:
        self._extra = tuple(extra_rules)

    def rules(self) -> Sequence[Rule]:
        """The built-in rules and the user's own."""
        return (*load_engine(self.name), *self._extra)

    def canary(self) -> Canary:
        """A lockfile with a network-copyleft package."""
        text = b'{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0", "license": "AGPL-3.0-only"}}}'
        return Canary((("package-lock.json", text),), (DENIED,))

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Manifests and the policy."""
        return Trait.VENDORED not in traits and (bool(format_of(uri)) or uri == POLICY_FILE)

    def look_at_project(self, project: Project) -> Iterator[Look]:
        """Yield one look for each file that it wanted."""
        survey, unread = survey_of(project)
        licensed = judge_licences(survey, {rule.id: rule.severity for rule in self.rules()})
        notes = [
            Notification(
                "note",
                f"{missing} of {total} packages state no licence here: unknown, which is not the same as allowed",
                self.name,
                uri,
            )
            for uri, (missing, total) in sorted(licensed.unknown.items())
        ]
        yield from looks(project, self.name, survey, unread, licensed.findings, notes)
