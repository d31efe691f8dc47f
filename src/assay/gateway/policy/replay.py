"""Policies against tables of calls and against logs: tests, differences, what a new policy would have said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class Expected:
    """A call (as JSON) and the effect that was given or is expected, with a name for people."""

    call: Mapping[str, Any]
    effect: str
    label: str


def from_log(path: Path) -> Iterator[Expected]:
    """Calls with past effects of a log: `assay audit export`, `assay gateway decide` output with its calls, or labelled calls, one JSON a line.

    Raises:
        UsageError: the file cannot be read, or holds no such line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: the log cannot be read: {error}", "write one with `assay audit export`"
        ) from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield from _entry(line, f"{path}:{number}")


def _entry(line: str, label: str) -> Iterator[Expected]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{label}: not JSON: {error}", "a log has one JSON object a line") from error
    if not isinstance(data, dict) or "checkpoint" in data:
        return
    record = data.get("record", data)
    given = record.get("input", {})
    if "result" in record and isinstance(given, dict):
        if "too_large" in str(given.get("arguments"))[:20]:
            return
        requested = record.get("requested_by", {})
        call = {
            "id": given.get("id", ""), "tool": given.get("tool", ""), "input": given.get("arguments", {}), "phase": given.get("phase", "before"),
            "workspace": given.get("workspace", ""), "cwd": given.get("cwd", ""), "home": given.get("home", ""), "branch": given.get("branch", ""),
            "time": record.get("timestamp", 0.0), "subject": requested,
        }  # fmt: skip
        yield Expected(
            call, str(record["result"].get("effect", "")), f"{label} {record.get('decision_id', '')}"
        )
    elif "tool" in record:
        effect = {"approve": "approval_needed"}.get(
            str(record.get("label", record.get("effect", ""))),
            str(record.get("label", record.get("effect", ""))),
        )
        yield Expected(record, effect, f"{label} {record.get('id', '')}")


@dataclass(frozen=True, slots=True)
class Difference:
    """A call on which two answers differ."""

    label: str
    before: str
    after: str
    why: str


def counted(differences: Iterable[Difference]) -> dict[str, int]:
    """How many differences of each kind (`allow -> deny`)."""
    counts: dict[str, int] = {}
    for each in differences:
        kind = f"{each.before} -> {each.after}"
        counts[kind] = counts.get(kind, 0) + 1
    return dict(sorted(counts.items()))
