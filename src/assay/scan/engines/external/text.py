"""What the adapters share in reading: JSON that may be cut, regions that may be half told, severities in the tools' words."""

from __future__ import annotations

import json
from typing import Any

from assay.model.finding import Evidence, Finding
from assay.model.location import Location, Region
from assay.model.severity import Confidence, Severity, severity_of_word

_MAX_LINE = 1 << 31


def salvaged(data: bytes, array: str) -> tuple[Any, bool]:
    """The document in a program's output, and whether it is whole. Of cut output the complete members of `array` are kept.

    Text before the document (some programs print a line first) and after it is left out. (None, False) when there is nothing.
    """
    text = data.decode("utf-8", "replace")
    decoder = json.JSONDecoder()
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts:
        return None, False
    start = min(starts)
    try:
        return decoder.raw_decode(text, start)[0], True
    except (ValueError, RecursionError):
        members = _members(decoder, text, text.find(f'"{array}"') if array else start)
    if not members:
        return None, False
    return ({array: members} if array else members), False


def _members(decoder: json.JSONDecoder, text: str, at: int) -> list[Any]:
    members: list[Any] = []
    at = text.find("[", at) + 1 if at >= 0 else 0
    while at:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        try:
            member, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return members
        members.append(member)
    return members


def region(line: object, column: object = None, end_line: object = None, end_column: object = None) -> Region:
    """A region from what a tool tells: anything that is not a positive number is taken as not told. Columns from 1, the end exclusive."""
    first = _number(line)
    start = _number(column)
    last = max(first, _number(end_line))
    end = _number(end_column)
    if (last, end) < (first, start):
        end = start
    return Region(first, start, last, end)


def _number(value: object) -> int:
    usable = isinstance(value, int) and not isinstance(value, bool) and 1 <= value < _MAX_LINE
    return value if usable and isinstance(value, int) else 1


def severity(word: object) -> Severity:
    """A tool's severity word on our scale; a word that no scale has is UNKNOWN, which is shown as such and never means low."""
    try:
        return severity_of_word(word if isinstance(word, str) else "")
    except KeyError:
        return Severity.UNKNOWN


def confidence(word: object) -> Confidence:
    """A tool's confidence; MEDIUM where it tells none."""
    text = word.lower() if isinstance(word, str) else ""
    return {"high": Confidence.HIGH, "low": Confidence.LOW}.get(text, Confidence.MEDIUM)


def finding(
    tool: str,
    native: str,
    title: str,
    message: str,
    word: object,
    location: Location,
) -> Finding:
    """A finding in a tool's words: rule `tool/native`, our severity for its word, and its own words as evidence."""
    native_word = word if isinstance(word, str) else ""
    return Finding(
        rule_id=f"{tool}/{native}",
        engine=tool,
        message=message or title,
        severity=severity(native_word),
        confidence=Confidence.MEDIUM,
        location=location,
        evidence=(Evidence(tool, native, native_word, title or message),),
    )
