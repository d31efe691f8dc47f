"""Compose files (https://github.com/compose-spec/compose-spec) as units: `service`, and the `compose` file itself.

A service keeps its own keys and gets: `ref` (image facts), `env` (name, value, secret), `mounts` (source, target, read_only, type) and
`published` (host, port, target), each in one form whatever syntax was used. `extends` is followed, also into other files of the project (what
comes from there stands at the `extends`); what a file outside gives is unknown. A service of an override file is completed by its base. Variables with a default have it, others are unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from assay.infrastructure.credentials import is_guessable, is_secret_setting
from assay.infrastructure.documents.placed import moved, resolved
from assay.infrastructure.documents.read_yaml import read_yaml
from assay.infrastructure.node import OPEN, UNKNOWN, Node, Unknown, Value
from assay.infrastructure.platforms.docker import image_facts, substitute
from assay.infrastructure.unit import RENDERED, Reading, Unit

PLATFORM = "compose"
_MAX_EXTENDS = 8


def read_all(texts: Mapping[str, str]) -> Iterable[Reading]:
    """The units of every Compose file of a project."""
    files = {uri: read_yaml(text) for uri, text in texts.items()}
    services = {
        uri: root.get("services") or Node({})
        for uri, documents in files.items()
        for root in documents.roots[:1]
    }
    for uri, documents in files.items():
        units: list[Unit] = []
        for root in documents.roots:
            if root.get("services") is not None:
                units.extend(_units(uri, root, services))
        yield Reading(uri, PLATFORM, tuple(units), documents.problems)


def _units(uri: str, root: Node, services: Mapping[str, Node]) -> Iterator[Unit]:
    yield Unit(PLATFORM, "compose", uri.rpartition("/")[2], uri, root, root.span)
    own = root.get("services") or Node(None)
    for name, service in own.fields():
        if not isinstance(service.value, dict):
            continue
        whole, foreign = _extended(service, own, uri, services, 0)
        if _completes(uri, name, services):
            assert isinstance(whole.value, dict)
            whole = Node({**whole.value, OPEN: Node(UNKNOWN)}, whole.span, whole.key)
        node = _with_facts(whole)
        style = RENDERED if foreign else "yaml"
        yield Unit(
            PLATFORM, "service", name, uri, node, service.key or service.span, {"compose": root}, style=style
        )


def _completes(uri: str, name: str, services: Mapping[str, Node]) -> bool:
    """Whether an override file completes a service of the file beside it."""
    head, dot, _ = uri.rpartition(".override.")
    if not dot:
        return False
    return any(
        services[base].get(name) is not None for base in (f"{head}.yml", f"{head}.yaml") if base in services
    )


def _extended(
    service: Node, own: Node, uri: str, services: Mapping[str, Node], depth: int
) -> tuple[Node, bool]:
    """The service with what it extends below its own keys, and whether another file gave some of that."""
    extends = service.get("extends")
    if extends is None or not isinstance(service.value, dict):
        return service, False
    file = extends.get("file")
    source = uri if file is None else resolved(uri, file.text())
    beside = own if file is None else services.get(source)
    parent = None
    if beside is not None and depth < _MAX_EXTENDS:
        parent = beside.get(extends.text("service") or extends.text())
    if beside is None or parent is None or not isinstance(parent.value, dict):
        return Node({**service.value, OPEN: Node(UNKNOWN)}, service.span, service.key), False
    below, foreign = _extended(parent, beside, source, services, depth + 1)
    if source != uri:
        below, foreign = moved(below, extends.place), True
    assert isinstance(below.value, dict)
    return Node({**below.value, **service.value}, service.span, service.key), foreign


def _with_facts(service: Node) -> Node:
    assert isinstance(service.value, dict)
    value = {name: _substituted(node) for name, node in service.value.items()}
    image = value.get("image")
    if image is not None:
        known = image.text() if image.known and image.value is not None else None
        value["ref"] = Node(image_facts(known, image.span), image.span, image.key)
    found: list[tuple[str, list[Node]]] = [
        ("env", list(_environment(service.get("environment")))),
        ("mounts", list(_mounts(value.get("volumes")))),
        ("published", list(_ports(value.get("ports")))),
    ]
    for name, nodes in found:
        value[name] = Node(nodes, service.span)
    return Node(value, service.span, service.key)


def _substituted(node: Node, depth: int = 6) -> Node:
    value = node.value
    if isinstance(value, str) and "$" in value:
        done = substitute(value.replace("$$", "\x00"), {})
        return Node(Unknown(value) if done is None else done.replace("\x00", "$"), node.span, node.key)
    if depth and isinstance(value, list):
        return Node([_substituted(each, depth - 1) for each in value], node.span, node.key)
    if depth and isinstance(value, dict):
        return Node(
            {name: _substituted(each, depth - 1) for name, each in value.items()}, node.span, node.key
        )
    return node


def _environment(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    pairs: list[tuple[str, Node, Value]] = [(name, child, child.value) for name, child in node.fields()]
    for item in node.items():
        name, equals, text = item.text().partition("=")
        pairs.append((name, item, text if equals else None))
    for name, place, value in pairs:
        literal = isinstance(value, str) and "$" not in value
        secret = literal and is_secret_setting(name, value)
        values: dict[str, Node] = {
            "name": Node(name, place.span),
            "value": Node(value, place.span),
            "secret": Node(secret, place.span),
            "guessable": Node(secret and is_guessable(str(value)), place.span),
        }
        yield Node(values, place.span, place.key)


def _mounts(node: Node | None) -> Iterator[Node]:
    for item in node.items() if node else ():
        if isinstance(item.value, dict):
            yield item
            continue
        if isinstance(item.value, Unknown):
            yield Node(UNKNOWN, item.span)
            continue
        pieces = item.text().split(":")
        source = pieces[0] if len(pieces) > 1 else ""
        kind = "bind" if source.startswith(("/", ".", "~")) else "volume"
        target = pieces[1] if len(pieces) > 1 else pieces[0]
        mode = pieces[2] if len(pieces) > 2 else ""
        yield Node(
            {
                "type": Node(kind, item.span),
                "source": Node(source or None, item.span),
                "target": Node(target, item.span),
                "read_only": Node("ro" in mode.split(","), item.span),
            },
            item.span,
        )


def _ports(node: Node | None) -> Iterator[Node]:
    for item in node.items() if node else ():
        if isinstance(item.value, dict):
            host = item.get("host_ip") or Node(None, item.span)
            published = item.get("published")
            if published is not None:
                yield Node(
                    {"host": host, "port": published, "target": item.get("target") or published}, item.span
                )
            continue
        if isinstance(item.value, Unknown):
            yield Node(UNKNOWN, item.span)
            continue
        text = item.text().partition("/")[0]
        head, _, target = text.rpartition(":")
        host_text, _, port = head.rpartition(":")
        if not head and not port:
            continue
        yield Node(
            {
                "host": Node(host_text.strip("[]") or None, item.span),
                "port": Node(port, item.span),
                "target": Node(target, item.span),
            },
            item.span,
        )
