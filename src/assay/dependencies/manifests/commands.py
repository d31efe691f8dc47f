"""Packages that a Dockerfile's RUN lines or a shell script install."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from assay.dependencies.document import Document, Parsed
from assay.dependencies.install_commands import Request, requests_in
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.shapes import read_json
from assay.model.component import Scope

_INSTRUCTION = re2.compile(r"^\s*(?:ONBUILD\s+)?(RUN|SHELL|FROM|COPY|ADD|ARG|ENV|CMD|ENTRYPOINT)\s+(.*)$")
_RUN_OPTION = re2.compile(r"^--[a-z]+(?:=\S+)?\s+")
_HEREDOC = re2.compile(r"<<-?[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?")
# Formats whose clients install for the system: their scope is the image's own.
_HOW = {"Debian": "distro", "Alpine": "distro"}


def parse_dockerfile(document: Document) -> Parsed:
    """What RUN lines install, at the line where the instruction starts."""
    builder = Builder(document, "PyPI")
    for line, command in _run_lines(document.text):
        for offset, request in requests_in(command):
            _add(builder, request, line + offset - 1)
    return builder.build(locked=False)


def parse_script(document: Document) -> Parsed:
    """What a shell script installs."""
    builder = Builder(document, "PyPI")
    for line, request in requests_in(document.text):
        _add(builder, request, line)
    return builder.build(locked=False)


def _add(builder: Builder, request: Request, line: int) -> None:
    entry = Entry(
        name=request.name,
        version=request.version,
        requirement=request.requirement,
        scope=request.scope if request.scope is Scope.DEVELOPMENT else Scope.RUNTIME,
        direct=True,
        origin=request.origin,
        line=line,
        ecosystem=request.ecosystem,
    )
    builder.add(f"{request.ecosystem}:{request.name}@{request.requirement}", entry)
    if request.index:
        builder.indexes.append(request.index)


def _run_lines(source: str) -> Iterator[tuple[int, str]]:
    lines = source.splitlines()
    index = 0
    while index < len(lines):
        match = _INSTRUCTION.match(lines[index])
        started = index + 1
        if match is None or match.group(1) != "RUN":
            index += 1
            continue
        body = [str(match.group(2))]
        heredoc = _HEREDOC.search(body[0])
        if heredoc is not None:
            index += 1
            while index < len(lines) and lines[index].strip() != heredoc.group(1):
                body.append(lines[index])
                index += 1
            yield started, "\n".join(["", *body[1:]])
        else:
            while index + 1 < len(lines) and (
                body[-1].rstrip().endswith("\\") or lines[index].lstrip().startswith("#")
            ):
                index += 1
                body.append(lines[index])
            yield started, _shell_form("\n".join(body))
        index += 1


def _shell_form(command: str) -> str:
    while match := _RUN_OPTION.match(command):
        command = command[match.end() :]
    if command.startswith("["):
        try:
            words = read_json(command)
        except ValueError:
            return command
        if isinstance(words, list):
            import shlex

            return " ".join(shlex.quote(str(word)) for word in words)
    return command
