"""Configuration of coding agents as units: MCP servers, hooks, permissions and settings of every client.

Kinds: `mcp_server`, `hook`, `settings`, `tool` (a tool's description), and `command` for each command of a hook. A server gets `package`,
`runner`, `pinned`, `source` (registry, git, path, image), `insecure_remote`, `credentials`, `roots` (file-system arguments) and `line`
(command and arguments as one text). Formats: MCP clients' documents, Claude Code, Codex, Cursor, Copilot, Gemini, VS Code, OpenCode, Continue.
"""

from __future__ import annotations

import re  # linear patterns over single arguments
from collections.abc import Iterator

from assay.infrastructure.credentials import is_secret_setting, is_token
from assay.infrastructure.documents.read_json import read_json
from assay.infrastructure.documents.read_toml import read_toml
from assay.infrastructure.documents.read_yaml import read_yaml
from assay.infrastructure.node import UNKNOWN, Node, walk
from assay.infrastructure.scripts import Place, commands, effects
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "agents"
_SERVER_KEYS = ("mcpServers", "servers", "mcp_servers", "context_servers", "mcp")
_RUNNERS = frozenset(
    ["npx", "bunx", "pnpx", "pnpm", "yarn", "uvx", "pipx", "uv", "bun", "docker", "podman", "deno"]
)
_VALUED = frozenset(
    [
        "-p",
        "--package",
        "--from",
        "--with",
        "-c",
        "--registry",
        "--index-url",
        "--python",
        "-e",
        "--env",
        "-v",
        "--volume",
        "--name",
        "--network",
        "--mount",
        "-w",
        "--workdir",
        "-u",
        "--user",
        "--entrypoint",
        "--platform",
        "--env-file",
    ]
)
_VERSION = re.compile(r"^(@[^@/]+/)?[^@/]+(@\d[\w.+-]*|==\d[\w.+!-]*)$")
_COMMIT = re.compile(r"[@#][0-9a-f]{40}$")
_PATHISH = re.compile(
    r"^(/|~|\$HOME|\$\{HOME\}|\$\{userHome\}|[A-Za-z]:[\\/]|\.\.?(/|$)|\$\{workspaceFolder\})"
)
_LOCAL = re.compile(
    r"^https?://(localhost|127\.|0\.0\.0\.0|\[::1\]|host\.docker\.internal|[\w-]+\.(local|internal|localhost)\b)",
    re.IGNORECASE,
)


def read(uri: str, text: str) -> Reading:
    """The units of one configuration file."""
    if uri.endswith(".toml"):
        documents = read_toml(text)
    elif uri.endswith((".yml", ".yaml")):
        documents = read_yaml(text)
    else:
        documents = read_json(text)
    units: list[Unit] = []
    for root in documents.roots[:1]:
        if isinstance(root.value, dict):
            units.extend(_servers(uri, root))
            units.extend(_hooks(uri, root))
            units.append(Unit(PLATFORM, "settings", uri.rpartition("/")[2], uri, root, root.span))
            units.extend(_tools(uri, root))
    return Reading(uri, PLATFORM, tuple(units), documents.problems)


def _servers(uri: str, root: Node) -> Iterator[Unit]:
    groups = [root.get(key) for key in _SERVER_KEYS] + [root.at("mcp.servers")]
    groups += [project.get("mcpServers") for _, project in (root.get("projects") or Node(None)).fields()]
    for group in groups:
        named = list((group or Node(None)).fields())
        named += [(item.text("name"), item) for item in (group or Node(None)).items()]
        for name, server in named:
            if isinstance(server.value, dict) and (
                server.get("command") or server.get("url") or server.get("serverUrl") or server.get("httpUrl")
            ):
                node = _with_facts(server)
                yield Unit(
                    PLATFORM,
                    "mcp_server",
                    name,
                    uri,
                    node,
                    server.key or server.place,
                    {"settings": root},
                    "json" if not uri.endswith((".toml", ".yaml", ".yml")) else "yaml",
                )
                yield from _tools(uri, server)


def _with_facts(server: Node) -> Node:
    assert isinstance(server.value, dict)
    command = server.get("command") or Node(None, server.span)
    words = [item.text() for item in command.items()] or command.text().split()
    words += [item.text() for item in (server.get("args") or Node(None)).items()]
    args = server.get("args") or command
    url = server.get("url") or server.get("serverUrl") or server.get("httpUrl")
    facts = dict(server.value)
    runner = words[0].rsplit("/", 1)[-1].removesuffix(".cmd").removesuffix(".exe") if words else ""
    if runner == "cmd" and len(words) > 2:
        words = words[2:]
        runner = words[0]
    package, pinned, source = _package(runner, words[1:])
    facts["line"] = Node(" ".join(words), args.span, args.key)
    facts["runner"] = Node(runner or None, command.span, command.key)
    facts["package"] = Node(package or None, args.span, args.key)
    facts["pinned"] = Node(pinned if package else UNKNOWN, args.span, args.key)
    facts["source"] = Node(source, args.span, args.key)
    facts["roots"] = Node([item for item in args.items() if _PATHISH.match(item.text())], args.span)
    if url is not None:
        facts["remote"] = url
        facts["insecure_remote"] = Node(
            url.text().startswith(("http://", "ws://")) and _LOCAL.match(url.text()) is None,
            url.span,
            url.key,
        )
    facts["credentials"] = Node(list(_credentials(server)), server.span)
    return Node(facts, server.span, server.key)


def _package(runner: str, words: list[str]) -> tuple[str, bool, str]:
    """What a runner fetches, whether at one version, and from where."""
    if runner not in _RUNNERS:
        return "", False, ""
    if runner in ("docker", "podman"):
        return _image(words)
    if runner in ("pnpm", "yarn", "uv", "pipx", "bun"):
        if not words or words[0] not in ("dlx", "x", "run", "tool"):
            return "", False, ""
        words = words[1:]
        if words[:1] == ["run"] and runner == "uv":
            words = words[1:]
        elif runner == "uv" and not any(word in ("--from", "--with") for word in words):
            return "", False, ""
    if runner == "deno":
        return "", False, ""
    named = ""
    at = 0
    while at < len(words):
        word = words[at]
        if word in ("-p", "--package", "--from") and at + 1 < len(words):
            named = words[at + 1]
            at += 2
        elif word in _VALUED:
            at += 2
        elif word.startswith("-"):
            at += 1
        else:
            break
    package = named or (words[at] if at < len(words) else "")
    if package.startswith(("git+", "github:", "https://", "http://", "git@")):
        return package, _COMMIT.search(package) is not None, "git"
    if package.startswith((".", "/", "~", "file:")) or "${" in package or not package:
        return "", False, "path"
    return package, _VERSION.match(package) is not None, "registry"


def _image(words: list[str]) -> tuple[str, bool, str]:
    if "run" not in words:
        return "", False, ""
    at = words.index("run") + 1
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in _VALUED else 1
    image = words[at] if at < len(words) else ""
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    return image, "@sha256:" in image or (bool(tag) and tag != "latest"), "image"


def _credentials(server: Node) -> Iterator[Node]:
    for key in ("env", "environment", "headers", "http_headers", "requestInit"):
        for name, value in (server.get(key) or Node(None)).fields():
            text = value.text()
            bearer = text.removeprefix("Bearer ").removeprefix("bearer ").removeprefix("Basic ").strip()
            header = name.lower() in ("authorization", "x-api-key", "api-key", "x-auth-token")
            if is_secret_setting(name, bearer) or (
                header and len(bearer) > 7 and is_secret_setting("token", bearer)
            ):
                yield Node({"name": Node(name, value.span), "value": value}, value.span, value.key)
    for item in (server.get("args") or Node(None)).items():
        name, _, text = item.text().lstrip("-").partition("=")
        if is_token(item.text()) or (text and is_secret_setting(name.replace("-", "_"), text)):
            yield Node({"name": Node(name[:40], item.span), "value": item}, item.span)
    url = server.get("url") or server.get("serverUrl")
    if url is not None and re.search(
        r"[?&](api_?key|token|access_token|key|secret)=[A-Za-z0-9_-]{12,}", url.text()
    ):
        yield Node({"name": Node("url", url.span), "value": url}, url.span, url.key)


def _hooks(uri: str, root: Node) -> Iterator[Unit]:
    """Every command that a hook runs, whatever the client's nesting."""
    hooks = root.get("hooks")
    if hooks is None:
        return
    for event, entries in hooks.fields():
        for _, node in walk(entries, 5_000):
            for key in ("command", "bash", "powershell"):
                command = node.get(key)
                if command is None or not isinstance(command.value, str):
                    continue
                found = commands(command.value, Place(command.span.start_line, command.span.start_column + 1))
                facts = {
                    "effects": Node(effects(command.value, command.span), command.span),
                    "event": Node(event, command.span),
                    "command": command,
                    "commands": Node(found, command.span),
                }
                hook = Node(facts, command.span, command.key)
                yield Unit(PLATFORM, "hook", event, uri, hook, command.place)
                for each in found:
                    yield Unit(
                        PLATFORM, "command", each.text("name"), uri, each, command.span, {"hook": hook}
                    )


def _tools(uri: str, root: Node) -> Iterator[Unit]:
    for tool in (root.get("tools") or Node(None)).items():
        description = tool.get("description")
        if description is not None and isinstance(description.value, str):
            yield Unit(PLATFORM, "tool", tool.text("name"), uri, tool, description.place)
