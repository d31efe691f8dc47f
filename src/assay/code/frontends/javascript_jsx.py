"""JSX elements as calls: of the component with its attributes as keywords, or of `React.createElement`."""

from __future__ import annotations

from assay.code import ir
from assay.code.frontends.javascript_expressions import EXPRESSIONS
from assay.code.frontends.javascript_modules import Modules
from assay.code.ir import Register, span
from assay.code.syntax import Syntax

_ELEMENTS = frozenset(("jsx_element", "jsx_self_closing_element"))


class Jsx(Modules):
    """Lowers JSX."""

    def _element(self, node: Syntax) -> Register:
        opening = node.child("open_tag") or node
        name = opening.child("name")
        place = span(node.start, node.end)
        keywords: list[tuple[str, Register]] = []
        for attribute in opening.all("attribute"):
            self._attribute(attribute, keywords)
        children = tuple(register for child in node.children if (register := self._child(child)) is not None)
        text = self.source.text(name) if name is not None else ""
        if name is not None and (text[:1].isupper() or "." in text):
            if children:
                keywords.append(("children", self.here.value(ir.BUILD, place, "list", children)))
            return self.here.call(place, self._component(name), (), tuple(keywords))
        callee = self.here.outer(place, "React.createElement")
        return self.here.call(place, callee, (self.here.constant(text), *children), tuple(keywords))

    def _component(self, name: Syntax) -> Register:
        return self.expression(name)

    def _attribute(self, node: Syntax, keywords: list[tuple[str, Register]]) -> None:
        if node.kind == "jsx_expression":
            spread = node.of("spread_element")
            if spread is not None and spread.children:
                keywords.append(("**", self.expression(spread.children[0])))
            return
        if not node.children:
            return
        name = self.source.text(node.children[0])
        if len(node.children) == 1:
            keywords.append((name, self.here.constant(True)))
            return
        value = node.children[1]
        keywords.append(
            (name, self._contents(value) if value.kind == "jsx_expression" else self.expression(value))
        )

    def _contents(self, node: Syntax) -> Register:
        inner = node.of(*EXPRESSIONS)
        return self.expression(inner) if inner is not None else self.here.constant(None)

    def _child(self, node: Syntax) -> Register | None:
        if node.kind == "jsx_expression":
            return self._contents(node)
        if node.kind in _ELEMENTS:
            return self.expression(node)
        if node.kind == "jsx_text":
            text = " ".join(self.source.text(node).split())
            return self.here.constant(text) if text else None
        return None


EXPRESSIONS["jsx_element"] = Jsx._element
EXPRESSIONS["jsx_self_closing_element"] = Jsx._element
EXPRESSIONS["jsx_fragment"] = Jsx._element
