"""`assay baseline write|show|prune`: what is inherited, so that only what is new blocks."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from assay.entrypoints.cli import scan as scan_command
from assay.model.errors import UsageError
from assay.model.scan import BaselineState, ScanResult, TriagedFinding
from assay.model.version import VERSION
from assay.scan.triage.baseline import baseline_of, prune, read_baseline, write_baseline
from assay.scan.triage.triage import BASELINE_FILE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags: those of a scan, since a baseline is what a scan finds now."""
    parser.add_argument(
        "verb",
        choices=["write", "show", "prune"],
        help="keep today's findings; list them; drop those that are gone",
    )
    scan_command.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run one verb."""
    return {"write": _write, "show": _show, "prune": _prune}[args.verb](args)


def _write(args: argparse.Namespace) -> int:
    result = scan_command.scan_only(args)
    if result.verdict.unlooked or result.interrupted:
        missing = ", ".join(result.verdict.unlooked) or "the rest of the files"
        raise UsageError(
            f"the scan is incomplete ({missing}), so its findings are no baseline",
            "see `assay doctor`; --optional leaves an engine out",
        )
    baseline = baseline_of(_present(result), f"assay {VERSION}", datetime.now(UTC).strftime("%Y-%m-%d"))
    path = _path(result.request.root)
    write_baseline(path, baseline)
    _say(f"{path}: {len(baseline.findings)} findings are inherited from now on")
    return 0


def _show(args: argparse.Namespace) -> int:
    path = _path(str(scan_command.root_of(args)))
    if not path.exists():
        _say(f"there is no baseline at {path}: write one with `assay baseline write`")
        return 0
    baseline = read_baseline(path)
    for entry in baseline.findings:
        _say(f"{entry.severity.value:8}  {entry.rule}  {entry.uri}")
    _say(f"{len(baseline.findings)} findings")
    return 0


def _prune(args: argparse.Namespace) -> int:
    result = scan_command.scan_only(args)
    path = _path(result.request.root)
    if not path.exists():
        raise UsageError(f"there is no baseline at {path}", "write one with `assay baseline write`")
    kept, gone = prune(read_baseline(path), _present(result))
    write_baseline(path, kept)
    _say(f"{path}: {len(gone)} findings are gone, {len(kept.findings)} stay")
    return 0


def _present(result: ScanResult) -> list[TriagedFinding]:
    return [one.triaged for one in result.findings if one.triaged.baseline is not BaselineState.ABSENT]


def _path(root: str) -> Path:
    return Path(root) / BASELINE_FILE


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
