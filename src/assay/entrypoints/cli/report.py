"""`assay report RESULT.json --format NAME`: an earlier scan in another format, byte for byte what the scan would have written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assay.model.errors import UsageError
from assay.model.scan import ScanResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "result", metavar="RESULT.json", help="what `assay scan --output json=FILE` wrote; - for stdin"
    )
    parser.add_argument("--format", default="terminal", metavar="NAME", help="the format printed to stdout")
    parser.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="FORMAT=PATH",
        help="write a report instead; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Print or write the report. The exit code is 0: the scan's own stands in the report."""
    from assay.report.registry import check, render
    from assay.report.write import parse_outputs, write_reports

    check(args.format)
    outputs = parse_outputs(args.output)
    result = read_result(args.result)
    if outputs:
        write_reports(result, outputs)
    else:
        sys.stdout.buffer.write(render(args.format, result))
    return 0


def read_result(path: str) -> ScanResult:
    """The result in a file, or in stdin for `-`.

    Raises:
        UsageError: it cannot be read, or is no result.
    """
    from assay.report.json_report import read

    if path == "-":
        return read(sys.stdin.buffer.read())
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}", "write one with: assay scan --output json=FILE"
        ) from error
    return read(data)
