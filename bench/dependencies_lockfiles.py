"""Lockfiles with known content: `python -m bench.dependencies_lockfiles --shared DIR` prints what is not exact, and totals by format.

DIR holds data/lockfiles/<format>/<case>/ and bench/score_lockfiles.py, whose `score` is the measure. In one process, through the
readers alone; the same through the command: `score_lockfiles.py run --cmd 'assay sbom {file}'`.
"""

from __future__ import annotations

import argparse
import collections
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.dependencies.document import Manifest
from assay.dependencies.manifests.registry import read_manifest
from assay.model.component import Origin, Scope

_SUMS = ("tp", "fn", "fp", "edges_expected", "edges_found", "dev_n", "dev_ok")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shared", type=Path)
    args = parser.parse_args()
    if args.shared is None:
        print("skipped: give --shared DIR")
        return
    score = _scorer(args.shared / "bench" / "score_lockfiles.py")
    rows: dict[str, collections.Counter[str]] = {}
    for file in sorted((args.shared / "data" / "lockfiles").glob("*/*/expected.json")):
        expected = json.loads(file.read_bytes())
        form = expected["format"]
        manifest = read_manifest(form, (file.parent / form).read_bytes(), _sibling(file.parent))
        result = score(expected, _as_bom(manifest))
        row = rows.setdefault(form, collections.Counter())
        row.update(cases=1, exact=int(not result["fn"] and not result["fp"]))
        row.update({name: result[name] for name in _SUMS})
        if result["fn"] or result["fp"]:
            print(
                f"{file.parent.name} {form}: missing {result['missing']}, extra {result['extra']} ({expected['source']})"
            )
    total: collections.Counter[str] = collections.Counter()
    print("format               cases exact  edges        dev")
    for form, row in [*sorted(rows.items()), ("all", total)]:
        total.update(row if row is not total else {})
        print(
            f"{form:20} {row['cases']:5d} {row['exact']:5d}  {row['edges_found']}/{row['edges_expected']}  {row['dev_ok']}/{row['dev_n']}"
        )


def _scorer(path: Path) -> Callable[[Any, Any], dict[str, Any]]:
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location("score_lockfiles", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[Any, Any], dict[str, Any]] = module.score
    return found


def _sibling(folder: Path) -> Callable[[str], bytes | None]:
    return lambda uri: (folder / uri).read_bytes() if (folder / uri).is_file() else None


def _as_bom(manifest: Manifest) -> dict[str, Any]:
    """What a BOM would list: without the project's own packages, so edges that start at them do not count here."""
    components = [
        {"purl": c.purl, "bom-ref": c.purl, "name": c.name, "dev": c.scope is Scope.DEVELOPMENT}
        for c in manifest.parsed.components
        if c.origin is not Origin.WORKSPACE
    ]
    children: dict[str, list[str]] = {}
    for component in manifest.parsed.components:
        for parent in component.parents:
            children.setdefault(parent, []).append(component.purl)
    edges = [{"ref": parent, "dependsOn": found} for parent, found in children.items()]
    return {"components": components, "dependencies": edges}


if __name__ == "__main__":
    main()
