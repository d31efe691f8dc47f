"""Azure Resource Manager templates (JSON) and Bicep as units: each resource under its type, children with their parents' type.

Parameters with a default have it; every other expression (`[...]` in JSON, anything that is no literal in Bicep) is unknown.
"""

from __future__ import annotations

import re  # one linear pattern for parameters('x') and variables('x')
from collections.abc import Iterator

from assay.infrastructure.documents.read_bicep import read_bicep
from assay.infrastructure.documents.read_json import read_json
from assay.infrastructure.node import UNKNOWN, Node, Unknown
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "azure"
_LOOKUP = re.compile(r"^\[(parameters|variables)\('([\w-]{1,100})'\)\]$")
_MAX_DEPTH = 12


def read(uri: str, text: str) -> Reading:
    """The units of one template."""
    if uri.endswith(".bicep"):
        documents = read_bicep(text)
        style = "bicep"
    else:
        documents = read_json(text)
        style = "json"
    units: list[Unit] = []
    for root in documents.roots[:1]:
        for name, parameter in (root.get("parameters") or Node(None)).fields():
            units.append(
                Unit(
                    PLATFORM, "parameter", name, uri, parameter, parameter.key or parameter.span, style=style
                )
            )
        units.extend(_resources(uri, root.get("resources"), root, "", style))
    return Reading(uri, PLATFORM, tuple(units), documents.problems)


def _resources(
    uri: str, resources: Node | None, root: Node, parent: str, style: str, depth: int = 0
) -> Iterator[Unit]:
    if resources is None or depth > _MAX_DEPTH:
        return
    children = (
        resources.items() if isinstance(resources.value, list) else [child for _, child in resources.fields()]
    )
    for resource in children:
        kind = resource.text("type")
        if not kind or not isinstance(resource.value, dict):
            continue
        whole = f"{parent}/{kind}" if parent and "." not in kind.split("/")[0] else kind
        node = _resolved(resource, root)
        head = resource.get("type")
        yield Unit(
            PLATFORM,
            whole,
            resource.text("name") or whole,
            uri,
            node,
            head.place if head else resource.span,
            style=style,
        )
        yield from _resources(uri, resource.get("resources"), root, whole, style, depth + 1)
        nested = resource.at("properties.template")
        if nested is not None:
            yield from _resources(uri, nested.get("resources"), nested, "", style, depth + 1)


def _resolved(node: Node, root: Node, depth: int = 30) -> Node:
    value = node.value
    if isinstance(value, str) and value.startswith("[") and not value.startswith("[["):
        match = _LOOKUP.match(value)
        found = None
        if match is not None:
            path = (
                f"parameters.{match[2]}.defaultValue" if match[1] == "parameters" else f"variables.{match[2]}"
            )
            found = root.at(path)
        literal = found is not None and not (isinstance(found.value, str) and found.value.startswith("["))
        return Node(found.value if found is not None and literal else Unknown(), node.span, node.key)
    if isinstance(value, dict) and depth:
        return Node(
            {name: _resolved(child, root, depth - 1) for name, child in value.items()}, node.span, node.key
        )
    if isinstance(value, list) and depth:
        return Node([_resolved(child, root, depth - 1) for child in value], node.span, node.key)
    return node if depth else Node(UNKNOWN, node.span, node.key)
