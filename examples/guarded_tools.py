"""Guarded tools: a plain function, a step of a graph, and a tool guardrail. Runs as it stands: `python examples/guarded_tools.py`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from assay.gateway.guard import ApprovalNeededError, DeniedError, Guard

POLICY = """
agent: codegen-agent
allowed_tools:
  - name: git
    actions: [commit, push]
  - name: ci-pipeline
    actions: [run_tests]
conditions:
  approval_needed: true if branch == "main"
"""


def main() -> int:
    """Three calls: one that is allowed, one that waits, one that is refused."""
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "agents.yaml"
        policy.write_text(POLICY, encoding="utf-8")
        guard = Guard.for_workspace(folder, agent="codegen-agent", policy=[str(policy)])

        @guard.tool("git.push")
        def push(branch: str) -> str:
            return f"pushed {branch}"

        @guard.tool("deploy.run")
        def deploy(environment: str) -> str:
            return f"deployed to {environment}"

        for step, given in ((push, "feature/login"), (push, "main"), (deploy, "production")):
            sys.stdout.write(f"{step.__name__}({given!r}): {node(step, given)}\n")
    return 0


def node(tool: Callable[[str], str], given: str) -> str:
    """One step as an orchestrator runs it: a refusal is an answer for the model, a pending approval parks the step."""
    try:
        return tool(given)
    except ApprovalNeededError as error:
        return f"waits for a human: {error.message}"
    except DeniedError as error:
        return f"refused: {error.message}"


if __name__ == "__main__":
    sys.exit(main())
