"""`assay exit-codes`: what a script can rely on."""

from __future__ import annotations

import argparse
import json
import sys

CODES = {
    0: "clean and complete",
    1: "the policy blocks",
    2: "usage or configuration error",
    3: "incomplete: a required engine was missing, failed or timed out, and nothing blocks",
    4: "nothing to scan",
    5: "waits for a human",
    70: "internal error",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    if args.json:
        sys.stdout.write(json.dumps({str(code): text for code, text in CODES.items()}, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{code:>3}  {text}\n" for code, text in CODES.items()))
    return 0
