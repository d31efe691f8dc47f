"""Our fingerprint of a finding, `assay/v1`: the same flaw keeps it when lines move, code is reindented or files are renamed.

Described for users in docs/fingerprints.md; a change of anything here is a new version.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256

from assay.model.finding import Finding
from assay.scan.triage.source import Sources
from assay.scan.triage.structure import enclosing

VERSION = "assay/v1"
_HEX = 32  # 128 bits: no chance collision within any project
_MAX_LINES = 20
_MAX_CHARACTERS = 4000
_CREDENTIALS = frozenset({"CWE-798", "CWE-259", "CWE-321", "CWE-522", "CWE-256", "CWE-260", "CWE-312"})
# Both patterns are linear: one class, one closing character.
_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_SPACE = re.compile(r"\s+")


def fingerprints(findings: Sequence[Finding], sources: Sources) -> tuple[str, ...]:
    """One fingerprint for each finding, in the given order. Identical ones are told apart by their place: `:2`, `:3`, ..."""
    keys = [key(finding, sources) for finding in findings]
    order = sorted(range(len(findings)), key=lambda index: (keys[index], findings[index].sort_key))
    count: Counter[str] = Counter()
    result = [""] * len(findings)
    for index in order:
        count[keys[index]] += 1
        occurrence = count[keys[index]]
        result[index] = keys[index] if occurrence == 1 else f"{keys[index]}:{occurrence}"
    return tuple(result)


def key(finding: Finding, sources: Sources) -> str:
    """The fingerprint before identical ones are told apart: 32 hex digits."""
    if finding.identity:
        return _digest(_scope(finding), "identity", finding.identity)
    lines = sources.lines(finding.location.uri)
    place = enclosing(lines, finding.location.region.start_line)
    return _digest(_scope(finding), "code", *place, _code(finding, lines))


def _scope(finding: Finding) -> str:
    """The rule, or for a secret the domain alone: the value is the flaw, whichever detector named it."""
    return "secrets" if finding.rule_id.startswith("secrets/") else finding.rule_id


def _code(finding: Finding, lines: Sequence[str]) -> str:
    """The region's text without white space, with one kind of quote; literals are blanked where they may be the secret itself."""
    text = _region_text(finding, lines)
    if not text.strip():
        text = finding.location.snippet
    if _CREDENTIALS & set(finding.cwe):
        text = _QUOTED.sub('""', text)
    return _SPACE.sub("", text).replace("'", '"')[:_MAX_CHARACTERS]


def _region_text(finding: Finding, lines: Sequence[str]) -> str:
    region = finding.location.region
    chosen = list(lines[region.start_line - 1 : min(region.end_line, region.start_line - 1 + _MAX_LINES)])
    if not chosen or _CREDENTIALS & set(finding.cwe):
        return "\n".join(chosen)  # whole lines: a region that cuts through a literal could not be blanked
    if region.end_line - region.start_line < len(chosen):
        chosen[-1] = chosen[-1][: region.end_column - 1]
    chosen[0] = chosen[0][region.start_column - 1 :]
    text = "\n".join(chosen)
    return text if text.strip() else lines[region.start_line - 1]


def _digest(*parts: str) -> str:
    return sha256("\0".join(_clean((VERSION, *parts))).encode("utf-8", "surrogatepass")).hexdigest()[:_HEX]


def _clean(parts: Iterable[str]) -> Iterable[str]:
    """No part may hold the separator, or two different lists could read the same."""
    return (part.replace("\0", "\\0") for part in parts)
