"""Whether a commit was written by a coding agent, from what the commit itself says."""

from __future__ import annotations

from collections.abc import Iterable

# Facts: the names and addresses that agents leave in authors, committers and trailers. Absence says nothing: unknown stays unknown.
_TRAILERS = ("co-authored-by:", "assisted-by:", "generated-by:", "agent-logs-url:", "claude-session:")
_ADDRESSES = (
    "noreply@anthropic.com",
    "@anthropic.com",
    "copilot@github.com",
    "copilot@users.noreply.github.com",
    "cursoragent@cursor.com",
    "devin-ai-integration[bot]",
    "codex@openai.com",
    "noreply@openai.com",
    "google-labs-jules[bot]",
    "gemini-code-assist[bot]",
    "noreply@aider.chat",
    "aider@aider.chat",
    "opencode@sst.dev",
    "noreply@opencode.ai",
    "amazon-q-developer[bot]",
    "windsurf@codeium.com",
)
_NAMES = (
    "claude", "claude code", "copilot", "github copilot", "copilot-swe-agent[bot]", "cursor agent", "cursor", "codex", "openai codex",
    "devin", "devin ai", "aider", "gemini", "gemini cli", "jules", "windsurf", "cascade", "opencode", "amazon q", "kiro", "goose",
)  # fmt: skip
_MAX_LINES = 400


def is_agent_commit(message: str, identities: Iterable[str] = ()) -> bool:
    """Whether a commit's message trailers, or its author and committer ("Name <address>"), name a known agent."""
    if any(_is_agent(identity) for identity in identities):
        return True
    for line in message.splitlines()[-_MAX_LINES:]:
        lowered = line.strip().lower()
        for trailer in _TRAILERS:
            if lowered.startswith(trailer) and _is_agent(lowered.removeprefix(trailer)):
                return True
        if lowered.startswith(("🤖 generated with", "generated with [claude code]")):
            return True
    return False


def _is_agent(identity: str) -> bool:
    lowered = identity.strip().lower()
    name, _, address = lowered.partition("<")
    if any(known in address or known in name for known in _ADDRESSES):
        return True
    plain = name.split(":")[0].split("(")[0].strip()  # "Assisted-by: NAME:MODEL", "aider (model)"
    first_words = (plain, " ".join(plain.split()[:2]), *plain.split()[:1])
    # A person may be called Claude: the bare name counts only in the agent's own trailer form or with its model.
    bare = plain == name.strip() and "@" in address
    return (plain in _NAMES and not bare) or (not bare and any(word in _NAMES for word in first_words))
