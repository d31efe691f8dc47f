"""The value of HCL expressions, as far as it can be determined; the rest is unknown and remembers what it refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assay.infrastructure.documents.read_hcl import Block, Expression
from assay.infrastructure.node import HOLE, OPEN, UNKNOWN, Node, Span, Unknown, Value, plain
from assay.infrastructure.platforms.hcl_functions import FUNCTIONS, unknown_of, written

_MAX_DEPTH = 60
_NO_RESOURCE = frozenset(
    ["var", "local", "each", "count", "self", "path", "terraform", "data", "module", "ephemeral"]
)


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
    return unknown_of([evaluate(part, env, depth) for part in expression.parts])


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
            text += written(node.value)
    return unknown_of(nodes, text) if HOLE in text else text


def _object(expression: Expression, env: Environment, depth: int) -> Value:
    value: dict[str, Node] = {}
    parts = expression.parts
    for key, part in zip(parts[::2], parts[1::2], strict=True):
        name = evaluate(key, env, depth)
        node = evaluate(part, env, depth)
        if isinstance(name.value, (dict, list, Unknown)) or name.value is None:
            value[OPEN] = Node(UNKNOWN)
        else:
            value[written(name.value)] = Node(node.value, node.span, key.span)
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
            return Node(unknown_of([node]))
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
    return unknown_of([first, second])


def _operation(expression: Expression, env: Environment, depth: int) -> Value:
    nodes = [evaluate(part, env, depth) for part in expression.parts]
    operator = str(expression.value)
    values = [node.value for node in nodes]
    if operator == "&&" and any(value is False for value in values):
        return False
    if operator == "||" and any(value is True for value in values):
        return True
    if any(isinstance(value, Unknown) for value in values):
        return unknown_of(nodes)
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
    "==": lambda a, b: written(a) == written(b) if (a is None) == (b is None) else False,
    "!=": lambda a, b: written(a) != written(b) if (a is None) == (b is None) else True,
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
    function = FUNCTIONS.get(name)
    if function is None or not nodes:
        return [] if name in ("toset", "tolist", "concat") else unknown_of(nodes)
    try:
        result = function(nodes)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, MemoryError):
        return unknown_of(nodes)
    return unknown_of(nodes) if isinstance(result, Unknown) and not result.refs else result


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
