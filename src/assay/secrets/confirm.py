"""From a detector that may match to its matches: google-re2 over the content, then edge, entropy, context, placeholders, checksum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from assay.model.severity import Confidence
from assay.secrets.checks.registry import check_named
from assay.secrets.checks.result import NOT_APPLICABLE, State
from assay.secrets.detector import Detector, Near, compiled, group_numbers
from assay.secrets.known import is_known_sample
from assay.secrets.match import Match
from assay.secrets.value import (
    entropy,
    is_filler,
    is_placeholder,
    is_public_form,
    is_random,
    is_reference,
    is_template,
)

_MOST = 2000  # matches of one detector in one file; more is a generated list
_CLAIM = 30  # above every generic rule, below every detector's default
# Checks whose refusal means that nobody issued the value; the others may refuse what is still a secret of another kind.
_CHECKSUMS = frozenset(
    ["github-crc32", "npm-crc32", "vercel-crc32", "cloudflare-crc32", "grafana-crc32", "atlassian-crc32", "gitlab-routable", "azure-key", "azure-cask", "nats-nkey", "age-bech32", "base58check"]
)  # fmt: skip
_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")
_BASE64 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/="
_HEX = frozenset(b"0123456789abcdefABCDEF")


@dataclass(slots=True)
class Tally:
    """What was dropped, by reason: counted so that nothing vanishes in silence."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str, count: int = 1) -> None:
        """Count values dropped for `reason`."""
        self.counts[reason] = self.counts.get(reason, 0) + count


def confirm(detector: Detector, content: bytes, uri: str, tally: Tally) -> Iterator[Match]:
    """The matches of one detector in a content, in order."""
    if not detector.fits_path(uri):
        return
    pattern = compiled(detector.expression)
    group = _value_group(detector.expression)
    place = count = 0
    while count < _MOST and (found := pattern.search(content, place)) is not None:
        count += 1
        start, end = found.span(group)
        if start < 0 or start == end:
            place = max(found.end(), found.start() + 1)
            continue
        if not _edges_are_free(content, start, end, detector.part.edge):
            place = max(found.start() + 1, start) if found.start() < start else start + 1
            continue
        place = max(end, found.start() + 1)
        whole = content[found.start() : found.end()].lower()
        if any(word in whole for word in detector.keywords):
            match = _judged(detector, content, start, end, tally)
            if match is not None:
                yield match
    if count >= _MOST:
        tally.add("too many in one file")


def _value_group(expression: str) -> int:
    return group_numbers(expression).get("secret", 1 if compiled(expression).groups else 0)


def _edges_are_free(content: bytes, start: int, end: int, edge: bool | str) -> bool:
    if edge is False:
        return True
    more = frozenset(edge.encode()) if isinstance(edge, str) else frozenset()
    if end < len(content) and (content[end] in _WORD or content[end] in more):
        return False
    if start == 0:
        return True
    before = content[start - 1]
    if (before in b"+/" or content[end : end + 1] in (b"+", b"/")) and _is_inside_data(content, start, end):
        return False
    if before not in _WORD:
        return before not in more
    return _is_escape(content, start)


def _is_inside_data(content: bytes, start: int, end: int) -> bool:
    """Whether the value is a piece of a long base64 run (an image, a font), where any short pattern comes up by chance."""
    around = (
        content[max(0, start - 120) : start].rpartition(b"\n")[2],
        content[end : end + 120].partition(b"\n")[0],
    )
    run = sum(len(side) for side in around if not side.translate(None, _BASE64))
    return run >= 60


def _is_escape(content: bytes, start: int) -> bool:
    """Whether the letter before belongs to `\\n`, `%3D` or `\\u0022`."""
    before = content[max(0, start - 6) : start]
    if before[-2:-1] == b"\\" and before[-1] in b"nrtbf":
        return True
    if len(before) >= 3 and before[-3] == 0x25 and before[-2] in _HEX and before[-1] in _HEX:
        return True
    return len(before) == 6 and before[:2] in (b"\\u", b"\\x")


def _judged(detector: Detector, content: bytes, start: int, end: int, tally: Tally) -> Match | None:
    part, raw = detector.part, content[start:end]
    text = raw.decode("utf-8", "replace")
    reason = _reason_against(detector, text, content, start, end)
    if reason:
        tally.add(reason)
        return _claimed(detector, start, end, raw) if reason in ("documented sample", "placeholder") else None
    result = check_named(part.check)(text) if part.check else NOT_APPLICABLE
    if result.state is State.INVALID:
        tally.add("wrong checksum or structure")
        return _claimed(detector, start, end, raw) if part.check in _CHECKSUMS else None
    proven = result.state is State.VALID
    rule = detector.rule
    return Match(
        start,
        end,
        raw,
        rule,
        result.severity or rule.severity,
        Confidence.HIGH if proven else rule.confidence,
        part.specific + (1 if proven else 0),
        proven,
        result.facts,
        part.silent,
    )


def _claimed(detector: Detector, start: int, end: int, raw: bytes) -> Match:
    """A token's look-alike: nothing is reported, and no generic rule reports it as a mere random value."""
    return Match(
        start, end, raw, detector.rule, detector.rule.severity, detector.rule.confidence, _CLAIM, silent=True
    )


def _reason_against(detector: Detector, text: str, content: bytes, start: int, end: int) -> str:
    part = detector.part
    if is_known_sample(text) or any(compiled(allowed).fullmatch(text.encode()) for allowed in part.allow):
        return "documented sample"
    if part.placeholder and not part.silent and len(text) < 1000 and _is_placeholder_token(text):
        return "placeholder"
    if part.placeholder and not part.check and _points_elsewhere(text):
        return "reference"
    if part.entropy and entropy(text) < part.entropy:
        return "low entropy"
    if part.near and not _is_near(content, start, end, part.near):
        return "no context"
    return ""


def _points_elsewhere(text: str) -> bool:
    """`%DB_PASSWORD%`, `/run/secrets/db`, `vault:secret/app`: where a loosely shaped value really is."""
    if "://" in text or len(text) > 400 or is_public_form(text):
        return False
    return is_template(text) or (is_reference(text) and not is_random(text))


def _is_placeholder_token(text: str) -> bool:
    """Placeholders inside a token's form: the body after the prefix decides, so that random tokens are not hit by a short word in them."""
    body = text.rpartition("_")[2] if "_" in text[:24] else text
    body = body if len(body) >= 8 else text
    if len(text) >= 30:
        lower = text.lower()
        return (
            is_filler(body)
            or any(
                mark in lower
                for mark in (
                    "example",
                    "xxxxx",
                    "placeholder",
                    "redacted",
                    "your",
                    "00000000",
                    "12345678",
                    "abcdefgh",
                    "deadbeefdeadbeef",
                    "changeme",
                )
            )
            or "..." in text
            or "***" in text
        )
    return is_filler(body) or is_placeholder(body)


def _is_near(content: bytes, start: int, end: int, near: Near) -> bool:
    window = _lines_around(content, start, end, min(near.lines, 10)).lower()
    return any(word.lower().encode() in window for word in near.words)


def _lines_around(content: bytes, start: int, end: int, lines: int) -> bytes:
    first, last = start, end
    for _ in range(lines + 1):
        first = content.rfind(b"\n", max(0, start - 4000), first)
        if first < 0:
            first = max(0, start - 4000)
            break
    for _ in range(lines + 1):
        last = content.find(b"\n", last + 1, end + 4000)
        if last < 0:
            last = min(len(content), end + 4000)
            break
    return content[first:last]
