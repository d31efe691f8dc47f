"""Look for secrets in bytes or text: what the scan engine, the gateway's sanitising and the hooks call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from assay.model.finding import Finding
from assay.model.rule import Rule
from assay.model.severity import Confidence, Severity
from assay.rules.load import load_engine
from assay.secrets.assignment import assignments, is_half_of_a_pair
from assay.secrets.carriers import carried
from assay.secrets.collapse import without_overlaps
from assay.secrets.confirm import Tally, confirm
from assay.secrets.detector import Detector, Detectors
from assay.secrets.encoded import Encoded, encoded_runs, kubernetes_values
from assay.secrets.judgement import Judgement, judge
from assay.secrets.match import Match
from assay.secrets.pair import AWS_SECRET, secrets_beside_ids
from assay.secrets.place import Place, Setting, place_of, within_comment
from assay.secrets.plain import as_utf8
from assay.secrets.prefilter import Hits, Prefilter, build_prefilter
from assay.secrets.report import Verifier, findings_of

_GENERIC = 10
_MOST = 2000  # findings of one file; a file with more is a list of generated values
_CARRIED = 12
_LONG = 400  # bytes of a line that is not remembered
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Scanner:
    """Detectors with their prefilter: build once, use for many contents."""

    detectors: Sequence[Detector]
    prefilter: Prefilter
    rules: Mapping[str, Rule]
    # Lines that hold no secret in their place, with the reasons counted: more than half of all judged lines are repetitions.
    silent: dict[tuple[bytes, Place], dict[str, int]] = field(default_factory=dict, repr=False, compare=False)

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of that id, if it is loaded."""
        return self.rules.get(rule_id)


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in one content. `allowed` are the findings that a comment of another scanner lets pass, with the comment.

    `dropped` counts by reason what looked like a secret and was judged not to be one.
    """

    findings: tuple[Finding, ...]
    allowed: tuple[tuple[Finding, str], ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Redacted:
    """What `redact_text` took out: the rule, and the redacted form."""

    rule_id: str
    shown: str
    identity: str


def build_scanner(
    rules: Sequence[Rule] | None = None, extra: Sequence[Rule] = (), fast: bool = True
) -> Scanner:
    """A scanner of the built-in rules (or of `rules`) and `extra` ones; without `fast` it does not use Hyperscan.

    Raises:
        RuleError: a rule's match part does not fit the format.
    """
    chosen = load_engine("secrets") if rules is None else rules
    every = (*chosen, *extra)
    detectors = Detectors(every)
    for place in range(len(chosen) if rules is None else 0, len(every)):
        detectors[place]  # what is not built in is checked here and now
    return Scanner(detectors, build_prefilter(detectors, fast), {rule.id: rule for rule in every})


@cache
def builtin_scanner() -> Scanner:
    """The scanner of the built-in rules, built once a process."""
    return build_scanner()


def scan_bytes(
    content: bytes,
    uri: str,
    scanner: Scanner | None = None,
    identity_key: bytes = b"",
    verifier: Verifier | None = None,
) -> Scan:
    """Every secret in `content`, read as the file `uri`. Never raises for any content. A `verifier` is asked about each."""
    scanner = scanner or builtin_scanner()
    text = as_utf8(content)
    hits = scanner.prefilter.hits(text)
    if not (hits.detectors or hits.lines or hits.encoded):
        return _NOTHING
    tally = Tally()
    matches = find(text, uri, scanner, hits, tally)
    dropped = tuple(sorted(tally.counts.items()))
    if not matches:
        return Scan((), (), dropped) if dropped else _NOTHING
    findings, allowed = findings_of(text, uri, matches, identity_key, verifier)
    return Scan(findings, allowed, dropped)


_NOTHING = Scan(())


def redact_text(
    text: str, uri: str = "text", scanner: Scanner | None = None
) -> tuple[str, tuple[Redacted, ...]]:
    """`text` with every secret replaced by `[secret: <rule>]`, and what was taken out."""
    from assay.secrets.redact import identity_of, occurrences, shown

    scanner = scanner or builtin_scanner()
    content = text.encode("utf-8", "surrogatepass")
    matches = find(content, uri, scanner, scanner.prefilter.hits(content), Tally())
    rules = {content[match.start : match.end]: match.rule.id for match in matches}
    pieces, place = [], 0
    for start, end in occurrences(content, [(match.start, match.end) for match in matches], 0, len(content)):
        if start >= place:
            name = rules.get(content[start:end], "secret").rpartition("/")[2]
            pieces += [content[place:start], f"[secret: {name}]".encode()]
            place = end
    pieces.append(content[place:])
    taken = tuple(Redacted(match.rule.id, shown(match.value), identity_of(match.value)) for match in matches)
    return b"".join(pieces).decode("utf-8", "surrogatepass"), taken


def find(content: bytes, uri: str, scanner: Scanner, hits: Hits, tally: Tally) -> list[Match]:
    """Distinct matches in UTF-8 content, sorted by place; encoded text is looked into one level deep."""
    matches = [
        match
        for number in hits.detectors
        for match in confirm(scanner.detectors[number], content, uri, tally)
    ]
    matches += secrets_beside_ids(content, matches, scanner.rule(AWS_SECRET)) if matches else []
    runs = list(encoded_runs(content, hits.encoded)) if hits.encoded else []
    if not (matches or hits.lines or runs):
        return matches
    place = place_of(uri)
    for start in hits.lines:
        matches += _judged_line(content, start, place, scanner, tally)
    for run in runs:
        matches += _inside(run, uri, place, scanner, tally)
    for run in kubernetes_values(content):
        matches += _kubernetes(run, uri, place, scanner, tally)
    distinct = [_placed(match, place) for match in without_overlaps(matches)]
    for _ in distinct[_MOST:]:
        tally.add("too many in one file")
    return distinct[:_MOST]


_SELF_MADE = (
    "private-key",
    "jwt",
    "putty-key",
)  # anyone makes these for a test; an issuer's checksum is another matter


def _placed(match: Match, place: Place) -> Match:
    """A detector's match in a test or document: less sure, and less severe if it is of a kind that tests make for themselves."""
    check = match.rule.match.get("check")
    if place.setting is Setting.PRODUCT or match.specific <= _CARRIED:
        return match
    if check in _SELF_MADE:
        return replace(match, severity=min(match.severity, Severity.MEDIUM), confidence=Confidence.MEDIUM)
    return match if match.proven else replace(match, confidence=_LOWER[match.confidence])


_LOWER = {
    Confidence.HIGH: Confidence.MEDIUM,
    Confidence.MEDIUM: Confidence.LOW,
    Confidence.LOW: Confidence.LOW,
}


def _judged_line(content: bytes, start: int, place: Place, scanner: Scanner, tally: Tally) -> list[Match]:
    place = within_comment(place, content, start)
    end = content.find(b"\n", start)
    end = len(content) if end < 0 else end
    if end - start > _LONG or is_half_of_a_pair(content, start, end):
        return list(_matches_on(content, start, end, place, scanner, tally))
    key = (content[start:end], place)
    reasons = scanner.silent.get(key)
    matches: list[Match] = []
    if reasons is None:
        own = Tally()
        matches, reasons = list(_matches_on(content, start, end, place, scanner, own)), own.counts
        if not matches:
            if len(scanner.silent) >= _REMEMBERED:
                scanner.silent.clear()
            scanner.silent[key] = reasons
    for reason, count in reasons.items():
        tally.add(reason, count)
    return matches


def _matches_on(
    content: bytes, start: int, end: int, place: Place, scanner: Scanner, tally: Tally
) -> Iterator[Match]:
    for found in assignments(content, start, place.form):
        raw = content[found.start : found.end]
        judgement = judge(found.name, raw.decode("utf-8", "replace"), found.op, found.quoted, place)
        match = _generic(judgement, found.start, found.end, raw, _GENERIC, scanner, tally)
        if match is not None:
            yield match
    for carrier in carried(content, start, end, place):
        match = _generic(
            carrier.judgement, carrier.start, carrier.end, carrier.value, _CARRIED, scanner, tally
        )
        if match is not None:
            yield match


def _generic(
    judgement: Judgement | str,
    start: int,
    end: int,
    value: bytes,
    specific: int,
    scanner: Scanner,
    tally: Tally,
) -> Match | None:
    if isinstance(judgement, str):
        tally.add(judgement)
        return None
    rule = scanner.rule(f"secrets/{judgement.kind}")
    if rule is None:
        return None
    return Match(
        start, end, value, rule, judgement.severity, judgement.confidence, specific, note=judgement.why
    )


def _inside(run: Encoded, uri: str, place: Place, scanner: Scanner, tally: Tally) -> Iterator[Match]:
    """What detectors and assignments find in the decoded text, at the place of the encoded run."""
    hits = scanner.prefilter.hits(run.text)
    inner = [
        match
        for number in hits.detectors
        for match in confirm(scanner.detectors[number], run.text, uri, tally)
    ]
    for start in hits.lines:
        inner += _judged_line(run.text, start, place, scanner, tally)
    for match in without_overlaps(inner)[:1]:
        yield replace(
            match, start=run.start, end=run.end, specific=match.specific + 5, note=f"inside {run.how} text"
        )


def _kubernetes(run: Encoded, uri: str, place: Place, scanner: Scanner, tally: Tally) -> Iterator[Match]:
    found = list(_inside(run, uri, place, scanner, tally))
    yield from found
    if not found:
        judgement = judge(run.name, run.text.decode("ascii", "replace"), ":", True, place)
        match = _generic(judgement, run.start, run.end, run.text, _CARRIED, scanner, tally)
        rule = scanner.rule("secrets/generic-password")
        if match is not None:
            yield replace(match, note=f"{match.note}, base64 in a Kubernetes Secret")
        elif rule is not None:  # what it decodes to is no secret, so its base64 is none either
            yield Match(
                run.start, run.end, run.text, rule, rule.severity, rule.confidence, _CARRIED, silent=True
            )
