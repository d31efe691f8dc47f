"""The engines by name: one line each, names and scan types only. A module is imported when its engine is planned."""

from __future__ import annotations

from importlib import import_module

from assay.model.errors import UsageError
from assay.model.rule import Rule
from assay.model.scan import ScanType
from assay.scan.engines.protocol import FileEngine, ProjectEngine

AnyEngine = FileEngine | ProjectEngine

_ENGINES: dict[str, tuple[str, frozenset[ScanType]]] = {
    "secrets": ("assay.scan.engines.secrets:SecretsEngine", frozenset({ScanType.SECRETS})),
    "code": ("assay.scan.engines.code:CodeEngine", frozenset({ScanType.SAST})),
    "vulnerabilities": (
        "assay.scan.engines.vulnerabilities:VulnerabilitiesEngine",
        frozenset({ScanType.VULNERABILITIES}),
    ),
    "package_names": (
        "assay.scan.engines.package_names:PackageNamesEngine",
        frozenset({ScanType.PACKAGES}),
    ),
    "licences": ("assay.scan.engines.licences:LicencesEngine", frozenset({ScanType.LICENCES})),
    "infrastructure": (
        "assay.scan.engines.infrastructure:InfrastructureEngine",
        frozenset({ScanType.CONTAINERS, ScanType.IAC, ScanType.AGENTS}),
    ),
    "api": ("assay.scan.engines.api:ApiEngine", frozenset({ScanType.API})),
}
_EXTERNAL = "assay.scan.engines.external."

# Programs of others. Each looks only when a scan asks for it: they cost seconds, and what they say depends on what is installed.
_FOREIGN: dict[str, tuple[str, frozenset[ScanType]]] = {
    "imported": (_EXTERNAL + "imported:ImportedEngine", frozenset({ScanType.FULL})),
    "bandit": (_EXTERNAL + "bandit:engine", frozenset({ScanType.SAST})),
    "checkov": (_EXTERNAL + "checkov:engine", frozenset({ScanType.IAC, ScanType.CONTAINERS})),
    "gitleaks": (_EXTERNAL + "gitleaks:engine", frozenset({ScanType.SECRETS})),
    "hadolint": (_EXTERNAL + "hadolint:engine", frozenset({ScanType.CONTAINERS})),
    "kingfisher": (_EXTERNAL + "kingfisher:engine", frozenset({ScanType.SECRETS})),
    "njsscan": (_EXTERNAL + "njsscan:engine", frozenset({ScanType.SAST})),
    "opa": (_EXTERNAL + "opa:engine", frozenset({ScanType.IAC, ScanType.CONTAINERS})),
    "osv-scanner": (_EXTERNAL + "osv_scanner:engine", frozenset({ScanType.VULNERABILITIES})),
    "ruff": (_EXTERNAL + "ruff:engine", frozenset({ScanType.SAST})),
    "semgrep": (_EXTERNAL + "semgrep:engine", frozenset({ScanType.SAST})),
    "trivy": (
        _EXTERNAL + "trivy:engine",
        frozenset({ScanType.IAC, ScanType.CONTAINERS, ScanType.VULNERABILITIES}),
    ),
    "zizmor": (_EXTERNAL + "zizmor:engine", frozenset({ScanType.IAC})),
}


def names() -> tuple[str, ...]:
    """Every engine that can be asked for, in the order of reports."""
    return tuple(_ENGINES)


def foreign_names() -> tuple[str, ...]:
    """The programs of others that can be asked for, in the order of reports."""
    return tuple(_FOREIGN)


def scan_types(name: str) -> frozenset[ScanType]:
    """The scan types of an engine, without loading it."""
    return (_ENGINES.get(name) or _FOREIGN[name])[1]


def load(name: str, own_rules: tuple[Rule, ...] = ()) -> AnyEngine:
    """The engine of that name, with the rules that the project brings for it.

    Raises:
        UsageError: there is no such engine.
    """
    known = {**_ENGINES, **_FOREIGN}
    if name not in known:
        raise UsageError(f"there is no engine {name!r}", f"the engines are: {', '.join(known)}")
    module, _, attribute = known[name][0].partition(":")
    engine: AnyEngine = getattr(import_module(module), attribute)(own_rules)
    return engine
