"""`assay gateway`: decide calls, serve them, and give agents their tokens."""

from __future__ import annotations

import argparse
import json
import os
import sys

from assay.model.errors import AssayError, UsageError

_MAX_LINE = 64 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    commands = parser.add_subparsers(dest="gateway_command", required=True, metavar="COMMAND")
    decide = commands.add_parser("decide", help="decide calls given as JSON lines on standard input")
    decide.add_argument(
        "--policy", action="append", metavar="FILE", help="policy file, or `default` (repeatable)"
    )
    decide.add_argument("--workspace", default=os.getcwd(), metavar="DIR")  # noqa: PTH109 - the text as the shell has it
    decide.add_argument("--branch", default="", metavar="NAME", help="the branch that is checked out")
    decide.add_argument("--home", default="", metavar="DIR")
    decide.add_argument("--agent", default="", metavar="NAME")
    decide.add_argument(
        "--state", default="", metavar="DIR", help="also keep the trail, budgets and approvals there"
    )
    serve = commands.add_parser("serve", help="decide calls on a unix socket, and on HTTP if asked")
    serve.add_argument("--policy", action="append", metavar="FILE")
    serve.add_argument("--workspace", default=os.getcwd(), metavar="DIR")  # noqa: PTH109 - the text as the shell has it
    serve.add_argument("--state", default="", metavar="DIR")
    serve.add_argument("--socket", default="", metavar="PATH")
    serve.add_argument(
        "--http", default="", metavar="HOST:PORT", help="also serve HTTP (needs the extra `gateway`)"
    )
    serve.add_argument(
        "--idle",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="stop after so long without a call; 0: never",
    )
    serve.add_argument("--identity", action="store_true", help="accept only calls with a token")
    _token_arguments(commands.add_parser("token", help="issue, verify and revoke the tokens of agents"))


def _token_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("issue", "verify", "revoke", "keys", "rotate"))
    parser.add_argument(
        "token", nargs="?", default="", help="the token to verify or revoke; `-` reads standard input"
    )
    parser.add_argument("--agent", default="")
    parser.add_argument("--session", default="")
    parser.add_argument("--tenant", default="")
    parser.add_argument("--role", action="append", default=[])
    parser.add_argument(
        "--scope", action="append", default=[], help="what the agent may do, such as `file.read` or `git.*`"
    )
    parser.add_argument("--audience", default="assay-gateway")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument(
        "--parent",
        default="",
        help="the token of the agent that this one works for; scopes can only get narrower",
    )
    parser.add_argument("--state", default="", metavar="DIR")


def run(args: argparse.Namespace) -> int:
    """Run one subcommand."""
    if args.gateway_command == "decide":
        return _decide(args)
    if args.gateway_command == "serve":
        return _serve(args)
    return _token(args)


def _decide(args: argparse.Namespace) -> int:
    from assay.gateway.assemble import assemble
    from assay.gateway.decide import decide, refusal
    from assay.gateway.defaults import defaults_for
    from assay.gateway.forms import call_of, decision_json

    gateway = assemble(args.workspace, args.policy, args.state)
    defaults = defaults_for(args.workspace, args.branch, args.agent, args.home)
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            call = call_of(_parsed(line), defaults)
        except AssayError as error:
            found = refusal(
                defaults, gateway.policy.revision, f"line {number}: {error.message}", error.advice
            )
            _write(decision_json(found))
            continue
        _write(decision_json(decide(gateway, call)))
    return 0


def _parsed(line: bytes) -> object:
    if len(line) > _MAX_LINE:
        raise UsageError(f"a call of {len(line)} bytes is too large", f"the limit is {_MAX_LINE} bytes")
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not JSON: {error}", "give one call as one JSON object a line") from error


def _write(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _serve(args: argparse.Namespace) -> int:
    """Become the daemon: it is a door of its own, so it is started and not imported."""
    command = [sys.executable, "-m", "assay.entrypoints.hooks.daemon", "--workspace", args.workspace]
    for name in ("state", "socket", "http"):
        if getattr(args, name):
            command += [f"--{name}", getattr(args, name)]
    for policy in args.policy or []:
        command += ["--policy", policy]
    if args.idle:
        command += ["--idle", str(args.idle)]
    if args.identity:
        command.append("--identity")
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606 - our own module, in our own interpreter


def _token(args: argparse.Namespace) -> int:
    from pathlib import Path

    from assay.gateway.defaults import state_folder
    from assay.gateway.identity.tokens import Grant, Issuer
    from assay.gateway.identity.verify import Verifier
    from assay.store.database import open_store

    folder = Path(args.state) if args.state else state_folder()
    store = open_store(folder / "gateway.db")
    issuer = Issuer(folder / "keys", store)
    from_input = args.token == "-"  # noqa: S105 - the mark for standard input
    token = sys.stdin.read().strip() if from_input else args.token
    if args.action == "issue":
        grant = Grant(
            args.agent,
            args.session,
            args.tenant,
            tuple(args.role),
            tuple(args.scope),
            args.audience,
            args.minutes * 60,
        )
        sys.stdout.write(issuer.issue(grant, parent=args.parent) + "\n")
    elif args.action == "rotate":
        sys.stdout.write(issuer.rotate() + "\n")
    elif args.action == "keys":
        _write(issuer.jwks())
    elif args.action == "revoke":
        issuer.revoke(token)
        sys.stdout.write("revoked\n")
    else:
        claims = Verifier(issuer.public_keys(), store, args.audience).claims_of(token)
        _write(claims)
    return 0
