"""`assay routes`: what a web application offers, and what protects it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from assay.code.routing.route import Route
from assay.model.errors import TargetError

_SKIPPED = {"node_modules", "venv", "__pycache__", "site-packages", "vendor", "dist", "build"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("path", nargs="?", default=".", help="a folder or a file (default: here)")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--unprotected", action="store_true", help="only routes of which no protection was seen"
    )


def run(args: argparse.Namespace) -> int:
    """Print the inventory."""
    from assay.code.project import inventory

    routes = [
        route for route in inventory(_read(Path(args.path))) if not args.unprotected or route.auth == "no"
    ]
    sys.stdout.write(_json(routes) if args.json else _table(routes))
    return 0


def _read(path: Path) -> list[tuple[str, bytes]]:
    """Source files below a path.

    Raises:
        TargetError: there is no such path.
    """
    from assay.code.languages import language_of

    if not path.exists():
        raise TargetError(f"{path} does not exist", "give a folder or a source file")
    if path.is_file():
        return [(path.name, path.read_bytes())]
    found: list[tuple[str, bytes]] = []
    for file in sorted(path.rglob("*")):
        below = file.relative_to(path)
        hidden = any(part.startswith(".") or part in _SKIPPED for part in below.parts)
        if not hidden and language_of(file.name) and file.is_file() and not file.is_symlink():
            found.append((below.as_posix(), file.read_bytes()))
    return found


def _json(routes: list[Route]) -> str:
    rows = [
        {"method": r.method, "path": r.path, "handler": r.handler, "file": r.uri, "line": r.line, "auth": r.auth, "seen": r.reason, "role": r.role, "limit": r.limit, "framework": r.framework}
        for r in routes
    ]  # fmt: skip
    return json.dumps(rows, indent=2) + "\n"


def _seen(route: Route) -> str:
    said = {"yes": f"auth: {route.reason}", "public": f"public by {route.reason}"}.get(
        route.auth, "no auth seen"
    )
    if route.role and route.role != route.reason:
        said += f", role: {route.role}"
    return said + (f", limit: {route.limit}" if route.limit else "")


def _table(routes: list[Route]) -> str:
    width = max((len(route.path or route.handler) for route in routes), default=0)
    lines = [
        f"{r.method:7} {(r.path or r.handler).ljust(width)}  {_seen(r)}  {r.uri}:{r.line}" for r in routes
    ]
    protected = sum(route.auth == "yes" for route in routes)
    return "\n".join([*lines, f"{len(routes)} routes, {protected} with protection seen"]) + "\n"
