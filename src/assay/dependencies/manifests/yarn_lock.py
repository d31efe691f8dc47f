"""yarn.lock of Yarn 1 (its own syntax) and of Yarn 2 and later (YAML)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

import re2

from assay.dependencies.document import Document, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry, stronger
from assay.dependencies.manifests.npm_names import (
    asked_of,
    integrity_hashes,
    origin_of,
    sibling_package,
    split_descriptor,
    unalias,
)
from assay.dependencies.purl import clean_url, make_purl
from assay.dependencies.shapes import mapping, text
from assay.dependencies.yaml_text import read_yaml
from assay.model.component import Origin, Scope

_WORD = re2.compile(r'"[^"]*"|\S+')
_DESCRIPTOR = re2.compile(r'"[^"]*"|[^",\s][^",]*')


@dataclass(slots=True)
class _Block:
    """One entry of Yarn 1: its descriptors, its plain fields, and name -> range of what it requires."""

    descriptors: list[str]
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    requires: dict[str, str] = field(default_factory=dict)


def parse(document: Document) -> Parsed:
    """Every locked package; scopes and directness from the package.json beside it, where there is one.

    Raises:
        ManifestError: a Yarn 2 lockfile that is not YAML.
    """
    builder = Builder(document, "npm")
    berry = "\n__metadata:" in document.text or document.text.startswith("__metadata:")
    resolved = _berry(builder) if berry else _classic(builder)
    workspaces = {key: entry for key, entry in builder.entries.items() if entry.origin is Origin.WORKSPACE}
    asked: dict[str, Scope] = {}
    for folder in dict.fromkeys([".", *(entry.source for entry in workspaces.values())]):
        _ask(builder, folder, resolved, asked)
    for parent, child in builder.edges:
        entry = builder.entries.get(child)
        if parent in workspaces and entry is not None and entry.origin is not Origin.WORKSPACE:
            entry.direct = True
            # A workspace whose package.json is not there: what it asks for may run in production.
            asked.setdefault(child, Scope.RUNTIME)
    if asked:
        builder.spread_scopes(asked, frozenset(workspaces))
    _roots(builder, workspaces)
    return builder.build(locked=True)


def _ask(builder: Builder, folder: str, resolved: dict[str, str], asked: dict[str, Scope]) -> None:
    """What the package.json of one workspace asks for, with its scopes."""
    uri = posixpath.normpath(posixpath.join(builder.document.folder(), folder, "package.json"))
    package = {} if uri.startswith(("../", "/")) else sibling_package(builder.document.sibling(uri))
    for name, wanted, scope in asked_of(package):
        key = resolved.get(f"{name}@{wanted}") or resolved.get(f"{name}@npm:{wanted}", "")
        if key in builder.entries:
            builder.entries[key].direct = True
            asked[key] = stronger(asked[key], scope) if key in asked else scope


def _roots(builder: Builder, workspaces: dict[str, Entry]) -> None:
    for key, entry in workspaces.items():
        requires = tuple(
            builder.entries[child].purl
            for parent, child in builder.edges
            if parent == key and child in builder.entries
        )
        builder.roots.append(
            Root(make_purl("npm", entry.name, entry.version), entry.name, entry.version, requires)
        )


def _classic(builder: Builder) -> dict[str, str]:
    resolved: dict[str, str] = {}
    blocks = list(_blocks(builder.document.text))
    for block in blocks:
        entry = _classic_entry(block)
        key = f"{block.descriptors[0]}"
        builder.add(key, entry)
        resolved |= dict.fromkeys(block.descriptors, key)
    for block in blocks:
        for name, wanted in block.requires.items():
            child = resolved.get(f"{name}@{wanted}")
            if child is not None:
                builder.link(block.descriptors[0], child)
    return resolved


def _blocks(source: str) -> Iterator[_Block]:
    block: _Block | None = None
    section = ""
    for number, raw in enumerate(source.splitlines(), 1):
        body = raw.strip()
        if not body or body.startswith("#"):
            continue
        indent = len(raw) - len(raw.lstrip())
        if indent == 0:
            if block is not None:
                yield block
            block = _Block(_descriptors(body), number)
        elif block is not None and indent <= 2:
            section = body[:-1] if body.endswith(":") else ""
            if not section:
                key, _, value = body.partition(" ")
                block.fields[_unquote(key)] = _unquote(value)
        elif block is not None and section in {"dependencies", "optionalDependencies"}:
            name, *wanted = [str(word) for word in _WORD.findall(body)]
            block.requires[_unquote(name)] = _unquote(" ".join(wanted))
    if block is not None:
        yield block


def _descriptors(header: str) -> list[str]:
    """`a@^1, "b@>= 1, < 2":` -> its descriptors; a comma inside of quotes parts nothing."""
    return [_unquote(str(part)) for part in _DESCRIPTOR.findall(header.rstrip(":"))] or [header]


def _unquote(value: str) -> str:
    return value.strip().strip('"')


def _classic_entry(block: _Block) -> Entry:
    alias, wanted = split_descriptor(block.descriptors[0])
    name, wanted = unalias(alias, wanted)
    resolved = block.fields.get("resolved", "")
    origin = origin_of(wanted)
    if origin is Origin.REGISTRY and resolved and "/-/" not in resolved:
        origin = Origin.REGISTRY if origin_of(resolved) is Origin.URL else origin_of(resolved)
    return Entry(
        name=name,
        version=block.fields.get("version", ""),
        requirement=wanted,
        hashes=integrity_hashes(block.fields.get("integrity", "")),
        origin=origin,
        source=clean_url(resolved or ("" if origin is Origin.REGISTRY else wanted)),
        line=block.line,
    )


def _berry(builder: Builder) -> dict[str, str]:
    resolved: dict[str, str] = {}
    blocks = mapping(read_yaml(builder.document.text))
    for header, value in blocks.items():
        table = mapping(value)
        if header == "__metadata" or not table:
            continue
        name, reference = split_descriptor(text(table.get("resolution")) or header.split(", ")[0])
        builder.add(header, _berry_entry(builder, name, reference, table, header))
        resolved |= dict.fromkeys(header.split(", "), header)
    for header, value in blocks.items():
        for name, wanted in mapping(mapping(value).get("dependencies")).items():
            child = resolved.get(f"{name}@{text(wanted)}") or resolved.get(f"{name}@npm:{text(wanted)}")
            if child is not None:
                builder.link(header, child)
    return resolved


def _berry_entry(builder: Builder, name: str, reference: str, table: dict[str, object], header: str) -> Entry:
    # `virtual:<hash>#npm:1.0` is the package at 1.0 with peers bound; `patch:` wraps the package it patches.
    if reference.startswith("virtual:"):
        reference = reference.partition("#")[2]
    if reference.startswith(("npm:", "patch:")):
        origin = Origin.REGISTRY
    else:
        origin = origin_of(reference)
    version = text(table.get("version"))
    is_workspace = origin is Origin.WORKSPACE
    return Entry(
        name=name,
        version="" if is_workspace and version == "0.0.0-use.local" else version,
        origin=origin,
        source="" if origin is Origin.REGISTRY else clean_url(reference.removeprefix("workspace:")),
        line=builder.document.line_of(header.split(", ")[0]),
    )
