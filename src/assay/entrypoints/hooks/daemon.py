"""The daemon behind the hooks: a unix socket for its own user, one gateway for one workspace and policy, HTTP if asked."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import gc
import json
import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import IO

from assay.entrypoints.hooks.adapters import AGENTS, answer, call_of_event, event_of, is_decided
from assay.gateway import running
from assay.gateway.decide import refusal
from assay.gateway.defaults import defaults_for, state_folder
from assay.gateway.service import Service, socket_path
from assay.model.errors import AssayError

_MAX_PAYLOAD = 64 * 1024 * 1024
_READ_TIMEOUT = 30.0


def arguments() -> argparse.ArgumentParser:
    """The daemon's own command line."""
    parser = argparse.ArgumentParser(prog="assay gateway serve")
    parser.add_argument("--policy", action="append")
    parser.add_argument("--workspace", default=os.getcwd())  # noqa: PTH109 - the text as the shell has it
    parser.add_argument("--state", default="")
    parser.add_argument("--socket", default="")
    parser.add_argument("--http", default="")
    parser.add_argument("--idle", type=float, default=0.0)
    parser.add_argument("--identity", action="store_true")
    return parser


def run(argv: list[str] | None = None) -> int:
    """Serve until told to stop. Exit code 0 also when another daemon already serves this socket."""
    args = arguments().parse_args(argv)
    state = args.state or str(state_folder())
    path = args.socket or socket_path(state, args.workspace, args.policy)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _locked(path)
        if lock is None:
            sys.stderr.write(f"assay: a daemon already serves {path}\n")
            return 0
        service = Service(args.workspace, args.policy, state, identity=args.identity)
    except (AssayError, OSError) as error:
        sys.stderr.write(f"assay: {error}\n")
        return 2
    running.service, running.hook = service, hook_answer
    gc.freeze()
    try:
        asyncio.run(_serve(service, path, args))
    finally:
        service.close()
        Path(path).unlink(missing_ok=True)
        lock.close()
    return 0


def _locked(path: str) -> IO[str] | None:
    """The lock that makes this the only daemon of its socket; None if another one has it."""
    handle = Path(f"{path}.lock").open("a", encoding="utf-8")  # noqa: SIM115 - held as long as the daemon lives
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle


async def _serve(service: Service, path: str, args: argparse.Namespace) -> None:
    Path(path).unlink(missing_ok=True)
    before = os.umask(0o177)  # the socket is born with 0600: there is no moment in which others could connect
    try:
        server = await asyncio.start_unix_server(
            lambda reader, writer: _connection(service, reader, writer), path, backlog=1024
        )
    finally:
        os.umask(before)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    waiting: list[asyncio.Task[object]] = [asyncio.create_task(stop.wait())]
    if args.idle:
        waiting.append(asyncio.create_task(_idle(service, args.idle)))
    if args.http:
        waiting.append(asyncio.create_task(_http(args.http)))
    async with server:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


async def _idle(service: Service, seconds: float) -> None:
    while time.monotonic() - service.last_call < seconds:
        await asyncio.sleep(min(seconds, 1.0))


async def _http(address: str) -> None:
    try:
        import uvicorn
    except ImportError:
        sys.stderr.write(
            "assay: --http needs an optional package\n  install it with: pip install 'assay[gateway]'\n"
        )
        return
    host, _, port = address.rpartition(":")
    config = uvicorn.Config(
        "assay.entrypoints.http.decide:app",
        host=host or "127.0.0.1",
        port=int(port),
        log_level="warning",
        lifespan="off",
        access_log=False,
    )
    server = uvicorn.Server(config)
    with contextlib.suppress(asyncio.CancelledError):
        await server.serve()


async def _connection(service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request. Whoever is not this user gets nothing."""
    try:
        if not _is_own(writer):
            return
        text = await asyncio.wait_for(_answered(service, reader), _READ_TIMEOUT)
        writer.write(b"=" + text.encode() + b".")
        await writer.drain()
    except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError):
        return  # the client sees an answer without its end, and closes
    finally:
        writer.close()


def _is_own(writer: asyncio.StreamWriter) -> bool:
    connection = writer.get_extra_info("socket")
    if connection is None or not hasattr(socket, "SO_PEERCRED"):
        return True  # where the system cannot say, the rights of the socket and its folder decide
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return bool(uid == os.getuid())


async def _answered(service: Service, reader: asyncio.StreamReader) -> str:
    line = (await reader.readuntil(b"\n")).decode("ascii", "replace").split()
    kind, name, length = (
        (line[0], line[1], int(line[2])) if len(line) == 3 and line[2].isdigit() else ("", "", 0)
    )
    if length > _MAX_PAYLOAD or kind not in ("hook", "call", "ask"):
        raise ValueError("not a request of ours")
    payload = await reader.readexactly(length)
    if kind == "ask":
        return json.dumps(service.health()) if name == "health" else service.metrics()
    if kind == "call":
        return _call(service, payload)
    return hook_answer(service, name, payload)


def _call(service: Service, payload: bytes) -> str:
    try:
        return json.dumps(service.answer(json.loads(payload)), separators=(",", ":"), default=str)
    except (AssayError, ValueError, RecursionError) as error:
        return json.dumps(
            {
                "effect": "deny",
                "outcome": "deny",
                "reasons": [{"statement": "error", "effect": "deny", "message": f"not a call: {error}"}],
            }
        )


def hook_answer(service: Service, agent: str, payload: bytes, token: str = "") -> str:
    """What to print for one hook payload."""
    defaults = defaults_for(service.workspace, agent=agent)
    if agent not in AGENTS:
        return answer(
            "claude", "PreToolUse", {}, refusal(defaults, "", f"{agent} is not an agent that is known here")
        )
    try:
        data = json.loads(payload)
        if not isinstance(data, dict):
            raise ValueError("not an object")
    except (ValueError, RecursionError) as error:
        return answer(
            agent,
            "",
            {},
            refusal(defaults, service.gateway.policy.revision, f"the hook's payload cannot be read: {error}"),
        )
    event = event_of(agent, data)
    if event and not is_decided(event):
        return '{"permission":"allow"}' if agent == "cursor" and event.startswith("before") else ""
    decision = service.decide(call_of_event(agent, data, defaults), token)
    return answer(agent, event, data, decision)


if __name__ == "__main__":
    sys.exit(run())
