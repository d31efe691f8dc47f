"""environment.yml of conda and mamba, with its `pip:` list."""

from __future__ import annotations

from typing import Any

import re2

from assay.dependencies.document import Document, ManifestError, Parsed
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.python_requirement import parse_requirement
from assay.dependencies.purl import canonical_name
from assay.dependencies.shapes import mapping, sequence, text, texts
from assay.dependencies.yaml_text import read_yaml
from assay.model.component import Scope

_SPEC = re2.compile(r"^(?:([A-Za-z0-9_./-]+)::)?([A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(.*)$")


def parse(document: Document) -> Parsed:
    """Packages of conda under its own ecosystem, those below `pip:` under PyPI.

    Raises:
        ManifestError: not a YAML mapping.
    """
    data = read_yaml(document.text)
    if not isinstance(data, dict):
        raise ManifestError("an environment file is a YAML mapping")
    builder = Builder(document, "conda")
    if sequence(data.get("package")):
        return _locked(builder, sequence(data.get("package")))
    for item in sequence(data.get("dependencies")):
        if isinstance(item, str):
            _add_conda(builder, item)
        for requirement in texts(mapping(item).get("pip")):
            _add_pip(builder, requirement)
    return builder.build(locked=False)


def _locked(builder: Builder, packages: list[Any]) -> Parsed:
    """conda-lock.yml: each package once for each platform, of conda or of pip, with what it depends on."""
    for item in packages:
        table = mapping(item)
        name, version, manager = (text(table.get(key)) for key in ("name", "version", "manager"))
        category = text(table.get("category")) or "main"
        digests = mapping(table.get("hash"))
        entry = Entry(
            name,
            version,
            scope=Scope.RUNTIME if category == "main" else Scope.DEVELOPMENT,
            hashes=tuple(f"{kind}:{text(value)}" for kind, value in digests.items()),
            line=builder.document.line_of(f"name: {name}"),
            ecosystem="PyPI" if manager == "pip" else "conda",
        )
        builder.add(f"{manager}:{name}@{version}", entry)
    keys: dict[str, list[str]] = {}
    for key, entry in builder.entries.items():
        keys.setdefault(entry.name, []).append(key)
    for item in packages:
        table = mapping(item)
        parent = f"{text(table.get('manager'))}:{text(table.get('name'))}@{text(table.get('version'))}"
        for child in mapping(table.get("dependencies")):
            for key in keys.get(child, ()):
                builder.link(parent, key)
    return builder.build(locked=True)


def _add_conda(builder: Builder, spec: str) -> None:
    line = builder.document.line_of(spec)
    match = _SPEC.match(spec.strip())
    if match is None:
        builder.problem(f"not a conda requirement: {spec[:80]}", line)
        return
    channel, name, wanted = (str(group or "") for group in match.groups())
    # `name=1.2` matches 1.2.*, `name==1.2` and `name=1.2=build` are exact.
    parts = wanted.strip().removeprefix("==").split("=")
    exact = wanted.startswith("==") or (wanted.count("=") >= 2 and wanted.startswith("="))
    version = (
        next((part for part in parts if part), "") if exact and not set(wanted) & set("<>*|,!~ ") else ""
    )
    builder.add(
        name.lower(), Entry(name.lower(), version, wanted.strip(), direct=True, source=channel, line=line)
    )


def _add_pip(builder: Builder, requirement: str) -> None:
    line = builder.document.line_of(requirement)
    if requirement.startswith("-"):
        return
    entry = parse_requirement(requirement, line, Scope.RUNTIME)
    if entry is None:
        builder.problem(f"not a requirement: {requirement[:80]}", line)
        return
    entry.ecosystem = "PyPI"
    builder.add(f"pip:{canonical_name('PyPI', entry.name)}", entry)
