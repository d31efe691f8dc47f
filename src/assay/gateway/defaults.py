"""Where a gateway looks when nobody says: the workspace's policy, its branch, the home, the state folder."""

from __future__ import annotations

import os
from pathlib import Path

from assay.gateway.policy.document import DEFAULT_POLICY, Document, load
from assay.model.decision import Call, Subject

POLICY_NAMES = (".assay/agents.yaml", ".assay/agents.yml", ".assay/agents.json", "assay.policy.yaml")


def policy_files(workspace: str, given: list[str] | None = None) -> list[Path]:
    """The policy files to use: those given, else the workspace's own, else the one that ships."""
    if given:
        return [DEFAULT_POLICY if each == "default" else Path(each) for each in given]
    for name in POLICY_NAMES:
        path = Path(workspace) / name
        if path.is_file():
            return [path]
    return [DEFAULT_POLICY]


def load_policy(workspace: str, given: list[str] | None = None) -> Document:
    """Load the policy for a workspace.

    Raises:
        ConfigError: a file does not load.
    """
    return load(policy_files(workspace, given))


def state_folder() -> Path:
    """Where keys, the trail and approvals are kept: $ASSAY_STATE, else the user's state folder. Not inside any workspace."""
    given = os.environ.get("ASSAY_STATE")
    if given:
        return Path(given)
    root = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(root) / "assay"


def defaults_for(workspace: str, branch: str = "", agent: str = "", home: str = "") -> Call:
    """What a call that does not say is taken to mean: made in this workspace, on the branch that is checked out."""
    workspace = os.path.normpath(workspace)  # a workspace of another machine must stay as it is written
    return Call(
        "",
        "",
        {},
        Subject(agent or "agent"),
        workspace=workspace,
        cwd=workspace,
        home=home or home_of(workspace),
        branch=branch or current_branch(workspace),
    )


def home_of(workspace: str) -> str:
    """The home a workspace lies in (`/home/<user>`, `/Users/<user>`), else the one of the user who runs this."""
    parts = workspace.split("/")
    if len(parts) > 3 and parts[1] in ("home", "Users"):
        return "/".join(parts[:3])
    return str(Path.home())


def current_branch(workspace: str) -> str:
    """The branch that is checked out, read from .git/HEAD; empty if there is none."""
    git = Path(workspace) / ".git"
    try:
        if git.is_file():
            git = Path(workspace) / git.read_text(encoding="utf-8").partition("gitdir:")[2].strip()
        head = (git / "HEAD").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return head.partition("refs/heads/")[2].strip()
