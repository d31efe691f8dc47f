"""An advisory as we keep it: the facts of an OSV record (https://ossf.github.io/osv-schema/), without its prose."""

from __future__ import annotations

from typing import Any

import msgspec
import re2

from assay.dependencies.advisories.cvss import score_of_vector
from assay.dependencies.purl import match_key
from assay.dependencies.shapes import mapping, sequence, text, texts
from assay.model.severity import Severity, severity_of_score, severity_of_word

_MAX_SUMMARY = 300
_MAX_SYMBOLS = 200
# Sources without a field for it say in their headline that a release itself is the attack.
_MALWARE = re2.compile(
    r"(?i)\bmalware\b|\bmalicious (?:package|version|release|crate|module|gem)s?\b|\b(?:contain\w*|for|embedded) malicious code\b"
)


class Range(msgspec.Struct, frozen=True, array_like=True):
    """One range of versions as (kind, version) events in the record's order: introduced, fixed, last_affected, limit."""

    kind: str
    events: tuple[tuple[str, str], ...]


class Affected(msgspec.Struct, frozen=True, array_like=True):
    """What an advisory says of one package. `versions` are enumerated ones, each with a newline before and behind."""

    ranges: tuple[Range, ...] = ()
    versions: str = ""
    symbols: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    @property
    def fixed(self) -> tuple[str, ...]:
        """Every version that some range names as fixed."""
        return tuple(version for item in self.ranges for kind, version in item.events if kind == "fixed")


class Advisory(msgspec.Struct, frozen=True, array_like=True):
    """Identity and gravity of one advisory. `vectors` are CVSS vectors as published; `word` is the source's own severity."""

    id: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    vectors: tuple[str, ...] = ()
    score: float | None = None
    word: str = ""
    cwes: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""
    withdrawn: str = ""
    malicious: bool = False
    informational: str = ""
    base_score: float | None = None
    base_vector: str = ""


def read_record(record: dict[str, Any]) -> tuple[Advisory, list[tuple[str, str, Affected]]] | None:
    """The facts of one OSV record and (ecosystem, name, affected) for each package; None where it is no such record."""
    identifier = text(record.get("id"))
    if not identifier or len(identifier) > 200:
        return None
    own = mapping(record.get("database_specific"))
    packages: dict[tuple[str, str], Affected] = {}
    facts: list[dict[str, Any]] = [own]
    for item in sequence(record.get("affected")):
        table = mapping(item)
        package = mapping(table.get("package"))
        ecosystem, name = text(package.get("ecosystem")), text(package.get("name"))
        facts.append(mapping(table.get("database_specific")))
        if ecosystem and name:
            key = (ecosystem, match_key(ecosystem.partition(":")[0], name))
            found = _affected(table)
            packages[key] = _joined(packages[key], found) if key in packages else found
    vectors = _vectors(record, facts)
    base_score, base_vector = _graded(vectors)
    advisory = Advisory(
        id=identifier,
        aliases=tuple(dict.fromkeys(texts(record.get("aliases")))),
        summary=(text(record.get("summary")) or text(record.get("details")).split("\n", 1)[0])[:_MAX_SUMMARY],
        vectors=vectors,
        score=_stated_score(facts),
        word=next((word for table in facts if (word := text(table.get("severity")))), "").lower()[:20],
        cwes=_cwes(facts),
        published=text(record.get("published"))[:32],
        modified=text(record.get("modified"))[:32],
        withdrawn=text(record.get("withdrawn"))[:32],
        malicious=_is_malicious(identifier, record, facts),
        informational=next((kind for table in facts if (kind := text(table.get("informational")))), ""),
        base_score=base_score,
        base_vector=base_vector,
    )
    return advisory, [(ecosystem, name, affected) for (ecosystem, name), affected in packages.items()]


def severity_of(advisory: Advisory) -> tuple[Severity, float | None, str]:
    """Severity, base score and the vector it comes from.

    One rule for all sources: a malicious package is critical; else the newest CVSS version whose vector is valid decides;
    else a score that the source states; else its word; else UNKNOWN, which is not low.
    """
    if advisory.malicious:
        return Severity.CRITICAL, None, ""
    score, vector = advisory.base_score, advisory.base_vector
    if score is None:
        score, vector = _graded(advisory.vectors)
    if score is not None:
        return severity_of_score(score), score, vector
    if advisory.score is not None:
        return severity_of_score(advisory.score), advisory.score, ""
    try:
        return severity_of_word(advisory.word), None, ""
    except KeyError:
        return Severity.UNKNOWN, None, ""


def _graded(vectors: tuple[str, ...]) -> tuple[float | None, str]:
    """Score and vector of the newest CVSS version among the vectors that are valid."""
    for vector in sorted(vectors, key=_cvss_version, reverse=True):
        score = score_of_vector(vector)
        if score is not None:
            return score, vector
    return None, ""


def _cvss_version(vector: str) -> str:
    return vector[5:8] if vector.startswith("CVSS:") else "2.0"


def _affected(table: dict[str, Any]) -> Affected:
    ranges = tuple(
        Range(text(mapping(item).get("type")), _events(mapping(item)))
        for item in sequence(table.get("ranges"))
        if text(mapping(item).get("type")) != "GIT"
    )
    versions = texts(table.get("versions"))
    specific = mapping(table.get("ecosystem_specific"))
    symbols, modules = _symbols(specific)
    joined = "\n" + "\n".join(versions) + "\n" if versions else ""
    return Affected(ranges, joined, tuple(symbols[:_MAX_SYMBOLS]), tuple(modules[:_MAX_SYMBOLS]))


def _events(table: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (kind, text(version))
        for event in sequence(table.get("events"))
        for kind, version in mapping(event).items()
        if kind in {"introduced", "fixed", "last_affected", "limit"} and text(version)
    )


def _symbols(specific: dict[str, Any]) -> tuple[list[str], list[str]]:
    """(symbols, modules) where a source names them: Go's `imports`, RustSec's `affects.functions`, PyPA's `imports` or `functions`."""
    symbols: list[str] = []
    modules: list[str] = []
    for item in sequence(specific.get("imports")):
        table = mapping(item)
        path = text(table.get("path")) or text(table.get("attribute"))
        if path:
            modules.append(path)
        symbols += [f"{path}.{symbol}" for symbol in texts(table.get("symbols"))]
    functions = mapping(specific.get("affects")).get("functions") or specific.get("affected_functions")
    symbols += list(functions) if isinstance(functions, dict) else texts(functions)
    return [symbol for symbol in symbols if isinstance(symbol, str)], modules


def _joined(first: Affected, second: Affected) -> Affected:
    """Two entries of one record for the same package: each holds on its own."""
    versions = (
        first.versions + second.versions[1:]
        if first.versions and second.versions
        else first.versions or second.versions
    )
    return Affected(
        (*first.ranges, *second.ranges),
        versions,
        (*first.symbols, *second.symbols),
        (*first.modules, *second.modules),
    )


def _vectors(record: dict[str, Any], facts: list[dict[str, Any]]) -> tuple[str, ...]:
    tables = [mapping(item) for item in sequence(record.get("severity"))]
    tables += [
        mapping(item)
        for entry in sequence(record.get("affected"))
        for item in sequence(mapping(entry).get("severity"))
    ]
    found = [text(table.get("score")) for table in tables if text(table.get("type")).startswith("CVSS")]
    found += [value for table in facts if (value := text(table.get("cvss"))).startswith("CVSS:")]
    return tuple(dict.fromkeys(vector[:300] for vector in found if "/" in vector))


def _stated_score(facts: list[dict[str, Any]]) -> float | None:
    for table in facts:
        for key in ("cvss_v4_score", "cvss_v3_score", "cvss_v2_score"):
            try:
                value = float(text(table.get(key)) or "nan")
            except ValueError:
                continue
            if 0.0 <= value <= 10.0:
                return value
    return None


def _cwes(facts: list[dict[str, Any]]) -> tuple[str, ...]:
    found: list[str] = []
    for table in facts:
        found += texts(table.get("cwe_ids"))
        found += [text(mapping(item).get("cweId")) for item in sequence(table.get("cwes"))]
    return tuple(dict.fromkeys(cwe for cwe in found if cwe.startswith("CWE-")))


def _is_malicious(identifier: str, record: dict[str, Any], facts: list[dict[str, Any]]) -> bool:
    ids = [identifier, *texts(record.get("aliases"))]
    categories = {category for table in facts for category in texts(table.get("categories"))}
    cwes = set(_cwes(facts))
    headline = text(record.get("summary"))[:_MAX_SUMMARY]
    return (
        any(item.startswith("MAL-") for item in ids)
        or "malicious" in categories
        or "CWE-506" in cwes
        or _MALWARE.search(headline) is not None
    )
