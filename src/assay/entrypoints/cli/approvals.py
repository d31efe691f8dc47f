"""`assay approvals`: see, give and refuse what agents wait for."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.gateway.approval.requests import Approval, Requests


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    commands = parser.add_subparsers(dest="approvals_command", required=True, metavar="COMMAND")
    listed = commands.add_parser("list", help="what waits")
    listed.add_argument(
        "--state-of", default="pending", choices=("pending", "approved", "denied", "expired", "used", "all")
    )
    show = commands.add_parser("show", help="one request, with the arguments")
    show.add_argument("id")
    watch = commands.add_parser("watch", help="show new requests as they come")
    watch.add_argument("--seconds", type=float, default=0.0, help="stop after so long; 0: never")
    for name in ("approve", "deny"):
        vote = commands.add_parser(name, help=f"{name} one request")
        vote.add_argument("id")
        vote.add_argument(
            "--as",
            dest="approver",
            default="",
            metavar="NAME",
            help="who decides; by default the user of this machine",
        )
        vote.add_argument("--reason", default="")
        vote.add_argument("--workspace", default=os.getcwd(), metavar="DIR")  # noqa: PTH109 - the text as the shell has it
        vote.add_argument("--policy", action="append", metavar="FILE")
        vote.add_argument("--state", default="", metavar="DIR")
    for each in (listed, show, watch):
        each.add_argument("--state", default="", metavar="DIR")


def run(args: argparse.Namespace) -> int:
    """Run one subcommand."""
    if args.approvals_command in ("approve", "deny"):
        return _vote(args)
    requests = _requests(args.state)
    if args.approvals_command == "show":
        _show(requests.show(args.id))
        return 0
    if args.approvals_command == "watch":
        return _watch(requests, args.seconds)
    found = requests.listed(args.state_of)
    for each in found:
        _say(_line(each))
    if not found:
        _say("nothing waits" if args.state_of == "pending" else f"nothing is {args.state_of}")
    return 0


def _requests(state: str, approvers: tuple[str, ...] = ()) -> Requests:
    from assay.gateway.approval.requests import Requests
    from assay.gateway.defaults import state_folder
    from assay.store.database import open_store

    folder = Path(state) if state else state_folder()
    return Requests(open_store(folder / "gateway.db"), approvers=approvers)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _vote(args: argparse.Namespace) -> int:
    from getpass import getuser

    from assay.gateway.defaults import load_policy

    terms = load_policy(args.workspace, args.policy).policy.approvals
    requests = _requests(args.state, tuple(terms.approvers) if terms else ())
    found = requests.vote(
        args.id, args.approver or getuser(), approve=args.approvals_command == "approve", reason=args.reason
    )
    _say(
        f"{found.id}: {found.state}"
        + (f" (one of {found.needed} needed)" if found.state == "pending" else "")
    )
    return 0


def _line(each: Approval) -> str:
    left = max(0, int(each.expires - time.time()))
    return f"{each.id}  {each.state}  {each.agent}  {each.tool}  {each.arguments[:80]}  ({each.reasons[0] if each.reasons else ''})  {left // 60} min left"


def _show(each: Approval) -> None:
    _say(f"{each.id}: {each.state}")
    _say(f"agent      {each.agent} (session {each.session or '-'}, tenant {each.tenant or '-'})")
    _say(f"tool       {each.tool}")
    _say(f"arguments  {each.arguments}")
    for reason in each.reasons:
        _say(f"because    {reason}")
    _say(f"policy     {each.revision}")
    _say(
        f"asked      {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(each.created))}, until {time.strftime('%H:%M:%S', time.localtime(each.expires))}"
    )
    if each.note:
        _say(f"decided    {each.note}")


def _watch(requests: Requests, seconds: float) -> int:
    until = time.monotonic() + seconds if seconds else float("inf")
    seen: set[str] = set()
    while True:
        for each in reversed(requests.listed()):
            if each.id not in seen:
                seen.add(each.id)
                _say(_line(each))
        if time.monotonic() >= until:
            return 0
        time.sleep(min(1.0, max(0.0, until - time.monotonic())))
