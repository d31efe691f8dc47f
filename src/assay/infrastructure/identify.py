"""Which language of infrastructure a file speaks: by its name, and for YAML and JSON by words that only that language has."""

from __future__ import annotations

import re  # linear patterns over names

_DOCKERFILE = re.compile(r"(^|[./_-])(dockerfile|containerfile)([._-][\w.-]*)?$", re.IGNORECASE)
_NO_DOCKERFILE = re.compile(
    r"\.(md|txt|py|js|ts|go|sh|ya?ml|json|dockerignore|j2|tmpl|template|erb|html|rst|patch|diff)$",
    re.IGNORECASE,
)
_COMPOSE = re.compile(r"(^|/)[\w.-]*compose[\w.-]*\.ya?ml$", re.IGNORECASE)
_GUARDRAIL = re.compile(
    r"(^|/)(AGENTS(\.override)?\.md|CLAUDE(\.local)?\.md|GEMINI\.md|SKILL\.md|\.cursorrules|\.windsurfrules|\.clinerules|\.goosehints|"
    r"\.roomodes|copilot-instructions\.md|POWER\.md|CONVENTIONS\.md|llms\.txt)$|"
    r"\.mdc$|(^|/)\.(claude|cursor|windsurf|clinerules|roo|kiro|continue|opencode|codex|gemini|agents)/.*\.(md|mdc)$|"
    r"(^|/)\.github/(instructions|agents|prompts|chatmodes|skills)/.*\.md$"
)
_AGENT_JSON = re.compile(
    r"(^|/)(\.mcp\.json|mcp\.json|mcp_config\.json|mcp-config\.json|claude_desktop_config\.json|cline_mcp_settings\.json|managed-mcp\.json|"
    r"opencode\.jsonc?|gemini-extension\.json)$|"
    r"(^|/)\.(claude|gemini|cursor|codex|kiro|roo|qwen|amazonq)/([\w./-]*/)?(settings(\.local)?|mcp|hooks|[\w-]*hooks?[\w-]*|agents/[\w-]+)\.json$|"
    r"(^|/)hooks/hooks\.json$|(^|/)\.github/hooks/[\w.-]+\.json$|(^|/)\.vscode/settings\.json$|(^|/)(server|manifest)\.json$"
)
_GENERAL_NAME = re.compile(
    r"(^|/)(server|manifest)\.json$|(^|/)\.vscode/settings\.json$|(^|/)hooks/hooks\.json$"
)
_AGENT_WORDS = (
    b"mcpServers",
    b'"tools"',
    b"pprove",
    b"llowExecute",
    b'"mcp',
    b'"hooks"',
    b"PermissionsBypass",
    b"kipPermissions",
)
_AGENT_OTHER = re.compile(
    r"(^|/)\.codex/config\.toml$|(^|/)\.continue/(mcpServers/[\w.-]+|config)\.ya?ml$|(^|/)\.aider\.conf\.ya?ml$"
)
_SUFFIXES = (
    ".yaml", ".yml", ".json", ".jsonc", ".tf", ".tofu", ".tfvars", ".hcl", ".bicep", ".sol", ".rules", ".toml", ".template",
    ".graphql", ".gql", ".graphqls",
)  # fmt: skip


def wants(uri: str) -> bool:
    """Whether a file of this name could declare infrastructure. Cheap: looks at the name only."""
    name = uri.rpartition("/")[2]
    lower = name.lower()
    if lower.endswith(_SUFFIXES):
        return not lower.endswith(("package-lock.json", ".min.json", "tsconfig.json")) and (
            not lower.endswith(".toml") or _AGENT_OTHER.search(uri) is not None
        )
    return (
        is_dockerfile(name)
        or lower.endswith(".dockerignore")
        or _GUARDRAIL.search(uri) is not None
        or (lower.endswith(".sql") and "supabase/" in uri)
        or (lower.endswith(".tpl") and "/templates/" in f"/{uri}")
    )


def is_dockerfile(name: str) -> bool:
    """Whether a file name is a Dockerfile's or Containerfile's: `Dockerfile.prod`, `web.dockerfile`."""
    return _DOCKERFILE.search(name) is not None and _NO_DOCKERFILE.search(name) is None


def platform_of(uri: str, content: bytes) -> str:
    """The name of the platform module that reads the file, or empty if none does."""
    name = uri.rpartition("/")[2]
    by_name = _by_name(uri, name, name.lower())
    if by_name is not None:
        return by_name
    if name.lower().endswith((".yaml", ".yml", ".json", ".jsonc", ".template")):
        return _by_content(uri, name, content)
    return ""


def _by_name(uri: str, name: str, lower: str) -> str | None:
    if is_dockerfile(name):
        return "docker"
    if lower.endswith(".dockerignore"):
        return "dockerignore"
    if lower.endswith((".tf", ".tofu", ".tfvars", ".tf.json", ".tfvars.json", ".pkr.hcl")):
        return "terraform"
    if _GUARDRAIL.search(uri) is not None:
        return "guardrails"
    if _AGENT_OTHER.search(uri) is not None:
        return "agents"
    if "/.github/workflows/" in f"/{uri}" and lower.endswith((".yml", ".yaml")):
        return "actions"
    if lower in ("action.yml", "action.yaml"):
        return "actions"
    if lower.endswith((".yml", ".yaml")) and (lower.startswith(".gitlab-ci") or "gitlab-ci" in uri):
        return "gitlab"
    return _by_suffix(lower)


def _by_suffix(lower: str) -> str | None:
    if lower.endswith(".bicep"):
        return "azure"
    if lower.endswith(".sol"):
        return "solidity"
    if lower.endswith((".graphql", ".gql", ".graphqls")):
        return "graphql"
    if lower.endswith(".rules") or lower == "database.rules.json":
        return "firebase"
    if lower.endswith(".sql"):
        return "supabase"
    return None


def _by_content(uri: str, name: str, content: bytes) -> str:
    head = content[:65536]
    if _is_openapi(content[:8192]):
        return "openapi"
    if _COMPOSE.search(uri) is not None and b"services" in content:
        return "compose"
    if _is_helm(uri, name, content) or name in ("values.yaml", "values.yml"):
        return "kubernetes"
    if name.lower().startswith("kustomization.y"):
        return "kubernetes"
    if b"jobs:" in content and b"runs-on" in content:
        return "actions"
    if b"apiVersion" in content and b"kind" in content:
        return "kubernetes"
    if b"AWSTemplateFormatVersion" in head or (b"AWS::" in content and b"Resources" in content):
        return "cloudformation"
    if b"deploymentTemplate.json" in head:
        return "azure"
    if b"planned_values" in content and b"terraform_version" in head:
        return "terraform"
    if _AGENT_JSON.search(uri) is not None and (
        not _GENERAL_NAME.search(uri) or any(word in content for word in _AGENT_WORDS)
    ):
        return "agents"
    if name.lower().endswith((".yml", ".yaml")) and (
        b"hosts:" in content or b"tasks:" in content or "/tasks/" in uri or "/handlers/" in uri
    ):
        return "ansible"
    return ""


def _is_helm(uri: str, name: str, content: bytes) -> bool:
    return (
        b"kind" in content
        and "/templates/" in f"/{uri}"
        and not name.startswith("_")
        and name.lower().endswith((".yaml", ".yml"))
    )


def _is_openapi(head: bytes) -> bool:
    return re.search(rb"""(^|[\n{,])\s*["']?(openapi|swagger)["']?\s*:\s*["']?[23]\.""", head) is not None
