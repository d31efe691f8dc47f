"""Our own format, `assay.result/1`: the whole result, to be read back without loss."""

from __future__ import annotations

from typing import Any

import msgspec

from assay.model.errors import UsageError
from assay.model.scan import ScanResult
from assay.report import summary

SCHEMA = "assay.result/1"


class Counts(msgspec.Struct, frozen=True):
    """For scripts that only count: active findings, and the others. Made from `result`; not read back."""

    active: int
    suppressed: int
    absent: int
    new: int
    by_severity: dict[str, int]
    by_priority: dict[str, int]
    files: int
    files_scanned: int
    engines: int
    rules: int


class ResultFile(msgspec.Struct, frozen=True):
    """The document. `exit_code` is that of the process; `summary` counts; `result` is everything."""

    schema: str
    exit_code: int
    summary: Counts
    result: ScanResult


class _Read(msgspec.Struct, frozen=True):
    schema: str
    result: ScanResult


class _Schema(msgspec.Struct, frozen=True):
    schema: str = ""


def render(result: ScanResult) -> bytes:
    """The document, one line and a line end."""
    document = ResultFile(SCHEMA, result.verdict.exit_code, _counts(result), result)
    return msgspec.json.encode(document) + b"\n"


def read(data: bytes) -> ScanResult:
    """The result in a document.

    Raises:
        UsageError: not a document of ours, or of a version that this program does not know.
    """
    advice = f"this program reads {SCHEMA}, as written by `assay scan --output json=FILE`"
    try:
        schema = msgspec.json.decode(data, type=_Schema).schema
        if schema != SCHEMA:
            raise UsageError(f"the document's schema is {schema[:60]!r}, not {SCHEMA!r}", advice)
        return msgspec.json.decode(data, type=_Read).result
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"not a result document: {error}", advice) from error


def json_schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of the document."""
    schema = msgspec.json.schema(ResultFile)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = SCHEMA
    return schema


def _counts(result: ScanResult) -> Counts:
    findings = summary.active(result)
    seen = summary.coverage(result)
    return Counts(
        active=len(findings),
        suppressed=len(summary.suppressed(result)),
        absent=len(summary.absent(result)),
        new=sum(summary.is_new(one) for one in findings),
        by_severity={severity.value: count for severity, count in summary.by_severity(findings).items()},
        by_priority={priority.value: count for priority, count in summary.by_priority(findings).items()},
        files=seen.files,
        files_scanned=seen.scanned,
        engines=seen.engines,
        rules=seen.rules,
    )
