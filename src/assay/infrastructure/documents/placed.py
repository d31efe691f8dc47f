"""What a template renders to, with the places of the template: a rendered document has none of its own that a reader could open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assay.infrastructure.node import NOWHERE, UNKNOWN, Node, Span


def placed(rendered: Iterable[Node], templates: Iterable[Node]) -> Iterator[Node]:
    """Each rendered document with the places of the template's document of the same kind, in their order; the last for what a loop adds."""
    sources: dict[str, list[Node]] = {}
    for root in templates:
        sources.setdefault(root.text("kind"), []).append(root)
    for root in rendered:
        fitting = sources.get(root.text("kind"), [])
        source = fitting[0] if fitting else None
        if len(fitting) > 1:
            fitting.pop(0)
        yield _placed(root, source, source.span if source is not None else NOWHERE)


def _placed(node: Node, source: Node | None, around: Span, depth: int = 60) -> Node:
    span = source.span if source is not None else around
    key = source.key if source is not None else None
    place = source.place if source is not None else around
    value = node.value
    if isinstance(value, dict) and depth:
        value = {
            name: _placed(child, source.get(name) if source is not None else None, place, depth - 1)
            for name, child in value.items()
        }
    elif isinstance(value, list) and depth:
        items = list(source.items()) if source is not None else []
        value = [
            _placed(child, items[min(number, len(items) - 1)] if items else None, place, depth - 1)
            for number, child in enumerate(value)
        ]
    return Node(value, span, key)


def moved(node: Node, place: Span, depth: int = 60) -> Node:
    """The node and all below it at one place: what another file gives, seen from where it is asked for."""
    value = node.value
    if isinstance(value, dict) and depth:
        return Node({name: moved(child, place, depth - 1) for name, child in value.items()}, place)
    if isinstance(value, list) and depth:
        return Node([moved(child, place, depth - 1) for child in value], place)
    return Node(value if not isinstance(value, (dict, list)) else UNKNOWN, place)


def resolved(uri: str, name: str) -> str:
    """The project's name for a path that stands in the file `uri`; a leading slash is the project's root."""
    parts = [] if name.startswith("/") else uri.split("/")[:-1]
    for part in name.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
