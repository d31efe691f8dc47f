"""MCP server definitions: packages that `uvx`, `npx -y` and their like fetch and run (.mcp.json, .cursor/mcp.json, settings files)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.dependencies.document import Document, Parsed
from assay.dependencies.install_commands import requests_of
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.shapes import mapping, read_json_with_comments, text, texts
from assay.model.component import Origin

_TABLES = ("mcpServers", "servers", "mcp_servers", "context_servers")


def parse(document: Document) -> Parsed:
    """The package of every server that a package runner starts, and container images that `docker run` starts.

    Raises:
        ManifestError: not JSON.
    """
    builder = Builder(document, "npm")
    for name, server in _servers(mapping(read_json_with_comments(document.text))):
        command, arguments = text(server.get("command")), texts(server.get("args"))
        line = document.line_of(f'"{name}"')
        for request in requests_of([command, *arguments]) if command else []:
            entry = Entry(
                request.name, request.version, request.requirement, direct=True, origin=request.origin
            )
            entry.line, entry.ecosystem, entry.source = line, request.ecosystem, f"MCP server {name[:80]}"
            builder.add(f"{name}:{request.name}", entry)
        if command.rpartition("/")[2] in {"docker", "podman"} and "run" in arguments:
            _image(builder, arguments, line, name)
    return builder.build(locked=False)


def _servers(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    tables = [mapping(data.get(name)) for name in _TABLES] + [
        mapping(mapping(data.get("mcp")).get("servers"))
    ]
    for table in tables:
        yield from ((name, mapping(server)) for name, server in table.items())


def _image(builder: Builder, arguments: list[str], line: int, name: str) -> None:
    """The first word behind `run` that is no option; options with a value are those of `docker run`."""
    valued = {
        "-e",
        "--env",
        "-v",
        "--volume",
        "-p",
        "--publish",
        "--name",
        "--network",
        "-w",
        "--workdir",
        "--mount",
        "-u",
        "--user",
        "--entrypoint",
    }
    index = arguments.index("run") + 1
    while index < len(arguments) and arguments[index].startswith("-"):
        index += 2 if arguments[index] in valued else 1
    if index < len(arguments):
        image, _, tag = arguments[index].partition(":")
        entry = Entry(
            image,
            tag,
            direct=True,
            origin=Origin.URL,
            line=line,
            ecosystem="Docker",
            source=f"MCP server {name[:80]}",
        )
        builder.add(f"{name}:image", entry)
