"""Compose files (https://github.com/compose-spec/compose-spec) as units: `service`, and the `compose` file itself.

A service keeps its own keys and gets: `ref` (image facts), `env` (name, value, secret), `mounts` (source, target, read_only, type) and
`published` (host, port, target), each in one form whatever syntax was used. `extends` inside the file is followed; what another file
gives is unknown. Variables with a default have it, others are unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.infrastructure.credentials import is_secret_setting
from assay.infrastructure.documents.read_yaml import read_yaml
from assay.infrastructure.node import OPEN, UNKNOWN, Node, Unknown, Value
from assay.infrastructure.platforms.docker import image_facts, substitute
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "compose"
_MAX_EXTENDS = 8


def read(uri: str, text: str) -> Reading:
    """The units of one Compose file."""
    documents = read_yaml(text)
    units: list[Unit] = []
    for root in documents.roots:
        services = root.get("services")
        if services is None:
            continue
        units.append(Unit(PLATFORM, "compose", uri.rpartition("/")[2], uri, root, root.span))
        for name, service in services.fields():
            if isinstance(service.value, dict):
                node = _with_facts(_extended(service, services, 0))
                units.append(
                    Unit(PLATFORM, "service", name, uri, node, service.key or service.span, {"compose": root})
                )
    return Reading(uri, PLATFORM, tuple(units), documents.problems)


def _extended(service: Node, services: Node, depth: int) -> Node:
    """The service with what it extends below its own keys."""
    extends = service.get("extends")
    if extends is None or not isinstance(service.value, dict):
        return service
    elsewhere = extends.get("file") is not None or depth >= _MAX_EXTENDS
    parent = None if elsewhere else services.get(extends.text("service") or extends.text())
    if parent is None or not isinstance(parent.value, dict):
        return Node({**service.value, OPEN: Node(UNKNOWN)}, service.span, service.key)
    below = _extended(parent, services, depth + 1)
    assert isinstance(below.value, dict)
    return Node({**below.value, **service.value}, service.span, service.key)


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
