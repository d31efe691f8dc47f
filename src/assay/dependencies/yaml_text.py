"""YAML out of untrusted documents: bounded in size, depth and aliases. Apart from the other shapes: the package costs a start-up some milliseconds."""

from __future__ import annotations

import itertools
from typing import Any

import yaml

from assay.dependencies.document import ManifestError

# Some seconds of work for the C loader; the largest real lockfiles have a quarter of it.
_MAX_DOCUMENTS = 20
_MAX_YAML = 12 * 1024 * 1024


def read_yaml_documents(source: str) -> list[Any]:
    """The documents of a YAML text. Merge keys are not resolved, aliases are few.

    Raises:
        ManifestError: not YAML, nested too deeply, or an alias bomb.
    """
    if len(source) > _MAX_YAML:
        raise ManifestError(f"{len(source)} characters of YAML is more than the {_MAX_YAML} that are read")
    if _flow_depth(source) > 200:
        raise ManifestError("YAML nested too deeply")
    if (
        source.count("*") > 100
        and source.count("&") > 5
        and source.count(": *") + source.count("- *") > 10_000
    ):
        raise ManifestError("too many YAML aliases")
    try:
        # Some tools put a second document behind the first (pnpm 11 does, for what it installs for itself).
        return list(itertools.islice(yaml.load_all(source, Loader=_Loader), _MAX_DOCUMENTS))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise ManifestError(
            f"not YAML{where}: {getattr(error, 'problem', '') or 'cannot be read'}"
        ) from error
    except (RecursionError, ValueError, TypeError) as error:
        raise ManifestError("YAML nested too deeply, or a value out of range") from error


def read_yaml(source: str) -> Any:
    """The first document of a YAML text, None where there is none.

    Raises:
        ManifestError: as `read_yaml_documents`.
    """
    documents = read_yaml_documents(source)
    return documents[0] if documents else None


def _flow_depth(source: str) -> int:
    """Upper bound of the nesting of flow collections; the C loader recurses on it."""
    if source.count("[") + source.count("{") <= 200:
        return 0
    depth = deepest = 0
    for char in source:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth = max(depth - 1, 0)
    return deepest


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader without merge keys (they multiply) and without dates (a version may look like one)."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
