"""The code engine's work on a set of files: lower, link, analyse, report. Knows nothing of scans."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

import msgspec

from assay.code.analysis import Analysis
from assay.code.findings import FlowRules, flow_findings, structure_findings
from assay.code.ir import Module
from assay.code.languages import frontend, language_of
from assay.code.missing_names import missing_findings
from assay.code.model_rows import packed
from assay.code.places import Places
from assay.code.route_rules import route_findings
from assay.code.routing.inventory import routes_of
from assay.code.routing.route import Route
from assay.code.settings_files import SETTINGS_SUFFIX, read_settings
from assay.code.shapes import match_shapes
from assay.code.structure import Matches
from assay.code.weakening import weakened
from assay.code.world import World
from assay.model.finding import Finding
from assay.model.rule import Rule

MAX_FILE_BYTES = 5_000_000
VERSION = 4  # counts up with every change of the analysis: results of older ones are not used


class Store(Protocol):
    """Where results of earlier scans are kept, by a key that holds everything they depend on."""

    def cached(self, key: bytes) -> bytes | None:
        """The value of a key."""
        ...

    def store(self, key: bytes, value: bytes) -> None:
        """Keep a value."""
        ...


@dataclass(slots=True)
class FileResult:
    """What became of one file: its findings, and a reason if it was not analysed as a whole."""

    uri: str
    findings: list[Finding] = field(default_factory=list)
    partial: str = ""
    failed: str = ""
    notes: list[str] = field(default_factory=list)


def lower_file(uri: str, content: bytes) -> Module | str:
    """The representation of a file, or why there is none."""
    language = language_of(uri)
    lower = frontend(language)
    if lower is None:
        return "unsupported"
    if len(content) > MAX_FILE_BYTES:
        return "too-large"
    try:
        return lower(content, uri)
    except RecursionError:
        return "too-deep"


def analyse(
    files: Sequence[tuple[str, bytes]],
    rules: Sequence[Rule],
    lower: Callable[[str, bytes], Module | str] = lower_file,
) -> list[FileResult]:
    """Analyse files as one project. Never raises for bad input."""
    results = {uri: FileResult(uri) for uri, _ in files}
    with no_collection():
        modules: list[tuple[Module, bytes]] = []
        settings: dict[str, dict[str, str]] = {}
        for uri, content in files:
            if uri.endswith(SETTINGS_SUFFIX):
                settings[uri] = read_settings(content)
                continue
            module = lower(uri, content)
            if isinstance(module, str):
                results[uri].failed = module
                continue
            modules.append((module, content))
            if module.errors:
                results[uri].partial = "syntax-errors"
            elif module.notes:
                results[uri].partial = "too-deep"
            results[uri].notes.extend(module.notes)
        _findings(modules, settings, rules, results)
    return list(results.values())


def analyse_cached(
    files: Sequence[tuple[str, bytes]], rules: Sequence[Rule], store: Store
) -> list[FileResult]:
    """As `analyse`, but what an earlier scan of the very same files, rules and models came to is taken from the store."""
    key = _key(files, rules)
    kept = store.cached(key)
    if kept is not None:
        try:
            return msgspec.msgpack.decode(kept, type=list[FileResult])
        except msgspec.MsgspecError:
            pass  # of another version, or damaged: analysed again
    results = analyse(files, rules)
    store.store(key, msgspec.msgpack.encode(results))
    return results


def compare_tests(changed: Sequence[tuple[str, bytes, bytes]], rules: Sequence[Rule]) -> list[Finding]:
    """What changes did to tests: (uri, before, after) of files in a language that is analysed."""
    found: list[Finding] = []
    with no_collection():
        for uri, old, new in changed:
            before, after = lower_file(uri, old), lower_file(uri, new)
            if not isinstance(before, str) and not isinstance(after, str):
                found.extend(weakened(uri, before, old, after, new, rules))
    return found


def _key(files: Sequence[tuple[str, bytes]], rules: Sequence[Rule]) -> bytes:
    digest = sha256(f"code {VERSION} {packed().digest}".encode())
    for rule in rules:
        digest.update(
            repr((rule.id, rule.severity, rule.confidence, rule.message, rule.cwe, rule.match)).encode()
        )
    for uri, content in files:
        digest.update(uri.encode("utf-8", "surrogateescape") + b"\0" + sha256(content).digest())
    return digest.digest()


def inventory(files: Sequence[tuple[str, bytes]]) -> list[Route]:
    """The routes of a project (see `routes`)."""
    with no_collection():
        lowered = ((lower_file(uri, content), content) for uri, content in files)
        world = World([(module, content) for module, content in lowered if not isinstance(module, str)])
        return routes_of(world)


def _findings(
    modules: list[tuple[Module, bytes]],
    settings: dict[str, dict[str, str]],
    rules: Sequence[Rule],
    results: dict[str, FileResult],
) -> None:
    world = World(modules, settings)
    matches = Matches(world, rules)
    analysis = Analysis(world, matches.wanted())
    places = {info.number: Places(info.uri, info.content) for info in world.modules}
    matches.attach(analysis)
    analysis.run()
    analysis.suspect()
    matches.finish()
    match_shapes(matches)
    for number, finding in flow_findings(
        analysis, FlowRules([rule for rule in rules if matches.applies(rule)]), places
    ):
        results[world.modules[number].uri].findings.append(finding)
    for number, finding in structure_findings(matches, places):
        results[world.modules[number].uri].findings.append(finding)
    for number, finding in missing_findings(world, rules, places):
        results[world.modules[number].uri].findings.append(finding)
    if any("routes" in rule.match for rule in rules):
        for number, finding in route_findings(world, routes_of(world), rules, places):
            results[world.modules[number].uri].findings.append(finding)
    for number, notes in analysis.notes.items():
        result = results[world.modules[number].uri]
        result.partial = result.partial or "gave-up"
        result.notes.extend(notes)


@contextmanager
def no_collection() -> Iterator[None]:
    """No cyclic garbage collection inside: the analysis makes millions of small objects that live to its end."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
