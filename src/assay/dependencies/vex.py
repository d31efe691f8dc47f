"""VEX in and out: statements that a flaw does not concern a product (OpenVEX 0.2, CycloneDX) mute it with their reason; drafts of ours never claim so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assay.dependencies.advisories.match import AdvisorySource, Match, match_components
from assay.dependencies.document import ManifestError
from assay.dependencies.purl import split_purl, without_version
from assay.dependencies.sbom.subject import Weakness
from assay.dependencies.shapes import mapping, read_json, sequence, text
from assay.model.component import Component
from assay.model.severity import Severity

_MUTING = {"not_affected", "fixed", "false_positive", "resolved", "resolved_with_pedigree"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `products` are purls (with or without version); empty means "whatever the document is about"."""

    vulnerability: str
    status: str
    reason: str
    products: tuple[str, ...]
    source: str

    @property
    def mutes(self) -> bool:
        """Whether the statement says that the flaw does not count. `affected` and `under_investigation` never mute."""
        return self.status in _MUTING


def read_vex(source: str, uri: str) -> tuple[Statement, ...]:
    """The statements of an OpenVEX or CycloneDX document. One that would mute without a reason is left out.

    Raises:
        ManifestError: not JSON, or neither format.
    """
    data = read_json(source)
    if not isinstance(data, dict):
        raise ManifestError("a VEX document is a JSON object")
    if "openvex" in text(data.get("@context")):
        found = _openvex(data, uri)
    elif data.get("bomFormat") == "CycloneDX":
        found = _cyclonedx(data, uri)
    else:
        raise ManifestError("neither OpenVEX nor CycloneDX")
    return tuple(statement for statement in found if statement.reason or not statement.mutes)


def muting(match: Match, statements: Iterable[Statement]) -> Statement | None:
    """The statement that mutes the match, the last one given counting; a later `affected` lifts an earlier one."""
    ids = {match.id, *match.aliases}
    found = None
    for statement in statements:
        if statement.vulnerability in ids and _means(statement.products, match.component.purl):
            found = statement
    return found if found is not None and found.mutes else None


def draft(matches: Iterable[Match], author: str, created: datetime) -> dict[str, Any]:
    """An OpenVEX document with every match as `under_investigation`: only a human may say `not_affected`."""
    statements: dict[str, list[str]] = {}
    for match in matches:
        statements.setdefault(match.id, []).append(match.component.purl)
    moment = created.isoformat()
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": f"https://openvex.dev/docs/assay/{int(created.timestamp())}",
        "author": author,
        "timestamp": moment,
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": name},
                "products": [{"@id": purl} for purl in sorted(set(purls))],
                "status": "under_investigation",
                "timestamp": moment,
            }
            for name, purls in sorted(statements.items())
        ],
    }


def weaknesses(components: Iterable[Component], source: AdvisorySource) -> tuple[Weakness, ...]:
    """Every match as an SBOM's vulnerability, state `in_triage`."""
    grouped: dict[str, list[Match]] = {}
    for match in match_components(components, source):
        grouped.setdefault(match.id, []).append(match)
    return tuple(
        Weakness(
            id=name,
            affects=tuple(sorted({match.component.purl for match in matches})),
            summary=matches[0].summary,
            vector=matches[0].vector,
            score=matches[0].score,
            severity="unknown" if matches[0].severity is Severity.UNKNOWN else matches[0].severity.value,
            cwes=tuple(int(cwe[4:]) for cwe in matches[0].cwes if cwe[4:].isdigit()),
            recommendation=f"fixed in {', '.join(matches[0].fixed)}" if matches[0].fixed else "",
        )
        for name, matches in sorted(grouped.items())
    )


def _openvex(data: dict[str, Any], uri: str) -> list[Statement]:
    found = []
    for item in sequence(data.get("statements")):
        table = mapping(item)
        vulnerability = table.get("vulnerability")
        names = (
            [text(vulnerability)]
            if isinstance(vulnerability, str)
            else [text(mapping(vulnerability).get("name"))]
        )
        names += [text(alias) for alias in sequence(mapping(vulnerability).get("aliases"))]
        products: list[str] = []
        for product in sequence(table.get("products")):
            entry = mapping(product)
            subcomponents = [text(mapping(sub).get("@id")) for sub in sequence(entry.get("subcomponents"))]
            # A statement about a product's part concerns that part; the product itself is us.
            products += subcomponents or [
                text(product) or text(entry.get("@id")) or text(mapping(entry.get("identifiers")).get("purl"))
            ]
        words = (
            text(table.get("justification")),
            text(table.get("impact_statement")),
            text(table.get("status_notes")),
        )
        reason = "; ".join(word for word in words if word)
        status = text(table.get("status"))
        found += [
            Statement(
                name,
                status,
                reason or ("fixed" if status == "fixed" else ""),
                tuple(p for p in products if p),
                uri,
            )
            for name in names
            if name
        ]
    return found


def _cyclonedx(data: dict[str, Any], uri: str) -> list[Statement]:
    refs = {
        text(mapping(item).get("bom-ref")): text(mapping(item).get("purl"))
        for item in sequence(data.get("components"))
    }
    found = []
    for item in sequence(data.get("vulnerabilities")):
        table = mapping(item)
        analysis = mapping(table.get("analysis"))
        words = (text(analysis.get("justification")), text(analysis.get("detail")))
        affects = [text(mapping(target).get("ref")) for target in sequence(table.get("affects"))]
        products = tuple(refs.get(ref) or ref.rpartition("#")[2] for ref in affects if ref)
        reason = "; ".join(word for word in words if word)
        found.append(Statement(text(table.get("id")), text(analysis.get("state")), reason, products, uri))
    return found


def _means(products: tuple[str, ...], purl: str) -> bool:
    """A product with a version means that version; one without means all. A product that is no purl is the whole project."""
    packages = [product for product in products if product.startswith("pkg:")]
    if not packages:
        return True
    for product in packages:
        try:
            versioned = bool(split_purl(product)[2])
        except ValueError:
            continue
        if product.split("?", 1)[0] == purl.split("?", 1)[0] or (
            not versioned and without_version(product) == without_version(purl)
        ):
            return True
    return False
