"""Real repositories against the packages' own tools: components of uv, npm, go and cyclonedx-py; flaws of pip-audit on the same data.

    python bench/dependencies_repositories.py --repos DIR [--cyclonedx-py PROGRAM] [--pip-audit PROGRAM --osv-url URL --store FILE]

DIR holds one folder for each checkout. Each folder's lockfile at its root is compared with the first of these tools that reads it;
a tool that is missing or fails is named and the row left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from assay.dependencies.advisories.match import match_components
from assay.dependencies.advisories.store import Store
from assay.dependencies.graph import build_graph
from assay.dependencies.inventory import read_inventory
from assay.dependencies.manifests.registry import format_of
from assay.dependencies.purl import canonical_name, split_purl
from assay.model.component import Component, Origin

Pairs = set[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repos", type=Path)
    parser.add_argument("--cyclonedx-py", metavar="PROGRAM", default="cyclonedx-py")
    parser.add_argument("--pip-audit", metavar="PROGRAM")
    parser.add_argument("--osv-url", metavar="URL")
    parser.add_argument("--store", type=Path)
    args = parser.parse_args()
    if args.repos is None:
        print("skipped: give --repos DIR")
        return
    print(
        f"{time.strftime('%Y-%m-%d')}\nrepository            file                 tool           ours theirs only-ours only-theirs  deepest"
    )
    for folder in sorted(path for path in args.repos.iterdir() if path.is_dir()):
        for file in sorted(path for path in folder.iterdir() if path.is_file() and path.name in _TOOLS):
            _row(folder.name, file, args)


def _row(name: str, file: Path, args: argparse.Namespace) -> None:
    found = read_inventory([(file.name, file.read_bytes(), format_of(file.name))], _sibling(file.parent))
    components = [component for component in found.unique() if component.origin is not Origin.WORKSPACE]
    ours = {
        (canonical_name(c.ecosystem, c.name), c.version.removeprefix("v")) for c in components if c.version
    }
    tool = _TOOLS[file.name]
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "repo"
        shutil.copytree(file.parent, copy)
        theirs = tool(copy / file.name, args)
    graph = build_graph(components)
    deepest = max((len(graph.path_to(component.purl)) for component in components), default=0)
    label = tool.__name__.strip("_").replace("_", " ")
    if theirs is None:
        print(f"{name:21} {file.name:20} {label:14} {len(ours):4d}   (the tool is missing or failed)")
        return
    only_ours, only_theirs = sorted(ours - theirs), sorted(theirs - ours)
    print(
        f"{name:21} {file.name:20} {label:14} {len(ours):4d} {len(theirs):6d} {len(only_ours):9d} {len(only_theirs):11d} {deepest:8d}"
    )
    for title, pairs in (("only ours", only_ours), ("only theirs", only_theirs)):
        if pairs:
            print(f"    {title}: {', '.join(f'{package} {version}' for package, version in pairs[:8])}")
    if args.pip_audit and args.osv_url and args.store and any(c.ecosystem == "PyPI" for c in components):
        _flaws(components, args)


def _flaws(components: list[Component], args: argparse.Namespace) -> None:
    pinned = [c for c in components if c.version and c.ecosystem == "PyPI" and c.origin is Origin.REGISTRY]
    store = Store(args.store)
    matches = [match for match in match_components(pinned, store) if match.certain]
    store.close()
    ours = {(match.component.name, advisory) for match in matches for advisory in match.advisories}
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(dict.fromkeys(f"{c.name}=={c.version}" for c in _latest(pinned))))
        file.flush()
        out = _run(
            [
                args.pip_audit,
                "-r",
                file.name,
                "--no-deps",
                "--disable-pip",
                "-f",
                "json",
                "-s",
                "osv",
                "--osv-url",
                args.osv_url,
                "--progress-spinner",
                "off",
            ],
            Path("."),
            (0, 1),
        )
    if out is None:
        print("    pip-audit failed")
        return
    theirs = {
        (item["name"].lower(), flaw["id"])
        for item in json.loads(out)["dependencies"]
        for flaw in item.get("vulns", [])
    }
    print(
        f"    flaws: ours {len(ours)}, pip-audit {len(theirs)}; only ours {sorted(ours - theirs)[:6]}, only theirs {sorted(theirs - ours)[:6]}"
    )


def _latest(components: list[Component]) -> list[Component]:
    """pip-audit refuses a package at two versions (uv locks some by marker): one of each name goes to it."""
    return list({component.name: component for component in components}.values())


def _uv_export(file: Path, _: argparse.Namespace) -> Pairs | None:
    out = _run(
        [
            "uv",
            "export",
            "--frozen",
            "--offline",
            "--all-groups",
            "--all-extras",
            "--all-packages",
            "--no-hashes",
            "--no-emit-workspace",
            "--no-header",
            "--no-annotate",
        ],
        file.parent,
    )
    if out is None:
        return None
    lines = [line.split(";")[0].strip() for line in out.splitlines()]
    return {
        (canonical_name("PyPI", line.split("==")[0].split("[")[0]), line.split("==")[1].strip())
        for line in lines
        if "==" in line and not line.startswith(("#", "-"))
    }


def _npm_sbom(file: Path, _: argparse.Namespace) -> Pairs | None:
    out = _run(["npm", "sbom", "--package-lock-only", "--sbom-format", "cyclonedx", "--offline"], file.parent)
    if out is not None:
        return _cyclonedx(out)
    # npm writes no SBOM where a peer's range is not met; its listing says that and goes on.
    out = _run(["npm", "ls", "--all", "--package-lock-only", "--json", "--offline"], file.parent, (0, 1))
    if out is None:
        return None
    pairs: Pairs = set()
    waiting = [json.loads(out)]
    while waiting:
        for name, item in (waiting.pop().get("dependencies") or {}).items():
            if item.get("version"):
                pairs.add((name, item["version"]))
            waiting.append(item)
    return pairs


def _go_mod_edit(file: Path, _: argparse.Namespace) -> Pairs | None:
    out = _run(["go", "mod", "edit", "-json"], file.parent)
    if out is None:
        return None
    data = json.loads(out)
    replaced = {item["Old"]["Path"]: item["New"] for item in data.get("Replace") or []}
    pairs = set()
    for item in data.get("Require") or []:
        new = replaced.get(item["Path"], item)
        if new.get("Version"):
            pairs.add((new["Path"], new["Version"].removeprefix("v")))
    return pairs


def _cyclonedx_py(file: Path, args: argparse.Namespace) -> Pairs | None:
    kind = (
        ["poetry", "--all-extras", str(file.parent)]
        if file.name == "poetry.lock"
        else ["requirements", str(file)]
    )
    return _cyclonedx(_run([args.cyclonedx_py, *kind, "--of", "JSON"], file.parent))


def _cyclonedx(out: str | None) -> Pairs | None:
    if out is None:
        return None
    pairs = set()
    for component in json.loads(out).get("components", []):
        if component.get("purl") and component.get("version"):
            ecosystem, name, version = split_purl(component["purl"])
            pairs.add((canonical_name(ecosystem, name), version))
    return pairs


_TOOLS = {
    "uv.lock": _uv_export, "package-lock.json": _npm_sbom, "go.mod": _go_mod_edit, "poetry.lock": _cyclonedx_py, "requirements.txt": _cyclonedx_py,
}  # fmt: skip


def _run(argv: list[str], cwd: Path, fine: tuple[int, ...] = (0,)) -> str | None:
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode in fine and done.stdout.strip() else None


def _sibling(folder: Path) -> Callable[[str], bytes | None]:
    def read(uri: str) -> bytes | None:
        path = folder / uri
        return path.read_bytes() if path.is_file() else None

    return read


if __name__ == "__main__":
    main()
