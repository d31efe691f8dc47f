"""The `assay` command: a table of commands, each loaded when it is called, so that `--version` costs next to nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from assay.model.version import VERSION

# name -> (module below entrypoints.cli, one line of help). A module offers add_arguments(parser) and run(args) -> exit code.
_COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "scan": ("scan", "look at code: findings, ranked, and a verdict"),
    "report": ("report", "an earlier scan in another format"),
    "diff": ("diff", "what is new, gone or changed between two scans"),
    "context": ("context", "what is known of exposure, data, tier and owners, and from what"),
    "baseline": ("baseline", "write, show or prune the baseline of inherited findings"),
    "rules": ("rules", "list, show, test and validate rules"),
    "doctor": ("doctor", "show every engine, its version, and whether it finds its canary"),
    "deps": ("deps", "what the code is made of: list, tree, why, unused, inspect"),
    "db": ("db", "the advisory store: update, status, import, export, verify"),
    "sbom": ("sbom", "write, compare and read software bills of materials"),
    "gateway": ("gateway", "decide what an agent may do: serve, decide, tokens"),
    "policy": ("policy", "check, explain, test, compare and replay agent policies"),
    "approvals": ("approvals", "calls that wait for a human"),
    "audit": ("audit", "the gateway's record: tail, verify, export"),
    "init": ("init", "set an agent's hooks up, or take them back out"),
    "routes": ("routes", "what a web application offers, and what protects it"),
    "debug": ("debug", "look inside: the intermediate representation of a file"),
    "exit-codes": ("exit_codes", "what the exit codes mean"),
}

_EXIT_INTERNAL = 70
_EXIT_USAGE = 2


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code (DESIGN section 5)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        _say(_help())
        return 0 if arguments else _EXIT_USAGE
    if arguments[0] in ("--version", "-V", "version"):
        _say(f"assay {VERSION}\n")
        return 0
    if arguments[0] not in _COMMANDS:
        _complain(f"assay: there is no command {arguments[0]!r}\n  run `assay --help` for the list\n")
        return _EXIT_USAGE
    return _guarded(arguments[0], arguments[1:])


def _guarded(name: str, arguments: list[str]) -> int:
    """Run one command; what goes wrong is a message with advice, never a traceback."""
    from assay.model.errors import AssayError

    try:
        return _command(name, arguments)
    except AssayError as error:
        _complain(f"assay: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        _complain("assay: interrupted\n")
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`assay scan | head`): nothing is wrong, and nothing can be said.
        sys.stderr.close()
        return 141
    except Exception as error:  # noqa: BLE001 - the outermost border
        _complain(_internal(error))
        return _EXIT_INTERNAL


def _command(name: str, arguments: list[str]) -> int:
    import argparse
    import gc
    from importlib import import_module

    gc.set_threshold(
        50_000
    )  # start-up makes much that stays: looking through it again and again is a tenth of a small scan
    module_name, summary = _COMMANDS[name]
    module = import_module(f"assay.entrypoints.cli.{module_name}")
    parser = argparse.ArgumentParser(prog=f"assay {name}", description=summary[0].upper() + summary[1:] + ".")
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args(arguments))
    sys.stdout.flush()
    return code


def _internal(error: Exception) -> str:
    """An internal error: its kind and place. Not its message, which may hold text of scanned code, unless asked for."""
    import os
    import traceback

    if os.environ.get("ASSAY_TRACEBACK"):
        return "".join(traceback.format_exception(error))
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('assay/')[2]}:{frame.lineno}"
    return (
        f"assay: internal error: {type(error).__name__} at {place}\n"
        "  this is a bug of assay: please report it; ASSAY_TRACEBACK=1 shows the whole trace (it may hold text of your code)\n"
    )


def _help() -> str:
    width = max(len(name) for name in _COMMANDS)
    commands = "\n".join(f"  {name.ljust(width)}  {summary}" for name, (_, summary) in _COMMANDS.items())
    return (
        "usage: assay COMMAND [ARGUMENTS]\n\n"
        "The security system for code that AI coding agents write.\n\n"
        f"commands:\n{commands}\n\n"
        "`assay COMMAND --help` explains one; `assay --version` prints the version.\n"
    )


def _say(text: str) -> None:
    sys.stdout.write(text)


def _complain(text: str) -> None:
    sys.stderr.write(text)
