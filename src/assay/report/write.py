"""Reports to files: `FORMAT=PATH`, several at once, each whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.model.errors import ReportError, UsageError
from assay.model.scan import ScanResult
from assay.report import registry


@dataclass(frozen=True, slots=True)
class Output:
    """One report to write."""

    format: str
    path: str


def parse_outputs(texts: Iterable[str]) -> tuple[Output, ...]:
    """`FORMAT=PATH` as given on the command line, checked before anything is scanned.

    Raises:
        UsageError: no such format, no path, or two reports for one path.
    """
    outputs: list[Output] = []
    for text in texts:
        name, separator, path = text.partition("=")
        if not separator or not path:
            raise UsageError(f"--output {text}: not FORMAT=PATH", "for example: --output sarif=assay.sarif")
        registry.check(name)
        if any(output.path == path for output in outputs):
            raise UsageError(f"--output {text}: {path} is already given to another report")
        outputs.append(Output(name, path))
    return tuple(outputs)


def write_reports(result: ScanResult, outputs: Sequence[Output]) -> tuple[str, ...]:
    """Write every report and return the paths. One that fails does not keep the others from being written.

    Raises:
        ReportError: at least one could not be written; the message names each. No partial file is left.
    """
    written: list[str] = []
    problems: list[str] = []
    for output in outputs:
        try:
            write_file(Path(output.path), registry.render(output.format, result))
            written.append(output.path)
        except OSError as error:
            problems.append(f"{output.path}: {error.strerror or error}")
    if problems:
        raise ReportError(
            "reports that could not be written: " + "; ".join(problems),
            "free space or choose another path; the other reports were written",
        )
    return tuple(written)


def write_file(path: Path, data: bytes) -> None:
    """Put data in a file so that a reader sees the old content or the new, never a part. Devices and pipes are written to directly.

    Raises:
        OSError: the file cannot be written; what was there before is untouched.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve()
    temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
