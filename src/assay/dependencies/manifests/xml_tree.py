"""XML as a small tree with lines. A document type is refused: no entity of the document's own is ever expanded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from assay.dependencies.document import ManifestError

_MAX_DEPTH = 200
_MAX_NODES = 1_000_000


@dataclass(slots=True)
class Node:
    """One element: local name, attributes, own text, children, line."""

    tag: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def child(self, tag: str) -> Node | None:
        """The first child of that name."""
        return next((child for child in self.children if child.tag == tag), None)

    def child_text(self, tag: str) -> str:
        """The text of the first child of that name, without space around it; empty if there is none."""
        child = self.child(tag)
        return child.text.strip() if child is not None else ""

    def path(self, *tags: str) -> list[Node]:
        """All elements that the path of names leads to."""
        found = [self]
        for tag in tags:
            found = [child for node in found for child in node.children if child.tag == tag]
        return found

    def walk(self) -> Iterator[Node]:
        """The element and everything below it, in document order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


def read_xml(source: str) -> Node:
    """The root element.

    Raises:
        ManifestError: not XML, with a document type, or nested too deeply.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    stack = [Node("", 0)]
    count = 0

    def refuse(*_: object) -> None:
        raise ManifestError(f"a document type with entities in line {parser.CurrentLineNumber} is not read")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > _MAX_DEPTH or count > _MAX_NODES:
            raise ManifestError("XML nested too deeply, or with too many elements")
        node = Node(tag.rpartition(":")[2], parser.CurrentLineNumber, attributes)
        stack[-1].children.append(node)
        stack.append(node)

    def end(_: str) -> None:
        stack.pop()

    def data(value: str) -> None:
        stack[-1].text += value

    parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    try:
        # The text is decoded already; a declaration of another encoding no longer holds.
        parser.Parse(_without_declaration(source), True)
    except expat.ExpatError as error:
        raise ManifestError(
            f"not XML: {expat.errors.messages.get(error.code, 'error')} in line {error.lineno}"
        ) from error
    return stack[0].children[0]


def _without_declaration(source: str) -> str:
    stripped = source.lstrip()
    if not stripped.startswith("<?xml"):
        return stripped
    end = stripped.find("?>")
    return "\n" * stripped.count("\n", 0, end + 2) + stripped[end + 2 :] if end >= 0 else stripped
