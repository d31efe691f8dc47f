"""gradle.lockfile, buildscript-gradle.lockfile and version catalogs (libs.versions.toml): https://docs.gradle.org/current/userguide/dependency_locking.html"""

from __future__ import annotations

from typing import Any

from assay.dependencies.document import Document, Parsed
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.shapes import mapping, read_toml, text
from assay.model.component import Scope


def parse_lock(document: Document) -> Parsed:
    """Lines of `group:artifact:version=configurations`; a package in test configurations only is for development."""
    builder = Builder(document, "Maven")
    build = document.uri.rpartition("/")[2].startswith("buildscript")
    # Before Gradle 6 each configuration had a file of its name.
    configuration = document.uri.rpartition("/")[2].removesuffix(".lockfile")
    for number, raw in enumerate(document.text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith(("#", "empty=")):
            continue
        coordinates, _, configurations = line.partition("=")
        parts = coordinates.split(":")
        if len(parts) != 3 or not all(parts):
            builder.problem(f"not understood: {line[:80]}", number)
            continue
        scope = Scope.BUILD if build else _scope(configurations or configuration)
        builder.add(coordinates, Entry(f"{parts[0]}:{parts[1]}", parts[2], scope=scope, line=number))
    return builder.build(locked=True)


def parse_catalog(document: Document) -> Parsed:
    """Libraries and plugins that a version catalog names; a build need not use all of them.

    Raises:
        ManifestError: not TOML.
    """
    data = read_toml(document.text)
    builder = Builder(document, "Maven")
    versions = mapping(data.get("versions"))
    for alias, value in mapping(data.get("libraries")).items():
        name, version = _library(value, versions)
        _add(builder, alias, name, version, Scope.RUNTIME)
    for alias, value in mapping(data.get("plugins")).items():
        table = mapping(value)
        plugin, _, short = text(value).partition(":")
        plugin = text(table.get("id")) or plugin
        # A plugin's marker artifact carries its id twice.
        _add(
            builder,
            alias,
            f"{plugin}:{plugin}.gradle.plugin",
            _version(table.get("version"), versions) or short,
            Scope.BUILD,
        )
    return builder.build(locked=False)


def _add(builder: Builder, alias: str, name: str, wanted: str, scope: Scope) -> None:
    line = builder.document.line_starting(alias)
    if name.count(":") != 1 or name.startswith(":"):
        builder.problem(f"not understood: {alias}", line)
        return
    exact = "" if set(wanted) & set("[](),+") or wanted.startswith("latest.") else wanted
    builder.add(alias, Entry(name, exact, wanted, scope, direct=True, line=line))


def _library(value: object, versions: dict[str, Any]) -> tuple[str, str]:
    if isinstance(value, str):
        name, _, version = value.rpartition(":") if value.count(":") == 2 else (value, "", "")
        return name, version
    table = mapping(value)
    name = text(table.get("module")) or f"{text(table.get('group'))}:{text(table.get('name'))}"
    return name, _version(table.get("version"), versions)


def _version(value: object, versions: dict[str, Any]) -> str:
    if isinstance(value, str):
        return value
    table = mapping(value)
    if "ref" in table:
        return _version(versions.get(text(table.get("ref"))), {})
    return text(table.get("strictly")) or text(table.get("require")) or text(table.get("prefer"))


def _scope(configurations: str) -> Scope:
    names = [name.strip().lower() for name in configurations.split(",") if name.strip()]
    if names and all("test" in name for name in names):
        return Scope.DEVELOPMENT
    if names and all("annotationprocessor" in name or "kapt" in name or "ksp" in name for name in names):
        return Scope.BUILD
    return Scope.RUNTIME
