"""For orchestrators: a decorator that lets a function run only as the gateway decides.

    guard = Guard.for_workspace("/srv/app", agent="release-bot")

    @guard.tool("deploy.run")
    def deploy(environment: str) -> str: ...

A denied call raises `DeniedError`, one that waits raises `ApprovalNeededError` (its `approval` names the record); sanitized arguments replace the given
ones. `guard.check` decides without running anything, for frameworks that ask before (LangGraph nodes, tool guardrails of agent SDKs).
"""

from __future__ import annotations

import functools
import inspect
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ParamSpec, TypeVar

from assay.gateway.assemble import assemble
from assay.gateway.decide import Gateway, decide
from assay.gateway.defaults import defaults_for
from assay.model.decision import Call, Decision, Effect
from assay.model.errors import AssayError

P = ParamSpec("P")
R = TypeVar("R")


class DeniedError(AssayError):
    """The policy refuses a call; `decision` says why."""

    exit_code = 1

    def __init__(self, decision: Decision) -> None:
        reason = decision.reasons[0] if decision.reasons else None
        super().__init__(reason.message if reason else "refused", reason.instead if reason else "")
        self.decision = decision


class ApprovalNeededError(DeniedError):
    """A human has to approve the call first; calling again with the same arguments goes on afterwards, once."""

    exit_code = 5

    @property
    def approval(self) -> str:
        """The id of the pending record."""
        return self.decision.approval


class Guard:
    """A gateway in this process, for one agent."""

    def __init__(self, gateway: Gateway, defaults: Call, token: str = "") -> None:
        self.gateway, self.defaults, self._token = gateway, defaults, token

    @classmethod
    def for_workspace(
        cls,
        workspace: str = "",
        *,
        agent: str = "",
        policy: list[str] | None = None,
        state: str = "",
        session: str = "",
    ) -> Guard:
        """A guard with the workspace's policy (or the one that ships); with `state` it keeps the trail, budgets and approvals there.

        Raises:
            ConfigError: the policy does not load.
        """
        workspace = workspace or os.getcwd()  # noqa: PTH109 - the text as the system has it
        defaults = defaults_for(workspace, agent=agent)
        defaults = replace(defaults, subject=replace(defaults.subject, session=session))
        return cls(assemble(workspace, policy, state), defaults)

    def check(self, tool: str, arguments: Mapping[str, object], phase: str = "before") -> Decision:
        """Decide one call."""
        call = replace(self.defaults, tool=tool, arguments=arguments, phase=phase, time=time.time())
        return decide(self.gateway, call, self._token)

    def allowed(self, tool: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """The arguments that may be used.

        Raises:
            DeniedError: the call is refused.
            ApprovalNeededError: a human has to approve it first.
        """
        decision = self.check(tool, arguments)
        if decision.outcome is Effect.DENY:
            raise DeniedError(decision)
        if decision.outcome is Effect.APPROVAL_NEEDED:
            raise ApprovalNeededError(decision)
        return decision.arguments if decision.arguments is not None and decision.enforced else arguments

    def tool(self, name: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a function: each call of it is decided under `name` with its arguments by their names. Coroutine functions are decided when called."""

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            signature = inspect.signature(function)

            @functools.wraps(function)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                allowed = self.allowed(name or function.__name__, bound.arguments)
                bound.arguments.update(
                    {key: value for key, value in allowed.items() if key in bound.arguments}
                )
                return function(*bound.args, **bound.kwargs)

            return guarded

        return decorate
