"""Which controls of which framework a weakness breaks. Ids and titles are facts of the frameworks; nothing is quoted."""

from __future__ import annotations

from collections.abc import Iterable

from assay.scan.triage.families import family

# Family of weakness -> controls, "framework:id". A control stands here only if the weakness is a failure of what it asks for.
_ATTACKS = ("pci-dss:6.2.4", "soc2:CC6.6", "hipaa:164.312(c)(1)")
_CONTROLS: dict[str, tuple[str, ...]] = {
    "sql-injection": _ATTACKS,
    "command-injection": _ATTACKS,
    "code-injection": _ATTACKS,
    "cross-site-scripting": _ATTACKS,
    "path-traversal": (*_ATTACKS, "hipaa:164.312(a)(1)"),
    "xml-entities": _ATTACKS,
    "ldap-xpath-injection": _ATTACKS,
    "deserialisation": _ATTACKS,
    "request-forgery": ("pci-dss:6.2.4", "soc2:CC6.6"),
    "cross-site-request-forgery": ("pci-dss:6.2.4", "soc2:CC6.6"),
    "open-redirect": ("pci-dss:6.2.4",),
    "log-injection": ("pci-dss:10.3.2", "hipaa:164.312(b)", "soc2:CC7.2"),
    "weak-cryptography": ("pci-dss:3.6.1", "hipaa:164.312(a)(2)(iv)", "soc2:CC6.7"),
    "weak-randomness": ("pci-dss:6.2.4", "hipaa:164.312(d)"),
    "credentials": ("pci-dss:8.6.2", "hipaa:164.312(d)", "soc2:CC6.1"),
    "certificate-validation": ("pci-dss:4.2.1", "hipaa:164.312(e)(1)", "soc2:CC6.7"),
    "clear-text-transport": ("pci-dss:4.2.1", "hipaa:164.312(e)(1)", "soc2:CC6.7"),
    "authentication": ("pci-dss:8.3.1", "hipaa:164.312(d)", "soc2:CC6.1"),
    "authorisation": ("pci-dss:7.2.1", "hipaa:164.312(a)(1)", "soc2:CC6.3"),
    "information-exposure": ("hipaa:164.312(a)(1)", "soc2:CC6.1"),
    "file-permissions": ("pci-dss:7.2.1", "hipaa:164.312(a)(1)", "soc2:CC6.1"),
    "debug-mode": ("pci-dss:2.2.4", "soc2:CC8.1"),
    "unpinned-dependency": ("pci-dss:6.3.2", "soc2:CC8.1"),
    "least-privilege": ("pci-dss:7.2.5", "hipaa:164.312(a)(1)", "soc2:CC6.3"),
}
_DEPENDENCY = ("pci-dss:6.3.3", "hipaa:164.308(a)(1)(ii)(B)", "soc2:CC7.1")


def controls_of(cwe: Iterable[str], of_rule: Iterable[str], is_dependency: bool) -> tuple[str, ...]:
    """The controls that a finding breaks: those of its rule, of its family of weakness, and of known vulnerable components. Sorted."""
    ids = {*of_rule, *_CONTROLS.get(family(cwe), ())}
    if is_dependency:
        ids.update(_DEPENDENCY)
    return tuple(sorted(ids))


def within(controls: Iterable[str], frameworks: frozenset[str]) -> tuple[str, ...]:
    """The controls of the frameworks that are enabled."""
    return tuple(control for control in controls if control.partition(":")[0] in frameworks)
