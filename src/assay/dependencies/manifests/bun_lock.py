"""bun.lock (text): https://bun.com/docs/pm/lockfile."""

from __future__ import annotations

from typing import Any

from assay.dependencies.document import Document, ManifestError, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry, stronger
from assay.dependencies.manifests.npm_names import asked_of, integrity_hashes, origin_of, split_descriptor
from assay.dependencies.purl import clean_url, make_purl
from assay.dependencies.shapes import mapping, read_json_with_comments, sequence, text
from assay.model.component import Origin, Scope

_MAX_NESTING = 120


def parse(document: Document) -> Parsed:
    """Every package; keys are paths of names (`a/b` is the b below a), workspaces are the roots.

    Raises:
        ManifestError: not a JSON object.
    """
    data = read_json_with_comments(document.text)
    if not isinstance(data, dict):
        raise ManifestError("a bun.lock is a JSON object")
    builder = Builder(document, "npm")
    packages = mapping(data.get("packages"))
    facts: dict[str, dict[str, Any]] = {}
    for key, value in packages.items():
        items = sequence(value)
        facts[key] = next((mapping(item) for item in items if isinstance(item, dict)), {})
        builder.add(key, _entry(builder, key, items))
    for key, fact in facts.items():
        for name, _, scope in asked_of(fact):
            target = _resolve(facts, key, name)
            if target is not None and scope is not Scope.DEVELOPMENT:
                builder.link(key, target)
    _roots(builder, mapping(data.get("workspaces")), facts)
    return builder.build(locked=True)


def _roots(builder: Builder, workspaces: dict[str, Any], facts: dict[str, dict[str, Any]]) -> None:
    asked: dict[str, Scope] = {}
    for path, value in workspaces.items():
        workspace = mapping(value)
        name, version = text(workspace.get("name")) or path, text(workspace.get("version"))
        requires = []
        for wanted, _, scope in asked_of(workspace):
            target = _resolve(facts, name, wanted)
            if target not in builder.entries:
                continue
            asked[target] = stronger(asked[target], scope) if target in asked else scope
            builder.entries[target].direct = True
            requires.append(builder.entries[target].purl)
        if name:
            builder.roots.append(Root(make_purl("npm", name, version), name, version, tuple(requires)))
    builder.spread_scopes(asked)


def _entry(builder: Builder, key: str, items: list[Any]) -> Entry:
    name, reference = split_descriptor(text(items[0]) if items else key)
    origin = Origin.WORKSPACE if reference.startswith("root:") else origin_of(reference)
    integrity = text(items[-1]) if len(items) > 1 else ""
    return Entry(
        name=name,
        version=reference if origin is Origin.REGISTRY else "",
        hashes=integrity_hashes(integrity),
        origin=origin,
        source="" if origin is Origin.REGISTRY else clean_url(reference),
        line=builder.document.line_of(f'"{key}": ['),
    )


def _resolve(facts: dict[str, dict[str, Any]], key: str, name: str) -> str | None:
    """The nearest package of that name: below the key, then below its ancestors, then at the top."""
    path = key if key.count("/") <= _MAX_NESTING else ""
    while path:
        candidate = f"{path}/{name}"
        if candidate in facts:
            return candidate
        path = path.rpartition("/")[0]
    return name if name in facts else None
