"""yarn.lock of Yarn 1 (its own syntax) and of Yarn 2 and later (YAML)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from assay.dependencies.document import Document, Parsed
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.npm_names import (
    asked_of,
    integrity_hashes,
    origin_of,
    sibling_package,
    split_descriptor,
    unalias,
)
from assay.dependencies.purl import clean_url
from assay.dependencies.shapes import mapping, text
from assay.dependencies.yaml_text import read_yaml
from assay.model.component import Origin


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
    package = sibling_package(document.sibling(document.folder() + "package.json"))
    asked = {}
    for name, wanted, scope in asked_of(package):
        key = resolved.get(f"{name}@{wanted}") or resolved.get(f"{name}@npm:{wanted}")
        if key is not None:
            builder.entries[key].direct = True
            asked[key] = scope
    if asked:
        builder.spread_scopes(asked)
    return builder.build(locked=True)


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
            block = _Block([_unquote(part) for part in body.rstrip(":").split(", ")], number)
        elif block is not None and indent <= 2:
            section = body[:-1] if body.endswith(":") else ""
            if not section:
                key, _, value = body.partition(" ")
                block.fields[_unquote(key)] = _unquote(value)
        elif block is not None and section in {"dependencies", "optionalDependencies"}:
            name, _, wanted = (
                body.rpartition(" ") if body.endswith('"') and body.count('"') > 2 else body.partition(" ")
            )
            block.requires[_unquote(name)] = _unquote(wanted)
    if block is not None:
        yield block


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
