"""package.json: what a JavaScript project asks for (npm documentation, "package.json")."""

from __future__ import annotations

from assay.dependencies.document import Document, ManifestError, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.npm_names import asked_of, commit_of, exact_version, origin_of, unalias
from assay.dependencies.purl import clean_url, make_purl
from assay.dependencies.shapes import mapping, read_json, text
from assay.model.component import Origin


def parse(document: Document) -> Parsed:
    """Every dependency that the file names, direct ones only.

    Raises:
        ManifestError: not a JSON object.
    """
    data = read_json(document.text)
    if not isinstance(data, dict):
        raise ManifestError("a package.json is a JSON object")
    builder = Builder(document, "npm")
    for alias, wanted, scope in asked_of(data):
        name, requirement = unalias(alias, wanted)
        origin = origin_of(requirement)
        builder.add(
            f"{name}@{requirement}",
            Entry(
                name=name,
                version=exact_version(requirement) if origin is Origin.REGISTRY else commit_of(requirement),
                requirement=wanted if origin is Origin.REGISTRY else "",
                scope=scope,
                direct=True,
                origin=origin,
                source="" if origin is Origin.REGISTRY else clean_url(requirement),
                line=document.line_of(f'"{alias}"'),
            ),
        )
    name, version = text(mapping(data).get("name")), text(mapping(data).get("version"))
    if name:
        builder.roots.append(Root(make_purl("npm", name, version), name, version))
    return builder.build(locked=False)
