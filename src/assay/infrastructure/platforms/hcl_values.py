"""The value of HCL expressions, as far as it can be determined; the rest is unknown and remembers what it refers to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assay.infrastructure.documents.read_hcl import Block, Expression
from assay.infrastructure.node import HOLE, OPEN, UNKNOWN, Node, Span, Unknown, Value, plain

_MAX_DEPTH = 60
_NO_RESOURCE = frozenset("var local each count self path terraform data module ephemeral".split())


@dataclass(slots=True)
class Environment:
    """What names mean in one module: variables, locals (evaluated when asked for), and what a loop binds. `module` prefixes addresses."""

    variables: Mapping[str, Node]
    locals: Mapping[str, Expression]
    module: str = ""
    outputs: Mapping[str, Mapping[str, Node]] = field(default_factory=dict)
    bound: Mapping[str, Node] = field(default_factory=dict)
    documents: Mapping[str, Node] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    known: dict[str, Node] = field(default_factory=dict)

    def bind(self, bound: Mapping[str, Node]) -> Environment:
        """The same with loop names bound."""
        return Environment(
            self.variables,
            self.locals,
            self.module,
            self.outputs,
            {**self.bound, **bound},
            self.documents,
            self.busy,
            self.known,
        )


def evaluate(expression: Expression, env: Environment, depth: int = 0) -> Node:
    """The node of an expression, at the expression's place."""
    if depth > _MAX_DEPTH:
        return Node(UNKNOWN, expression.span)
    value = _value(expression, env, depth + 1)
    if expression.kind in ("ref", "access") and isinstance(value, (dict, list)):
        return placed(
            Node(value), expression.span
        )  # it was written elsewhere, perhaps in another file; here is where it counts
    return Node(value, expression.span)


def placed(node: Node, span: Span, depth: int = 12) -> Node:
    """The same values, all at one place."""
    value = node.value
    if isinstance(value, dict) and depth:
        return Node({name: placed(child, span, depth - 1) for name, child in value.items()}, span)
    if isinstance(value, list) and depth:
        return Node([placed(child, span, depth - 1) for child in value], span)
    return Node(value, span)


def _value(expression: Expression, env: Environment, depth: int) -> Value:
    kind = expression.kind
    if kind == "literal":
        value = expression.value
        return value if isinstance(value, (str, int, float, bool)) else None
    if kind == "template":
        return _template(expression, env, depth)
    if kind == "tuple":
        return [evaluate(part, env, depth) for part in expression.parts]
    if kind == "object":
        return _object(expression, env, depth)
    if kind == "ref":
        return _reference(expression, env, depth)
    if kind == "access":
        found = _walk(evaluate(expression.parts[0], env, depth), list(expression.steps), env, depth)
        return found.value if found is not None else UNKNOWN
    if kind == "call":
        return _call(expression, env, depth)
    if kind == "cond":
        return _conditional(expression, env, depth)
    if kind == "op":
        return _operation(expression, env, depth)
    return _unknown([evaluate(part, env, depth) for part in expression.parts])


def _unknown(nodes: list[Node], text: str = "") -> Unknown:
    refs: list[str] = []
    for node in nodes:
        if isinstance(node.value, Unknown):
            refs.extend(node.value.refs)
        elif isinstance(node.value, list):
            refs.extend(_unknown(node.value).refs)
        elif isinstance(node.value, dict):
            refs.extend(_unknown(list(node.value.values())).refs)
    return Unknown(text, tuple(dict.fromkeys(refs))) if refs or text else UNKNOWN


def _template(expression: Expression, env: Environment, depth: int) -> Value:
    nodes = [evaluate(part, env, depth) for part in expression.parts]
    if len(nodes) == 1 and expression.parts[0].kind != "literal":
        return nodes[0].value
    text = ""
    for node in nodes:
        if isinstance(node.value, (dict, list)):
            text += HOLE
        elif isinstance(node.value, Unknown):
            text += node.value.text or HOLE
        else:
            text += _text(node.value)
    return _unknown(nodes, text) if HOLE in text else text


def _text(value: object) -> str:
    return "true" if value is True else "false" if value is False else "" if value is None else str(value)


def _object(expression: Expression, env: Environment, depth: int) -> Value:
    value: dict[str, Node] = {}
    parts = expression.parts
    for key, part in zip(parts[::2], parts[1::2], strict=True):
        name = evaluate(key, env, depth)
        node = evaluate(part, env, depth)
        if isinstance(name.value, (dict, list, Unknown)) or name.value is None:
            value[OPEN] = Node(UNKNOWN)
        else:
            value[_text(name.value)] = Node(node.value, node.span, key.span)
    return value


def _reference(expression: Expression, env: Environment, depth: int) -> Value:
    root = str(expression.value)
    steps = list(expression.steps)
    start, rest, address = _start(root, steps, env, depth)
    if start is None:
        return Unknown("", (address,)) if address else UNKNOWN
    found = _walk(start, rest, env, depth)
    return found.value if found is not None else UNKNOWN


def _start(
    root: str, steps: list[str | Expression], env: Environment, depth: int
) -> tuple[Node | None, list[str | Expression], str]:
    """What a reference starts at, the steps left, and the address if that is a resource."""
    first = steps[0] if steps and isinstance(steps[0], str) else ""
    if root in env.bound:
        return env.bound[root], steps, ""
    if root == "var":
        return env.variables.get(first, Node(UNKNOWN)), steps[1:], ""
    if root == "local":
        return _local(first, env, depth), steps[1:], ""
    if root == "module":
        second = steps[1] if len(steps) > 1 and isinstance(steps[1], str) else ""
        return env.outputs.get(first, {}).get(second, Node(UNKNOWN)), steps[2:], ""
    if root == "data" and len(steps) > 1 and isinstance(steps[1], str):
        address = f"{env.module}data.{first}.{steps[1]}"
        document = env.documents.get(f"{first}.{steps[1]}")
        if document is not None and steps[-1] in ("json", "minified_json"):
            return document, [], ""
        return None, [], address
    if root in _NO_RESOURCE or not first:
        return None, [], ""
    return None, [], f"{env.module}{root}.{first}"


def _local(name: str, env: Environment, depth: int) -> Node:
    if name in env.known:
        return env.known[name]
    if name not in env.locals or name in env.busy:
        return Node(UNKNOWN)
    env.busy.add(name)
    plain_env = Environment(
        env.variables, env.locals, env.module, env.outputs, {}, env.documents, env.busy, env.known
    )
    node = evaluate(env.locals[name], plain_env, depth)
    env.busy.discard(name)
    env.known[name] = node
    return node


def _walk(node: Node, steps: list[str | Expression], env: Environment, depth: int) -> Node | None:
    """What stands under the steps; None when a known value has no such part (an error in Terraform)."""
    for number, step in enumerate(steps):
        if isinstance(node.value, Unknown):
            return Node(_unknown([node]))
        if step == "*":
            items = node.value if isinstance(node.value, list) else [node]
            below = [_walk(item, steps[number + 1 :], env, depth) for item in items]
            return Node([each if each is not None else Node(UNKNOWN) for each in below], node.span)
        key = step if isinstance(step, str) else _plain_key(evaluate(step, env, depth))
        if key is None:
            return Node(UNKNOWN)
        child = _child(node, key)
        if child is None:
            return Node(UNKNOWN) if node.is_open else None
        node = child
    return node


def _plain_key(node: Node) -> str | int | None:
    value = node.value
    return value if isinstance(value, (str, int)) else None


def _child(node: Node, key: str | int) -> Node | None:
    if isinstance(node.value, dict):
        return node.value.get(str(key))
    if isinstance(node.value, list) and (isinstance(key, int) or key.isdigit()):
        index = int(key)
        return node.value[index] if -len(node.value) <= index < len(node.value) else None
    return None


def _conditional(expression: Expression, env: Environment, depth: int) -> Value:
    condition, yes, no = expression.parts
    truth = evaluate(condition, env, depth)
    if isinstance(truth.value, bool):
        return _value(yes if truth.value else no, env, depth)
    first, second = evaluate(yes, env, depth), evaluate(no, env, depth)
    if first.known and second.known and plain(first) == plain(second):
        return first.value
    return _unknown([first, second])


def _operation(expression: Expression, env: Environment, depth: int) -> Value:
    nodes = [evaluate(part, env, depth) for part in expression.parts]
    operator = str(expression.value)
    values = [node.value for node in nodes]
    if operator == "&&" and any(value is False for value in values):
        return False
    if operator == "||" and any(value is True for value in values):
        return True
    if any(isinstance(value, Unknown) for value in values):
        return _unknown(nodes)
    if any(isinstance(value, (dict, list)) for value in values):
        if operator in ("==", "!=") and len(values) == 2 and None not in values:
            same = plain(nodes[0]) == plain(nodes[1])
            return same if operator == "==" else not same
        return (operator == "!=") if None in values and operator in ("==", "!=") else UNKNOWN
    return _computed(operator, values)


def _computed(operator: str, values: list[Value]) -> Value:
    try:
        if len(values) == 1:
            value = values[0]
            return (not value) if operator == "!" else -value  # type: ignore[operator]  # TypeError is caught below
        result = _OPERATORS[operator](values[0], values[1])
    except (TypeError, KeyError, ZeroDivisionError, OverflowError):
        return UNKNOWN
    return result if isinstance(result, (bool, int, float)) else UNKNOWN


_OPERATORS: dict[str, Callable[..., object]] = {
    "==": lambda a, b: _text(a) == _text(b) if (a is None) == (b is None) else False,
    "!=": lambda a, b: _text(a) != _text(b) if (a is None) == (b is None) else True,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "&&": lambda a, b: bool(a and b),
    "||": lambda a, b: bool(a or b),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
}


def _call(expression: Expression, env: Environment, depth: int) -> Value:
    name = str(expression.value)
    if name in ("try", "can"):
        return _tried(expression, env, depth) if name == "try" else UNKNOWN
    nodes = [evaluate(part, env, depth) for part in expression.parts]
    function = _FUNCTIONS.get(name)
    if function is None or not nodes:
        return [] if name in ("toset", "tolist", "concat") else _unknown(nodes)
    try:
        result = function(nodes)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, MemoryError):
        return _unknown(nodes)
    return _unknown(nodes) if isinstance(result, Unknown) and not result.refs else result


def _tried(expression: Expression, env: Environment, depth: int) -> Value:
    """The first argument that does not fail: a missing part of a known value fails."""
    for part in expression.parts:
        if part.kind in ("ref", "access"):
            if part.kind == "access":
                start, rest = evaluate(part.parts[0], env, depth), list(part.steps)
            else:
                found, rest, address = _start(str(part.value), list(part.steps), env, depth)
                if found is None:
                    return Unknown("", (address,)) if address else UNKNOWN
                start = found
            below = _walk(start, rest, env, depth)
            if below is not None:
                return below.value
        else:
            return _value(part, env, depth)
    return UNKNOWN


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
    child = nodes[0].get(_text(nodes[1].value))
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
        piece = HOLE if isinstance(node.value, (Unknown, dict, list)) else _text(node.value)
        out = out[:at] + piece + out[at + 2 :]
    return _unknown(nodes, out) if HOLE in out else out


def _join(nodes: list[Node]) -> Value:
    items = nodes[1].value
    if not isinstance(items, list) or not _known(items) or not isinstance(nodes[0].value, str):
        return UNKNOWN
    return nodes[0].value.join(_text(item.value) for item in items)


def _length(nodes: list[Node]) -> Value:
    value = nodes[0].value
    return len(value) if isinstance(value, (list, dict, str)) and not nodes[0].is_open else UNKNOWN


def _contains(nodes: list[Node]) -> Value:
    items = nodes[0].value
    if not isinstance(items, list) or not nodes[1].known:
        return UNKNOWN
    wanted = _text(nodes[1].value)
    if any(item.known and _text(item.value) == wanted for item in items):
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


_FUNCTIONS: dict[str, Callable[[list[Node]], Value]] = {
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
    "tostring": lambda nodes: _text(nodes[0].value) if nodes[0].known else UNKNOWN,
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


def block_node(block: Block, env: Environment, depth: int = 0) -> Node:
    """A block as a mapping: attributes, and for each type of inner block a list of mappings."""
    value: dict[str, Node] = {}
    for name, attribute in block.attributes.items():
        node = evaluate(attribute.expression, env)
        value[name] = Node(
            node.value, node.span if node.span.start_line else attribute.expression.span, attribute.name
        )
    groups: dict[str, list[Node]] = {}
    heads: dict[str, Span] = {}
    for inner in block.blocks if depth < 20 else []:
        name, nodes = (
            (inner.labels[0], _dynamic(inner, env, depth))
            if inner.type == "dynamic" and inner.labels
            else (inner.type, [block_node(inner, env, depth + 1)])
        )
        groups.setdefault(name, []).extend(nodes)
        heads.setdefault(name, inner.head)
    for name, nodes in groups.items():
        span = nodes[0].span if nodes else heads[name]
        value[name] = Node(nodes, span, heads[name])
    return Node(value, block.body)


def _dynamic(block: Block, env: Environment, depth: int) -> list[Node]:
    content = next((inner for inner in block.blocks if inner.type == "content"), None)
    if content is None:
        return []
    iterator = block.attributes.get("iterator")
    name = (
        str(iterator.expression.value)
        if iterator is not None and iterator.expression.kind == "ref"
        else block.labels[0]
    )
    each = block.attributes.get("for_each")
    items = loop(evaluate(each.expression, env)) if each is not None else [(Node(UNKNOWN), Node(UNKNOWN))]
    nodes: list[Node] = []
    for key, value in items:
        bound = {name: Node({"key": key, "value": value})}
        nodes.append(block_node(content, env.bind(bound), depth + 1))
    return nodes


def loop(collection: Node, limit: int = 30) -> list[tuple[Node, Node]]:
    """Keys and values of what a loop goes over; one unknown pair if that is not known."""
    if isinstance(collection.value, dict) and not collection.is_open:
        return [(Node(name), child) for name, child in collection.fields()][:limit]
    if isinstance(collection.value, list):
        return [(child, child) for child in collection.value][:limit]
    return [(Node(UNKNOWN), Node(UNKNOWN))]
