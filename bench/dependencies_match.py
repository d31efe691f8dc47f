"""500 pinned packages against the full store, next to pip-audit on the same data in the same run; and how fast stores are built.

    python bench/dependencies_match.py --data DIR [--pip-audit PROGRAM --osv-server SCRIPT] [--synthetic 300000]

DIR holds osv/<Ecosystem>/all.zip and names/pypi_top15000.txt. Without pip-audit only our own time is shown.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assay.dependencies.advisories.match import match_components
from assay.dependencies.advisories.store import Builder, Store
from assay.dependencies.advisories.update import read_export, read_names
from assay.dependencies.manifests.registry import read_manifest

_LIMIT = 4 * 1024**3


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pip-audit", metavar="PROGRAM")
    parser.add_argument("--osv-server", metavar="SCRIPT")
    parser.add_argument("--synthetic", type=int, default=0)
    args = parser.parse_args()
    if args.data is None:
        print("skipped: give --data DIR")
        return
    print(f"Python {platform.python_version()} on {platform.machine()}, {time.strftime('%Y-%m-%d')}")
    with tempfile.TemporaryDirectory() as folder:
        store = _build_real(args.data, Path(folder) / "store.sqlite")
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text("\n".join(_pins(args.data, 500)) + "\n")
        ours, seconds = _ours(store, requirements)
        print(
            f"assay: {len(ours)} (package, advisory) pairs in {seconds * 1000:.1f} ms (read, store opened, matched; best of 5)"
        )
        if args.pip_audit and args.osv_server:
            _compare(ours, args.pip_audit, args.osv_server, requirements)
        if args.synthetic:
            _build_synthetic(args.synthetic, Path(folder) / "synthetic.sqlite", requirements)


def _build_real(data: Path, path: Path) -> Path:
    since, cpu = time.perf_counter(), time.process_time()
    builder = Builder(path)
    count = sum(
        builder.replace_source(file.parent.name, read_export(file, _LIMIT))
        for file in sorted(data.glob("osv/*/all.zip"))
    )
    builder.finish()
    print(
        f"store of {count} records built in {time.perf_counter() - since:.2f} s ({time.process_time() - cpu:.2f} s CPU), {path.stat().st_size >> 20} MiB"
    )
    return path


def _pins(data: Path, count: int) -> list[str]:
    """The most used packages that some advisory names, at a version drawn (seed 7) from those that its advisories enumerate."""
    versions: dict[str, set[str]] = {}
    for record in read_export(data / "osv" / "PyPI" / "all.zip", _LIMIT):
        for affected in record["affected"]:
            if affected["package"]["ecosystem"] == "PyPI":
                versions.setdefault(affected["package"]["name"].lower(), set()).update(
                    affected.get("versions") or ()
                )
    names = [name for name, _ in read_names((data / "names" / "pypi_top15000.txt").read_bytes(), "PyPI")]
    draw = random.Random(7)
    known = [name for name in names if versions.get(name) and _is_pep440(versions[name])][: count * 3 // 5]
    others = [name for name in names if name not in versions][: count - len(known)]
    return [f"{name}=={draw.choice(sorted(versions[name]))}" for name in known] + [
        f"{name}==1.0.0" for name in others
    ]


def _is_pep440(versions: set[str]) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return all(Version(version) is not None for version in versions)
    except InvalidVersion:
        return False


def _ours(path: Path, requirements: Path) -> tuple[set[tuple[str, str]], float]:
    """The command-line's own work, cold (caches of version keys emptied) but in a warm interpreter."""
    from assay.dependencies.versions.order import key_of

    best = best_cpu = 9e9
    pairs: set[tuple[str, str]] = set()
    for _ in range(5):
        key_of.cache_clear()
        since, cpu = time.perf_counter(), time.process_time()
        manifest = read_manifest("requirements.txt", requirements.read_bytes())
        store = Store(path)
        matches = match_components(manifest.parsed.components, store)
        store.close()
        best = min(best, time.perf_counter() - since)
        best_cpu = min(best_cpu, time.process_time() - cpu)
        pairs = {
            (match.component.name, advisory)
            for match in matches
            if match.certain
            for advisory in match.advisories
        }
    print(f"CPU time of that: {best_cpu * 1000:.1f} ms")
    guessed = sorted({(match.component.name, match.id) for match in matches if not match.certain})
    print(
        f"{len(manifest.parsed.components)} pinned packages; apart, as their range names no real version: {guessed}"
    )
    return pairs, best


def _compare(ours: set[tuple[str, str]], program: str, server: str, requirements: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, server, str(port)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        command = [program, "-r", str(requirements), "--no-deps", "--disable-pip", "-f", "json", "-s", "osv", "--progress-spinner", "off",
                   "--osv-url", f"http://127.0.0.1:{port}/v1/query"]  # fmt: skip
        since = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        seconds = time.perf_counter() - since
    finally:
        process.terminate()
        process.wait()
    report = json.loads(done.stdout)
    theirs = {
        (item["name"].lower(), flaw["id"])
        for item in report["dependencies"]
        for flaw in item.get("vulns", [])
    }
    print(f"pip-audit: {len(theirs)} pairs in {seconds:.2f} s (with its start)")
    print(
        f"only pip-audit: {sorted(theirs - ours)[:20]}\nonly assay: {sorted(ours - theirs)[:20]}\nsame set: {theirs == ours}"
    )


def _build_synthetic(count: int, path: Path, requirements: Path) -> None:
    since, cpu = time.perf_counter(), time.process_time()
    builder = Builder(path)
    builder.replace_source("synthetic", _synthetic(count))
    status = builder.finish()
    print(
        f"store of {status.advisories} synthetic records built in {time.perf_counter() - since:.1f} s ({time.process_time() - cpu:.1f} s CPU), {path.stat().st_size >> 20} MiB"
    )
    _, seconds = _ours(path, requirements)
    print(f"matching against it: {seconds * 1000:.1f} ms")


def _synthetic(count: int) -> Iterator[dict[str, Any]]:
    """Records of the size and shape of real ones: two ranges, twelve enumerated versions, aliases, a vector."""
    for index in range(count):
        yield {
            "id": f"GHSA-{index:07d}",
            "modified": "2026-01-01T00:00:00Z",
            "aliases": [f"CVE-2026-{index:07d}"],
            "summary": "a synthetic flaw " * 4,
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected": [
                {
                    "package": {
                        "ecosystem": ("npm", "PyPI", "Maven", "Go")[index % 4],
                        "name": f"package-{index % 90_000}",
                    },
                    "ranges": [
                        {
                            "type": "ECOSYSTEM",
                            "events": [
                                {"introduced": "0"},
                                {"fixed": "1.9.3"},
                                {"introduced": "2.0.0"},
                                {"fixed": "2.1.0"},
                            ],
                        }
                    ],
                    "versions": [f"1.{minor}.0" for minor in range(12)],
                }
            ],
        }


if __name__ == "__main__":
    main()
