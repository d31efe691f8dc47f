"""What must not pass in arguments and results: secrets, personal and health data. Finding and masking are deterministic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import re2

from assay.model.decision import Change

_MAX_TEXT = 1_000_000
_MAX_LEAVES = 5_000
PERSONAL_DEFAULT = ("card", "national-id", "medical-record")
"""Kinds of personal data masked unless the policy says otherwise; e-mail, phone, iban and birth-date are there to be asked for."""

# Shapes of issued credentials: prefix and alphabet are what issuers publish. Here a shape is enough: masking a sample does no harm.
_TOKENS = re2.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[A-Z2-7]{16}"
    r"|sk-(?:ant-|proj-|live-)?[A-Za-z0-9_-]{20,}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}"
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{64}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}|hvs\.[A-Za-z0-9_-]{20,})"
)
_KEY_BLOCK = re2.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)"
)
_BEARER = re2.compile(
    r"(?i)\b(?:authorization\s*[:=]\s*(?:bearer|token|basic)?\s*|x-api-key\s*[:=]\s*|api[_-]?key\s*[:=]\s*|private-token\s*[:=]\s*)[\"']?([A-Za-z0-9._~+/=-]{12,})"
)
_USERINFO = re2.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"]{0,80}:([^\s/@'\"]{3,120})@")
_OPTION = re2.compile(
    r"(?:\b(?:curl|wget|http|https|xh)\b[^|;&\n]*?\s(?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"']{1,80}:([^\s\"']{3,120})"
    r"|\b(?:docker|podman|helm|az|oc|skopeo|crane|buildah|nerdctl)\b[^|;&\n]{0,60}\blogin\b[^|;&\n]*?\s(?:-p|--password)[ =]?[\"']?([^\s\"']{3,120})"
    r"|\b(?:mysql|mysqldump|mariadb|mysqladmin)\b[^|;&\n]*?\s-p([^\s\"']{3,120})|\b(?:redis-cli|valkey-cli)\b[^|;&\n]*?\s-a\s+[\"']?([^\s\"']{4,120})|\bsshpass\s+-p[ ]?[\"']?([^\s\"']{3,120})"
    r"|\s--(?:password|passwd|pass|token|api-key|apikey|secret|access-token|auth-token|client-secret|secret-key)[ =][\"']?([^\s\"'-][^\s\"']+)"
    r"|\b[A-Z0-9_]{0,40}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)[A-Z0-9_]{0,20}=[\"']?([^\s\"'$<{(][^\s\"']{5,200}))"
)
_ASSIGNED = re2.compile(
    r"(?i)\b[a-z0-9_.-]*(?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|private[_-]?key|client[_-]?secret)[\"']?\s*[:=]\s*[\"']?([^\s\"'<>(){}\[\],;$]{8,200})"
)
_PLACEHOLDER = re2.compile(
    r"(?i)^(?:\$.*|<.*|\{.*|%.*|\*+|x{3,}|\.{3,}|your.*|my[-_].*|example.*|sample.*|placeholder.*|changeme|change-me|todo|none|null|true|false|test(?:ing)?|dummy|fake|redacted|\[.*|password|passwd|pass|secret|token|postgres|root|admin|user|guest|example|required|string|env|stdin|file|prompt|-)$"
)

_CARD = re2.compile(r"\b[3-6]\d(?:[ -]?\d){11,17}\b")
_SSN = re2.compile(r"\b(\d{3})-(\d{2})-(\d{4})\b")
_NIN = re2.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b")
_MEDICAL = re2.compile(
    r"(?i)\b(?:mrn|medical[ _-]?record(?:[ _-]?(?:number|no|id))?|patient[ _-]?id|nhs[ _-]?(?:number|no))\b[\"']?\s*[:=#]?\s*[\"']?((?:[A-Z]{0,4}-?)?\d[\d -]{4,14}\d)"
)
_EMAIL = re2.compile(r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}\b")
_PHONE = re2.compile(
    r"(?:\+\d{1,3}[ .-]?)(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){1,4}\b|\(\d{3}\) ?\d{3}-\d{4}\b|\b\d{3}-\d{3}-\d{4}\b"
)
_IBAN = re2.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_BIRTH = re2.compile(
    r"(?i)\b(?:dob|date[ _-]?of[ _-]?birth|birth[ _-]?date|birthday)\b[\"']?\s*[:=]?\s*[\"']?(\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})"
)


_DIGITS = frozenset("0123456789")
# One look for the kinds that are asked for by default: none of their shapes is possible without it.
_POSSIBLY_PERSONAL = re2.compile(
    r"(?i)[3-6]\d(?:[ -]?\d){11}|\d{3}-\d{2}-\d{4}|[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]|mrn|medical|patient|nhs"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text that must not pass: character offsets and what it is."""

    start: int
    end: int
    kind: str


SecretEngine = Callable[[str], tuple[str, Sequence[object]]]
"""Masks every secret of a text and says what it took out (the shape of `assay.secrets.scan.redact_text`)."""


@lru_cache(maxsize=1)
def secret_engine() -> SecretEngine:
    """The secrets room's engine, loaded when first used. Without its optional fast part: the texts are short and memory counts."""
    from assay.secrets.scan import build_scanner, redact_text

    scanner = build_scanner(fast=False)

    def redact(text: str) -> tuple[str, Sequence[object]]:
        hits = scanner.prefilter.hits(text.encode("utf-8", "surrogatepass"))
        if not (hits.detectors or hits.lines or hits.encoded):
            return text, ()
        return redact_text(text, "call", scanner)

    return redact


# One look that most texts end at: none of the shapes below is possible without one of these.
_POSSIBLE = re2.compile(
    r"(?i)gh[pousr]_|github_pat|glpat-|xox[abeoprs]-|A[KS]IA|[rs]k[-_]|AIza|ya29|npm_|pypi-|SG\.|hf_|dop_v1|eyJ|hvs\.|PRIVATE KEY|authorization|api[_-]?key|private-token|://[^\s/]*@"
    r"|passw|secret|token|credential|access_key|\s-a\s|\s-(?:u|p|-user|-pass|-proxy-user)|\slogin\s"
)


def secret_spans(text: str) -> Iterator[Span]:
    """Secrets by shape and by the option or variable that carries them."""
    if _POSSIBLE.search(text) is None:
        return
    for match in _KEY_BLOCK.finditer(text):
        yield Span(match.start(), match.end(), "private-key")
    for match in _TOKENS.finditer(text):
        yield Span(match.start(), match.end(), "token")
    for match in _ASSIGNED.finditer(text):
        value = match.group(1)
        if (
            any(char.isdigit() for char in value)
            and any(char.isalpha() for char in value)
            and not value.startswith(("http:", "https:"))
            and _PLACEHOLDER.match(value) is None
        ):
            yield Span(match.start(1), match.end(1), "secret")
    for pattern, kind in ((_BEARER, "token"), (_USERINFO, "password"), (_OPTION, "password")):
        for match in pattern.finditer(text):
            for group in range(1, len(match.groups()) + 1):
                value = match.group(group)
                if value and _PLACEHOLDER.match(value) is None:
                    yield Span(match.start(group), match.end(group), kind)


def personal_spans(text: str, kinds: Sequence[str] = PERSONAL_DEFAULT) -> Iterator[Span]:
    """Personal and health data of the kinds asked for. Cards pass Luhn's check, IBANs their own; identity numbers their ranges."""
    if _DIGITS.isdisjoint(text) and "email" not in kinds:
        return
    if kinds == PERSONAL_DEFAULT and _POSSIBLY_PERSONAL.search(text) is None:
        return
    if "card" in kinds:
        yield from (
            Span(match.start(), match.end(), "card")
            for match in _CARD.finditer(text)
            if _is_card(match.group(0))
        )
    if "national-id" in kinds:
        yield from (
            Span(match.start(), match.end(), "national-id") for match in _SSN.finditer(text) if _is_ssn(match)
        )
        yield from (Span(match.start(), match.end(), "national-id") for match in _NIN.finditer(text))
    if "medical-record" in kinds:
        yield from (Span(match.start(1), match.end(1), "medical-record") for match in _MEDICAL.finditer(text))
    if "birth-date" in kinds:
        yield from (Span(match.start(1), match.end(1), "birth-date") for match in _BIRTH.finditer(text))
    if "email" in kinds:
        yield from (Span(match.start(), match.end(), "email") for match in _EMAIL.finditer(text))
    if "phone" in kinds:
        yield from (Span(match.start(), match.end(), "phone") for match in _PHONE.finditer(text))
    if "iban" in kinds:
        yield from (
            Span(match.start(), match.end(), "iban")
            for match in _IBAN.finditer(text)
            if is_iban(match.group(0))
        )


def _is_card(text: str) -> bool:
    digits = [int(char) for char in text if char.isdigit()]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn(digits)


def luhn(digits: Sequence[int]) -> bool:
    """Luhn's check over digits, check digit last (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if position % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """The mod-97 check of ISO 13616."""
    compact = text.replace(" ", "")
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def _is_ssn(match: re2._Match[str]) -> bool:
    """Areas 000, 666 and 900-999, group 00 and serial 0000 are never given out."""
    area, group, serial = match.groups()
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def mask(text: str, spans: Iterable[Span]) -> tuple[str, dict[str, int]]:
    """The text with each span replaced by `[kind removed]`; how many of each kind."""
    pieces: list[str] = []
    counts: dict[str, int] = {}
    position = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.end <= position:
            continue
        pieces.append(text[position : max(span.start, position)])
        pieces.append(f"[{span.kind} removed]")
        counts[span.kind] = counts.get(span.kind, 0) + 1
        position = span.end
    pieces.append(text[position:])
    return "".join(pieces), counts


def masked_secrets(text: str) -> tuple[str, dict[str, int]]:
    """The text without secrets, by the secrets engine first and then by shape; how many of each kind. Doing it twice changes nothing."""
    if len(text) > _MAX_REMEMBERED:
        return _masked_secrets(text)
    plain, counts = _remembered(text)
    return plain, dict(counts)


_MAX_REMEMBERED = 4_096


@lru_cache(maxsize=512)
def _remembered(text: str) -> tuple[str, dict[str, int]]:
    """The same text is looked at for the decision, for the answer and for the trail."""
    return _masked_secrets(text)


def _masked_secrets(text: str) -> tuple[str, dict[str, int]]:
    plain, taken = secret_engine()(text)
    # What the engine takes out a second time is the mark of the first.
    taken = [each for each in taken if not str(getattr(each, "shown", "")).startswith("[")]
    text, counts = mask(plain if taken else text, secret_spans(plain if taken else text))
    for each in taken:
        kind = str(getattr(each, "rule_id", "secret")).rpartition("/")[2]
        counts[kind] = counts.get(kind, 0) + 1
    return text, counts


def leaves(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every text inside JSON values with its JSON pointer, bounded."""
    stack: list[tuple[str, object]] = [(pointer, value)]
    seen = 0
    while stack and seen < _MAX_LEAVES:
        place, current = stack.pop()
        seen += 1
        if isinstance(current, str):
            yield place, current
        elif isinstance(current, Mapping):
            stack.extend((f"{place}/{_escaped(str(key))}", item) for key, item in current.items())
        elif isinstance(current, (list, tuple)):
            stack.extend((f"{place}/{index}", item) for index, item in enumerate(current))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def rewrite(
    value: object, change: Callable[[str, str], tuple[str, dict[str, int]]], pointer: str = "", depth: int = 0
) -> tuple[object, list[Change]]:
    """The same JSON value with every text passed through `change(pointer, text)`, and what changed where."""
    if isinstance(value, str):
        text, counts = change(pointer, value)
        return text, [Change(pointer, kind, count) for kind, count in sorted(counts.items())]
    if depth > 60:
        return "[removed: nests too deeply]", [Change(pointer, "depth")]
    changes: list[Change] = []
    if isinstance(value, Mapping):
        found: dict[str, object] = {}
        for key, item in value.items():
            found[str(key)], made = rewrite(item, change, f"{pointer}/{_escaped(str(key))}", depth + 1)
            changes.extend(made)
        return found, changes
    if isinstance(value, (list, tuple)):
        items = []
        for index, item in enumerate(value):
            new, made = rewrite(item, change, f"{pointer}/{index}", depth + 1)
            items.append(new)
            changes.extend(made)
        return items, changes
    return value, []
