"""All documents of a project, read: one look a file, and what belongs together (modules, charts) resolved together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Protocol, cast

from assay.infrastructure.documents.text import decode
from assay.infrastructure.identify import platform_of
from assay.infrastructure.unit import Problem, Reading
from assay.infrastructure.world import World

# Platform -> the function that reads one text. A module is imported when its first file is met.
_SINGLE: dict[str, str] = {
    "docker": "docker:read",
    "dockerignore": "docker:read_ignore",
    "ansible": "ansible:read",
    "cloudformation": "cloudformation:read",
    "azure": "azure:read",
    "agents": "agents:read",
    "guardrails": "guardrails:read",
    "firebase": "firebase:read",
    "graphql": "graphql:read",
    "solidity": "solidity:read",
}
# Platform -> the function that reads all of its texts together.
_TOGETHER: dict[str, str] = {
    "compose": "compose:read_all",
    "gitlab": "",
    "kubernetes": "kubernetes:read_all",
    "actions": "actions:read_all",
    "terraform": "terraform:read_all",
    "supabase": "supabase:read_all",
    "openapi": "",
}


class _ReadOne(Protocol):
    def __call__(self, uri: str, text: str) -> Reading: ...


class _ReadAll(Protocol):
    def __call__(self, texts: Mapping[str, str]) -> Iterable[Reading]: ...


class _ReadReferring(Protocol):
    def __call__(self, texts: Mapping[str, str], fetch: Callable[[str], str | None]) -> Iterable[Reading]: ...


@dataclass(frozen=True, slots=True)
class Documents:
    """What was read: a reading a file, the texts by uri, and the index over all units."""

    readings: tuple[Reading, ...]
    texts: Mapping[str, str]
    world: World


def read_project(
    files: Iterable[tuple[str, bytes]],
    only: frozenset[str] = frozenset(),
    rendered: Mapping[str, str] | None = None,
) -> Documents:
    """Read every file that speaks a platform's language (one of `only`, if given). Never raises for bad input.

    `rendered` is what templates became, by their uri.
    """
    readings: list[Reading] = []
    texts: dict[str, str] = {}
    rest: dict[str, bytes] = {}
    odd: dict[str, Problem] = {}
    together: dict[str, dict[str, str]] = {}
    for uri, content in files:
        platform = platform_of(uri, content)
        if not platform or (only and platform not in only) or (not only and platform == "openapi"):
            readings.append(Reading(uri, ""))
            if uri.endswith((".yaml", ".yml", ".json")):
                rest[uri] = content
            continue
        text, problem = decode(content)
        if problem is not None and problem.reason != "encoding":
            readings.append(Reading(uri, platform, (), (problem,)))
            continue
        texts[uri] = text
        if problem is not None:
            odd[uri] = problem
        if platform in _TOGETHER:
            together.setdefault(platform, {})[uri] = text
        elif platform in _SINGLE:
            readings.append(_guarded(platform, uri, text))
    for platform, group in together.items():
        readings.extend(_group(platform, group, rest, rendered))
    # A file that another one includes was met before as one of no platform.
    readings = list({each.uri: each for each in readings}.values())
    for each in readings:
        if each.units and each.uri in rest:
            texts[each.uri] = decode(rest[each.uri])[0]
    readings = [
        replace(each, problems=(*each.problems, odd[each.uri])) if each.uri in odd else each
        for each in readings
    ]
    return Documents(tuple(readings), texts, World(unit for reading in readings for unit in reading.units))


def _guarded(platform: str, uri: str, text: str) -> Reading:
    """One reading; a document that breaks a reader is reported as failed and loses nothing else."""
    try:
        return cast("_ReadOne", _function(_SINGLE[platform]))(uri, text)
    except Exception as error:  # noqa: BLE001 - the border between documents: one must not lose the others
        return Reading(
            uri, platform, (), (Problem("reader-failed", f"{type(error).__name__}: {error}"[:200]),)
        )


def _group(
    platform: str,
    texts: Mapping[str, str],
    rest: Mapping[str, bytes],
    rendered: Mapping[str, str] | None,
) -> Iterable[Reading]:
    """The readings of texts that belong together. Specifications and pipelines may refer to any file of the project."""

    def fetch(uri: str) -> str | None:
        return decode(rest[uri])[0] if uri in rest else None

    try:
        if platform == "kubernetes":
            from assay.infrastructure.platforms import kubernetes

            return list(kubernetes.read_all(texts, rendered))
        if platform in ("openapi", "gitlab"):
            read = _function(f"{platform}:read_all")
            return list(cast("_ReadReferring", read)(texts, fetch))
        return list(cast("_ReadAll", _function(_TOGETHER[platform]))(texts))
    except Exception as error:  # noqa: BLE001 - as above, for documents that are read together
        problem = Problem("reader-failed", f"{type(error).__name__}: {error}"[:200])
        return [Reading(uri, platform, (), (problem,)) for uri in texts]


def _function(name: str) -> object:
    module, _, function = name.partition(":")
    return getattr(import_module(f"assay.infrastructure.platforms.{module}"), function)
