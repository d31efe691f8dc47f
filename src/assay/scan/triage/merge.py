"""Findings of all engines -> one finding per flaw, with every engine that saw it as evidence.

Two reports are one flaw by facts, never by message text:

- a secret: the keyed hash of its value
- a dependency: the package at its version, and any advisory id in common
- infrastructure and API specs: the file, and the resource and class (see `merge_infrastructure`)
- code: the file, the lines of the sink and the CWE family. One engine may tell several flaws apart on the same lines: then they are
  several, and what other engines report there joins the one that it overlaps.

The order of the input changes nothing, and a further tool never raises the count for flaws already found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assay.model.finding import Finding
from assay.model.location import Region
from assay.model.severity import Severity
from assay.scan.triage.combine import combine, domain, is_own, total_key
from assay.scan.triage.families import family
from assay.scan.triage.merge_infrastructure import declared_groups, is_declared
from assay.scan.triage.same_checks import classes_of

_CREDENTIALS = "credentials"
_MAX_SINK_LINES = 10  # a longer region is a whole function: it says nothing about where the sink ends


@dataclass(frozen=True, slots=True)
class Joined:
    """That a raw finding became part of a merged one: what `--explain-merge` prints."""

    raw: Finding
    into: int
    why: str


@dataclass(frozen=True, slots=True)
class Drop:
    """That a raw finding was not kept, and why."""

    raw: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Merged:
    """One finding per flaw, sorted; every raw finding stands in `joined` (with the index of its finding) or in `drops`."""

    findings: tuple[Finding, ...]
    joined: tuple[Joined, ...]
    drops: tuple[Drop, ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    members: tuple[Finding, ...]
    why: str


def merge(raw: Iterable[Finding]) -> Merged:
    """Merge the findings of all engines. Equal in every field means reported twice: kept once, and recorded as a drop."""
    kept, drops = _without_repeats(sorted(raw, key=total_key))
    groups = sorted(
        ((combine(group.members), group) for group in _groups(kept)), key=lambda pair: total_key(pair[0])
    )
    joined = [
        Joined(member, index, group.why)
        for index, (_, group) in enumerate(groups)
        for member in group.members
    ]
    return Merged(tuple(finding for finding, _ in groups), tuple(joined), tuple(drops))


def _without_repeats(ordered: Sequence[Finding]) -> tuple[list[Finding], list[Drop]]:
    kept: list[Finding] = []
    drops: list[Drop] = []
    for finding in ordered:
        if kept and kept[-1] == finding:
            drops.append(Drop(finding, "reported twice by the same engine"))
        else:
            kept.append(finding)
    return kept, drops


def _groups(findings: Sequence[Finding]) -> Iterator[_Group]:
    secrets: dict[str, list[Finding]] = defaultdict(list)
    packages: list[Finding] = []
    others: list[Finding] = []
    for finding in findings:
        if finding.component is not None:
            packages.append(finding)
        elif _is_secret(finding):
            secrets[finding.identity].append(finding)
        else:
            others.append(finding)
    others = _claim_credentials(secrets, others)
    declared, rest = declared_groups(others)
    yield from (_Group(tuple(members), "the same secret") for members in secrets.values())
    yield from (_Group(tuple(members), "the same resource and class") for members in declared)
    yield from _package_groups(packages)
    yield from _code_groups(rest)


def _is_secret(finding: Finding) -> bool:
    """A secret of ours, or of a tool whose adapter set the keyed hash of the value."""
    if not finding.identity:
        return False
    return domain(finding) == "secrets" or (not is_own(finding) and family(finding.cwe) == _CREDENTIALS)


def _claim_credentials(secrets: dict[str, list[Finding]], others: list[Finding]) -> list[Finding]:
    """A password written down, as a rule about code or images sees it, is the secret of ours on that line. Returns what is none."""
    at: dict[tuple[str, int], str] = {}
    for identity in sorted(secrets):
        for member in filter(is_own, secrets[identity]):
            for place in (member.location, *member.related):
                for line in _lines(place.region):
                    at.setdefault((place.uri, line), identity)
    rest: list[Finding] = []
    for finding in others:
        lines = _lines(finding.location.region) if family(finding.cwe) == _CREDENTIALS else ()
        here = [at[finding.location.uri, line] for line in lines if (finding.location.uri, line) in at]
        if here:
            secrets[here[0]].append(finding)
        else:
            rest.append(finding)
    return rest


def _lines(region: Region) -> range:
    return range(region.start_line, min(region.end_line, region.start_line + _MAX_SINK_LINES) + 1)


def _package_groups(findings: Sequence[Finding]) -> Iterator[_Group]:
    """Connected by package and any advisory id in common; without ids by rule and identity."""
    parent = list(range(len(findings)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first: dict[tuple[str, ...], int] = {}
    for index, finding in enumerate(findings):
        for fact in _package_facts(finding):
            other = first.setdefault(fact, index)
            parent[root(index)] = root(other)
    groups: dict[int, list[Finding]] = defaultdict(list)
    for index, finding in enumerate(findings):
        groups[root(index)].append(finding)
    yield from (_Group(tuple(members), "the same package and advisory") for members in groups.values())


def _package_facts(finding: Finding) -> Iterator[tuple[str, ...]]:
    purl = finding.component.purl if finding.component else ""
    for alias in finding.aliases:
        yield purl, "advisory", alias.upper()
    if not finding.aliases:
        yield purl, finding.rule_id, finding.identity


def _code_groups(findings: Sequence[Finding]) -> Iterator[_Group]:
    """Our own claims are told apart first; a tool's finding joins the claim of ours that it overlaps; what is left is told apart alone.

    INVARIANT: what a tool reports never changes the groups of the others, beyond joining them.
    """
    buckets: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        buckets[(finding.location.uri, _kind(finding))].append(finding)
    for bucket in buckets.values():
        own = [
            list(group)
            for members in _touching([finding for finding in bucket if is_own(finding)])
            for group in _own_claims(members)
        ]
        anchors = [group[0].location.region for group in own]
        rest: list[Finding] = []
        for finding in (finding for finding in bucket if not is_own(finding)):
            near = _nearest(finding, anchors)
            on_flow = next((place for place, group in enumerate(own) if _on_flow(finding, group[0])), None)
            if near is not None and _overlap(finding.location.region, anchors[near]):
                own[near].append(finding)
            elif on_flow is not None:
                own[on_flow].append(finding)
            else:
                rest.append(finding)
        left = [list(group) for members in _touching(rest) for group in _tool_claims(members)]
        yield from (_Group(tuple(group), "the same lines and weakness") for group in (*own, *left))


def _kind(finding: Finding) -> str:
    """What kind of flaw it is: the class of a declared resource, else the CWE family, else its own rule."""
    if is_declared(finding) and not is_own(finding):
        return classes_of(finding.rule_id)[0]
    return family(finding.cwe) or finding.rule_id


def _on_flow(finding: Finding, claim: Finding) -> bool:
    """Whether a tool points at a line through which the data of our claim flows: where the query is put together, not where it runs."""
    lines = _lines(finding.location.region)
    steps = (step.location for step in claim.code_flow)
    return any(step.uri == finding.location.uri and step.region.start_line in lines for step in steps)


def _touching(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Runs of findings whose lines overlap."""
    end = 0
    run: list[Finding] = []
    for finding in sorted(findings, key=total_key):
        lines = _lines(finding.location.region)
        if run and lines.start > end:
            yield run
            run = []
        end = max(end, lines.stop - 1) if run else lines.stop - 1
        run.append(finding)
    if run:
        yield run


def _own_claims(members: Sequence[Finding]) -> Iterator[list[Finding]]:
    """One group for each claim of the engine that tells most apart; the claims of our other engines join the nearest."""
    claims = _claims_by_engine(members)
    leader = min(claims, key=lambda engine: (-len(claims[engine]), engine))
    slots = claims[leader]
    groups: list[list[Finding]] = [[] for _ in slots]
    regions = [region for region, *_ in slots]
    for finding in sorted(members, key=lambda finding: finding.engine != leader):
        same = finding.engine == leader
        place = slots.index(_claim(finding)) if same else _nearest(finding, regions)
        groups[place or 0].append(finding)
    yield from groups


def _tool_claims(members: Sequence[Finding]) -> Iterator[list[Finding]]:
    """The first claim of each tool is one flaw, the second another: as many as the tool with the most claims says."""
    claims = _claims_by_engine(members)
    groups: list[list[Finding]] = [[] for _ in range(max(map(len, claims.values())))]
    for finding in members:
        groups[claims[finding.engine].index(_claim(finding))].append(finding)
    yield from groups


def _claims_by_engine(members: Sequence[Finding]) -> dict[str, list[tuple[Region, str, str]]]:
    claims: dict[str, set[tuple[Region, str, str]]] = defaultdict(set)
    for finding in members:
        claims[finding.engine].add(_claim(finding))
    return {engine: sorted(found) for engine, found in claims.items()}


def _claim(finding: Finding) -> tuple[Region, str, str]:
    """What one engine means as one flaw: a region; for our rules on other things than code, each rule is one of its own."""
    if is_own(finding) and domain(finding) != "code":
        return (finding.location.region, finding.rule_id, finding.identity)
    return (finding.location.region, "", "")


def _nearest(finding: Finding, regions: Sequence[Region]) -> int | None:
    here = finding.location.region

    def distance(place: int) -> tuple[bool, int, int, int]:
        there = regions[place]
        lines, columns = (
            abs(here.start_line - there.start_line),
            abs(here.start_column - there.start_column),
        )
        return not _overlap(here, there), lines, columns, place

    return min(range(len(regions)), key=distance, default=None)


def _overlap(here: Region, there: Region) -> bool:
    """Whether two regions share a place. A tool that names a line only gives its first column: that is the whole line."""
    if max(here.start_line, there.start_line) > min(here.end_line, there.end_line):
        return False
    if not (here.start_line == here.end_line == there.start_line == there.end_line):
        return True
    if here.start_column == 1 and here.end_column <= 2:
        return True
    return here.start_column < there.end_column and there.start_column < here.end_column


def explain(merged: Merged, least: Severity = Severity.UNKNOWN) -> str:
    """What became of every raw finding, as `--explain-merge` prints it: one block for each finding, the drops, and a line for each engine.

    Findings below `least` exist, and are marked as not shown.
    """
    lines: list[str] = []
    joined: dict[int, list[Joined]] = defaultdict(list)
    for one in merged.joined:
        joined[one.into].append(one)
    for index, finding in enumerate(merged.findings):
        members = joined[index]
        why = f" ({members[0].why})" if len(members) > 1 else ""
        below = Severity.UNKNOWN < finding.severity < least
        hidden = f", not shown: below severity {least.value}" if below else ""
        lines.append(f"{_place(finding)} {finding.rule_id}: {len(members)} raw{why}{hidden}")
        lines += [f"  {one.raw.engine} {one.raw.rule_id} {_place(one.raw)}" for one in members]
    lines += [
        f"dropped {_place(one.raw)} {one.raw.rule_id} of {one.raw.engine}: {one.reason}"
        for one in merged.drops
    ]
    raw = len(merged.joined) + len(merged.drops)
    lines.append(f"{raw} raw findings, {len(merged.findings)} after merging, {len(merged.drops)} dropped")
    return "\n".join([*lines, *_by_engine(merged, joined)]) + "\n"


def _by_engine(merged: Merged, joined: dict[int, list[Joined]]) -> Iterator[str]:
    """For each engine how many it reported, how many findings it shares with others, and how many it has alone."""
    shared: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for members in joined.values():
        engines = {one.raw.engine for one in members}
        (alone if len(engines) == 1 else shared).update(engines)
    dropped = Counter(one.raw.engine for one in merged.drops)
    raw = Counter(one.raw.engine for one in merged.joined) + dropped
    for engine in sorted(raw):
        yield (
            f"  {engine}: {raw[engine]} raw, {shared[engine]} findings with others, {alone[engine]} alone, "
            f"{dropped[engine]} dropped"
        )


def _place(finding: Finding) -> str:
    return f"{finding.location.uri}:{finding.location.region.start_line}"
