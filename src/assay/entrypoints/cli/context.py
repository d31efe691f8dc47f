"""`assay context show [PATH...]`: what is known of files (exposure, data, tier, owner), and whether it was declared or inferred, from what."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assay.model.errors import TargetError

_MAX_SHOWN = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("verb", choices=["show"], help="print every value with where it comes from")
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files below the root; all of them if none is given"
    )
    parser.add_argument("--root", default=".", metavar="FOLDER", help="the project's root")


def run(args: argparse.Namespace) -> int:
    """Print what is known of each file.

    Raises:
        TargetError: the root is no folder.
        ConfigError: the context file does not load.
    """
    from assay.scan.triage.context import CONTEXT_FILE, read_context, show
    from assay.scan.triage.inference import owners_of
    from assay.scan.triage.observed import observe

    root = Path(args.root).resolve()
    if not root.is_dir():
        raise TargetError(f"{root}: not a folder", "give the project's root with --root")
    uris = _uris(root)

    def read(uri: str) -> bytes | None:
        path = root / uri
        return path.read_bytes() if path.is_file() else None

    context = read_context(root / CONTEXT_FILE, (*observe(uris, read), *owners_of(read)))
    chosen = [*args.paths] or uris
    sys.stdout.write(show(context, chosen[:_MAX_SHOWN]))
    if len(chosen) > _MAX_SHOWN:
        sys.stdout.write(f"and {len(chosen) - _MAX_SHOWN} more files; name some to see them\n")
    return 0


def _uris(root: Path) -> list[str]:
    """The files that a scan of this root would look at."""
    from assay.model.scan import ScanRequest
    from assay.scan.target.select import select

    return sorted(file.uri for file in select(ScanRequest(str(root))).files)
