"""`assay-hook`: the smallest client. Reads one hook payload, asks the daemon, prints its answer.

Run as `python -S -I client.py --agent claude --socket PATH --start COMMAND...`: nothing but built-in modules is imported, so that an agent
waits for a few milliseconds only. When no daemon answers it starts one; when that fails it closes: a refusal in the agent's own form, exit 0.
With `--open` (chosen by whoever set it up) it lets the call through instead, and says so on standard error.
"""

from __future__ import annotations

import _socket
import sys
import time

_MAX_ANSWER = 32 * 1024 * 1024
_DEADLINE = 8.0
_REASON = "assay: the gateway does not answer, so nothing is allowed. Start it with `assay gateway serve`, or see `assay init --verify`"


def run() -> int:
    """Ask for one decision; returns the exit code (always 0 when something was printed for the agent to read)."""
    options = _options(sys.argv[1:])
    payload = sys.stdin.buffer.read()
    deadline = time.monotonic() + float(options.get("deadline") or _DEADLINE)
    agent = options.get("agent") or "claude"
    answer = _ask(options, agent, payload, deadline)
    if answer is None:
        return _closed(agent, payload, is_open="open" in options)
    sys.stdout.write(answer)
    sys.stdout.flush()
    return 0


def _options(arguments: list[str]) -> dict[str, str]:
    """`--name value` pairs; everything behind `--start` is the daemon's command."""
    found: dict[str, str] = {}
    index = 0
    while index < len(arguments):
        name = arguments[index].lstrip("-")
        if name == "start":
            found["start"] = "\0".join(arguments[index + 1 :])
            break
        if name == "open":
            found["open"] = "yes"
            index += 1
            continue
        found[name] = arguments[index + 1] if index + 1 < len(arguments) else ""
        index += 2
    return found


def _ask(options: dict[str, str], agent: str, payload: bytes, deadline: float) -> str | None:
    path = options.get("socket", "")
    answer = _exchange(path, agent, payload, deadline)
    if answer is not None or not options.get("start"):
        return answer
    _start(options["start"].split("\0"))
    while time.monotonic() < deadline:
        answer = _exchange(path, agent, payload, deadline)
        if answer is not None:
            return answer
        time.sleep(0.03)
    return None


def _exchange(path: str, agent: str, payload: bytes, deadline: float) -> str | None:
    """One request: a line with the agent's name and the payload's length, then the payload; the answer is read to its end."""
    try:
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    except OSError:
        return None
    try:
        connection.settimeout(max(0.05, deadline - time.monotonic()))
        connection.connect(path)
        connection.sendall(f"hook {agent} {len(payload)}\n".encode() + payload)
        pieces = []
        size = 0
        while True:
            piece = connection.recv(65536)
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
            if size > _MAX_ANSWER:
                return None
        whole = b"".join(pieces)
        # The first byte says that the answer is complete; a daemon that died in between leaves nothing.
        return whole[1:-1].decode() if whole[:1] == b"=" and whole[-1:] == b"." else None
    except OSError:
        return None
    finally:
        connection.close()


def _start(command: list[str]) -> None:
    import posix

    try:
        null = posix.open("/dev/null", posix.O_RDWR)
        actions = [
            (posix.POSIX_SPAWN_DUP2, null, 0),
            (posix.POSIX_SPAWN_DUP2, null, 1),
            (posix.POSIX_SPAWN_DUP2, null, 2),
        ]
        environment = {key.decode(): value.decode() for key, value in posix.environ.items()}
        posix.posix_spawn(command[0], command, environment, file_actions=actions, setsid=True)
    except (OSError, NotImplementedError, TypeError):
        return


def _closed(agent: str, payload: bytes, *, is_open: bool) -> int:
    """Refuse in the agent's own form; what is no question for a decision needs no answer."""
    if is_open:
        sys.stderr.write(
            _REASON.replace("so nothing is allowed", "and this hook is set to let calls through") + "\n"
        )
        if agent == "cursor":
            sys.stdout.write('{"permission":"allow"}')
        return 0
    quoted = '"' + _REASON.replace('"', "'") + '"'
    text = payload.decode("utf-8", "replace")
    if agent == "cursor":
        sys.stdout.write('{"permission":"deny","user_message":' + quoted + "}")
    elif agent == "gemini":
        sys.stdout.write('{"decision":"deny","reason":' + quoted + "}")
    elif agent == "copilot":
        sys.stdout.write('{"permissionDecision":"deny","permissionDecisionReason":' + quoted + "}")
    elif "PostToolUse" in text:
        sys.stdout.write('{"decision":"block","reason":' + quoted + "}")
    else:
        sys.stdout.write(
            '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":'
            + quoted
            + "}}"
        )
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(run())
