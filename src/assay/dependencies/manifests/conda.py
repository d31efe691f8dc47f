"""environment.yml of conda and mamba, with its `pip:` list."""

from __future__ import annotations

import re2

from assay.dependencies.document import Document, ManifestError, Parsed
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.python_requirement import parse_requirement
from assay.dependencies.purl import canonical_name
from assay.dependencies.shapes import mapping, sequence, texts
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
    for item in sequence(data.get("dependencies")):
        if isinstance(item, str):
            _add_conda(builder, item)
        for requirement in texts(mapping(item).get("pip")):
            _add_pip(builder, requirement)
    return builder.build(locked=False)


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
