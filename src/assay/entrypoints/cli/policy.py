"""`assay policy`: check, explain, test, compare and replay the policies of agents."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.model.errors import AssayError, UsageError

if TYPE_CHECKING:
    from assay.gateway.decide import Gateway
    from assay.gateway.policy.replay import Difference, Expected
    from assay.model.decision import Call


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    commands = parser.add_subparsers(dest="policy_command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="load policy files and say what is wrong, with its line")
    check.add_argument("files", nargs="*")
    check.add_argument("--schema", action="store_true", help="print the JSON schema of a policy file")
    explain = commands.add_parser("explain", help="say in words what a policy does")
    explain.add_argument("files", nargs="*")
    test = commands.add_parser("test", help="run the tests that stand in policy files")
    test.add_argument("files", nargs="*")
    why = commands.add_parser("why", help="decide one call and show everything that led to it")
    why.add_argument("call", metavar="CALL.json", help="`-` reads standard input")
    why.add_argument("--policy", action="append", metavar="FILE")
    replay = commands.add_parser("replay", help="which past decisions would change")
    replay.add_argument("log", metavar="LOG")
    replay.add_argument("--policy", action="append", metavar="NEW")
    diff = commands.add_parser("diff", help="compare two policies on a log, or their statements")
    diff.add_argument("old")
    diff.add_argument("new")
    diff.add_argument("--log", metavar="LOG")
    for each in (check, explain, test, why, replay, diff):
        each.add_argument("--workspace", default=os.getcwd(), metavar="DIR")  # noqa: PTH109 - the text as the shell has it


def run(args: argparse.Namespace) -> int:
    """Run one subcommand."""
    commands = {
        "check": _check,
        "explain": _explain,
        "test": _test,
        "why": _why,
        "replay": _replay,
        "diff": _diff,
    }
    return commands[args.policy_command](args)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _gateway(files: list[str] | None, workspace: str) -> Gateway:
    from assay.gateway.assemble import assemble

    return assemble(workspace, files or None)


def _defaults(workspace: str) -> Call:
    from assay.gateway.defaults import defaults_for

    return defaults_for(workspace)


def _check(args: argparse.Namespace) -> int:
    if args.schema:
        from assay.gateway.policy.document import json_schema

        _say(json.dumps(json_schema(), indent=2))
        return 0
    policy = _gateway(args.files, args.workspace).policy
    document = policy.document
    _say(
        f"{', '.join(document.files)}: good. {len(policy.statements)} statements, {len(document.policy.limits)} limits, default {policy.default.value}"
    )
    _say(f"revision {policy.revision}")
    return 0


def _explain(args: argparse.Namespace) -> int:
    policy = _gateway(args.files, args.workspace).policy
    _say(
        f"What no statement speaks of: {policy.default.value}. Mode: {'shadow' if policy.shadow else 'enforce'}.\n"
    )
    for effect in ("deny", "approval_needed", "sanitize", "allow"):
        found = [each for each in policy.document.policy.statements if each.effect == effect]
        if found:
            _say(f"{effect}:")
        for each in found:
            mode = " (only observed)" if each.mode == "shadow" else ""
            when = f" when {each.when}" if each.when else ""
            _say(f"  {each.id}{mode}: {', '.join(each.actions)}{when}: {each.reason}")
    return 0


def _test(args: argparse.Namespace) -> int:
    from assay.gateway.decide import decide
    from assay.gateway.forms import call_of

    gateway, defaults = _gateway(args.files, args.workspace), _defaults(args.workspace)
    tests = gateway.policy.document.policy.tests
    failed = 0
    for number, test in enumerate(tests, start=1):
        decision = decide(gateway, call_of({"id": str(number), **test.call}, defaults))
        if decision.effect.value != test.expect:
            failed += 1
            why = "; ".join(reason.message for reason in decision.reasons[:2])
            _say(
                f"FAILED {number} {test.note or json.dumps(test.call)[:120]}: {decision.effect.value}, expected {test.expect} ({why})"
            )
    used = _used(gateway, defaults)
    _say(
        f"{len(tests) - failed} of {len(tests)} tests pass; {len(used)} of {len(gateway.policy.statements)} statements are met by a test"
    )
    if not tests:
        _say("there are no tests: add `tests:` with `call` and `expect` to the policy")
    return 1 if failed or not tests else 0


def _used(gateway: Gateway, defaults: Call) -> set[str]:
    from assay.gateway.decide import decide
    from assay.gateway.forms import call_of

    found: set[str] = set()
    for test in gateway.policy.document.policy.tests:
        found.update(decide(gateway, call_of(test.call, defaults)).matched)
    return found


def _why(args: argparse.Namespace) -> int:
    from assay.gateway.actions.calls import actions_of
    from assay.gateway.decide import decide
    from assay.gateway.forms import call_of, decision_json

    text = sys.stdin.read() if args.call == "-" else _read(args.call)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{args.call}: not JSON: {error}", "a call is an object with `tool` and `input`"
        ) from error
    gateway, call = _gateway(args.policy, args.workspace), call_of(data, _defaults(args.workspace))
    found = actions_of(call)
    _say("would do:")
    for action in found.actions:
        flags = f" [{', '.join(sorted(action.flags))}]" if action.flags else ""
        _say(f"  {action.verb} {action.target}{flags} {action.detail[:100]}".rstrip())
    for doubt in found.undetermined:
        _say(f"  cannot be determined: {doubt}")
    _say(json.dumps(decision_json(decide(gateway, call)), indent=2))
    return 0


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}", "check the path") from error


def _replay(args: argparse.Namespace) -> int:
    from assay.gateway.policy.replay import from_log

    gateway, defaults = _gateway(args.policy, args.workspace), _defaults(args.workspace)
    entries = list(from_log(Path(args.log)))
    differences = list(_differences(gateway, defaults, entries))
    _show(differences, len(entries))
    return 1 if differences else 0


def _differences(gateway: Gateway, defaults: Call, entries: list[Expected]) -> Iterator[Difference]:
    from assay.gateway.policy.replay import Difference

    for entry in entries:
        effect, why = _effect_of(gateway, dict(entry.call), defaults)
        if entry.effect and effect != entry.effect:
            yield Difference(entry.label, entry.effect, effect, why)


def _effect_of(gateway: Gateway, data: dict[str, Any], defaults: Call) -> tuple[str, str]:
    from assay.gateway.decide import decide
    from assay.gateway.forms import call_of

    try:
        decision = decide(gateway, call_of(data, defaults))
    except AssayError as error:
        return "deny", error.message
    return decision.effect.value, "; ".join(reason.message for reason in decision.reasons[:2])


def _show(differences: list[Difference], total: int) -> None:
    from assay.gateway.policy.replay import counted

    for each in differences:
        _say(f"{each.before} -> {each.after}  {each.label}  {each.why[:160]}")
    counts = ", ".join(f"{kind}: {count}" for kind, count in counted(differences).items())
    _say(f"{len(differences)} of {total} decisions would change" + (f" ({counts})" if counts else ""))


def _diff(args: argparse.Namespace) -> int:
    from assay.gateway.policy.replay import Difference, from_log

    old, new, defaults = (
        _gateway([args.old], args.workspace),
        _gateway([args.new], args.workspace),
        _defaults(args.workspace),
    )
    if args.log:
        entries = list(from_log(Path(args.log)))
        found = []
        for entry in entries:
            before, _ = _effect_of(old, dict(entry.call), defaults)
            after, why = _effect_of(new, dict(entry.call), defaults)
            if before != after:
                found.append(Difference(entry.label, before, after, why))
        _show(found, len(entries))
        return 1 if found else 0
    before_all = {each.id: each for each in old.policy.document.policy.statements}
    after_all = {each.id: each for each in new.policy.document.policy.statements}
    for name in sorted({*before_all, *after_all}):
        if name not in after_all:
            _say(f"- {name}")
        elif name not in before_all:
            _say(f"+ {name}")
        elif before_all[name] != after_all[name]:
            _say(f"~ {name}")
    _say(f"{old.policy.revision} -> {new.policy.revision}")
    return 0 if old.policy.revision == new.policy.revision else 1
