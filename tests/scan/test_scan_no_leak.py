"""A raw secret never reaches anything that is written: screen, reports, cache, baseline, crash text."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.report.registry import FORMATS

# Put together here, so that this file holds none. Every form in which each could come out again is searched for.
PLANTED = {
    "settings.py": ('DB_PASSWORD = "{}"\nOTHER = 1; token = "{}"  # same line\n', ["Vb7!quagga" + "-93rT", "tok_9fK2mQ7xLw" + "4RzT8vYb31NcD6"]),
    ".env": ("POSTGRES_URL=postgres://app:{}@db.internal/app\n", ["Hd8okapi" + "Rt55xQ"]),
    "deploy/secret.yaml": (
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata:\n  password: {}\n",
        [base64.b64encode(b"Nq4-tapir" + b"-LL72z").decode()],
    ),
    "ci.yml": ("env:\n  AWS_SECRET_ACCESS_KEY: {}\n  AWS_ACCESS_KEY_ID: {}\n", ["q7Yz" * 2 + "Lk93+PdVx2Rw8sTn" + "5BhM/c1Gf0JaEuXo", "AKIA" + "Y34FZKBOKMUTVV7A"]),
}  # fmt: skip


def forms(value: str) -> set[bytes]:
    raw = value.encode()
    decoded = base64.b64decode(raw) if value.endswith("=") or value.startswith("TnE0") else raw
    return {raw, decoded, base64.b64encode(raw), raw.hex().encode(), raw[: len(raw) // 2 + 3]}


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Path, list[str]]:
    root = tmp_path / "project"
    values = []
    for name, (template, secrets) in PLANTED.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.format(*secrets))
        values += secrets
    return root, values


def test_nothing_that_is_written_holds_a_planted_value(
    planted: tuple[Path, list[str]], tmp_path: Path
) -> None:
    root, values = planted
    out = tmp_path / "out"
    environment = {**os.environ, "ASSAY_CACHE_DIR": str(out / "cache"), "TMPDIR": str(out)}
    out.mkdir()
    outputs = [word for name in FORMATS for word in ("--output", f"{name}={out / name}")]
    runs = [
        ["scan", ".", "--trace", *outputs],
        ["scan", ".", "--format", "json"],
        ["baseline", "write", "."],
        ["scan", ".", "--new-only"],
    ]
    said = b""
    for arguments in runs:
        done = subprocess.run(
            [sys.executable, "-m", "assay", *arguments],
            cwd=root,
            capture_output=True,
            env=environment,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr.decode()
        said += done.stdout + done.stderr
    assert said.count(b"secrets/") >= 4, "the planted values were found"
    written = {
        path: path.read_bytes() for path in [*out.rglob("*"), *(root / ".assay").rglob("*")] if path.is_file()
    }
    assert len(written) >= len(FORMATS) + 2
    for value in values:
        for form in forms(value):
            assert form not in said, "on the screen"
            holders = [path.name for path, data in written.items() if form in data]
            assert not holders, f"{holders} hold a planted value"


def test_a_crash_says_kind_and_place_only(planted: tuple[Path, list[str]]) -> None:
    root, values = planted
    code = (
        "import assay.secrets.scan as room, assay.scan.engines.secrets as door, sys\n"
        "def fails(content, *rest, **more):\n    raise ValueError(content)\n"
        "room.scan_bytes = door.scan_bytes = fails\n"
        "from assay.entrypoints.cli.main import run\nsys.exit(run(['scan', '.', '--no-cache', '--type', 'secrets', '--format', 'json']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False)
    assert done.returncode == 3
    for value in values:
        assert not any(form in done.stdout + done.stderr for form in forms(value))
