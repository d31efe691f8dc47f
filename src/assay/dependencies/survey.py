"""One reading of a project for the dependency engines: manifests, imports of its sources, policy, VEX documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import re2

from assay.dependencies.document import ManifestError, Sibling, decode
from assay.dependencies.imports import Import, ecosystem_of_language, imports_of, provides
from assay.dependencies.inventory import Inventory, read_inventory
from assay.dependencies.manifests.registry import format_of
from assay.dependencies.policy import POLICY_FILE, Policy, read_policy
from assay.dependencies.vex import Statement, read_vex
from assay.model.component import Component
from assay.model.errors import ConfigError

_WORD = re2.compile(r"[A-Za-z_]\w{2,}")
_MAX_WORDS_FILE = 2_000_000
_SCRIPT_MARK = b"# /// script"


@dataclass(slots=True)
class Sources:
    """Imports of the project's code, the words of each importing file, its own top-level modules, the ecosystems that were read."""

    imports: list[Import] = field(default_factory=list)
    words: dict[str, frozenset[str]] = field(default_factory=dict)
    own_modules: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)

    def imports_of(self, component: Component) -> tuple[Import, ...]:
        """The imports that this package may give."""
        return tuple(
            item
            for item in self.imports
            if item.ecosystem == component.ecosystem and provides(component, item)
        )


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything that the dependency engines judge. `broken` maps a policy or VEX file to what is wrong with it."""

    inventory: Inventory
    sources: Sources
    policy: Policy
    statements: tuple[Statement, ...]
    broken: dict[str, str]


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
    sources = Sources()
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
    return Survey(read_inventory(manifests, sibling), sources, policy, tuple(statements), broken)


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
    found = imports_of(uri, source, language)
    sources.imports += found
    if found and len(source) <= _MAX_WORDS_FILE:
        sources.words[uri] = frozenset(str(word) for word in _WORD.findall(source))
