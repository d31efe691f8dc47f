"""Terraform, OpenTofu and Packer as units, a folder being a module; and plans in JSON.

Kinds: every resource under its type (`aws_s3_bucket`), data sources as `data.<type>`, other blocks as `<type>.<label>` or `<type>`.
Local modules are evaluated with their callers' inputs. A resource that certainly does not exist (count 0) is left out. Attributes that hold
an access policy get a twin `<name>_statements` (see policies). Values that depend on a resource are unknown and remember its address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from assay.infrastructure.documents.read_hcl import Block, HclFile, read_hcl
from assay.infrastructure.documents.read_json import read_json
from assay.infrastructure.node import OPEN, UNKNOWN, Node, Span, Unknown
from assay.infrastructure.platforms.hcl_values import Environment, block_node, evaluate, loop
from assay.infrastructure.policies import statements
from assay.infrastructure.unit import Problem, Reading, Unit

PLATFORM = "terraform"
_POLICY_NAMES = (
    "policy",
    "assume_role_policy",
    "access_policies",
    "policy_document",
    "access_policy",
    "inline_policy",
    "key_policy",
    "resource_policy",
)
_MAX_MODULE_DEPTH = 8
_MAX_CALLS = 400
_SIDE = frozenset({"examples", "example", "test", "tests", "fixtures", "testdata"})


@dataclass(slots=True)
class _Module:
    """The files of one folder."""

    folder: str
    files: dict[str, HclFile] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)

    def blocks(self, *types: str) -> Iterator[tuple[str, Block]]:
        """The top-level blocks of these types, with their file."""
        for uri, file in self.files.items():
            for block in file.blocks:
                if block.type in types:
                    yield uri, block


def read_all(texts: Mapping[str, str]) -> Iterable[Reading]:
    """The units of every module and plan of a project."""
    modules: dict[str, _Module] = {}
    readings: list[Reading] = []
    problems: dict[str, tuple[Problem, ...]] = {}
    for uri, text in texts.items():
        if uri.endswith(".json"):
            readings.append(_json_file(uri, text))
            continue
        folder = uri.rpartition("/")[0]
        module = modules.setdefault(folder, _Module(folder))
        file = read_hcl(text)
        problems[uri] = file.problems
        if uri.endswith(".tfvars"):
            if uri.endswith(("terraform.tfvars", ".auto.tfvars")):
                empty = Environment({}, {})
                module.values.update(
                    {name: evaluate(each.expression, empty) for name, each in file.attributes.items()}
                )
        else:
            module.files[uri] = file
    units: dict[str, list[Unit]] = {uri: [] for uri in problems}
    _Project(modules, units).run()
    readings.extend(Reading(uri, PLATFORM, tuple(units[uri]), problems[uri]) for uri in problems)
    return readings


class _Project:
    """The modules of a project while they are evaluated from their roots down."""

    def __init__(self, modules: dict[str, _Module], units: dict[str, list[Unit]]) -> None:
        self.modules, self.units = modules, units
        self.calls = 0

    def run(self) -> None:
        """Evaluate every module that nobody calls; the others are met on the way."""
        called = set(self._called())
        for folder, module in self.modules.items():
            if folder not in called:
                self.evaluate(module, dict(module.values), "", (folder,))

    def _called(self) -> Iterator[str]:
        for folder, module in self.modules.items():
            for _, block in module.blocks("module"):
                target = _target(folder, block)
                if target is not None and target != folder and not _aside(folder, target):
                    yield target

    def evaluate(
        self, module: _Module, inputs: dict[str, Node], prefix: str, path: tuple[str, ...]
    ) -> dict[str, Node]:
        """Add the units of a module called with inputs; its outputs."""
        self.calls += 1
        env = _environment(module, inputs, prefix or f"{module.folder}|")
        outputs: dict[str, Mapping[str, Node]] = {}
        env.outputs = outputs
        for _, block in module.blocks("module"):
            name = block.labels[0] if block.labels else ""
            outputs[name] = self._call(module, block, env, path)
        env.known.clear()
        for _, block in module.blocks("data"):
            if block.labels[:1] == ("aws_iam_policy_document",) and len(block.labels) > 1:
                documents = dict(env.documents)
                documents[f"aws_iam_policy_document.{block.labels[1]}"] = block_node(block, env)
                env.documents = documents
        for uri, file in module.files.items():
            for block in file.blocks:
                self.units[uri].extend(_units(uri, block, env))
        return {
            block.labels[0]: evaluate(block.attributes["value"].expression, env)
            for _, block in module.blocks("output")
            if block.labels and "value" in block.attributes
        }

    def _call(
        self, module: _Module, block: Block, env: Environment, path: tuple[str, ...]
    ) -> dict[str, Node]:
        target = _target(module.folder, block)
        callee = self.modules.get(target) if target is not None else None
        if (
            callee is None
            or target in path
            or len(path) > _MAX_MODULE_DEPTH
            or self.calls > _MAX_CALLS
            or _aside(module.folder, target or "")
        ):
            return {}
        arguments = block_node(block, env)
        inputs = {
            name: node
            for name, node in arguments.fields()
            if name not in ("source", "version", "count", "for_each", "providers", "depends_on")
        }
        label = block.labels[0] if block.labels else ""
        return self.evaluate(callee, inputs, f"{env.module}module.{label}.", (*path, callee.folder))


def _aside(caller: str, target: str) -> bool:
    """Whether the caller is an example or a test of the module: its inputs say nothing about the module's own."""
    return bool(_SIDE & set(caller.split("/"))) and not _SIDE & set(target.split("/"))


def _target(folder: str, block: Block) -> str | None:
    source = block.attributes.get("source")
    if source is None or source.expression.kind not in ("literal", "template"):
        return None
    text = str(evaluate(source.expression, Environment({}, {})).value)
    if not text.startswith(("./", "../")) and text not in (".", ".."):
        return None
    parts = [part for part in folder.split("/") if part]
    for part in text.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _environment(module: _Module, inputs: dict[str, Node], prefix: str) -> Environment:
    variables: dict[str, Node] = {}
    empty = Environment({}, {})
    for _, block in module.blocks("variable"):
        name = block.labels[0] if block.labels else ""
        default = block.attributes.get("default")
        node = inputs.get(name)
        if node is None:
            node = evaluate(default.expression, empty) if default is not None else Node(UNKNOWN)
        variables[name] = node
    locals_: dict[str, object] = {}
    for _, block in module.blocks("locals"):
        locals_.update({name: attribute.expression for name, attribute in block.attributes.items()})
    return Environment(variables, locals_, prefix)  # type: ignore[arg-type]  # expressions, kept as object above


def _units(uri: str, block: Block, env: Environment) -> Iterator[Unit]:
    if block.type in ("resource", "data") and len(block.labels) > 1:
        kind = block.labels[0] if block.type == "resource" else f"data.{block.labels[0]}"
        address = f"{env.module}{kind}.{block.labels[1]}"
        for bound in _instances(block, env):
            node = _with_policies(block_node(block, bound))
            yield Unit(PLATFORM, kind, f"{kind}.{block.labels[1]}", uri, node, block.head, {}, "hcl", address)
        return
    kind = (
        f"{block.type}.{block.labels[0]}"
        if block.labels and block.type in ("provider", "source", "builder")
        else block.type
    )
    name = ".".join((block.type, *block.labels))
    node = block_node(block, env)
    yield Unit(PLATFORM, kind, name, uri, node, block.head, {}, "hcl", f"{env.module}{name}")
    if block.type == "terraform":
        for inner in block.blocks:
            if inner.type == "backend":
                kind = f"backend.{inner.labels[0]}" if inner.labels else "backend"
                yield Unit(PLATFORM, kind, kind, uri, block_node(inner, env), inner.head, {}, "hcl")


def _instances(block: Block, env: Environment) -> list[Environment]:
    """The environments of a resource's instances; none if it certainly has none, one if their number is not known."""
    count, each = block.attributes.get("count"), block.attributes.get("for_each")
    if count is not None:
        number = evaluate(count.expression, env).value
        if number in (0, False):
            return []
        index = Node({"index": Node(0 if number == 1 else UNKNOWN)})
        return [env.bind({"count": index})]
    if each is not None:
        pairs = loop(evaluate(each.expression, env))
        return [env.bind({"each": Node({"key": key, "value": value})}) for key, value in pairs]
    return [env]


def _with_policies(node: Node) -> Node:
    if not isinstance(node.value, dict):
        return node
    extra: dict[str, Node] = {}
    for name in _POLICY_NAMES:
        child = node.value.get(name)
        if child is None:
            continue
        found = statements(child)
        if found is not None:
            extra[f"{name}_statements"] = Node(found.value, child.span, child.key)
        elif isinstance(child.value, Unknown):
            extra[f"{name}_statements"] = child
    direct = statements(node) if "statement" in node.value else None
    if direct is not None:
        extra["statements"] = direct
    return Node({**node.value, **extra}, node.span, node.key) if extra else node


def _json_file(uri: str, text: str) -> Reading:
    documents = read_json(text)
    units: list[Unit] = []
    for root in documents.roots:
        planned = root.at("planned_values.root_module")
        units.extend(_planned(uri, planned) if planned is not None else _json_units(uri, root))
    return Reading(uri, PLATFORM, tuple(units), documents.problems)


def _planned(uri: str, module: Node, depth: int = 0) -> Iterator[Unit]:
    """The resources of a plan (https://developer.hashicorp.com/terraform/internals/json-format)."""
    for resource in (module.get("resources") or Node(None)).items():
        values = resource.get("values")
        kind = resource.text("type")
        if values is None or not isinstance(values.value, dict) or resource.text("mode") == "data":
            continue
        opened = Node({**values.value, OPEN: Node(UNKNOWN)}, values.span, values.key)
        name = resource.text("address") or f"{kind}.{resource.text('name')}"
        head = resource.get("address") or resource
        yield Unit(PLATFORM, kind, name, uri, _with_policies(opened), head.place, {}, "plan", name)
    for child in (module.get("child_modules") or Node(None)).items() if depth < _MAX_MODULE_DEPTH else ():
        yield from _planned(uri, child, depth + 1)


def _json_units(uri: str, root: Node) -> Iterator[Unit]:
    """Terraform's JSON syntax: texts with `${` are expressions and so unknown."""
    for group, prefix in (("resource", ""), ("data", "data.")):
        for kind, named in (root.get(group) or Node(None)).fields():
            for name, body in named.fields():
                for item in body.value if isinstance(body.value, list) else [body]:
                    node = _with_policies(_without_expressions(item))
                    address = f"{uri.rpartition('/')[0]}|{prefix}{kind}.{name}"
                    head = item.key or Span(
                        item.span.start_line,
                        item.span.start_column,
                        item.span.start_line,
                        item.span.start_column + 1,
                    )
                    yield Unit(
                        PLATFORM,
                        f"{prefix}{kind}",
                        f"{prefix}{kind}.{name}",
                        uri,
                        node,
                        head,
                        {},
                        "json",
                        address,
                    )


def _without_expressions(node: Node, depth: int = 20) -> Node:
    value = node.value
    if isinstance(value, str) and "${" in value:
        return Node(Unknown(), node.span, node.key)
    if isinstance(value, dict) and depth:
        return Node(
            {name: _without_expressions(child, depth - 1) for name, child in value.items()},
            node.span,
            node.key,
        )
    if isinstance(value, list) and depth:
        return Node([_without_expressions(child, depth - 1) for child in value], node.span, node.key)
    return node
