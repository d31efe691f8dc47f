"""An SBOM as SPDX 2.3 JSON: https://spdx.github.io/spdx-spec/v2.3/"""

from __future__ import annotations

import io
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

import re2

from assay.dependencies.sbom.subject import Subject
from assay.model.component import Component, Origin, Scope
from assay.model.errors import MissingExtraError, ReportError

try:
    from license_expression import ExpressionError, get_spdx_licensing
    from spdx_tools.spdx.model import (
        Actor,
        ActorType,
        Checksum,
        ChecksumAlgorithm,
        CreationInfo,
        Document,
        ExternalPackageRef,
        ExternalPackageRefCategory,
        ExtractedLicensingInfo,
        Package,
        Relationship,
        RelationshipType,
        SpdxNoAssertion,
    )
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
    from spdx_tools.spdx.writer.json.json_writer import write_document_to_stream
except ImportError as error:
    raise MissingExtraError("writing an SPDX SBOM", "sbom") from error

_ALGORITHMS = {
    "md5": ChecksumAlgorithm.MD5,
    "sha1": ChecksumAlgorithm.SHA1,
    "sha256": ChecksumAlgorithm.SHA256,
    "sha384": ChecksumAlgorithm.SHA384,
    "sha512": ChecksumAlgorithm.SHA512,
}
_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
_RELATIONS = {
    Scope.DEVELOPMENT: RelationshipType.DEV_DEPENDENCY_OF,
    Scope.OPTIONAL: RelationshipType.OPTIONAL_DEPENDENCY_OF,
    Scope.BUILD: RelationshipType.BUILD_DEPENDENCY_OF,
}
_NOT_ID = re2.compile(r"[^A-Za-z0-9.-]+")


def write(subject: Subject) -> str:
    """The SBOM as JSON text, checked by the format's own validator.

    Raises:
        ReportError: the result does not validate (a defect here, never of the input).
    """
    extracted: dict[str, ExtractedLicensingInfo] = {}
    packages = {component.purl: _package(component, extracted) for component in subject.components}
    root_id = "SPDXRef-root"
    root = Package(
        spdx_id=root_id,
        name=subject.name or "project",
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
    )
    if subject.incomplete:
        root.comment = "This list is incomplete: " + "; ".join(subject.incomplete)[:4000]
    relations = [Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, root_id)]
    relations += _relations(subject, packages, root_id)
    namespace = uuid5(
        NAMESPACE_URL, "\n".join([*sorted(packages), subject.name, subject.created.isoformat()])
    )
    document = Document(
        CreationInfo(
            spdx_version="SPDX-2.3",
            spdx_id="SPDXRef-DOCUMENT",
            name=subject.name or "project",
            document_namespace=f"https://spdx.org/spdxdocs/assay-{namespace}",
            creators=[Actor(ActorType.TOOL, f"assay-{subject.tool_version}")],
            created=subject.created.replace(tzinfo=None, microsecond=0),
        ),
        packages=[root, *packages.values()],
        relationships=relations,
        extracted_licensing_info=list(extracted.values()),
    )
    problems = validate_full_spdx_document(document)
    if problems:
        raise ReportError(
            f"the SBOM is not valid SPDX: {problems[0].validation_message}", "please report this"
        )
    stream = io.StringIO()
    write_document_to_stream(document, stream, validate=False)
    return stream.getvalue() + "\n"


def _package(component: Component, extracted: dict[str, ExtractedLicensingInfo]) -> Package:
    package = Package(
        spdx_id=_spdx_id(component.purl),
        name=component.name,
        version=component.version or None,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        checksums=_checksums(component),
        external_references=[
            ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", component.purl)
        ],
    )
    if component.location is not None:
        package.source_info = f"{component.location.uri}:{component.location.region.start_line}"
    if component.origin is not Origin.REGISTRY:
        package.comment = f"origin: {component.origin.value} {component.source}".strip()
    if component.licences:
        package.license_declared = _licence(" OR ".join(component.licences), extracted)
    return package


def _licence(text: str, extracted: dict[str, ExtractedLicensingInfo]) -> object:
    licensing = get_spdx_licensing()
    try:
        expression = licensing.parse(text, validate=True)
    except (ExpressionError, AttributeError, TypeError, ValueError):
        expression = None
    if expression is not None:
        return expression
    # Words that are no SPDX expression are kept under an own reference, as the format wants them.
    reference = f"LicenseRef-{sha256(text.encode()).hexdigest()[:12]}"
    extracted[reference] = ExtractedLicensingInfo(license_id=reference, extracted_text=text)
    return licensing.parse(reference)


def _checksums(component: Component) -> list[Checksum]:
    found: dict[str, Checksum] = {}
    for text in component.hashes:
        algorithm, _, value = text.partition(":")
        if (
            algorithm in _ALGORITHMS
            and len(value) == _LENGTHS[algorithm]
            and not set(value.lower()) - set("0123456789abcdef")
        ):
            found.setdefault(algorithm, Checksum(_ALGORITHMS[algorithm], value.lower()))
    return list(found.values()) if len(component.hashes) <= len(found) else []


def _relations(subject: Subject, packages: dict[str, Package], root_id: str) -> list[Relationship]:
    relations = []
    for component in subject.components:
        if component.direct or not component.parents:
            own = packages[component.purl].spdx_id
            kind = _RELATIONS.get(component.scope)
            if kind is None:
                relations.append(Relationship(root_id, RelationshipType.DEPENDS_ON, own))
            else:
                relations.append(Relationship(own, kind, root_id))
    for parent, children in subject.edges.items():
        relations += [
            Relationship(packages[parent].spdx_id, RelationshipType.DEPENDS_ON, packages[child].spdx_id)
            for child in children
        ]
    return relations


def _spdx_id(purl: str) -> str:
    readable = str(_NOT_ID.sub("-", purl.removeprefix("pkg:"))).strip("-")[:100]
    return f"SPDXRef-{readable}-{sha256(purl.encode()).hexdigest()[:8]}"
