"""An SBOM as CycloneDX 1.6 or 1.7 JSON: https://cyclonedx.org/docs/1.6/json/"""

from __future__ import annotations

import json
import warnings
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from assay.dependencies.sbom.subject import Subject, Weakness
from assay.model.component import Component, Origin, Scope
from assay.model.errors import MissingExtraError, ReportError

try:
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import (
        ExternalReference,
        ExternalReferenceType,
        HashAlgorithm,
        HashType,
        Property,
        XsUri,
    )
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component as CdxComponent
    from cyclonedx.model.component import ComponentEvidence, ComponentScope, ComponentType
    from cyclonedx.model.component_evidence import Occurrence
    from cyclonedx.model.dependency import Dependency
    from cyclonedx.model.impact_analysis import ImpactAnalysisJustification, ImpactAnalysisState
    from cyclonedx.model.tool import ToolRepository
    from cyclonedx.model.vulnerability import (
        BomTarget,
        Vulnerability,
        VulnerabilityAnalysis,
        VulnerabilityRating,
        VulnerabilitySeverity,
    )
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator
    from packageurl import PackageURL
except ImportError as error:
    raise MissingExtraError("writing a CycloneDX SBOM", "sbom") from error

_VERSIONS = {"1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}
_HASHES = {
    "md5": HashAlgorithm.MD5,
    "sha1": HashAlgorithm.SHA_1,
    "sha256": HashAlgorithm.SHA_256,
    "sha384": HashAlgorithm.SHA_384,
    "sha512": HashAlgorithm.SHA_512,
}
_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
_SCOPES = {Scope.DEVELOPMENT: ComponentScope.EXCLUDED, Scope.OPTIONAL: ComponentScope.OPTIONAL}


def write(subject: Subject, version: str = "1.6") -> str:
    """The SBOM as JSON text, checked against the schema of its version. The same subject gives the same bytes.

    Raises:
        ReportError: the result does not fit the schema (a defect here, never of the input).
    """
    schema = _VERSIONS[version]
    refs = {component.purl: _component(component, subject) for component in subject.components}
    roots = [_root(root.purl, root.name, root.version) for root in subject.roots if root.purl not in refs]
    main = (
        roots[0]
        if len(roots) == 1
        else CdxComponent(name=subject.name or "project", type=ComponentType.APPLICATION, bom_ref="root")
    )
    if len(roots) > 1:
        main.components = roots
    own = CdxComponent(
        name="assay", version=subject.tool_version, type=ComponentType.APPLICATION, bom_ref="tool-assay"
    )
    bom = Bom(
        components=refs.values(),
        metadata=BomMetaData(
            component=main, tools=ToolRepository(components=[own]), timestamp=subject.created
        ),
        dependencies=_dependencies(subject, refs, main, roots),
        vulnerabilities=[_vulnerability(weakness) for weakness in subject.weaknesses],
    )
    bom.serial_number = uuid5(
        NAMESPACE_URL, "\n".join([*sorted(refs), subject.name, subject.created.isoformat()])
    )
    with warnings.catch_warnings():
        # The library warns where the project's own package asks for nothing; `compositions` says what is complete.
        warnings.simplefilter("ignore", UserWarning)
        document = json.loads(make_outputter(bom, OutputFormat.JSON, schema).output_as_string())
    document["compositions"] = _compositions(subject, str(main.bom_ref.value))
    _restore_order(document)
    rendered = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    problem = JsonStrictValidator(schema).validate_str(rendered)
    if problem is not None:
        raise ReportError(
            f"the SBOM does not fit the schema of CycloneDX {version}: {problem}", "please report this"
        )
    return rendered


def _component(component: Component, subject: Subject) -> CdxComponent:
    purl = PackageURL.from_string(component.purl)
    group, name = _group_and_name(component)
    return CdxComponent(
        name=name,
        group=group or None,
        version=component.version or None,
        type=ComponentType.CONTAINER if component.ecosystem == "Docker" else ComponentType.LIBRARY,
        bom_ref=component.purl,
        purl=purl,
        scope=_SCOPES.get(component.scope, ComponentScope.REQUIRED),
        hashes=_hashes(component),
        licenses=_licences(component),
        external_references=_references(component),
        properties=_properties(component),
        evidence=_evidence(component, subject),
    )


def _group_and_name(component: Component) -> tuple[str, str]:
    if component.ecosystem == "Maven" and ":" in component.name:
        group, _, name = component.name.partition(":")
        return group, name
    if component.ecosystem in {"npm", "Packagist"} and "/" in component.name:
        group, _, name = component.name.partition("/")
        return group, name
    return "", component.name


def _hashes(component: Component) -> list[HashType]:
    found: dict[str, HashType] = {}
    for text in component.hashes:
        algorithm, _, value = text.partition(":")
        value = value.lower()
        # One artefact each: the hashes of several wheels are several files', which a component's list cannot tell apart.
        if (
            algorithm in _HASHES
            and len(value) == _LENGTHS[algorithm]
            and not set(value) - set("0123456789abcdef")
        ):
            found.setdefault(algorithm, HashType(alg=_HASHES[algorithm], content=value))
    return list(found.values()) if len(component.hashes) <= len(found) else []


def _licences(component: Component) -> list[Any]:
    if not component.licences:
        return []
    factory = LicenseFactory()
    if len(component.licences) > 1:
        return [factory.make_from_string(" OR ".join(component.licences))]
    return [factory.make_from_string(component.licences[0])]


def _references(component: Component) -> list[ExternalReference]:
    if component.origin is Origin.REGISTRY or not _is_address(component.source):
        return []
    kind = ExternalReferenceType.VCS if component.origin is Origin.VCS else ExternalReferenceType.DISTRIBUTION
    return [ExternalReference(type=kind, url=XsUri(component.source))]


def _is_address(source: str) -> bool:
    """Whether the text is a URL; `git+ssh://git@host:owner/name`, as npm writes it, is none (no number behind the colon)."""
    if "://" not in source or any(char.isspace() or char in '<>"{}|\\^`' for char in source):
        return False
    try:
        _ = urlsplit(source).port
    except ValueError:
        return False
    return True


def _properties(component: Component) -> list[Property]:
    properties = [
        Property(name="assay:dev", value="true" if component.scope is Scope.DEVELOPMENT else "false"),
        Property(name="assay:scope", value=component.scope.value),
        Property(name="assay:direct", value="true" if component.direct else "false"),
    ]
    if component.origin is not Origin.REGISTRY:
        properties.append(Property(name="assay:origin", value=component.origin.value))
    if component.requirement:
        properties.append(Property(name="assay:requirement", value=component.requirement[:500]))
    if len(component.hashes) > 1:
        properties += [Property(name="assay:file-hash", value=value) for value in component.hashes[:50]]
    return properties


def _evidence(component: Component, subject: Subject) -> ComponentEvidence | None:
    places = subject.places.get(component.purl, ())[:50]
    if not places:
        return None
    return ComponentEvidence(occurrences=[Occurrence(location=uri, line=line) for uri, line in places])


def _root(purl: str, name: str, version: str) -> CdxComponent:
    try:
        identity = PackageURL.from_string(purl)
    except ValueError:
        identity = None
    return CdxComponent(
        name=name,
        version=version or None,
        type=ComponentType.APPLICATION,
        bom_ref=f"own:{purl}",
        purl=identity,
    )


def _dependencies(
    subject: Subject, refs: dict[str, CdxComponent], main: CdxComponent, roots: list[CdxComponent]
) -> list[Dependency]:
    found = [
        Dependency(refs[parent].bom_ref, [Dependency(refs[child].bom_ref) for child in children])
        for parent, children in subject.edges.items()
        if parent in refs
    ]
    found += [Dependency(component.bom_ref) for purl, component in refs.items() if purl not in subject.edges]
    by_ref = {str(component.bom_ref.value): component for component in roots}
    requires: dict[str, list[Dependency]] = {ref: [] for ref in by_ref}
    claimed: set[str] = set()
    for root in subject.roots:
        if f"own:{root.purl}" in by_ref:
            claimed |= set(root.requires)
            requires[f"own:{root.purl}"] += [
                Dependency(refs[purl].bom_ref) for purl in root.requires if purl in refs
            ]
    # What no package of the project's own is known to ask for (scripts, Dockerfiles, workflows) the whole asks for.
    # A package that nothing leads to is its top level only where no root says what is.
    tops = (c for c in subject.components if c.direct or not (roots or c.parents))
    rest = [c for c in tops if c.purl not in claimed]
    above = [Dependency(component.bom_ref) for component in roots if component is not main]
    requires.setdefault(str(main.bom_ref.value), []).extend(
        [*above, *(Dependency(refs[c.purl].bom_ref) for c in rest)]
    )
    own = {str(component.bom_ref.value): component.bom_ref for component in (main, *roots)}
    return found + [Dependency(own[ref], children) for ref, children in requires.items()]


def _compositions(subject: Subject, main: str) -> list[dict[str, Any]]:
    """`incomplete` for the whole as soon as one manifest has no lockfile or was not read whole."""
    aggregate = "incomplete" if subject.incomplete else "complete"
    return [{"aggregate": aggregate, "assemblies": [main], "dependencies": [main]}]


def _restore_order(document: dict[str, Any]) -> None:
    """Components and edges sorted by their reference, so that two SBOMs compare by line."""
    for component in document.get("components", []):
        component.get("properties", []).sort(key=lambda item: (item["name"], item["value"]))
    document.get("components", []).sort(key=lambda item: item["bom-ref"])
    document.get("dependencies", []).sort(key=lambda item: item["ref"])


def _vulnerability(weakness: Weakness) -> Vulnerability:
    analysis = VulnerabilityAnalysis(
        state=ImpactAnalysisState(weakness.state),
        justification=ImpactAnalysisJustification(weakness.justification) if weakness.justification else None,
        detail=weakness.detail or None,
    )
    rating = VulnerabilityRating(
        score=Decimal(str(weakness.score)) if weakness.score is not None else None,
        severity=VulnerabilitySeverity(weakness.severity),
        vector=weakness.vector or None,
    )
    return Vulnerability(
        id=weakness.id,
        bom_ref=f"vulnerability:{weakness.id}",
        description=weakness.summary or None,
        ratings=[rating],
        cwes=list(weakness.cwes),
        recommendation=weakness.recommendation or None,
        analysis=analysis,
        affects=[BomTarget(ref=purl) for purl in weakness.affects],
    )
