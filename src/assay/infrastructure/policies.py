"""Cloud access policies in one form, whatever they were written in: JSON text, data structures, or Terraform's policy documents.

A statement has `effect`, `actions`, `not_actions`, `resources`, `principals` (texts; `*` is everyone), `conditions` (a list) and `everyone`.
"""

from __future__ import annotations

from assay.infrastructure.documents.read_json import read_json
from assay.infrastructure.node import HOLE, OPEN, UNKNOWN, Node, Span, Unknown, Value

_NARROWING = (
    "sourcearn", "sourceaccount", "principalorgid", "principalarn", "sourcevpce", "sourcevpc", "sourceip", "principalaccount",
    "userid", "sourceorgid", "calleraccount", "sourceowner", "referer", ":sub", "externalid", "viaservice", "principalorgpaths",
    "endpoint", "resourceorgid",
)  # fmt: skip


def statements(document: Node) -> Node | None:
    """The statements of a policy, or None if this is none."""
    value = document.value
    if isinstance(value, Unknown) and '"Statement"' in value.text:
        document = _parsed(value.text, document.span)
    elif isinstance(value, str) and "Statement" in value:
        document = _parsed(value, document.span)
    found = document.get("Statement")
    if found is not None:
        items = found.value if isinstance(found.value, list) else [found]
        return Node(
            [_statement(item) for item in items if isinstance(item.value, (dict, Unknown))],
            found.span,
            found.key,
        )
    blocks = document.get("statement")
    if blocks is None:
        return None
    items = blocks.value if isinstance(blocks.value, list) else [blocks]
    return Node([_from_block(item) for item in items], blocks.span, blocks.key)


def _parsed(text: str, span: Span) -> Node:
    documents = read_json(text.replace(HOLE, "\ufffc"))
    return _placed(documents.roots[0], span) if documents.roots else Node(UNKNOWN, span)


def _placed(node: Node, span: Span, depth: int = 20) -> Node:
    """The same values, all at the place of the text they were read from; a hole makes a text unknown."""
    value: Value = node.value
    if isinstance(value, dict) and depth:
        value = {name: _placed(child, span, depth - 1) for name, child in value.items()}
    elif isinstance(value, list) and depth:
        value = [_placed(child, span, depth - 1) for child in value]
    elif isinstance(value, str) and "\ufffc" in value:
        value = Unknown(value.replace("\ufffc", HOLE))
    return Node(value, span)


def _statement(item: Node) -> Node:
    if isinstance(item.value, Unknown):
        return item
    principals = _principals(item.get("Principal"), item)
    value = {
        "effect": item.get("Effect") or Node("Allow", item.span),
        "actions": _listed(item.get("Action"), item),
        "not_actions": _listed(item.get("NotAction"), item),
        "resources": _listed(item.get("Resource"), item),
        "principals": principals,
        "conditions": _conditions(item.get("Condition"), item),
    }
    return _finished(value, item)


def _from_block(item: Node) -> Node:
    """A `statement` block of Terraform's aws_iam_policy_document."""
    principals: list[Node] = []
    for block in (item.get("principals") or Node([])).items():
        kind = block.text("type")
        for identity in (block.get("identifiers") or Node([UNKNOWN_NODE])).items():
            if kind == "*" or kind == "AWS" or not identity.known:
                principals.append(identity)
            else:
                principals.append(Node(f"{kind}:{identity.text()}", identity.span))
    conditions = [
        Node(block.text("variable").lower() or None, block.span)
        for block in (item.get("condition") or Node([])).items()
    ]
    value = {
        "effect": item.get("effect") or Node("Allow", item.span),
        "actions": _listed(item.get("actions"), item),
        "not_actions": _listed(item.get("not_actions"), item),
        "resources": _listed(item.get("resources"), item),
        "principals": Node(principals, item.span),
        "conditions": Node(conditions, item.span),
    }
    return _finished(value, item)


UNKNOWN_NODE = Node(UNKNOWN)


def _finished(value: dict[str, Node], item: Node) -> Node:
    everyone = any(node.value == "*" for node in value["principals"].items())
    narrowed = any(
        isinstance(node.value, str) and any(word in node.value for word in _NARROWING)
        for node in value["conditions"].items()
    ) or any(not node.known for node in value["conditions"].items())
    value["everyone"] = Node(everyone and not narrowed, value["principals"].span)
    value["narrowed"] = Node(narrowed, item.span)
    if item.is_open:
        value[OPEN] = UNKNOWN_NODE
    return Node(value, item.span, item.key)


def _listed(node: Node | None, item: Node) -> Node:
    if node is None:
        return Node([], item.span)
    return node if isinstance(node.value, (list, Unknown)) else Node([node], node.span, node.key)


def _principals(node: Node | None, item: Node) -> Node:
    found: list[Node] = []
    if node is None or isinstance(node.value, Unknown):
        return node or Node([], item.span)
    if not isinstance(node.value, dict):
        return Node([node], node.span, node.key)
    for kind, child in node.fields():
        for identity in child.value if isinstance(child.value, list) else [child]:
            plain = kind == "AWS" or not identity.known
            found.append(identity if plain else Node(f"{kind}:{identity.text()}", identity.span))
    return Node(found, node.span, node.key)


def _conditions(node: Node | None, item: Node) -> Node:
    if node is None:
        return Node([], item.span)
    if isinstance(node.value, Unknown):
        return Node([node], node.span)
    names = [Node(name.lower(), child.span) for _, test in node.fields() for name, child in test.fields()]
    return Node(names or [Node(UNKNOWN, node.span)], node.span, node.key)
