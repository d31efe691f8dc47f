"""`assay diff A.json B.json`: what is new, gone or changed between two scans."""

from __future__ import annotations

import argparse
import sys

from assay.entrypoints.cli.report import read_result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("before", metavar="A.json", help="the earlier result")
    parser.add_argument("after", metavar="B.json", help="the later result; - for stdin")


def run(args: argparse.Namespace) -> int:
    """Print the difference. The exit code is 1 if something is new, else 0."""
    from assay.report.diff import difference, text

    before, after = read_result(args.before), read_result(args.after)
    sys.stdout.write(text(before, after))
    return 1 if difference(before, after).new else 0
