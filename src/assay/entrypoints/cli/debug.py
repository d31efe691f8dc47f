"""`assay debug ir FILE`: a source file as the code engine sees it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assay.model.errors import TargetError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    ir = verbs.add_parser("ir", help="print the intermediate representation of a source file")
    ir.add_argument("file")


def run(args: argparse.Namespace) -> int:
    """Print what was asked for.

    Raises:
        TargetError: the file cannot be read, or is in no language that is analysed.
    """
    from assay.code.print import print_module
    from assay.code.project import lower_file

    path = Path(args.file)
    try:
        module = lower_file(path.name, path.read_bytes())
    except OSError as error:
        raise TargetError(f"{path} cannot be read: {error.strerror}", "give a source file") from error
    if isinstance(module, str):
        raise TargetError(
            f"{path} is not analysed: {module}", "give a Python, JavaScript, TypeScript, Java or Go file"
        )
    sys.stdout.write(print_module(module))
    return 0
