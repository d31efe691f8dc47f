"""Which kind of report a finding belongs to, for formats that keep them apart."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from assay.model.scan import RankedFinding

_CREDENTIALS = frozenset({"CWE-798", "CWE-259", "CWE-321", "CWE-522"})


class Kind(Enum):
    """SECRET: a value that must not be there. DEPENDENCY: a package. CODE: everything that is written in the project."""

    SECRET = "secret"  # noqa: S105 - a kind of finding
    DEPENDENCY = "dependency"
    CODE = "code"


def kind_of(one: RankedFinding) -> Kind:
    """Every finding is of exactly one kind."""
    finding = one.triaged.finding
    if finding.component is not None:
        return Kind.DEPENDENCY
    if finding.rule_id.startswith("secrets/"):
        return Kind.SECRET
    # A tool's secret: it has the keyed hash of a value, which a rule about code never has.
    if finding.identity and _CREDENTIALS & set(finding.cwe) and not finding.rule_id.startswith("code/"):
        return Kind.SECRET
    return Kind.CODE


def of_kind(findings: Iterable[RankedFinding], kind: Kind) -> tuple[RankedFinding, ...]:
    """The findings of one kind, in their order."""
    return tuple(one for one in findings if kind_of(one) is kind)
