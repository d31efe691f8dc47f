"""`assay deps`: what the project depends on, why, what is unused, what packages hold; checks of names against the registry."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.dependencies.inventory import Inventory
from assay.dependencies.manifests.registry import READERS
from assay.model.component import Component
from assay.model.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, text in (
        ("list", "every component, one a line"),
        ("tree", "components below what brings them in"),
        (
            "unused",
            "declared and not imported, imported and not declared, development packages in production code",
        ),
        ("licences", "the licence of every component, as stated by lockfiles and installed metadata"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("path", nargs="?", default=".")
        verb.add_argument("--json", action="store_true")
        if name == "licences":
            verb.add_argument(
                "--installed", metavar="DIR", help="site-packages or node_modules to read metadata from"
            )
    why = verbs.add_parser("why", help="the paths from the project to a package")
    why.add_argument("package")
    why.add_argument("path", nargs="?", default=".")
    why.add_argument("--json", action="store_true")
    inspect = verbs.add_parser(
        "inspect", help="look into a package archive or installed folder without running anything"
    )
    inspect.add_argument("path")
    inspect.add_argument("--json", action="store_true")
    names = verbs.add_parser("names", help="do these packages exist, and does one look like another?")
    names.add_argument(
        "name", nargs="*", help="ECOSYSTEM:NAME (PyPI:requests); none: what the project declares"
    )
    names.add_argument("--path", default=".")
    names.add_argument(
        "--online", action="store_true", help="ask the registry through your own client (pip, npm, ...)"
    )
    names.add_argument("--json", action="store_true")
    vex = verbs.add_parser(
        "vex", help="a draft of an OpenVEX document: everything found, under investigation"
    )
    vex.add_argument("path", nargs="?", default=".")
    vex.add_argument("--author", default="unknown")
    vex.add_argument("--store", metavar="FILE")
    verbs.add_parser("formats", help="the manifests and lockfiles that are read")
    verbs.add_parser("policy", help="the fields of .assay/dependencies.yaml, as JSON schema")


def run(args: argparse.Namespace) -> int:
    """Run one verb."""
    verbs: dict[str, Callable[[argparse.Namespace], int]] = {
        "list": _list, "tree": _tree, "why": _why, "unused": _unused, "licences": _licences, "inspect": _inspect, "names": _names,
        "vex": _vex, "formats": _formats, "policy": _policy,
    }  # fmt: skip
    return verbs[args.verb](args)


def _load(path: str) -> Inventory:
    from assay.entrypoints.cli.inventory import inventory_of

    inventory = inventory_of(Path(path))
    for problem in inventory.problems:
        sys.stderr.write(f"assay: {problem}\n")
    return inventory


def _exit(inventory: Inventory) -> int:
    """4 where there is no manifest, 3 where one was not read whole."""
    if not inventory.manifests:
        sys.stderr.write("assay: no manifest or lockfile was found\n")
        return 4
    return 3 if inventory.problems else 0


def _list(args: argparse.Namespace) -> int:
    inventory = _load(args.path)
    pairs = inventory.components
    if args.json:
        _say(
            json.dumps(
                {
                    "components": [_fact(component) for _, component in pairs],
                    "problems": list(inventory.problems),
                },
                indent=2,
            )
        )
        return _exit(inventory)
    for _, component in pairs:
        marks = [component.scope.value, "direct" if component.direct else "transitive"]
        marks += [component.origin.value] if component.origin.value != "registry" else []
        place = (
            f"{component.location.uri}:{component.location.region.start_line}" if component.location else ""
        )
        wanted = component.version or component.requirement or "any version"
        _say(f"{component.ecosystem:14} {component.name} {wanted}  ({', '.join(marks)})  {place}")
    unlocked = [
        manifest.uri
        for manifest in inventory.manifests
        if not manifest.parsed.locked and manifest.parsed.components
    ]
    _say(
        f"{len(pairs)} components in {len(inventory.manifests)} manifests"
        + (f"; not locked: {', '.join(unlocked[:5])}" if unlocked else "")
    )
    return _exit(inventory)


def _tree(args: argparse.Namespace) -> int:
    inventory = _load(args.path)
    graphs = inventory.graphs()
    document: dict[str, Any] = {}
    for manifest in inventory.manifests:
        rows = list(graphs[manifest.uri].tree())
        if args.json:
            document[manifest.uri] = [
                {"depth": depth, "purl": c.purl, "repeated": repeated} for depth, c, repeated in rows
            ]
            continue
        if rows:
            _say(manifest.uri)
        for depth, component, repeated in rows:
            _say(
                f"  {'  ' * depth}{component.name} {component.version or component.requirement}{' (see above)' if repeated else ''}"
            )
    if args.json:
        _say(json.dumps(document, indent=2))
    return _exit(inventory)


def _why(args: argparse.Namespace) -> int:
    from assay.dependencies.purl import canonical_name

    inventory = _load(args.path)
    graphs = inventory.graphs()
    found = []
    for manifest, component in inventory.components:
        if canonical_name(component.ecosystem, args.package) == canonical_name(
            component.ecosystem, component.name
        ):
            path = graphs[manifest.uri].path_to(component.purl) or (component,)
            found.append((manifest.uri, component, path))
    if args.json:
        rows = [
            {"manifest": uri, "purl": c.purl, "depth": len(path), "path": [step.purl for step in path]}
            for uri, c, path in found
        ]
        _say(json.dumps(rows, indent=2))
    for uri, component, path in () if args.json else found:
        _say(f"{uri}: {' > '.join(f'{step.name} {step.version}'.strip() for step in path)}")
        if len(path) == 1 and not component.direct:
            _say("  what requires it is not stated in this file")
    if not found:
        sys.stderr.write(f"assay: {args.package} is in no manifest or lockfile under {args.path}\n")
        return 1
    return 0


def _unused(args: argparse.Namespace) -> int:
    from assay.dependencies.imports import join
    from assay.entrypoints.cli.inventory import survey_of

    survey = survey_of(Path(args.path))
    components = [component for _, component in survey.inventory.components]
    usage = join(
        components,
        survey.sources.imports,
        frozenset(survey.sources.own_modules),
        frozenset(survey.sources.read),
    )
    if args.json:
        document = {
            "unused": [component.purl for component in usage.unused],
            "undeclared": [
                {"module": item.module, "uri": item.uri, "line": item.line} for item in usage.undeclared
            ],
            "dev_in_runtime": [
                {"purl": c.purl, "uri": item.uri, "line": item.line} for c, item in usage.dev_in_runtime
            ],
        }
        _say(json.dumps(document, indent=2))
        return _exit(survey.inventory)
    for component in usage.unused:
        _say(
            f"unused      {component.name} ({component.location.uri if component.location else ''}): no import of it was found"
        )
    for item in usage.undeclared:
        _say(
            f"undeclared  {item.module} ({item.uri}:{item.line}): imported, and no manifest names a package for it"
        )
    for component, item in usage.dev_in_runtime:
        _say(
            f"dev-only    {component.name} ({item.uri}:{item.line}): declared for development, imported in production code"
        )
    _say(
        f"{len(usage.used)} used, {len(usage.unused)} unused, {len(usage.undeclared)} undeclared, {len(usage.dev_in_runtime)} of the wrong scope"
    )
    return _exit(survey.inventory)


def _licences(args: argparse.Namespace) -> int:
    from assay.dependencies.licences.installed import installed_licences
    from assay.dependencies.licences.judge import stated_licence
    from assay.dependencies.purl import match_key

    inventory = _load(args.path)
    installed = installed_licences(Path(args.installed)) if args.installed else {}
    rows = []
    for component in inventory.unique():
        stated = stated_licence(component) or installed.get(
            (component.ecosystem, match_key(component.ecosystem, component.name)), ""
        )
        rows.append((component, stated))
    if args.json:
        _say(
            json.dumps(
                [{"purl": component.purl, "licence": licence or None} for component, licence in rows],
                indent=2,
            )
        )
    else:
        for component, licence in rows:
            _say(f"{licence or 'unknown':40} {component.name} {component.version}")
        _say(f"{sum(1 for _, licence in rows if not licence)} of {len(rows)} state no licence")
    return _exit(inventory)


def _inspect(args: argparse.Namespace) -> int:
    from assay.dependencies.inspect import inspect_path

    report = inspect_path(Path(args.path))
    if args.json:
        rows = [
            {
                "kind": o.kind,
                "file": o.file,
                "line": o.line,
                "message": o.message,
                "severity": o.severity.value,
            }
            for o in report.observations
        ]
        _say(
            json.dumps(
                {"observations": rows, "files": report.files, "problems": list(report.problems)}, indent=2
            )
        )
    else:
        for observation in report.observations:
            _say(
                f"{observation.severity.value:8} {observation.file}:{observation.line}: {observation.message}"
            )
        for problem in report.problems:
            sys.stderr.write(f"assay: {problem}\n")
        _say(f"{len(report.observations)} observations in {report.files} files; nothing was run")
    if any(observation.severity.rank >= 3 for observation in report.observations):
        return 1
    return 3 if report.problems else 0


def _names(args: argparse.Namespace) -> int:
    from assay.dependencies.names.judge import NameJudge, Verdict
    from assay.scan.engines.package_clients import client_lookup

    judge = NameJudge(lookup=client_lookup() if args.online else None)
    asked = [_split(name) for name in args.name] or [
        (component.ecosystem, component.name)
        for _, component in _load(args.path).components
        if component.direct
    ]
    verdicts: list[Verdict] = [judge.judge(ecosystem, name) for ecosystem, name in dict.fromkeys(asked)]
    if args.json:
        _say(
            json.dumps(
                [
                    {
                        "ecosystem": v.ecosystem,
                        "name": v.name,
                        "state": v.state,
                        "reason": v.reason,
                        "like": v.like,
                    }
                    for v in verdicts
                ],
                indent=2,
            )
        )
    else:
        for verdict in verdicts:
            _say(f"{verdict.state:10} {verdict.ecosystem}:{verdict.name}  {verdict.reason}")
    bad = any(verdict.state in {"missing", "lookalike", "wrong-ecosystem"} for verdict in verdicts)
    return 1 if bad else 3 if any(verdict.state == "unknown" for verdict in verdicts) else 0


def _split(name: str) -> tuple[str, str]:
    ecosystem, colon, rest = name.partition(":")
    if not colon or not rest:
        raise UsageError(f"{name!r} is not ECOSYSTEM:NAME", "for example PyPI:requests or npm:lodash")
    known = {
        "pypi": "PyPI",
        "npm": "npm",
        "go": "Go",
        "cargo": "crates.io",
        "crates.io": "crates.io",
        "rubygems": "RubyGems",
        "gem": "RubyGems",
    }
    return known.get(ecosystem.lower(), ecosystem), rest


def _vex(args: argparse.Namespace) -> int:
    from assay.dependencies.advisories.match import match_components, open_default
    from assay.dependencies.vex import draft
    from assay.entrypoints.cli.inventory import created_at

    inventory = _load(args.path)
    matches = match_components(inventory.unique(), open_default(args.store))
    _say(json.dumps(draft(matches, args.author, created_at()), indent=2))
    return _exit(inventory)


def _formats(_: argparse.Namespace) -> int:
    for name in READERS:
        _say(name)
    return 0


def _policy(_: argparse.Namespace) -> int:
    import msgspec

    from assay.dependencies.policy import PolicyFile

    _say(json.dumps(msgspec.json.schema(PolicyFile), indent=2))
    return 0


def _fact(component: Component) -> dict[str, Any]:
    return {
        "purl": component.purl, "name": component.name, "ecosystem": component.ecosystem, "version": component.version,
        "requirement": component.requirement, "scope": component.scope.value, "direct": component.direct, "parents": list(component.parents),
        "hashes": list(component.hashes), "origin": component.origin.value, "source": component.source, "licences": list(component.licences),
        "file": component.location.uri if component.location else "", "line": component.location.region.start_line if component.location else 0,
    }  # fmt: skip


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
