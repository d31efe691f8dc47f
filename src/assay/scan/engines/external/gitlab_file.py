"""GitLab's reports (https://docs.gitlab.com/development/integrations/secure/, and code quality) to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from assay.model.finding import Finding
from assay.model.location import Location
from assay.scan.engines.external.package_tools import vulnerability
from assay.scan.engines.external.report_shapes import Report, rows, slug, table, words
from assay.scan.engines.external.text import finding, region

# Package managers and lockfiles by their names there, to OSV ecosystems.
_MANAGERS = {
    "pip": "PyPI", "pipenv": "PyPI", "poetry": "PyPI", "setuptools": "PyPI", "uv": "PyPI", "npm": "npm", "yarn": "npm", "pnpm": "npm",
    "go": "Go", "bundler": "RubyGems", "cargo": "crates.io", "maven": "Maven", "gradle": "Maven", "sbt": "Maven", "composer": "Packagist",
    "nuget": "NuGet",
}  # fmt: skip
_LOCKFILES = {
    "package-lock.json": "npm", "yarn.lock": "npm", "pnpm-lock.yaml": "npm", "go.sum": "Go", "go.mod": "Go", "cargo.lock": "crates.io",
    "gemfile.lock": "RubyGems", "composer.lock": "Packagist", "pom.xml": "Maven", "packages.lock.json": "NuGet", "requirements.txt": "PyPI",
    "poetry.lock": "PyPI", "uv.lock": "PyPI", "pipfile.lock": "PyPI",
}  # fmt: skip
_ADVISORIES = frozenset({"cve", "ghsa", "osvdb", "pysec", "gemnasium", "rustsec", "go"})


def is_report(document: Any) -> bool:
    """Whether a document looks like one: a security report, or a list of code quality entries."""
    if isinstance(document, list):
        return all(isinstance(one, dict) and "check_name" in one and "location" in one for one in document)
    return (
        isinstance(document, dict)
        and isinstance(document.get("vulnerabilities"), list)
        and "bomFormat" not in document
    )


def read(document: Any, uri_of: Callable[[str], str]) -> Report:
    """The findings of a report. What it calls dismissed it does not hold: GitLab keeps that apart."""
    made = _quality(document, uri_of) if isinstance(document, list) else _security(document, uri_of)
    found = list(made)
    return Report(tuple(one for one in found if one is not None), (), sum(one is None for one in found))


def _quality(document: list[Any], uri_of: Callable[[str], str]) -> Iterator[Finding | None]:
    for entry in document:
        place = table(entry, "location")
        uri = uri_of(words(place.get("path")))
        if not uri:
            yield None
            continue
        lines = table(place, "lines") or {"begin": table(table(place, "positions"), "begin").get("line")}
        native, text = words(entry.get("check_name")) or "unnamed", words(entry.get("description"))
        where = Location(uri, region(lines.get("begin"), 1, lines.get("end"), 1))
        yield finding(
            slug(words(entry.get("engine_name")) or "code-quality"),
            native,
            text,
            text,
            entry.get("severity"),
            where,
        )


def _security(document: Mapping[str, Any], uri_of: Callable[[str], str]) -> Iterator[Finding | None]:
    scan = table(document, "scan")
    tool = slug(
        words(table(scan, "scanner").get("name")) or words(table(scan, "scanner").get("id")) or "gitlab"
    )
    for entry in rows(document, "vulnerabilities"):
        place = table(entry, "location")
        uri = uri_of(words(place.get("file")))
        yield _flaw(tool, entry, place, uri) if uri else None


def _flaw(tool: str, entry: Mapping[str, Any], place: Mapping[str, Any], uri: str) -> Finding:
    ids = [(words(one.get("type")).lower(), words(one.get("value"))) for one in rows(entry, "identifiers")]
    title = words(entry.get("name")) or words(entry.get("message"))
    text = words(entry.get("description")) or title
    dependency = table(place, "dependency")
    aliases = tuple(dict.fromkeys(value for kind, value in ids if kind in _ADVISORIES and value))
    if dependency and aliases:
        manager = _MANAGERS.get(words(dependency.get("package_manager")))
        ecosystem = manager or _LOCKFILES.get(uri.rpartition("/")[2].lower(), "generic")
        package = (
            ecosystem,
            words(table(dependency, "package").get("name")),
            words(dependency.get("version")),
        )
        return vulnerability(tool, package, aliases, (title, words(entry.get("severity"))), uri)
    native = next((value for kind, value in ids if kind not in {"cwe", "owasp"} and value), "unnamed")
    where = region(place.get("start_line"), 1, place.get("end_line"), 1)
    one = finding(
        tool, native.removeprefix(f"{tool}/"), title, text, entry.get("severity"), Location(uri, where)
    )
    cwe = tuple(f"CWE-{value}" for kind, value in ids if kind == "cwe" and value.isdigit())
    return replace(one, cwe=cwe, remediation=words(entry.get("solution")))
