"""Budgets and rates: what is taken is taken in one transaction, so that a hundred takers at once never take too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from assay.gateway.policy.document import LimitFile
from assay.model.decision import Action, Call, Effect, Reason
from assay.model.errors import ConfigError
from assay.store.database import Store

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
What = Literal["calls", "tokens", "cost", "seconds", "bytes_out"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit with its window in seconds (0: for ever)."""

    file: LimitFile
    window: float


def seconds(text: str) -> float:
    """`90s`, `15m`, `1h`, `7d` in seconds.

    Raises:
        ConfigError: the text is no span of time.
    """
    try:
        return float(text[:-1]) * _SECONDS[text[-1:]] if text[-1:] in _SECONDS else float(text)
    except (ValueError, KeyError) as error:
        raise ConfigError(f"`{text}` is no span of time", "write it as 90s, 15m, 1h or 7d") from error


def limits_of(files: Sequence[LimitFile]) -> tuple[Limit, ...]:
    """Limits with their windows.

    Raises:
        ConfigError: a window is no span of time.
    """
    return tuple(Limit(each, seconds(each.window)) for each in files)


class Ledger:
    """Limits and what is used of them."""

    def __init__(self, store: Store, limits: Sequence[Limit]) -> None:
        self._store, self.limits = store, tuple(limits)

    def take(self, call: Call, actions: Sequence[Action]) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
        """Take what a call costs from every limit that concerns it: reasons why it may not go on (nothing is taken then), and warnings.

        Raises:
            StoreError: the database cannot be written.
        """
        due = [
            (limit, _cost(limit.file.what, call, actions))
            for limit in self.limits
            if _concerns(limit.file, actions)
        ]
        due = [(limit, cost) for limit, cost in due if cost > 0]
        if not due:
            return (), ()
        stops: list[Reason] = []
        warnings: list[str] = []
        try:
            with self._store.transaction() as store:
                for limit, cost in due:
                    used = self._add(store, limit, call, cost)
                    if used is None:
                        stops.append(_stop(limit.file))
                    elif used >= limit.file.amount * limit.file.warn_at:
                        warnings.append(
                            f"{limit.file.id}: {used:g} of {limit.file.amount:g} {limit.file.what} used"
                        )
                if stops:
                    raise _TooMuchError
        except _TooMuchError:
            return tuple(stops), ()
        return (), tuple(warnings)

    def _add(self, store: Store, limit: Limit, call: Call, cost: float) -> float | None:
        name, span = _name(limit.file, call), int(call.time // limit.window) if limit.window else 0
        store.execute("INSERT OR IGNORE INTO budget VALUES (?, ?, 0)", (name, span))
        changed = store.execute(
            "UPDATE budget SET used = used + ? WHERE name = ? AND span = ? AND used + ? <= ?",
            (cost, name, span, cost, limit.file.amount),
        )
        if changed != 1:
            return None
        row = store.one("SELECT used FROM budget WHERE name = ? AND span = ?", (name, span))
        return float(str(row[0])) if row else cost

    def used(self) -> list[tuple[str, int, float]]:
        """Every counter: name, window number, amount used."""
        return [
            (str(name), int(str(span)), float(str(used)))
            for name, span, used in self._store.rows(
                "SELECT name, span, used FROM budget ORDER BY name, span"
            )
        ]


class _TooMuchError(Exception):
    """A limit is reached: the transaction is taken back."""


def _stop(limit: LimitFile) -> Reason:
    span = f" in {limit.window}" if limit.window not in ("0", "0s") else ""
    message = f"the budget {limit.id} is used up: at most {limit.amount:g} {limit.what}{span} for one {' and '.join(limit.by) or 'policy'}"
    return Reason(
        f"limit/{limit.id}",
        Effect(limit.effect),
        message,
        instead="wait for the next window, or ask for a larger budget",
    )


def _concerns(limit: LimitFile, actions: Sequence[Action]) -> bool:
    return "*" in limit.actions or any(
        fnmatchcase(action.verb, pattern) for action in actions for pattern in limit.actions
    )


def _name(limit: LimitFile, call: Call) -> str:
    values: Mapping[str, str] = {
        "agent": call.subject.agent,
        "session": call.subject.session,
        "tool": call.tool,
        "tenant": call.subject.tenant,
    }
    return "|".join([limit.id, *(f"{each}={values[each]}" for each in limit.by)])


def _cost(what: What, call: Call, actions: Sequence[Action]) -> float:
    """What a call takes: one call; the bytes of its arguments if it sends; tokens, cost and seconds as its `usage` says."""
    if what == "calls":
        return 1.0 if call.phase == "before" else 0.0
    if what == "bytes_out":
        sends = any(
            action.verb in ("data.send", "net.connect") or action.verb.startswith("mcp.")
            for action in actions
        )
        return float(len(str(call.arguments))) if sends else 0.0
    usage = call.arguments.get("usage")
    value = usage.get(what, 0) if isinstance(usage, Mapping) else 0
    return max(float(value), 0.0) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
