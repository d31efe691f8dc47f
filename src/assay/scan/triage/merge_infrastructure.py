"""Findings about what a file declares: one flaw is one resource or statement, and one class (a rule of ours).

Our own carry both in their identity. Another program names a check and a range of lines, often the whole resource: its check is one of our
classes by the table of `same_checks`, its resource is the one of ours in its range.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from assay.model.finding import Finding
from assay.model.location import Region
from assay.scan.triage.combine import domain, is_own, total_key
from assay.scan.triage.families import family
from assay.scan.triage.same_checks import classes_of, is_of_whole_file

_DECLARED = frozenset({"infrastructure", "api"})
_FEW_LINES = 3  # so long may a range be for a common weakness alone to mean the same statement


def is_declared(finding: Finding) -> bool:
    """Whether a finding of ours is about a declared resource, or a tool's check is one of our classes of such."""
    if is_own(finding):
        return bool(finding.identity) and domain(finding) in _DECLARED
    return any(one.partition("/")[0] in _DECLARED for one in classes_of(finding.rule_id))


def own_partner(finding: Finding, own: Iterable[Finding]) -> Finding | None:
    """The finding of ours, all in the same file, that a tool's finding repeats: of its class and in its range, the nearest; else None."""
    classes = classes_of(finding.rule_id)
    here = finding.location.region
    fitting = [
        one
        for one in own
        if one.rule_id in classes and (_shares_lines(here, one) or is_of_whole_file(one.rule_id))
    ]

    def distance(one: Finding) -> tuple[object, ...]:
        # Of several classes in the range the place tells which is meant, and the table's order where the places say nothing.
        lines = abs(one.location.region.start_line - here.start_line)
        return not _shares_lines(here, one), lines, classes.index(one.rule_id), total_key(one)

    return min(fitting, key=distance, default=None)


def declared_groups(findings: Sequence[Finding]) -> tuple[list[list[Finding]], list[Finding]]:
    """Groups of one flaw each, and the tools' findings that are in none because no class or lines of ours fit them.

    INVARIANT: what a tool reports never changes the groups of the others, beyond joining them.
    """
    own: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        if is_own(finding) and is_declared(finding):
            own[(finding.location.uri, finding.identity)].append(finding)
    of_file: dict[str, dict[Finding, list[Finding]]] = defaultdict(dict)
    for (uri, _), members in own.items():
        of_file[uri].update((member, members) for member in members)
    rest: list[Finding] = []
    for finding in findings:
        if is_own(finding) and is_declared(finding):
            continue
        candidates = of_file.get(finding.location.uri, {})
        partner = (
            None
            if is_own(finding)
            else own_partner(finding, candidates) or _same_weakness(finding, candidates)
        )
        if partner is None:
            rest.append(finding)
        else:
            candidates[partner].append(finding)
    return list(own.values()), rest


def _same_weakness(finding: Finding, own: Iterable[Finding]) -> Finding | None:
    """For a check that the table does not know: ours with the same weakness on the same few lines."""
    here = finding.location.region
    kind = family(finding.cwe)
    if classes_of(finding.rule_id) or not kind or here.end_line - here.start_line >= _FEW_LINES:
        return None
    fitting = [one for one in own if family(one.cwe) == kind and _shares_lines(here, one)]
    return min(fitting, key=total_key, default=None)


def _shares_lines(here: Region, own: Finding) -> bool:
    """Whether a tool's range and the place of ours (or a further place in that file) share a line."""
    places = (own.location, *(place for place in own.related if place.uri == own.location.uri))
    return any(
        max(here.start_line, place.region.start_line) <= min(here.end_line, place.region.end_line)
        for place in places
    )
