"""CloudFormation and SAM templates as units: each resource under its type, with the template around it.

Intrinsic functions are resolved as far as parameters' defaults, mappings and conditions allow; a reference to a resource is unknown and
remembers its address. The node of a resource is its Properties. Policies get `<name>_statements` (see policies).
"""

from __future__ import annotations

import re  # one linear pattern for ${...} in Sub
from collections.abc import Iterator

from assay.infrastructure.documents.read_json import read_json
from assay.infrastructure.documents.read_yaml import read_yaml
from assay.infrastructure.node import HOLE, OPEN, UNKNOWN, Node, Unknown, Value, plain
from assay.infrastructure.policies import statements
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "cloudformation"
_SUB = re.compile(r"\$\{([!A-Za-z0-9:.]{1,200})\}")
_POLICIES = (
    "PolicyDocument",
    "AssumeRolePolicyDocument",
    "KeyPolicy",
    "ResourcePolicy",
    "AccessPolicies",
    "RepositoryPolicyText",
    "Policy",
)
_MAX_DEPTH = 40


def read(uri: str, text: str) -> Reading:
    """The units of one template."""
    documents = read_json(text) if text.lstrip().startswith("{") else read_yaml(text)
    units: list[Unit] = []
    for root in documents.roots[:1]:
        if root.get("Resources") is not None:
            units.extend(_Template(uri, root).units())
    return Reading(uri, PLATFORM, tuple(units), documents.problems)


class _Template:
    """One template while its resources are resolved."""

    def __init__(self, uri: str, root: Node) -> None:
        self.uri, self.root = uri, root
        self.resources = root.get("Resources") or Node({})
        self.parameters = root.get("Parameters") or Node({})

    def units(self) -> Iterator[Unit]:
        """A unit for each resource, and one for each parameter and output."""
        for name, parameter in self.parameters.fields():
            yield Unit(PLATFORM, "parameter", name, self.uri, parameter, parameter.key or parameter.span)
        for name, resource in self.resources.fields():
            kind = resource.text("Type")
            condition = resource.text("Condition")
            if not kind or (condition and self._condition(condition, 0) is False):
                continue
            properties = resource.get("Properties")
            place = properties or resource
            value = self.resolve(properties, 0).value if properties is not None else {}
            value = dict(value) if isinstance(value, dict) else {OPEN: Node(UNKNOWN)}
            value.update(self._globals(kind, value))
            value.update(_policies(value))
            node = Node(value, place.span, place.key)
            head = resource.key or resource.span
            address = f"{self.uri}#{name}"
            yield Unit(PLATFORM, kind, name, self.uri, node, head, {"resource": resource}, address=address)

    def _globals(self, kind: str, value: dict[str, Node]) -> dict[str, Node]:
        """SAM's `Globals`: what a function or API of the template gets without saying so."""
        section = {
            "AWS::Serverless::Function": "Function",
            "AWS::Serverless::Api": "Api",
            "AWS::Serverless::HttpApi": "HttpApi",
        }.get(kind)
        found = self.root.at(f"Globals.{section}") if section else None
        return (
            {name: self.resolve(child, 0) for name, child in found.fields() if name not in value}
            if found is not None
            else {}
        )

    def resolve(self, node: Node, depth: int) -> Node:
        """The node with its intrinsic functions worked out. A removed value (AWS::NoValue) is null."""
        value = node.value
        if depth > _MAX_DEPTH:
            return Node(UNKNOWN, node.span, node.key)
        if isinstance(value, list):
            return Node([self.resolve(child, depth + 1) for child in value], node.span, node.key)
        if not isinstance(value, dict):
            return node
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            function = name.removeprefix("Fn!").removeprefix("Fn::")
            if name == "Ref" or name.startswith(("Fn::", "Fn!")):
                return Node(self._function(function, argument, depth), node.span, node.key)
        return Node(
            {name: self.resolve(child, depth + 1) for name, child in value.items()}, node.span, node.key
        )

    def _function(self, name: str, argument: Node, depth: int) -> Value:
        if name == "Ref":
            return self._ref(argument.text())
        if name == "GetAtt":
            target = (
                argument.text()
                if not isinstance(argument.value, list)
                else next((item.text() for item in argument.value), "")
            )
            return Unknown("", (f"{self.uri}#{target.partition('.')[0]}",))
        if name == "Sub":
            return self._sub(argument, depth)
        if name == "If":
            return self._if(argument, depth)
        if name == "Join":
            return self._join(argument, depth)
        if name == "FindInMap":
            return self._find(argument, depth)
        if name == "Select":
            return self._select(argument, depth)
        return UNKNOWN

    def _ref(self, name: str) -> Value:
        if name == "AWS::NoValue":
            return None
        parameter = self.parameters.get(name)
        if parameter is not None:
            default = parameter.get("Default")
            if default is None or parameter.text("Type").startswith("AWS::SSM"):
                return UNKNOWN
            if parameter.text("Type").startswith("List") or parameter.text("Type") == "CommaDelimitedList":
                return [Node(part.strip(), default.span) for part in default.text().split(",")]
            return default.value
        return Unknown("", (f"{self.uri}#{name}",)) if self.resources.get(name) is not None else UNKNOWN

    def _sub(self, argument: Node, depth: int) -> Value:
        items = argument.value if isinstance(argument.value, list) else [argument]
        given = items[1] if len(items) > 1 else Node({})
        refs: list[str] = []

        def put(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            own = given.get(name)
            value = (
                self.resolve(own, depth + 1).value if own is not None else self._ref(name.partition(".")[0])
            )
            if isinstance(value, Unknown):
                refs.extend(value.refs)
                return value.text or HOLE
            return HOLE if isinstance(value, (dict, list)) else str(value)

        text = _SUB.sub(put, items[0].text()) if items else ""
        return Unknown(text, tuple(refs)) if HOLE in text else text

    def _if(self, argument: Node, depth: int) -> Value:
        items = argument.value if isinstance(argument.value, list) else []
        if len(items) != 3:
            return UNKNOWN
        truth = self._condition(items[0].text(), depth)
        if truth is not None:
            return self.resolve(items[1 if truth else 2], depth + 1).value
        first, second = self.resolve(items[1], depth + 1), self.resolve(items[2], depth + 1)
        return first.value if first.known and second.known and plain(first) == plain(second) else UNKNOWN

    def _condition(self, name: str, depth: int) -> bool | None:
        condition = self.root.at(f"Conditions.{name}")
        return self._holds(condition, depth + 1) if condition is not None and depth < _MAX_DEPTH else None

    def _holds(self, node: Node, depth: int) -> bool | None:
        """Whether a condition holds; a parameter's default is only a default, so nothing that depends on one is certain."""
        if not isinstance(node.value, dict) or len(node.value) != 1 or depth > _MAX_DEPTH:
            return None
        name, argument = next(iter(node.value.items()))
        name = name.removeprefix("Fn::").removeprefix("Fn!")
        items = argument.value if isinstance(argument.value, list) else [argument]
        if name == "Condition":
            return self._condition(argument.text(), depth)
        if name == "Not":
            inner = self._holds(items[0], depth + 1)
            return None if inner is None else not inner
        return None

    def _join(self, argument: Node, depth: int) -> Value:
        items = argument.value if isinstance(argument.value, list) else []
        if len(items) != 2:
            return UNKNOWN
        parts = self.resolve(items[1], depth + 1)
        if not isinstance(parts.value, list):
            return UNKNOWN
        refs = [ref for part in parts.value if isinstance(part.value, Unknown) for ref in part.value.refs]
        texts = [
            part.value.text or HOLE if isinstance(part.value, Unknown) else part.text()
            for part in parts.value
        ]
        text = items[0].text().join(texts)
        return Unknown(text, tuple(refs)) if HOLE in text else text

    def _find(self, argument: Node, depth: int) -> Value:
        items = [self.resolve(item, depth + 1) for item in argument.items()]
        if len(items) < 3 or not all(item.known for item in items[:3]):
            return UNKNOWN
        found = self.root.get("Mappings")
        for item in items[:3]:
            found = found.get(item.text()) if found is not None else None
        return found.value if found is not None else UNKNOWN

    def _select(self, argument: Node, depth: int) -> Value:
        items = [self.resolve(item, depth + 1) for item in argument.items()]
        if len(items) != 2 or not isinstance(items[1].value, list) or not items[0].text().isdigit():
            return UNKNOWN
        index = int(items[0].text())
        return items[1].value[index].value if index < len(items[1].value) else UNKNOWN


def _policies(value: dict[str, Node]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for name in _POLICIES:
        child = value.get(name)
        made = statements(child) if child is not None else None
        if made is not None and child is not None:
            found[f"{name}_statements"] = Node(made.value, made.span, child.key)
    inline = [
        made
        for item in (value.get("Policies") or Node(None)).items()
        if (document := item.get("PolicyDocument")) and (made := statements(document))
    ]
    if inline:
        found["Policies_statements"] = Node(
            [item for made in inline for item in made.items()], inline[0].span
        )
    return found
