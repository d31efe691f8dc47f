"""The package names engine: what a project asks for by name, and how it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from assay.dependencies.advisories.store import Store, default_path
from assay.dependencies.name_findings import LOOKALIKE, NO_HASHES, UNPINNED, Severities, judge_names
from assay.dependencies.names.judge import NameJudge
from assay.dependencies.names.known import KnownNames, builtin, from_ranks
from assay.dependencies.names.lookup import Lookup
from assay.dependencies.policy import Policy
from assay.dependencies.survey import is_input
from assay.model.errors import ConfigError
from assay.model.rule import Profile, Rule
from assay.model.scan import Notification, ScanType
from assay.rules.load import load_engine
from assay.scan.engines.dependency_inputs import looks, survey_of
from assay.scan.engines.protocol import Canary, Look, Project
from assay.scan.target.file import Trait


class PackageNamesEngine:
    """Invented and imitated names, prohibited packages, missing pins and hashes, several indexes. Never asks the network unless a lookup is given."""

    name = "package_names"
    version = "2"
    scan_types = frozenset({ScanType.PACKAGES})

    def __init__(self, extra_rules: Sequence[Rule] = (), lookup: Lookup | None = None) -> None:
        self._extra = tuple(extra_rules)
        self._lookup = lookup

    def rules(self) -> Sequence[Rule]:
        """The built-in rules and the user's own."""
        return (*load_engine(self.name), *self._extra)

    def canary(self) -> Canary:
        """A name one swap away from a very popular one, in the ecosystem whose list is the shortest to prepare."""
        return Canary((("Cargo.toml", b'[dependencies]\ntoiko = "1"\n'),), (LOOKALIKE,))

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:
        """Manifests and sources of the project itself."""
        if traits & {Trait.VENDORED, Trait.MINIFIED}:
            return False
        return is_input(uri, language)

    def look_at_project(self, project: Project) -> Iterator[Look]:
        """Yield one look for each file that it wanted."""
        survey, unread = survey_of(project)
        rules = {rule.id: rule.severity for rule in self.rules()}
        judge = NameJudge(
            self._lookup if not project.offline else None, _lists(), frozenset(survey.policy.file.known)
        )
        named = judge_names(survey, judge, Severities(rules), _asked_for(self.rules(), survey.policy))
        notes = [
            Notification("warning", _unknown(names), self.name, uri)
            for uri, names in sorted(named.unknown.items())
        ]
        yield from looks(project, self.name, survey, unread, named.findings, notes)

    def _ask(self, project: Project) -> Lookup | None:
        """Whom to ask where lists do not know: nobody, unless the scan may use the network."""
        if project.offline:
            return None
        if self._lookup is None:
            from assay.scan.engines.package_clients import client_lookup

            self._lookup = client_lookup()
        return self._lookup


def _asked_for(rules: Sequence[Rule], policy: Policy) -> frozenset[str]:
    """The ids of the default rules, and of those about style that the policy asks for."""
    wanted = {UNPINNED: policy.file.require_pins, NO_HASHES: policy.file.require_hashes}
    return frozenset(
        rule.id for rule in rules if rule.profile is Profile.DEFAULT or wanted.get(rule.id, False)
    )


def _unknown(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"unknown whether these packages exist (on no list, no hash, the registry was not asked): {shown}; `assay deps names --online` asks"


def _lists() -> Callable[[str], KnownNames | None]:
    """The store's lists where there is a store with names, else the built-in ones."""
    path = default_path()
    if not path.exists():
        return builtin
    try:
        with closing(Store(path)) as store:
            date = store.meta("created")[:10]
            lists = {ecosystem: store.names(ecosystem) for ecosystem in ("PyPI", "npm", "Go", "RubyGems")}
    except ConfigError:
        return builtin
    if not any(lists.values()):
        return builtin
    made: dict[str, KnownNames] = {
        name: from_ranks(name, ranks, date) for name, ranks in lists.items() if ranks
    }
    return lambda ecosystem: made.get(ecosystem) or builtin(ecosystem)
