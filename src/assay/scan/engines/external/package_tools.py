"""What the programs that match packages with advisories share: which files they see, and a finding that merges with ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assay.dependencies.manifests.registry import format_of
from assay.dependencies.purl import canonical_name, make_purl
from assay.model.component import Component
from assay.model.finding import Finding
from assay.model.location import Location
from assay.model.severity import Severity
from assay.scan.engines.external.text import finding, region

NATIVE = "known-vulnerability"  # one rule for all advisories, as ours: the advisory stands in the aliases


def is_package_list(uri: str) -> bool:
    """Whether a file states packages, in a format that we know."""
    return bool(format_of(uri))


def vulnerability(
    tool: str,
    package: tuple[str, str, str],
    aliases: Sequence[str],
    words: tuple[str, str],
    uri: str,
    fixed: str = "",
    line: int = 1,
) -> Finding:
    """The finding of one advisory. `package` is OSV ecosystem, name and version; `words` are the program's text and its severity word.

    Under the package URL and the advisory ids it is the same finding as ours, whatever the program calls it.
    """
    ecosystem, name, version = package
    name = canonical_name(ecosystem, name)
    told, word = words
    text = f"{name} {version}: {told or aliases[0]}"
    one = finding(tool, NATIVE, text, text, word, Location(uri, region(line)))
    return replace(
        one,
        identity=f"{make_purl(ecosystem, name, version)} {min(aliases)}",
        cwe=("CWE-1395",),
        aliases=tuple(sorted(aliases)),
        component=Component(make_purl(ecosystem, name, version), name, ecosystem, version),
        remediation=f"Upgrade {name} to {fixed}." if fixed else "",
    )


def scored(one: Finding, severity: Severity) -> Finding:
    """The finding with a severity that the program gives as a number, which stays as evidence."""
    return replace(one, severity=severity)
