"""OpenAPI 2.0, 3.0, 3.1 and 3.2 documents as units, with `$ref` followed inside the repository.

Kinds: `document`, `server` (url), `scheme` (a security scheme), `operation`, `parameter` and `input` / `output` (each schema that a request
or response uses, once). The document gets `version` (2 or 3), `schemes` (names) and `insecure_server`. An operation gets `method`, `path`, `secured` (whether some
security requirement holds for it), `open_on_purpose` (an empty one is stated), `writes`, `inputs` (parameters and bodies flattened), `codes`
(declared responses) and `undefined_schemes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from assay.infrastructure.documents.read_json import read_json
from assay.infrastructure.documents.read_yaml import Documents, read_yaml
from assay.infrastructure.node import UNKNOWN, Node, Span
from assay.infrastructure.unit import Problem, Reading, Unit

PLATFORM = "openapi"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_MAX_SCHEMAS = 20_000
_MAX_DEPTH = 60
_SCHEMA_PARTS = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_SCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCHEMA_MAPS = ("properties", "patternProperties", "$defs", "definitions")

Fetch = Callable[[str], str | None]
"""The text of another file of the repository, or None."""


def read_all(texts: Mapping[str, str], fetch: Fetch) -> Iterable[Reading]:
    """The units of every specification."""
    sources = _Sources(dict(texts), fetch)
    for uri in texts:
        documents = sources.parse(uri)
        units: list[Unit] = []
        problems: tuple[Problem, ...] = documents.problems
        for root in documents.roots[:1]:
            specification = _Specification(uri, root, sources)
            units.extend(specification.units())
            problems += tuple(dict.fromkeys(specification.problems))[:20]
        yield Reading(uri, PLATFORM, tuple(units), problems)


@dataclass(slots=True)
class _Sources:
    """Documents by uri, parsed when they are first referred to."""

    texts: dict[str, str]
    fetch: Fetch
    parsed: dict[str, Documents] = field(default_factory=dict)

    def parse(self, uri: str) -> Documents:
        """The documents of a file; none if it is not in the repository."""
        if uri not in self.parsed:
            text = self.texts.get(uri)
            text = self.fetch(uri) if text is None else text
            if text is None:
                self.parsed[uri] = Documents(())
            else:
                self.parsed[uri] = read_json(text) if text.lstrip().startswith("{") else read_yaml(text)
        return self.parsed[uri]


@dataclass(frozen=True, slots=True)
class _At:
    """A node and the file it stands in."""

    uri: str
    node: Node


class _Specification:
    """One document while its units are made."""

    def __init__(self, uri: str, root: Node, sources: _Sources) -> None:
        self.uri, self.root, self.sources = uri, root, sources
        self.problems: list[Problem] = []
        self.old = root.get("swagger") is not None
        self.seen: set[tuple[str, int]] = set()

    def units(self) -> Iterator[Unit]:
        """Every unit of the document."""
        schemes = dict(self._schemes())
        root = self.root
        servers = list(self._servers(root))
        facts = {
            **(root.value if isinstance(root.value, dict) else {}),
            "version": Node(2 if self.old else 3, root.span),
            "schemes_defined": Node([Node(name) for name in schemes], root.span),
            "servers_list": Node(servers, root.span),
            "has_operations": Node(bool(list(self._operations())), root.span),
            "insecure_server": Node(
                any(
                    server.text("url").startswith("http://") and not _is_local(server.text("url"))
                    for server in servers
                ),
                root.span,
            ),
        }
        document = Node(facts, root.span)
        title = root.at("info.title")
        head = (root.get("openapi") or root.get("swagger") or root).place
        around = {"document": document}
        yield Unit(PLATFORM, "document", title.text() if title else self.uri, self.uri, document, head)
        for server in servers:
            yield Unit(PLATFORM, "server", server.text("url"), self.uri, server, server.place, around)
        for name, scheme in schemes.items():
            yield Unit(PLATFORM, "scheme", name, scheme.uri, scheme.node, scheme.node.place, around)
        for path, method, item, operation in self._operations():
            yield from self._operation(path, method, item, operation, around, set(schemes))

    def _servers(self, root: Node) -> Iterator[Node]:
        if self.old:
            host, base = root.text("host"), root.text("basePath")
            for scheme in (root.get("schemes") or Node(None)).items():
                yield Node(
                    {"url": Node(f"{scheme.text()}://{host}{base}", scheme.span), "scheme": scheme},
                    scheme.span,
                )
            return
        for server in (root.get("servers") or Node(None)).items():
            if isinstance(server.value, dict):
                yield Node(
                    {**server.value, "local": Node(_is_local(server.text("url")), server.span)}, server.span
                )

    def _schemes(self) -> Iterator[tuple[str, _At]]:
        found = (
            self.root.get("securityDefinitions") if self.old else self.root.at("components.securitySchemes")
        )
        for name, scheme in (found or Node(None)).fields():
            target = self.follow(_At(self.uri, scheme))
            if target is not None:
                yield (
                    name,
                    _At(target.uri, Node(target.node.value, target.node.span, target.node.key or scheme.key)),
                )

    def _operations(self) -> Iterator[tuple[str, str, _At, _At]]:
        for path, item in (self.root.get("paths") or Node(None)).fields():
            at = self.follow(_At(self.uri, item))
            if at is None:
                continue
            for method in _METHODS:
                operation = at.node.get(method)
                if operation is not None and isinstance(operation.value, dict):
                    yield path, method, at, _At(at.uri, operation)

    def follow(self, at: _At) -> _At | None:
        """The node that a `$ref` leads to; None outside of the repository or in a loop."""
        for _ in range(20):
            ref = at.node.get("$ref")
            if ref is None or not isinstance(ref.value, str):
                return at
            file, _, pointer = ref.value.partition("#")
            if "://" in file:
                return None
            uri = _joined(at.uri.rpartition("/")[0], file) if file else at.uri
            roots = [self.root] if uri == self.uri else list(self.sources.parse(uri).roots)
            node = _pointed(roots[0], pointer) if roots else None
            if node is None:
                self.problems.append(
                    Problem(
                        "reference", f"{ref.value[:80]} leads nowhere in the repository", ref.span.start_line
                    )
                )
                return None
            at = _At(uri, node)
        self.problems.append(Problem("reference", "references lead in a circle", at.node.span.start_line))
        return None

    def _operation(
        self, path: str, method: str, item: _At, at: _At, around: Mapping[str, Node], schemes: set[str]
    ) -> Iterator[Unit]:
        operation = at.node
        assert isinstance(operation.value, dict)
        stated = operation.get("security")
        security = stated if stated is not None else self.root.get("security")
        parameters = list(self._parameters(item, at))
        inputs = [Node(parameter.node.value, parameter.node.span) for parameter in parameters]
        codes = [name for name, _ in (operation.get("responses") or Node(None)).fields()]
        names = [
            name for requirement in (security.items() if security else ()) for name, _ in requirement.fields()
        ]
        undefined = [name for name in names if name not in schemes]
        key = operation.key or operation.span
        facts = {
            **operation.value,
            "method": Node(method, key),
            "path": Node(path, key),
            "writes": Node(method in ("post", "put", "patch", "delete"), key),
            "secured": Node(_secured(security), key),
            "open_on_purpose": Node(stated is not None and not _secured(stated), key),
            "inputs": Node(inputs, key),
            "codes": Node([Node(code, key) for code in codes], key),
            "undefined_schemes": Node(
                [Node(name, security.span if security else key) for name in undefined],
                security.span if security else key,
            ),
        }
        node = Node(facts, operation.span, key)
        inside = {**around, "operation": node}
        name = f"{method.upper()} {path}"
        found = list(self._schemas(at, parameters, name, inside))
        facts["unbounded_array"] = Node(
            any(_unbounded_array(unit.node) for unit in found if unit.kind == "input"), key
        )
        yield Unit(PLATFORM, "operation", name, at.uri, node, key, around)
        for parameter in parameters:
            label = parameter.node.get("name")
            place = label.place if label is not None else parameter.node.place
            yield Unit(
                PLATFORM,
                "parameter",
                f"{name} {parameter.node.text('name')}",
                parameter.uri,
                parameter.node,
                place,
                inside,
            )
        yield from found

    def _parameters(self, item: _At, at: _At) -> Iterator[_At]:
        for owner in (item, at):
            for parameter in (owner.node.get("parameters") or Node(None)).items():
                target = self.follow(_At(owner.uri, parameter))
                if target is not None and isinstance(target.node.value, dict):
                    yield target

    def _schemas(
        self, at: _At, parameters: list[_At], name: str, around: Mapping[str, Node]
    ) -> Iterator[Unit]:
        for parameter in parameters:
            schema = parameter.node.get("schema")
            if schema is not None:
                yield from self._schema(_At(parameter.uri, schema), "input", name, around, 0)
            elif self.old and parameter.node.get("type") is not None:
                yield from self._schema(parameter, "input", name, around, 0)
        body = at.node.get("requestBody")
        target = self.follow(_At(at.uri, body)) if body is not None else None
        if target is not None:
            yield from self._content(target, "input", name, around)
        for _, response in (at.node.get("responses") or Node(None)).fields():
            reply = self.follow(_At(at.uri, response))
            if reply is not None:
                yield from self._content(reply, "output", name, around)

    def _content(self, at: _At, kind: str, name: str, around: Mapping[str, Node]) -> Iterator[Unit]:
        schema = at.node.get("schema")
        if schema is not None:
            yield from self._schema(_At(at.uri, schema), kind, name, around, 0)
        for _, media in (at.node.get("content") or Node(None)).fields():
            schema = media.get("schema")
            if schema is not None:
                yield from self._schema(_At(at.uri, schema), kind, name, around, 0)

    def _schema(
        self, at: _At, kind: str, name: str, around: Mapping[str, Node], depth: int
    ) -> Iterator[Unit]:
        target = self.follow(at)
        if (
            target is None
            or not isinstance(target.node.value, dict)
            or depth > _MAX_DEPTH
            or len(self.seen) > _MAX_SCHEMAS
        ):
            return
        mark = (kind, id(target.node.value))
        if mark in self.seen:
            return
        self.seen.add(mark)
        node = target.node
        yield Unit(
            PLATFORM, kind, name, target.uri, node, node.place if node.key else _first_line(node.span), around
        )
        for part in _SCHEMA_PARTS:
            child = node.get(part)
            if child is not None:
                yield from self._schema(_At(target.uri, child), kind, name, around, depth + 1)
        for part in _SCHEMA_LISTS:
            for child in (node.get(part) or Node(None)).items():
                yield from self._schema(_At(target.uri, child), kind, name, around, depth + 1)
        for part in _SCHEMA_MAPS[:2]:
            for _, child in (node.get(part) or Node(None)).fields():
                yield from self._schema(_At(target.uri, child), kind, name, around, depth + 1)


def _first_line(span: Span) -> Span:
    return Span(span.start_line, span.start_column, span.start_line, span.start_column + 1)


def _unbounded_array(schema: Node) -> bool:
    return schema.text("type") == "array" and schema.get("maxItems") is None


def _secured(security: Node | None) -> bool:
    """Whether a list of requirements asks for anything: an empty one among them makes all of it optional."""
    if security is None or not isinstance(security.value, list) or not security.value:
        return False
    return all(isinstance(requirement.value, dict) and requirement.value for requirement in security.value)


def _is_local(url: str) -> bool:
    host = url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return host in (
        "localhost",
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 - a name to compare with
        "",
        "host.docker.internal",
        "petstore.local",
    ) or host.endswith((".local", ".localhost", ".test", ".internal"))


def _joined(folder: str, name: str) -> str:
    parts = [part for part in folder.split("/") if part]
    for part in name.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _pointed(root: Node, pointer: str) -> Node | None:
    node: Node | None = root
    for part in pointer.strip("/").split("/") if pointer.strip("/") else ():
        name = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
        if node is None:
            return None
        if isinstance(node.value, list):
            node = node.value[int(name)] if name.isdigit() and int(name) < len(node.value) else None
        else:
            node = node.get(name)
    return node if node is not None else None


def routes(units: Iterable[Unit]) -> Iterator[tuple[str, str, bool, Unit]]:
    """Method, path, whether security is asked for, and unit, of every operation."""
    for unit in units:
        if unit.platform == PLATFORM and unit.kind == "operation":
            secured = unit.node.get("secured") or Node(UNKNOWN)
            yield unit.node.text("method"), unit.node.text("path"), secured.value is True, unit
