"""GitHub Actions: `uses:` of workflows and composite actions, and what `run:` steps install."""

from __future__ import annotations

import re2

from assay.dependencies.document import Document, Parsed
from assay.dependencies.install_commands import requests_in
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.shapes import mapping, sequence, text
from assay.dependencies.yaml_text import read_yaml
from assay.model.component import Origin, Scope

_SHA = re2.compile(r"^[0-9a-f]{40}$|^[0-9a-f]{64}$")
_TAG_COMMENT = re2.compile(r"#\s*(?:tag=)?(v?\d+(?:\.\d+)*)")


def parse(document: Document) -> Parsed:
    """Actions and reusable workflows, docker images, and packages that steps install; all of the build.

    Raises:
        ManifestError: not YAML.
    """
    data = mapping(read_yaml(document.text))
    builder = Builder(document, "GitHub Actions")
    steps = sequence(mapping(data.get("runs")).get("steps"))
    for job in mapping(data.get("jobs")).values():
        table = mapping(job)
        steps = steps + sequence(table.get("steps"))
        if used := text(table.get("uses")):
            _uses(builder, used)
    for step in steps:
        table = mapping(step)
        if used := text(table.get("uses")):
            _uses(builder, used)
        if script := text(table.get("run")):
            _run(builder, script)
    return builder.build(locked=False)


def _uses(builder: Builder, used: str) -> None:
    line = builder.document.line_of(used)
    if used.startswith("./"):
        return
    if used.startswith("docker://"):
        image, _, tag = used[9:].partition(":")
        builder.add(
            used,
            Entry(
                image, tag, used, Scope.BUILD, direct=True, origin=Origin.URL, line=line, ecosystem="Docker"
            ),
        )
        return
    name, _, reference = used.partition("@")
    parts = name.split("/")
    if len(parts) < 2 or "${{" in used:
        return
    entry = Entry("/".join(parts[:2]), reference, reference, Scope.BUILD, direct=True, line=line)
    if _SHA.match(reference):
        # A pinned commit mostly has its tag in a comment behind it; that is what advisories name.
        entry.hashes = (f"sha1:{reference}",)
        comment = _TAG_COMMENT.search(_line_text(builder.document, line))
        entry.version = str(comment.group(1)) if comment else reference
    builder.add(f"{entry.name}@{reference}", entry)


def _line_text(document: Document, line: int) -> str:
    return document.text.split("\n", line)[line - 1]


def _run(builder: Builder, script: str) -> None:
    first = next((raw.strip() for raw in script.splitlines() if raw.strip()), "")
    start = builder.document.line_of(first)
    for offset, request in requests_in(script):
        key = f"run:{request.ecosystem}:{request.name}@{request.requirement}"
        entry = Entry(
            request.name,
            request.version,
            request.requirement,
            Scope.BUILD,
            direct=True,
            origin=request.origin,
        )
        entry.line, entry.ecosystem = start + offset - 1, request.ecosystem
        builder.add(key, entry)
