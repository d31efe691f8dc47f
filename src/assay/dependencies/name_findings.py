"""Names and hygiene of what a project asks for, as findings: invented and imitated packages, policy, pins, hashes, indexes, origins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import re2

from assay.dependencies.document import Manifest
from assay.dependencies.graph import Graph
from assay.dependencies.imports import Import
from assay.dependencies.inventory import is_covered
from assay.dependencies.names.judge import NameJudge, Verdict
from assay.dependencies.policy import Policy, is_approved, matches, prohibition
from assay.dependencies.purl import canonical_name, match_key
from assay.dependencies.survey import Survey
from assay.dependencies.versions.order import key_of
from assay.model.component import Component, Origin, Scope
from assay.model.finding import Evidence, Finding
from assay.model.location import Location, Region
from assay.model.severity import Confidence, Severity

ENGINE = "package_names"
NONEXISTENT = "dependencies/names/nonexistent-package"
UNDECLARED = "dependencies/names/undeclared-import"
LOOKALIKE = "dependencies/names/lookalike-package"
WRONG_ECOSYSTEM = "dependencies/names/wrong-ecosystem"
CONFUSION = "dependencies/names/private-name-confusion"
PROHIBITED = "dependencies/hygiene/prohibited-package"
UNPINNED = "dependencies/hygiene/unpinned"
NO_HASHES = "dependencies/hygiene/no-hashes"
INDEXES = "dependencies/hygiene/several-indexes"
GIT = "dependencies/hygiene/git-dependency"
YOUNG = "dependencies/hygiene/too-new-release"
UNSTABLE = "dependencies/hygiene/pre-one-in-production"
BLOAT = "dependencies/hygiene/too-many-packages"
_REGISTRIES = {"PyPI", "npm", "crates.io", "RubyGems", "Go", "Packagist", "GitHub Actions"}
_SYSTEM = frozenset({"Debian", "Alpine", "GitHub Actions", "Docker"})
_COMMIT = re2.compile(r"@[0-9a-f]{7,64}$|#[0-9a-f]{7,64}$")


@dataclass(frozen=True, slots=True)
class Severities:
    """Rule id -> the rule's severity, as the pack states it."""

    by_rule: dict[str, Severity]

    def of(self, rule_id: str) -> Severity:
        """The severity of a rule, MEDIUM where a pack lacks it."""
        return self.by_rule.get(rule_id, Severity.MEDIUM)


@dataclass(frozen=True, slots=True)
class Named:
    """Findings, and names about which nothing could be said, by manifest."""

    findings: tuple[Finding, ...]
    unknown: dict[str, tuple[str, ...]]


def judge_names(
    survey: Survey,
    judge: NameJudge,
    severities: Severities,
    rules: frozenset[str],
    now: datetime | None = None,
) -> Named:
    """Judge every directly asked name and every manifest. `rules` are the ids that are on."""
    findings: list[Finding] = []
    unknown: dict[str, list[str]] = {}
    graphs = survey.inventory.graphs()
    for manifest in survey.inventory.manifests:
        for component in manifest.parsed.components:
            if not _asked_for(component, manifest, graphs[manifest.uri]):
                continue
            found = _judge_name(component, manifest, survey, judge, severities)
            if isinstance(found, Finding):
                findings.append(found)
            elif found is not None:
                unknown.setdefault(manifest.uri, []).append(found)
    findings += _imports(survey, judge, severities)
    for manifest in survey.inventory.manifests:
        findings += _hygiene(manifest, survey, severities, now or datetime.now(UTC))
    kept = _once([finding for finding in findings if finding.rule_id in rules])
    return Named(tuple(kept), {uri: tuple(dict.fromkeys(names)) for uri, names in unknown.items()})


def _asked_for(component: Component, manifest: Manifest, graph: Graph) -> bool:
    """Names that a human or an agent wrote: what manifests ask for, and what a lockfile marks direct or cannot tell apart."""
    if component.origin is not Origin.REGISTRY or component.ecosystem not in _REGISTRIES:
        return False
    return component.direct or not manifest.parsed.locked or (not graph.children and not component.parents)


def _judge_name(
    component: Component, manifest: Manifest, survey: Survey, judge: NameJudge, severities: Severities
) -> Finding | str | None:
    """A finding, or the name where nothing is known about it, or None where it is fine."""
    own_names = {(root.name) for item in survey.inventory.manifests for root in item.parsed.roots}
    if component.name in own_names or any(
        matches(pattern, component) for pattern in survey.policy.file.known
    ):
        return None
    verdict = judge.judge(component.ecosystem, component.name)
    private = any(matches(pattern, component) for pattern in survey.policy.file.private)
    if private:
        return (
            _confusion(component, manifest, severities, "the policy calls it private")
            if _may_be_public(manifest)
            else None
        )
    if verdict.bad:
        return _bad_name(component, verdict, severities)
    if verdict.state != "unknown":
        return None
    if manifest.parsed.locked and component.hashes:
        # A lockfile's hash shows that some registry gave it.
        return None
    extra = [index for index in manifest.parsed.indexes if index.startswith("extra ")]
    if extra:
        return _confusion(component, manifest, severities, "it is on no list of public packages")
    if not manifest.parsed.locked and _lock_lacks(component, manifest, survey):
        return _nonexistent(component, verdict, severities)
    return component.name


def _lock_lacks(component: Component, manifest: Manifest, survey: Survey) -> bool:
    """Whether a lockfile resolves this manifest without the package: what was never resolved was perhaps never there."""
    if manifest.format in {"Dockerfile", "shell", "workflow", "mcp.json"}:
        return False
    folder = manifest.uri.rpartition("/")[0]
    for lock in survey.inventory.manifests:
        if lock.parsed.locked and lock.uri.rpartition("/")[0] == folder and not lock.failed:
            ecosystems = {item.ecosystem for item in lock.parsed.components}
            names = {canonical_name(item.ecosystem, item.name) for item in lock.parsed.components}
            if (
                component.ecosystem in ecosystems
                and canonical_name(component.ecosystem, component.name) not in names
            ):
                return True
    return False


def _may_be_public(manifest: Manifest) -> bool:
    """A private name is at risk where more than one index may answer, or where none is named and the public one does."""
    return len(manifest.parsed.indexes) != 1


def _bad_name(component: Component, verdict: Verdict, severities: Severities) -> Finding:
    rules = {"lookalike": LOOKALIKE, "wrong-ecosystem": WRONG_ECOSYSTEM, "missing": NONEXISTENT}
    rule = rules[verdict.state]
    advice = f"Use {verdict.like} if that is what was meant." if verdict.state == "lookalike" else ""
    if verdict.state == "wrong-ecosystem":
        advice = f"{component.name} is a package of {verdict.kind}: find what {component.ecosystem} calls it."
    confidence = (
        Confidence.HIGH
        if verdict.state == "missing" or verdict.kind in {"letters", "confusable", "owner", "scope"}
        else Confidence.MEDIUM
    )
    return _finding(rule, component, f"{component.name}: {verdict.reason}", severities, confidence, advice)


def _nonexistent(component: Component, verdict: Verdict, severities: Severities) -> Finding:
    message = f"{component.name} is asked for, but the lockfile beside was resolved without it, and {verdict.reason}"
    advice = f"Check that {component.ecosystem} has it before anyone installs it: `assay deps names --online {component.ecosystem}:{component.name}`."
    return _finding(NONEXISTENT, component, message, severities, Confidence.MEDIUM, advice)


def _confusion(component: Component, manifest: Manifest, severities: Severities, reason: str) -> Finding:
    indexes = ", ".join(manifest.parsed.indexes) or "the public registry"
    message = f"{component.name} may be answered by a public registry: {reason}, and it is asked of {indexes}"
    return _finding(CONFUSION, component, message, severities, Confidence.MEDIUM, "")


def _imports(survey: Survey, judge: NameJudge, severities: Severities) -> Iterator[Finding]:
    """Imported, declared nowhere, and imitating a known package: what an agent wrote before anyone installed it."""
    from assay.dependencies.imports import is_development_file, join

    components = [component for _, component in survey.inventory.components]
    sources = survey.sources
    usage = join(components, sources.imports, frozenset(sources.own_modules), frozenset(sources.read))
    for item in usage.undeclared:
        name = (
            item.module.partition(".")[0]
            if item.ecosystem == "PyPI"
            else "/".join(item.module.split("/")[: 2 if item.module.startswith("@") else 1])
        )
        if is_development_file(item.uri) or len(name) < 4:
            continue
        verdict = judge.judge(item.ecosystem, name)
        if (
            verdict.state == "unknown"
            and _must_be_there(item, components, survey)
            and not _alike(name, components)
        ):
            yield _undeclared(item, name, severities)
        if verdict.state == "missing" or (
            verdict.state == "lookalike" and verdict.kind in {"letters", "confusable"} and len(name) >= 5
        ):
            location = Location(item.uri, Region(item.line, 1, item.line, 1))
            component = Component("", name, item.ecosystem, location=location)
            yield _finding(
                NONEXISTENT if verdict.state == "missing" else LOOKALIKE, component, f"import of {name}: {verdict.reason}", severities,
                Confidence.MEDIUM, f"Use {verdict.like} if that is what was meant." if verdict.like else "",
            )  # fmt: skip


def _hygiene(manifest: Manifest, survey: Survey, severities: Severities, now: datetime) -> Iterator[Finding]:
    covered = is_covered(manifest, survey.inventory.manifests)
    for component in manifest.parsed.components:
        yield from _policy_findings(component, survey.policy, severities)
        yield from _how_asked(component, manifest, covered, severities)
    if any(index.startswith("extra ") for index in manifest.parsed.indexes):
        message = f"packages may come from several indexes: {', '.join(manifest.parsed.indexes)}"
        yield _manifest_finding(INDEXES, manifest, message, severities)
    if manifest.format == "requirements.txt":
        without = [
            c.name
            for c in manifest.parsed.components
            if c.version and not c.hashes and c.origin is Origin.REGISTRY
        ]
        if without:
            message = f"{len(without)} of {len(manifest.parsed.components)} pins have no hash: {', '.join(without[:5])}"
            yield _manifest_finding(NO_HASHES, manifest, message, severities)
    limit = survey.policy.file.max_new_packages
    if limit and manifest.parsed.locked and len(manifest.parsed.components) > limit:
        message = f"{len(manifest.parsed.components)} packages are installed, the policy allows {limit}"
        yield _manifest_finding(BLOAT, manifest, message, severities)
    if survey.policy.file.minimum_release_age_days:
        yield from _young(manifest, survey, severities, now)


def _how_asked(
    component: Component, manifest: Manifest, covered: bool, severities: Severities
) -> Iterator[Finding]:
    """Versions and commits that are left open."""
    if not component.direct or manifest.parsed.locked:
        return
    if component.origin is Origin.VCS and not _names_commit(component):
        message = f"{component.name} comes from a repository at no fixed commit ({component.source})"
        yield _finding(GIT, component, message, severities, Confidence.HIGH, "")
    fixed_elsewhere = covered or component.ecosystem in _SYSTEM
    if component.origin is Origin.REGISTRY and not component.version and not fixed_elsewhere:
        message = f"{component.name} is not pinned ({component.requirement or 'any version'}) and no lockfile fixes it"
        yield _finding(UNPINNED, component, message, severities, Confidence.HIGH, "")


def _names_commit(component: Component) -> bool:
    if any(_COMMIT.search(text) for text in (component.requirement, component.source, component.version)):
        return True
    return len(component.version) >= 7 and not set(component.version) - set("0123456789abcdef")


def _policy_findings(component: Component, policy: Policy, severities: Severities) -> Iterator[Finding]:
    if component.origin is Origin.WORKSPACE:
        return
    entry = prohibition(component, policy)
    if entry is not None:
        frameworks = f" under {', '.join(entry.frameworks)}" if entry.frameworks else ""
        reason = f": {entry.reason}" if entry.reason else ""
        use = f"Use {entry.use} instead." if entry.use else "Remove it."
        yield _finding(
            PROHIBITED,
            component,
            f"{component.name} is prohibited{frameworks}{reason}. {use}",
            severities,
            Confidence.HIGH,
            use,
        )
    elif component.direct and not is_approved(component, policy):
        message = f"{component.name} is not on the list of approved packages ({policy.source})"
        yield _finding(
            PROHIBITED,
            component,
            message,
            severities,
            Confidence.HIGH,
            "Ask for its approval, or use an approved package.",
        )
    if (
        policy.file.tier.lower() in {"production", "critical", "tier-0", "tier-1"}
        and component.direct
        and component.scope is Scope.RUNTIME
    ):
        key = key_of(component.ecosystem, component.version.lstrip("v")) if component.version else None
        first_number = component.version.lstrip("v").partition(".")[0]
        if key is not None and first_number == "0":
            yield _finding(
                UNSTABLE,
                component,
                f"{component.name} {component.version} is before 1.0, in a service of tier {policy.file.tier}",
                severities,
                Confidence.HIGH,
                "",
            )


def _young(manifest: Manifest, survey: Survey, severities: Severities, now: datetime) -> Iterator[Finding]:
    """Releases younger than the policy allows, by the upload times that uv.lock and pylock.toml carry."""
    for component, uploaded in survey.uploads.get(manifest.uri, ()):
        try:
            moment = datetime.fromisoformat(uploaded)
        except ValueError:
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        age = (now - moment).total_seconds() / 86_400
        if 0 <= age < survey.policy.file.minimum_release_age_days:
            message = f"{component.name} {component.version} was released {age:.1f} days ago; the policy wants {survey.policy.file.minimum_release_age_days}"
            yield _finding(
                YOUNG, component, message, severities, Confidence.HIGH, "Take the release before, or wait."
            )


def _must_be_there(item: Import, components: Sequence[Component], survey: Survey) -> bool:
    """Whether an import stands unguarded at the top of a file, in a project that declares packages of this ecosystem and not this one."""
    if not any(component.ecosystem == item.ecosystem for component in components):
        return False
    data = survey.sources.sibling(item.uri)
    lines = data.decode("utf-8", "replace").split("\n") if data is not None else []
    line = lines[item.line - 1] if 0 < item.line <= len(lines) else " "
    return line[:1] not in (" ", "\t", "") and "await import" not in line


_OWN_WORDS = frozenset(
    (
        "django",
        "flask",
        "fastapi",
        "python",
        "express",
        "react",
        "node",
        "types",
        "core",
        "client",
        "server",
        "tools",
        "plugin",
    )
)


def _alike(module: str, components: Sequence[Component]) -> bool:
    """Whether a declared package may well give a module of another name: `djmoney` of django-money, `registration` of django-registration-redux."""
    flat = module.lower().replace("_", "").replace("-", "")
    words = {
        word
        for component in components
        for word in re2.split(r"[-_./@]+", component.name.lower())
        if len(word) >= 4 and word not in _OWN_WORDS and word != component.name.lower()
    }
    return any(word in flat or flat in word for word in words)


def _undeclared(item: Import, name: str, severities: Severities) -> Finding:
    component = Component(
        "", name, item.ecosystem, location=Location(item.uri, Region(item.line, 1, item.line, 1))
    )
    message = f"import of {name}: no module of this project, no part of the language, given by no declared package, and on no list of known names"
    advice = f"Declare the package that gives it, or remove the import; check that {item.ecosystem} has it before anyone installs it by that name."
    return _finding(UNDECLARED, component, message, severities, Confidence.MEDIUM, advice)


def _finding(
    rule: str, component: Component, message: str, severities: Severities, confidence: Confidence, advice: str
) -> Finding:
    severity = severities.of(rule)
    identity = component.purl or f"{component.ecosystem}:{match_key(component.ecosystem, component.name)}"
    return Finding(
        rule_id=rule,
        engine=ENGINE,
        message=message,
        severity=severity,
        confidence=confidence,
        location=component.location or Location("unknown", Region(1, 1, 1, 1)),
        identity=f"{identity} {rule}",
        component=component if component.purl else None,
        evidence=(Evidence(ENGINE, rule, severity.value),),
        remediation=advice,
    )


def _manifest_finding(rule: str, manifest: Manifest, message: str, severities: Severities) -> Finding:
    severity = severities.of(rule)
    location = Location(manifest.uri, Region(1, 1, 1, 1))
    return Finding(
        rule,
        ENGINE,
        message,
        severity,
        Confidence.HIGH,
        location,
        f"{manifest.uri} {rule}",
        evidence=(Evidence(ENGINE, rule, severity.value),),
    )


def _once(findings: list[Finding]) -> list[Finding]:
    """One finding for a package and rule in a file: two markers of one requirement are one name."""
    seen: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.location.uri, finding.rule_id, finding.identity), finding)
    return list(seen.values())
