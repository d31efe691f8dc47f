"""`assay audit`: read, verify and export the gateway's trail."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.store.database import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    commands = parser.add_subparsers(dest="audit_command", required=True, metavar="COMMAND")
    tail = commands.add_parser("tail", help="the newest decisions")
    tail.add_argument("-n", type=int, default=20)
    tail.add_argument("--tenant", default=None)
    tail.add_argument("--json", action="store_true")
    verify = commands.add_parser("verify", help="whether anything was removed, changed, moved or cut off")
    verify.add_argument(
        "--against",
        default="",
        metavar="EXPORT",
        help="also the checkpoints that were exported earlier must be in it",
    )
    export = commands.add_parser(
        "export", help="write every record as JSON lines, with the signed checkpoints"
    )
    export.add_argument("file")
    retire = commands.add_parser("retire", help="remove old records behind a signed checkpoint")
    retire.add_argument("--days", type=float, required=True)
    for each in (tail, verify, export, retire):
        each.add_argument("--state", default="", metavar="DIR")


def run(args: argparse.Namespace) -> int:
    """Run one subcommand. `verify` exits with 1 when something is wrong."""
    from assay.gateway.audit.trail import Trail, settled
    from assay.gateway.audit.verify import export, problems, replaced, retire
    from assay.gateway.defaults import state_folder
    from assay.signing.keys import KeyFolder
    from assay.store.database import open_store

    folder = Path(args.state) if args.state else state_folder()
    store, keys = open_store(folder / "gateway.db"), KeyFolder(folder / "keys")
    if args.audit_command == "tail":
        settled(store, keys)
        return _tail(store, args)
    if args.audit_command == "export":
        trail = Trail(store, keys)
        trail.close()
        _say(f"{export(store, Path(args.file))} records written to {args.file}")
        return 0
    if args.audit_command == "retire":
        _say(f"{retire(store, keys, time.time() - args.days * 86_400)} records retired")
        return 0
    found = list(problems(store, keys))
    if args.against:
        found.extend(replaced(store, keys, Path(args.against)))
    for problem in found[:100]:
        _say(f"{problem.kind} at record {problem.seq}: {problem.message}")
    count = store.one("SELECT COUNT(*) FROM audit")
    total = int(str(count[0])) if count else 0
    _say(
        f"{total} records: "
        + (f"{len(found)} problems" if found else "whole, in order, and signed by this gateway")
    )
    return 1 if found else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _tail(store: Store, args: argparse.Namespace) -> int:
    where, values = ("WHERE tenant = ?", [args.tenant]) if args.tenant is not None else ("", [])
    rows = store.rows(f"SELECT record FROM audit {where} ORDER BY seq DESC LIMIT ?", [*values, args.n])  # noqa: S608 - one of two constant clauses
    for (text,) in reversed(rows):
        record = json.loads(str(text))
        if args.json:
            _say(str(text))
            continue
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record["timestamp"]))
        given, result = record["input"], record["result"]
        why = result["reasons"][0][2] if result["reasons"] else ""
        _say(
            f"{when}  {result['effect']:<15}  {record['requested_by']['agent']}  {given['tool']}  {json.dumps(given['arguments'])[:100]}  {why}"
        )
    return 0
