"""The gateway measured: labelled calls, variants, latency of the full path, HTTP, hooks, memory, and rego on an equivalent policy.

    PYTHONPATH=src python bench/gateway.py [--calls FILE] [--opa PROGRAM] [--only PART ...]

Latency is CPU time of the deciding process unless wall time is said. Parts: labels, variants, process, http, hook, opa, faults.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from assay.gateway.assemble import assemble
from assay.gateway.decide import Gateway, decide
from assay.gateway.forms import call_of
from assay.model.decision import Call, Effect, Subject

HOME = "/home/dev"
ROOT = Path(__file__).parents[1]
DEFAULTS = Call(
    "", "", {}, Subject("agent"), workspace="/home/dev/project", cwd="/home/dev/project", home="/home/dev"
)
EFFECTS = ("allow", "sanitize", "approval_needed", "deny")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def labels(args: argparse.Namespace) -> None:
    """The labelled calls, in the two halves of their groups, with the confusion table."""
    if not args.calls or not Path(args.calls).exists():
        say("labels: skipped, no --calls FILE")
        return
    rows = [json.loads(line) for line in Path(args.calls).read_text(encoding="utf-8").splitlines()]
    halves = {"tuning": [], "check": []}  # type: dict[str, list[dict[str, Any]]]
    for row in rows:
        halves["check" if sha256(row["group"].encode()).digest()[0] & 1 else "tuning"].append(row)
    gateway = assemble("/home/dev/project", ["default"])
    for name, part in {**halves, "all": rows}.items():
        table: Counter[tuple[str, str]] = Counter()
        for row in part:
            wanted = {"approve": "approval_needed"}.get(row["label"], row["label"])
            table[wanted, decide(gateway, call_of(row, DEFAULTS)).effect.value] += 1
        show(name, table)


def families(_: argparse.Namespace) -> None:
    """The families of calls that the tests hold, and the gaps that are known."""
    folder = ROOT / "bench" / "gateway_families"
    gateway = assemble("/home/dev/project", ["default"])
    table: Counter[tuple[str, str]] = Counter()
    for effect in ("allow", "approval_needed", "deny"):
        for line in (folder / f"{effect}.txt").read_text(encoding="utf-8").splitlines():
            if not line.startswith("# "):
                call = _call("Bash", {"command": line.replace("⏎", "\n")})
                table[effect, decide(gateway, call).effect.value] += 1
    for line in (folder / "others.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        table[row["label"], decide(gateway, call_of(row, DEFAULTS)).effect.value] += 1
    for line in (folder / "gaps.txt").read_text(encoding="utf-8").splitlines():
        if "\t" in line:
            effect, command = line.split("\t")
            table[effect, decide(gateway, _call("Bash", {"command": command})).effect.value] += 1
    show("families and known gaps", table)


def show(name: str, table: Counter[tuple[str, str]]) -> None:
    say(f"labels, {name}: {sum(table.values())} calls (rows: label; columns: decision)")
    say(f"  {'':16}" + "".join(f"{effect[:10]:>12}" for effect in EFFECTS))
    for wanted in EFFECTS:
        say(f"  {wanted:16}" + "".join(f"{table[wanted, effect]:12}" for effect in EFFECTS))

    def share(wanted: str, effect: str) -> float:
        return 100 * table[wanted, effect] / max(1, sum(table[wanted, each] for each in EFFECTS))

    say(
        f"  deny recall {share('deny', 'deny'):.1f} %, allowed blocked {share('allow', 'deny'):.1f} %, allowed asked {share('allow', 'approval_needed'):.1f} %,"
        f" approve {share('approval_needed', 'approval_needed'):.1f} %, sanitize {share('sanitize', 'sanitize'):.1f} %"
    )


def quantiles(values: Sequence[float]) -> str:
    ordered = sorted(values)
    return f"p50 {statistics.median(ordered):.0f} us, p99 {ordered[int(len(ordered) * 0.99)]:.0f} us, p99.9 {ordered[min(len(ordered) - 1, int(len(ordered) * 0.999))]:.0f} us"


def thousand(folder: Path) -> Path:
    """The policy that ships and statements up to a thousand: agents with paths, hosts, branches and conditions of their own."""
    lines = ["extends: default", "statements:"]
    for number in range(900):
        kind = number % 4
        effect, actions = (
            ("deny", "approval_needed")[number % 2],
            ("file.read", "net.connect", "git.push", "mcp.*")[kind],
        )
        resources = (
            "paths: ['/srv/team%d/**']",
            "hosts: ['h%d.example.net']",
            "branches: ['release-%d']",
            "targets: ['s%d']",
        )[kind] % number
        subject = f"subjects: {{agents: ['bot{number % 300}']}}, " if number % 3 else ""
        lines.append(
            f"  - {{id: s{number}, effect: {effect}, actions: ['{actions}'], {subject}resources: {{{resources}}}, when: 'branch != \"x{number}\"', reason: r}}"
        )
    path = folder / "thousand.yaml"
    path.write_text("\n".join(lines))
    return path


NON_SHELL: list[tuple[str, dict[str, Any]]] = [
    ("Read", {"file_path": "/home/dev/project/src/app/{n}.py"}),
    (
        "Write",
        {"file_path": "/home/dev/project/src/app/{n}.py", "content": "def f() -> int:\n    return {n}\n"},
    ),
    ("WebFetch", {"url": "https://docs.python.org/3/library/{n}.html"}),
    ("mcp__postgres__query", {"sql": "SELECT id, name FROM users WHERE id = {n}"}),
    ("mcp__github__get_issue", {"owner": "acme", "repo": "app", "issue_number": 7}),
    ("Read", {"file_path": "/home/dev/.ssh/key{n}"}),
]
SHELL = [
    "git status --short", "ls -la src/{n} | head -20", "pytest -q tests/test_{n}.py -k login", "grep -rn 'foo{n}' src/ | wc -l", "cat src/{n}.py && sed -n 1,80p src/main.rs", "npm run build && npm test -- --run {n}",
    "cat ~/.ssh/id_{n}", "git push origin feature/{n}", "find . -name '*.py' -not -path './venv/{n}/*' | xargs wc -l", "for f in a b {n}; do echo $f; done",
    "curl -sI https://example.com/{n}", "python -c \"import sys; print(sys.version, {n})\"",
]  # fmt: skip


def process(_: argparse.Namespace) -> None:
    """The full path in process: token, actions, policy of a thousand statements, trail, store."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gateway, token = _with_token(folder)
        home = str(folder / "home")
        for place in ("project/src/app", "project/tests", ".ssh"):
            Path(home, place).mkdir(parents=True)
        say(
            f"process: policy of {len(gateway.policy.statements)} statements, token, trail with hash chain, SQLite on disk"
        )
        for kind, make in (("non-shell", _non_shell), ("shell", _shell)):
            for number in range(300):
                decide(gateway, make(number, home), token)
            gc.collect()
            gc.freeze()
            spent: list[float] = []
            for number in range(300, 300 + _WINDOWS * _WINDOW):
                call = make(number, home)
                began = time.process_time_ns()
                decide(gateway, call, token)
                spent.append((time.process_time_ns() - began) / 1000)
            windows = [spent[start : start + _WINDOW] for start in range(0, len(spent), _WINDOW)]
            say(f"  {kind}: {quantiles(spent)}")
            # On a shared machine neighbours slow this processor down several times over; the quietest window is nearest to it at rest.
            say(
                f"  {kind}, quietest of {_WINDOWS} windows of {_WINDOW}: {quantiles(min(windows, key=statistics.median))}"
            )
        say(f"  memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


_WINDOW, _WINDOWS = 600, 16


def _with_token(folder: Path) -> tuple[Gateway, str]:
    policy = thousand(folder)
    try:
        from assay.gateway.identity.tokens import Grant, Issuer
        from assay.store.database import open_store

        token = Issuer(folder / "keys", open_store(folder / "gateway.db")).issue(
            Grant("bot7", "s", seconds=3600)
        )
        return assemble("/home/dev/project", [str(policy)], str(folder), identity=True), token
    except ImportError:
        return assemble("/home/dev/project", [str(policy)], str(folder)), ""


def _filled(value: Any, number: int, home: str) -> Any:
    return {
        key: each.replace("{n}", str(number)).replace("/home/dev", home) if isinstance(each, str) else each
        for key, each in value.items()
    }


def _non_shell(number: int, home: str = HOME) -> Call:
    tool, given = NON_SHELL[number % len(NON_SHELL)]
    return _call(tool, _filled(given, number, home), home)


def _shell(number: int, home: str = HOME) -> Call:
    return _call("Bash", {"command": SHELL[number % len(SHELL)].replace("{n}", str(number))}, home)


def _call(tool: str, given: dict[str, Any], home: str = HOME) -> Call:
    return Call(
        "b",
        tool,
        given,
        Subject("bot7", session=""),
        workspace=f"{home}/project",
        cwd=f"{home}/project",
        home=home,
        branch="feature",
        time=1.8e9,
    )


def _daemon(folder: Path, *extra: str) -> tuple[subprocess.Popen[bytes], Path]:
    path = folder / "b.sock"
    command = [
        sys.executable,
        "-m",
        "assay.entrypoints.hooks.daemon",
        "--workspace",
        "/home/dev/project",
        "--state",
        str(folder),
        "--socket",
        str(path),
        "--policy",
        "default",
        *extra,
    ]
    started = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT / "src")})
    for _ in range(300):
        if path.exists():
            break
        time.sleep(0.02)
    return started, path


def hook(_: argparse.Namespace) -> None:
    """The whole hook command, started anew for each call (wall time), and the daemon's memory."""
    client = ROOT / "src" / "assay" / "entrypoints" / "hooks" / "client.py"
    with tempfile.TemporaryDirectory() as name:
        started, path = _daemon(Path(name))
        command = [sys.executable, "-S", "-I", str(client), "--agent", "claude", "--socket", str(path)]
        payload = json.dumps(
            {
                "hook_event_name": "PreToolUse",
                "session_id": "s",
                "cwd": "/home/dev/project",
                "tool_name": "Bash",
                "tool_input": {"command": "git status"},
            }
        ).encode()
        spent = []
        for number in range(120):
            began = time.perf_counter_ns()
            subprocess.run(command, input=payload, capture_output=True, check=True)
            if number >= 20:
                spent.append((time.perf_counter_ns() - began) / 1000)
        say(
            f"hook: round trip of the command {quantiles(spent)} (wall); daemon {_resident(started.pid):.0f} MB"
        )
        started.terminate()
        started.wait()


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def http(_: argparse.Namespace) -> None:
    """`POST /v1/decide` at a thousand calls a second over 64 connections (wall time, one client process on the same machine)."""
    with tempfile.TemporaryDirectory() as name:
        started, _path = _daemon(Path(name), "--http", "127.0.0.1:18231")
        time.sleep(0.7)
        spent = _cpu_seconds(started.pid)
        loader = subprocess.run(
            [sys.executable, "-c", _LOADER, "18231", "1000", "64", "6"],
            capture_output=True,
            text=True,
            check=False,
        )
        say(
            f"http: {loader.stdout.strip() or loader.stderr.strip()[-300:]}; daemon {_resident(started.pid):.0f} MB,"
            f" {(_cpu_seconds(started.pid) - spent) / 6000 * 1e6:.0f} us of CPU a call"
        )
        started.terminate()
        started.wait()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


_LOADER = """
import asyncio, json, sys, time
port, rate, width, seconds = map(int, sys.argv[1:])
bodies = [json.dumps({"id": str(n), "tool": "Bash" if n % 2 else "Read", "input": {"command": f"ls src/{n}"} if n % 2 else {"file_path": f"/home/dev/project/{n}.py"}}).encode() for n in range(512)]
spent = []
async def one(reader, writer, body):
    writer.write(b"POST /v1/decide HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(body) + body)
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\\r\\n") if line.startswith(b"content-length"))
    await reader.readexactly(length)
async def worker(index, start):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    step, due, number = width / rate, start + index / rate, index
    while due < start + seconds:
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        began = time.perf_counter()
        await one(reader, writer, bodies[number % 512])
        if due > start + 1:
            spent.append((time.perf_counter() - began) * 1e6)
        due, number = due + step, number + width
    writer.close()
async def main():
    start = time.perf_counter() + 0.2
    await asyncio.gather(*(worker(index, start) for index in range(width)))
asyncio.run(main())
spent.sort()
print(f"{len(spent) / (seconds - 1):.0f} calls a second over {width} connections: p50 {spent[len(spent)//2]:.0f} us, p99 {spent[int(len(spent)*.99)]:.0f} us (wall)")
"""


def opa(args: argparse.Namespace) -> None:
    """Rego in a real `opa` on the same thousand statements: its own evaluation time per decision, without any parsing of calls."""
    if not args.opa:
        say("opa: skipped, no --opa PROGRAM")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "policy.rego").write_text(_rego(), encoding="utf-8")
        (folder / "input.json").write_text(
            json.dumps(
                {
                    "agent": "bot7",
                    "verb": "file.read",
                    "target": "/home/dev/project/a.py",
                    "branch": "feature",
                }
            ),
            encoding="utf-8",
        )
        command = [
            args.opa,
            "bench",
            "--data",
            str(folder / "policy.rego"),
            "--input",
            str(folder / "input.json"),
            "--format",
            "json",
            "--count",
            "1",
            "data.assay.effect",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        try:
            result = json.loads(done.stdout)
            extra = result.get("Extra", {})
            say(
                f"opa: {result['T'] / result['N'] / 1000:.0f} us a decision on the same 1000 statements; p99 {extra.get('histogram_timer_rego_query_eval_ns_99%', 0) / 1000:.0f} us (wall)"
            )
        except (ValueError, KeyError):
            say(f"opa: {done.stdout[-300:]} {done.stderr[-300:]}")


def _rego() -> str:
    rules = [
        "package assay",
        "import rego.v1",
        'default effect := "allow"',
        'effect := "deny" if count(deny) > 0',
        'else := "approval_needed" if count(ask) > 0',
    ]
    for number in range(1000):
        kind, head = number % 4, ("deny", "ask")[number % 2]
        verb = ("file.read", "net.connect", "git.push", "mcp.query")[kind]
        match = (
            f'startswith(input.target, "/srv/team{number}/")',
            f'input.target == "h{number}.example.net"',
            f'input.target == "release-{number}"',
            f'input.target == "s{number}"',
        )[kind]
        agent = f' input.agent == "bot{number % 300}";' if number % 3 else ""
        rules.append(
            f'{head} contains "s{number}" if {{ input.verb == "{verb}";{agent} {match}; input.branch != "x{number}" }}'
        )
    return "\n".join(rules) + "\n"


def faults(_: argparse.Namespace) -> None:
    """Ten thousand calls at once, a 10 MB argument, a pattern made to explode: bounded and closed."""
    with tempfile.TemporaryDirectory() as name:
        gateway = assemble("/home/dev/project", ["default"], name)
        effects: Counter[str] = Counter()
        lock = threading.Lock()

        def many(numbers: Iterable[int]) -> None:
            for number in numbers:
                effect = decide(gateway, _shell(number)).effect.value
                with lock:
                    effects[effect] += 1

        began = time.perf_counter()
        threads = [threading.Thread(target=many, args=(range(start, 10_000, 50),)) for start in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        say(f"faults: 10,000 calls from 50 threads in {time.perf_counter() - began:.1f} s: {dict(effects)}")
        for label, given in (
            ("10 MB argument", {"command": "echo " + "a" * 10_000_000}),
            ("regex bomb", {"command": "grep -E '(a+)+$' " + "a" * 50_000 + "! " + "-----BEGIN " * 5_000}),
        ):
            began = time.perf_counter()
            effect = decide(gateway, _call("Bash", given)).effect
            say(f"faults: {label}: {effect.value} after {time.perf_counter() - began:.2f} s")
        verified = subprocess.run(
            [sys.executable, "-m", "assay", "audit", "verify", "--state", name],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        say(f"faults: audit verify: {verified.stdout.strip()}")
        assert Effect.DENY.rank == 3


def variants(_: argparse.Namespace) -> None:
    """Three hundred obfuscated variants."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "gateway_variants.py")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    say(f"variants: {done.stdout.strip().splitlines()[-1]}")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "labels": labels,
    "families": families,
    "variants": variants,
    "process": process,
    "hook": hook,
    "http": http,
    "opa": opa,
    "faults": faults,
}


def main() -> int:
    """Run the parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--calls", default=os.environ.get("ASSAY_AGENT_CALLS", ""))
    parser.add_argument("--opa", default=os.environ.get("OPA", ""))
    parser.add_argument("--only", nargs="*", default=list(PARTS), choices=list(PARTS))
    args = parser.parse_args()
    for part in args.only:
        PARTS[part](args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
