"""The functions of HCL that matter for checks, over nodes. What a function cannot say of its arguments is unknown."""

from __future__ import annotations

import json
from collections.abc import Callable

from assay.infrastructure.node import HOLE, OPEN, UNKNOWN, Node, Span, Unknown, Value


def unknown_of(nodes: list[Node], text: str = "") -> Unknown:
    """An unknown value that remembers what its parts refer to, and what is known of its text."""
    refs: list[str] = []
    for node in nodes:
        if isinstance(node.value, Unknown):
            refs.extend(node.value.refs)
        elif isinstance(node.value, list):
            refs.extend(unknown_of(node.value).refs)
        elif isinstance(node.value, dict):
            refs.extend(unknown_of(list(node.value.values())).refs)
    return Unknown(text, tuple(dict.fromkeys(refs))) if refs or text else UNKNOWN


def written(value: object) -> str:
    """A scalar as HCL writes it into a text."""
    return "true" if value is True else "false" if value is False else "" if value is None else str(value)


def _known(nodes: list[Node]) -> bool:
    return all(not isinstance(node.value, Unknown) for node in nodes)


def _merge(nodes: list[Node]) -> Value:
    value: dict[str, Node] = {}
    for node in nodes:
        if isinstance(node.value, dict):
            value.update(node.value)
        elif node.value is not None:
            value[OPEN] = Node(UNKNOWN)
    return value


def _concat(nodes: list[Node]) -> Value:
    if not all(isinstance(node.value, list) for node in nodes):
        return UNKNOWN
    return [item for node in nodes if isinstance(node.value, list) for item in node.value]


def _flatten(nodes: list[Node]) -> Value:
    out: list[Node] = []
    for node in nodes[0].items():
        if isinstance(node.value, Unknown):
            return UNKNOWN
        out.extend(node.value if isinstance(node.value, list) else [node])
    return out if isinstance(nodes[0].value, list) else UNKNOWN


def _lookup(nodes: list[Node]) -> Value:
    child = nodes[0].get(written(nodes[1].value))
    if child is not None:
        return child.value
    return nodes[2].value if len(nodes) > 2 and not nodes[0].is_open else UNKNOWN


def _coalesce(nodes: list[Node]) -> Value:
    for node in nodes:
        if isinstance(node.value, Unknown):
            return UNKNOWN
        if node.value not in (None, "", []):
            return node.value
    return UNKNOWN


def _format(nodes: list[Node]) -> Value:
    template = nodes[0].value
    if not isinstance(template, str):
        return UNKNOWN
    out, arguments = template, list(nodes[1:])
    while arguments and "%" in out:
        at = out.index("%")
        node = arguments.pop(0)
        piece = HOLE if isinstance(node.value, (Unknown, dict, list)) else written(node.value)
        out = out[:at] + piece + out[at + 2 :]
    return unknown_of(nodes, out) if HOLE in out else out


def _join(nodes: list[Node]) -> Value:
    items = nodes[1].value
    if not isinstance(items, list) or not _known(items) or not isinstance(nodes[0].value, str):
        return UNKNOWN
    return nodes[0].value.join(written(item.value) for item in items)


def _length(nodes: list[Node]) -> Value:
    value = nodes[0].value
    return len(value) if isinstance(value, (list, dict, str)) and not nodes[0].is_open else UNKNOWN


def _contains(nodes: list[Node]) -> Value:
    items = nodes[0].value
    if not isinstance(items, list) or not nodes[1].known:
        return UNKNOWN
    wanted = written(nodes[1].value)
    if any(item.known and written(item.value) == wanted for item in items):
        return True
    return False if _known(items) else UNKNOWN


def _boolean(nodes: list[Node]) -> Value:
    value = nodes[0].value
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value), UNKNOWN)


def _number(nodes: list[Node]) -> Value:
    value = nodes[0].value
    return value if isinstance(value, (int, float)) else float(str(value))


def _word(change: Callable[[str], str]) -> Callable[[list[Node]], Value]:
    return lambda nodes: change(nodes[0].value) if isinstance(nodes[0].value, str) else UNKNOWN


def _jsondecode(nodes: list[Node]) -> Value:
    value = nodes[0].value
    if isinstance(value, (dict, list)):
        return value
    return wrapped(json.loads(value), nodes[0].span).value if isinstance(value, str) else UNKNOWN


def wrapped(value: object, span: Span, depth: int = 40) -> Node:
    """Ordinary data as nodes, all at one place."""
    if isinstance(value, dict) and depth:
        return Node({str(name): wrapped(child, span, depth - 1) for name, child in value.items()}, span)
    if isinstance(value, list) and depth:
        return Node([wrapped(child, span, depth - 1) for child in value], span)
    return Node(value if isinstance(value, (str, int, float, bool)) or value is None else str(value), span)


FUNCTIONS: dict[str, Callable[[list[Node]], Value]] = {
    "jsonencode": lambda nodes: nodes[0].value,  # kept as data: who reads a policy wants its parts
    "jsondecode": _jsondecode,
    "yamlencode": lambda nodes: nodes[0].value,
    "merge": _merge,
    "concat": _concat,
    "flatten": _flatten,
    "lookup": _lookup,
    "coalesce": _coalesce,
    "coalescelist": _coalesce,
    "format": _format,
    "join": _join,
    "length": _length,
    "contains": _contains,
    "tobool": _boolean,
    "tonumber": _number,
    "tostring": lambda nodes: written(nodes[0].value) if nodes[0].known else UNKNOWN,
    "toset": lambda nodes: nodes[0].value,
    "tolist": lambda nodes: nodes[0].value,
    "tomap": lambda nodes: nodes[0].value,
    "sensitive": lambda nodes: nodes[0].value,
    "nonsensitive": lambda nodes: nodes[0].value,
    "distinct": lambda nodes: nodes[0].value,
    "sort": lambda nodes: nodes[0].value,
    "compact": lambda nodes: [node for node in nodes[0].items() if node.value not in (None, "")],
    "one": lambda nodes: next((node.value for node in nodes[0].items()), None),
    "element": lambda nodes: (
        nodes[0].value[int(str(nodes[1].value)) % len(nodes[0].value)].value
        if isinstance(nodes[0].value, list)
        else UNKNOWN
    ),
    "keys": lambda nodes: (
        [Node(name, child.span) for name, child in nodes[0].fields()]
        if isinstance(nodes[0].value, dict)
        else UNKNOWN
    ),
    "values": lambda nodes: (
        [child for _, child in nodes[0].fields()] if isinstance(nodes[0].value, dict) else UNKNOWN
    ),
    "lower": _word(str.lower),
    "upper": _word(str.upper),
    "trimspace": _word(str.strip),
    "replace": lambda nodes: (
        str(nodes[0].value).replace(str(nodes[1].value), str(nodes[2].value))
        if _known(nodes) and not str(nodes[1].value).startswith("/")
        else UNKNOWN
    ),
    "split": lambda nodes: (
        [Node(part, nodes[1].span) for part in str(nodes[1].value).split(str(nodes[0].value))]
        if _known(nodes)
        else UNKNOWN
    ),
}
