"""The real hook client as an agent starts it, with a daemon of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from assay.entrypoints.hooks import client

CLIENT = Path(client.__file__)
ROOT = Path(__file__).parents[2]


def hooked(
    folder: Path, agent: str, payload: dict[str, Any], *extra: str, policy: str = "default"
) -> subprocess.CompletedProcess[str]:
    """What the hook command prints for a payload; the first call starts the daemon, which ends by itself."""
    socket = str(folder / "h.sock")
    daemon = [
        sys.executable,
        "-m",
        "assay.entrypoints.hooks.daemon",
        "--workspace",
        "/home/dev/project",
        "--state",
        str(folder),
        "--socket",
        socket,
        "--idle",
        "2",
        "--policy",
        policy,
    ]
    start = ["--start", "/usr/bin/env", f"PYTHONPATH={ROOT / 'src'}", *daemon]
    command = [sys.executable, "-S", "-I", str(CLIENT), "--agent", agent, "--socket", socket, *extra, *start]
    return subprocess.run(
        command, input=json.dumps(payload), capture_output=True, text=True, timeout=30, check=False
    )
