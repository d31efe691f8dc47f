"""The user's own package clients (pip, npm, cargo, ...) as a lookup of names: started here, far from the scanned tree."""

from __future__ import annotations

import os
from pathlib import Path

from assay.dependencies.names.lookup import ClientLookup, Lookup
from assay.model.errors import EngineError
from assay.scan.engines.process import Limits, run, which

_OUTPUT = 4_000_000


def client_lookup() -> Lookup:
    """Asks the registry that the user's settings name. Clients run in the user's home: a scanned tree's .npmrc is not theirs."""
    return ClientLookup(_run_client)


def _run_client(argv: list[str], seconds: float) -> tuple[int, str, str] | None:
    program = which(argv[0])
    home = os.environ.get("HOME", "")
    if program is None or not home or not Path(home).is_dir():
        return None
    try:
        done = run(
            [program, *argv[1:]], cwd=home, environment={"HOME": home}, limits=Limits(seconds, _OUTPUT)
        )
    except EngineError:
        return None
    if done.ended != "exited":
        return None
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
