"""One reading of a project for the dependency engines: manifests, imports of its sources, policy, VEX documents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from assay.dependencies.document import Manifest, ManifestError, Sibling, decode
from assay.dependencies.imports import Import, ecosystem_of_language, imports_of, provides
from assay.dependencies.inventory import Inventory, read_inventory
from assay.dependencies.manifests.registry import format_of
from assay.dependencies.policy import POLICY_FILE, Policy, read_policy
from assay.dependencies.shapes import mapping, read_toml, sequence
from assay.dependencies.vex import Statement, read_vex
from assay.model.component import Component
from assay.model.errors import ConfigError

# One class after another, nothing to go back to: linear, and ten times as fast here as a match object for each word.
_WORD = re.compile(r"[A-Za-z_]\w{2,}", re.ASCII)
_MAX_WORDS_FILE = 2_000_000
_SCRIPT_MARK = b"# /// script"
_WITH_TIMES = frozenset({"uv.lock", "pylock.toml"})


@dataclass(slots=True)
class Sources:
    """Imports of the project's code, its own top-level modules, the ecosystems whose sources were read."""

    imports: list[Import] = field(default_factory=list)
    own_modules: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    sibling: Sibling = field(default=lambda _uri: None)
    _words: dict[str, frozenset[str] | None] = field(default_factory=dict)

    def imports_of(self, component: Component) -> tuple[Import, ...]:
        """The imports that this package may give."""
        return tuple(
            item
            for item in self.imports
            if item.ecosystem == component.ecosystem and provides(component, item)
        )

    def words_of(self, uri: str) -> frozenset[str] | None:
        """The words of one source file, read again when somebody asks; None where it cannot be read or is too large."""
        if uri not in self._words:
            data = self.sibling(uri)
            known = data is not None and len(data) <= _MAX_WORDS_FILE
            self._words[uri] = (
                frozenset(_WORD.findall(data.decode("utf-8", "replace")))
                if data is not None and known
                else None
            )
        return self._words[uri]


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything that the dependency engines judge. `broken` maps a policy or VEX file to what is wrong with it."""

    inventory: Inventory
    sources: Sources
    policy: Policy
    statements: tuple[Statement, ...]
    broken: dict[str, str]
    uploads: dict[str, tuple[tuple[Component, str], ...]] = field(default_factory=dict)


def is_vex_name(uri: str) -> bool:
    """Whether a file is a VEX document by its name: `*.openvex.json`, `*.vex.json`, `*.vex.cdx.json`."""
    return uri.lower().endswith((".openvex.json", ".vex.json", ".vex.cdx.json"))


def is_input(uri: str, language: str) -> bool:
    """Whether the dependency engines read a file: a manifest, source code in a language with packages, policy, VEX."""
    return (
        bool(format_of(uri))
        or bool(ecosystem_of_language(language))
        or uri == POLICY_FILE
        or is_vex_name(uri)
    )


def take_survey(files: Iterable[tuple[str, bytes, str]], sibling: Sibling) -> Survey:
    """Read (uri, content, language) of every input file. Never raises for bad content."""
    manifests: list[tuple[str, bytes, str]] = []
    sources = Sources(sibling=sibling)
    policy = Policy()
    statements: list[Statement] = []
    broken: dict[str, str] = {}
    for uri, data, language in files:
        form = format_of(uri)
        if form:
            manifests.append((uri, data, form))
        elif language == "python" and _SCRIPT_MARK in data[:65_536]:
            manifests.append((uri, data, "script.py"))
        if ecosystem_of_language(language):
            _read_source(sources, uri, data, language)
        if uri == POLICY_FILE:
            try:
                policy = read_policy(decode(data), uri)
            except (ConfigError, ManifestError) as error:
                broken[uri] = str(error)
        elif is_vex_name(uri):
            try:
                statements += read_vex(decode(data), uri)
            except ManifestError as error:
                broken[uri] = str(error)
    inventory = read_inventory(manifests, sibling)
    uploads: dict[str, tuple[tuple[Component, str], ...]] = {}
    if policy.file.minimum_release_age_days:
        content = {uri: data for uri, data, _ in manifests}
        uploads = {m.uri: _uploads(m, content[m.uri]) for m in inventory.manifests if m.format in _WITH_TIMES}
    return Survey(inventory, sources, policy, tuple(statements), broken, uploads)


def _uploads(manifest: Manifest, data: bytes) -> tuple[tuple[Component, str], ...]:
    """(component, upload time) as far as a lockfile tells; the latest file of a release counts."""
    times: dict[str, str] = {}
    try:
        document = read_toml(decode(data))
    except ManifestError:
        return ()
    for item in sequence(document.get("package")) + sequence(document.get("packages")):
        package = mapping(item)
        files = [
            mapping(package.get("sdist")),
            *(mapping(wheel) for wheel in sequence(package.get("wheels"))),
        ]
        found = [str(file["upload-time"]) for file in files if "upload-time" in file]
        if found:
            times[f"{package.get('name')}@{package.get('version')}"] = max(found)
    components = manifest.parsed.components
    return tuple((c, time) for c in components if (time := times.get(f"{c.name}@{c.version}")) is not None)


def _read_source(sources: Sources, uri: str, data: bytes, language: str) -> None:
    ecosystem = ecosystem_of_language(language)
    sources.read.add(ecosystem)
    if ecosystem == "PyPI":
        parts = uri.removesuffix(".py").split("/")
        # Any folder or file of the project may be imported by its name, whatever the path is set to.
        sources.own_modules |= {part.lower() for part in parts if part.isidentifier()}
    try:
        source = decode(data)
    except ManifestError:
        return
    sources.imports += imports_of(uri, source, language)
