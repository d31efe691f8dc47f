"""`assay sbom PATH`, `assay sbom diff A B`: what the project is made of, as CycloneDX or SPDX."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from assay.model.errors import UsageError

_FORMATS = ("cyclonedx-1.6", "cyclonedx-1.7", "spdx-2.3")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "path", nargs="*", help="a folder, a manifest or a lockfile; or: diff A B (SBOM files or folders)"
    )
    parser.add_argument("--format", choices=_FORMATS, default=_FORMATS[0])
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    parser.add_argument(
        "--vex", action="store_true", help="with known vulnerabilities, state in_triage (CycloneDX)"
    )
    parser.add_argument("--store", metavar="FILE", help="the advisory store for --vex")
    parser.add_argument("--json", action="store_true", help="diff: as JSON")
    parser.add_argument(
        "--max-new", type=int, metavar="N", help="diff: exit 1 if more than N packages were added"
    )


def run(args: argparse.Namespace) -> int:
    """Write or compare."""
    if args.path[:1] == ["diff"]:
        return _diff(args)
    if len(args.path) > 1:
        raise UsageError("one path at a time", "assay sbom PATH, or assay sbom diff A B")
    if args.vex and args.format.startswith("spdx"):
        raise UsageError("SPDX 2.3 holds no vulnerabilities", "use --format cyclonedx-1.6 with --vex")
    text = _render(Path(args.path[0] if args.path else "."), args)
    if args.output:
        Path(args.output).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def _render(path: Path, args: argparse.Namespace) -> str:
    from assay.dependencies.sbom.subject import subject_of
    from assay.entrypoints.cli.inventory import created_at, inventory_of
    from assay.model.version import VERSION

    inventory = inventory_of(path)
    for problem in inventory.problems:
        sys.stderr.write(f"assay: {problem}\n")
    subject = subject_of(inventory, path.resolve().name, created_at(), VERSION)
    if args.vex:
        from dataclasses import replace

        from assay.dependencies.advisories.match import open_default
        from assay.dependencies.vex import weaknesses

        subject = replace(subject, weaknesses=weaknesses(subject.components, open_default(args.store)))
    if args.format == "spdx-2.3":
        from assay.dependencies.sbom import spdx_format

        return spdx_format.write(subject)
    from assay.dependencies.sbom import cyclonedx_format

    return cyclonedx_format.write(subject, args.format.removeprefix("cyclonedx-"))


def _diff(args: argparse.Namespace) -> int:
    from assay.dependencies.sbom.compare import compare
    from assay.entrypoints.cli.inventory import components_of

    if len(args.path) != 3:
        raise UsageError("two things to compare are needed", "assay sbom diff A B")
    found = compare(components_of(Path(args.path[1])), components_of(Path(args.path[2])))
    if args.json:
        document = {
            "added": [component.purl for component in found.added],
            "removed": [component.purl for component in found.removed],
            "changed": [[old.purl, new.purl] for old, new in found.changed],
            "added_direct": found.added_direct,
            "added_transitive": found.added_transitive,
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return _verdict(len(found.added), args.max_new)
    lines = [f"+ {c.name} {c.version}{'' if c.direct else ' (transitive)'}" for c in found.added]
    lines += [f"- {c.name} {c.version}" for c in found.removed]
    lines += [f"~ {old.name} {old.version} -> {new.version}" for old, new in found.changed]
    counts = f"{len(found.added)} added ({found.added_direct} direct, {found.added_transitive} transitive)"
    lines.append(f"{counts}, {len(found.removed)} removed, {len(found.changed)} changed")
    sys.stdout.write("\n".join(lines) + "\n")
    return _verdict(len(found.added), args.max_new)


def _verdict(added: int, allowed: int | None) -> int:
    if allowed is None or added <= allowed:
        return 0
    sys.stderr.write(f"assay: {added} packages were added in one change, {allowed} are allowed\n")
    return 1
