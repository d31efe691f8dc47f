"""`assay init`: put the hook into an agent's settings, check it, and take it out again so that the file is as it was, byte for byte."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from assay.model.errors import ConfigError, UsageError

_MARK = "assay-hook"
_BACKUP = ".assay-backup"


@dataclass(frozen=True, slots=True)
class Form:
    """Where an agent keeps its hooks, below the workspace, and which events are decided."""

    path: str
    events: tuple[str, ...]


_FORMS = {
    "claude": Form(".claude/settings.json", ("PreToolUse", "PostToolUse")),
    "codex": Form(".codex/hooks.json", ("PreToolUse", "PostToolUse")),
    "gemini": Form(".gemini/settings.json", ("BeforeTool", "AfterTool")),
    "cursor": Form(
        ".cursor/hooks.json",
        ("beforeShellExecution", "beforeMCPExecution", "beforeReadFile", "afterMCPExecution"),
    ),
    "copilot": Form(".github/hooks/assay.json", ("preToolUse", "postToolUse")),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--agent",
        required=True,
        type=_agent,
        choices=sorted(_FORMS),
        help="also under its full name, such as claude-code",
    )
    parser.add_argument("--workspace", default=os.getcwd(), metavar="DIR")  # noqa: PTH109 - the text as the shell has it
    parser.add_argument(
        "--settings", default="", metavar="FILE", help="another settings file, such as the user's own"
    )
    parser.add_argument("--policy", action="append", metavar="FILE")
    parser.add_argument("--state", default="", metavar="DIR")
    parser.add_argument(
        "--open", action="store_true", help="let calls through when the gateway does not answer (not advised)"
    )
    parser.add_argument(
        "--http",
        default="",
        metavar="URL",
        help="an HTTP hook of a gateway that serves at this address, for agents that have them (claude, copilot)",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the file that would be written")
    parser.add_argument(
        "--verify", action="store_true", help="ask the installed hook about one harmless and one harmful call"
    )
    parser.add_argument("--uninstall", action="store_true", help="restore the file as it was")


def _agent(name: str) -> str:
    return name.removesuffix("-code").removesuffix("-cli")


def run(args: argparse.Namespace) -> int:
    """Install, verify or uninstall."""
    form = _FORMS[args.agent]
    path = Path(args.settings) if args.settings else Path(args.workspace) / form.path
    if args.verify:
        return _verify(args, path)
    if args.uninstall:
        return _uninstall(path)
    before = _read(path)
    after = _installed(args, form, before, path)
    if args.dry_run:
        sys.stdout.write(after)
        return 0
    if before == after:
        sys.stdout.write(f"{path}: the hook is already there\n")
        return 0
    _keep(path, before, after)
    _write(path, after)
    sys.stdout.write(
        f"{path}: the hook is set up for {', '.join(form.events)}. Take it out with `assay init --agent {args.agent} --uninstall`\n"
    )
    return 0


def hook_command(args: argparse.Namespace) -> list[str]:
    """The command an agent runs for each event."""
    from assay.entrypoints.cli import __file__ as here
    from assay.gateway.defaults import state_folder
    from assay.gateway.service import socket_path

    state = args.state or str(state_folder())
    workspace = str(Path(args.workspace).resolve())
    client = str(Path(here).parents[1] / "hooks" / "client.py")
    socket = socket_path(state, workspace, args.policy)
    daemon = [
        sys.executable,
        "-m",
        "assay.entrypoints.hooks.daemon",
        "--workspace",
        workspace,
        "--state",
        state,
        "--socket",
        socket,
        "--idle",
        "3600",
    ]
    for policy in args.policy or []:
        daemon += ["--policy", str(Path(policy).resolve())]
    opening = ["--open"] if args.open else []
    return [
        sys.executable,
        "-S",
        "-I",
        client,
        "--agent",
        args.agent,
        "--socket",
        socket,
        *opening,
        "--start",
        *daemon,
    ]


def _installed(args: argparse.Namespace, form: Form, before: str, path: Path) -> str:
    """The settings with our hooks in place of older ones of ours, everything else as it was."""
    import shlex

    settings = _parsed(before, path)
    line = shlex.join(hook_command(args)) if not args.http else ""
    hooks = settings.setdefault("hooks", {})
    if not isinstance(hooks, dict):
        raise ConfigError(f"{path}: `hooks` is not an object", "mend the file by hand first")
    if args.agent in ("cursor", "copilot"):
        settings.setdefault("version", 1)
    for event in form.events:
        entries = hooks.setdefault(event, [])
        if not isinstance(entries, list):
            raise ConfigError(f"{path}: `hooks.{event}` is not a list", "mend the file by hand first")
        entries[:] = [entry for entry in entries if not _is_ours(entry)]
        entries.append(
            _http_entry(args.agent, args.http, closed=not args.open)
            if args.http
            else _entry(args.agent, line, closed=not args.open)
        )
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"


def _entry(agent: str, line: str, *, closed: bool) -> dict[str, Any]:
    if agent == "cursor":
        return {"command": line, "timeout": 15, "failClosed": closed}
    if agent == "copilot":
        return {"type": "command", "bash": line, "timeoutSec": 15, "comment": _MARK}
    command: dict[str, Any] = {
        "type": "command",
        "command": line,
        "timeout": 15_000 if agent == "gemini" else 15,
    }
    if agent == "claude" and closed:
        command["onFailure"] = "block"
    if agent == "gemini":
        command["name"] = _MARK
    return {"matcher": ".*" if agent == "gemini" else "*", "hooks": [command]}


_TOKEN = "ASSAY_TOKEN"  # noqa: S105 - the name of a variable


def _http_entry(agent: str, address: str, *, closed: bool) -> dict[str, Any]:
    """A hook that the agent itself sends to the gateway; the token comes from the agent's environment.

    Raises:
        UsageError: the agent has no HTTP hooks, or none for this address.
    """
    url = f"{address.rstrip('/')}/v1/hooks/{agent}"
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{address}: not an address", "give one such as http://127.0.0.1:8765")
    headers = {"Authorization": f"Bearer ${_TOKEN}"}
    if agent == "claude":
        hook = {"type": "http", "url": url, "headers": headers, "allowedEnvVars": [_TOKEN], "timeout": 15}
        return {"matcher": "*", "hooks": [hook | ({"onFailure": "block"} if closed else {})]}
    if agent == "copilot":
        if not url.startswith("https://"):
            raise UsageError(
                f"{address}: this agent sends its hooks to https only", "put a TLS proxy before the gateway"
            )
        sys.stderr.write(
            "assay: this agent lets calls through when an HTTP hook does not answer; its command hook closes\n"
        )
        return {"type": "http", "url": url, "headers": headers, "timeoutSec": 15, "comment": _MARK}
    raise UsageError(f"{agent} has no HTTP hooks", "leave --http out: its command hook does the same")


def _is_ours(entry: object) -> bool:
    text = json.dumps(entry)
    return any(mark in text for mark in _OURS)


_OURS = ("entrypoints/hooks/client.py", "/v1/hooks/")


def _parsed(text: str, path: Path) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path}: not JSON: {error}", "mend the file by hand first; nothing was changed"
        ) from error
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: not an object", "mend the file by hand first; nothing was changed")
    return found


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}", "check its rights") from error


def _keep(path: Path, before: str, after: str) -> None:
    """Keep the original once, with the digest of what we wrote: it tells whether somebody changed the file since."""
    backup = path.with_name(path.name + _BACKUP)
    original = before if not backup.exists() else json.loads(backup.read_text(encoding="utf-8"))["original"]
    existed = (
        path.exists() if not backup.exists() else json.loads(backup.read_text(encoding="utf-8"))["existed"]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(
        backup,
        json.dumps({"existed": existed, "original": original, "written": sha256(after.encode()).hexdigest()}),
    )


def _uninstall(path: Path) -> int:
    backup = path.with_name(path.name + _BACKUP)
    now = _read(path)
    kept = json.loads(backup.read_text(encoding="utf-8")) if backup.exists() else None
    if kept is not None and sha256(now.encode()).hexdigest() == kept["written"]:
        if kept["existed"]:
            _write(path, kept["original"])
        else:
            path.unlink(missing_ok=True)
        backup.unlink()
        sys.stdout.write(f"{path}: restored as it was\n")
        return 0
    settings = _parsed(now, path)
    hooks = settings.get("hooks")
    if not isinstance(hooks, dict) or not any(mark in now for mark in _OURS):
        sys.stdout.write(f"{path}: there is no hook of ours\n")
        return 0
    for event in list(hooks):
        if isinstance(hooks[event], list):
            hooks[event] = [entry for entry in hooks[event] if not _is_ours(entry)]
            if not hooks[event]:
                del hooks[event]
    if not hooks:
        del settings["hooks"]
    _write(path, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
    backup.unlink(missing_ok=True)
    sys.stdout.write(f"{path}: the hook is out; the rest, which changed since, was kept\n")
    return 0


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, keeping its rights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
        stream.write(text.encode())
    temporary = Path(stream.name)
    temporary.chmod(mode)
    temporary.replace(path)


_CALLS: dict[str, tuple[dict[str, Any], str]] = {
    "claude": ({"hook_event_name": "PreToolUse", "tool_name": "Bash"}, "tool_input"),
    "codex": ({"hook_event_name": "PreToolUse", "tool_name": "Bash"}, "tool_input"),
    "gemini": ({"hook_event_name": "BeforeTool", "tool_name": "run_shell_command"}, "tool_input"),
    "cursor": ({"hook_event_name": "beforeShellExecution"}, ""),
    "copilot": ({"toolName": "bash"}, "toolArgs"),
}


def _verify(args: argparse.Namespace, path: Path) -> int:
    if not any(mark in _read(path) for mark in _OURS):
        sys.stdout.write(f"{path}: the hook is not there. Set it up with `assay init --agent {args.agent}`\n")
        return 1
    harmless, harmful = _asked(args, "ls"), _asked(args, "cat ~/.ssh/id_rsa")
    good = "deny" not in harmless and "deny" in harmful and "does not answer" not in harmful
    sys.stdout.write(
        f"`ls`: {harmless or 'nothing (goes on)'}\n`cat ~/.ssh/id_rsa`: {harmful}\n{'the hook works' if good else 'the hook does not work'}\n"
    )
    return 0 if good else 1


def _asked(args: argparse.Namespace, command: str) -> str:
    import subprocess

    payload, key = _CALLS[args.agent]
    given = {
        **payload,
        "cwd": str(Path(args.workspace).resolve()),
        **({key: {"command": command}} if key else {"command": command}),
    }
    if args.http:
        return _posted(f"{args.http.rstrip('/')}/v1/hooks/{args.agent}", given)
    done = subprocess.run(  # noqa: S603 - the command that was set up
        hook_command(args), input=json.dumps(given).encode(), capture_output=True, timeout=20, check=False
    )
    return done.stdout.decode()


def _posted(url: str, payload: dict[str, Any]) -> str:
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    headers = {"content-type": "application/json", "authorization": f"Bearer {os.environ.get(_TOKEN, '')}"}
    request = Request(url, json.dumps(payload).encode(), headers)  # noqa: S310 - http or https, checked when it was set up
    try:
        with urlopen(request, timeout=15) as response:  # noqa: S310 - as above
            text: str = response.read().decode("utf-8", "replace")
            return "" if text == "{}" else text
    except (URLError, OSError, ValueError) as error:
        return f"does not answer: {error}"
