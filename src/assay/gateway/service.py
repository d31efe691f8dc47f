"""A gateway that runs for long: it follows changes of its policy, keeps the last good one, counts, and says how it is."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Lock
from typing import Any

from assay.gateway.assemble import assemble, with_policy
from assay.gateway.audit.trail import Trail
from assay.gateway.decide import decide
from assay.gateway.defaults import defaults_for, load_policy, policy_files
from assay.gateway.forms import call_of, decision_json
from assay.gateway.policy.compiled import compile_policy
from assay.model.decision import Call, Decision
from assay.model.errors import AssayError
from assay.store.database import Store, open_store

_LOOK_EVERY = 0.5  # seconds between looks at the policy's files
_BOUNDS = (0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 1.0)


class Service:
    """One gateway for one workspace and policy, shared by every door of a process."""

    def __init__(
        self, workspace: str, policies: list[str] | None, state: str, *, identity: bool = False
    ) -> None:
        self.workspace, self.state = workspace, state
        self._policies = policies
        self.gateway = assemble(workspace, policies, state, identity=identity)
        self.store: Store = open_store(Path(state) / "gateway.db")
        self.problem = ""
        self.started = time.time()
        self.last_call = time.monotonic()
        self.counts: Counter[str] = Counter()
        self._seconds: Counter[float] = Counter()
        self._total = 0.0
        self._looked = time.monotonic()
        self._stamp = self._stamps()
        self._lock = Lock()

    def decide(self, call: Call, token: str = "") -> Decision:
        """Decide one call under the newest policy that loads."""
        self.last_call = now = time.monotonic()
        if now - self._looked > _LOOK_EVERY:
            self.reload_if_changed()
        decision = decide(self.gateway, call, token)
        took = time.monotonic() - now
        with self._lock:
            self.counts[decision.effect.value] += 1
            self._total += took
            self._seconds[next((bound for bound in _BOUNDS if took <= bound), float("inf"))] += 1
        return decision

    def answer(self, data: object, token: str = "") -> dict[str, Any]:
        """Decide a call given as JSON.

        Raises:
            UsageError: the value is no call.
        """
        call = call_of(data, defaults_for(self.workspace))
        found = decision_json(self.decide(call, token))
        return found | ({"policy_problem": self.problem} if self.problem else {})

    def reload_if_changed(self) -> bool:
        """Take a changed policy; one that does not load leaves the last good one in place and is said. Returns whether one was taken."""
        self._looked = time.monotonic()
        stamp = self._stamps()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            policy = compile_policy(load_policy(self.workspace, self._policies))
            with_policy(self.gateway, policy, self.store)
        except AssayError as error:
            self.problem = f"the changed policy does not load, the last good one stays: {error.message}"
            sys.stderr.write(f"assay: {self.problem}\n")
            return False
        self.problem = ""
        return True

    def _stamps(self) -> tuple[tuple[str, int, int], ...]:
        files = dict.fromkeys(
            [*map(str, policy_files(self.workspace, self._policies)), *self.gateway.policy.document.files]
        )
        return tuple(_stamp(path) for path in files)

    def health(self) -> dict[str, Any]:
        """How the gateway is: `ok`, or `degraded` with what is wrong."""
        return {
            "status": "degraded" if self.problem else "ok",
            "problem": self.problem,
            "workspace": self.workspace,
            "policy": self.gateway.policy.document.policy.id,
            "policy_revision": self.gateway.policy.revision,
            "mode": "shadow" if self.gateway.policy.shadow else "enforce",
            "decisions": sum(self.counts.values()),
            "uptime_seconds": round(time.time() - self.started, 3),
            "pid": os.getpid(),
        }

    def metrics(self) -> str:
        """Counters in Prometheus' text format."""
        lines = ["# TYPE assay_decisions_total counter"]
        lines += [
            f'assay_decisions_total{{effect="{effect}"}} {count}'
            for effect, count in sorted(self.counts.items())
        ]
        lines.append("# TYPE assay_decision_seconds histogram")
        below = 0
        for bound in _BOUNDS:
            below += self._seconds[bound]
            lines.append(f'assay_decision_seconds_bucket{{le="{bound:g}"}} {below}')
        count = sum(self._seconds.values())
        lines += [
            f'assay_decision_seconds_bucket{{le="+Inf"}} {count}',
            f"assay_decision_seconds_sum {self._total:.6f}",
            f"assay_decision_seconds_count {count}",
        ]
        lines.append("# TYPE assay_budget_used gauge")
        lines += [
            f'assay_budget_used{{budget="{name}",window="{span}"}} {used:g}'
            for name, span, used in self._used()
        ]
        lines += ["# TYPE assay_policy_problem gauge", f"assay_policy_problem {int(bool(self.problem))}"]
        return "\n".join(lines) + "\n"

    def _used(self) -> list[tuple[str, int, float]]:
        rows = self.store.rows("SELECT name, span, used FROM budget ORDER BY name, span LIMIT 500")
        return [(str(name).replace('"', "'"), int(str(span)), float(str(used))) for name, span, used in rows]

    def close(self) -> None:
        """Sign the end of the trail and close the files."""
        if isinstance(self.gateway.audit, Trail):
            self.gateway.audit.close()
        self.store.close()


def _stamp(path: str) -> tuple[str, int, int]:
    try:
        status = Path(path).stat()
    except OSError:
        return path, 0, 0
    return path, status.st_mtime_ns, status.st_size


def socket_path(state: str, workspace: str, policies: list[str] | None) -> str:
    """The socket of the daemon for a workspace and policy, below the state folder."""
    from hashlib import sha256

    name = sha256("\0".join([workspace, *(policies or [])]).encode()).hexdigest()[:16]
    return str(Path(state) / "run" / f"{name}.sock")
