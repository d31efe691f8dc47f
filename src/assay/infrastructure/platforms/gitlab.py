"""GitLab CI files as units: `pipeline`, `job`, `include`, and `command` for each command of a script.

A job gets `lines` of its scripts, `ref` (image facts), `variables_list` (name, value, secret) and what it `extends` inside the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.infrastructure.credentials import is_secret_setting
from assay.infrastructure.documents.read_yaml import read_yaml
from assay.infrastructure.node import OPEN, UNKNOWN, Node, Span
from assay.infrastructure.platforms.docker import image_facts, substitute
from assay.infrastructure.scripts import Place, commands
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "gitlab"
_GLOBAL = frozenset(
    [
        "stages",
        "include",
        "variables",
        "workflow",
        "default",
        "image",
        "services",
        "before_script",
        "after_script",
        "cache",
        "spec",
        "pages:deploy",
    ]
)
_SCRIPTS = ("before_script", "script", "after_script")
_MAX_EXTENDS = 8


def read(uri: str, text: str) -> Reading:
    """The units of one pipeline file."""
    documents = read_yaml(text)
    units: list[Unit] = []
    for root in documents.roots:
        if isinstance(root.value, dict):
            units.extend(_units(uri, root))
    return Reading(uri, PLATFORM, tuple(units), documents.problems)


def _units(uri: str, root: Node) -> Iterator[Unit]:
    pipeline = Node(
        {**dict(root.fields()), "variables_list": Node(list(_variables(root)), root.span), **_image(root)},
        root.span,
    )
    yield Unit(PLATFORM, "pipeline", uri, uri, pipeline, Span(1, 1, 1, 2))
    include = root.get("include")
    for item in (
        include.items() if include and isinstance(include.value, list) else [include] if include else []
    ):
        node = item if isinstance(item.value, dict) else Node({"local": item}, item.span, item.key)
        yield Unit(PLATFORM, "include", "include", uri, node, item.place)
    yield from _scripts(uri, root, {"pipeline": pipeline})
    for name, job in root.fields():
        if name in _GLOBAL or not isinstance(job.value, dict) or not _is_job(job):
            continue
        whole = _extended(job, root, 0)
        assert isinstance(whole.value, dict)
        node = Node(
            {**whole.value, "variables_list": Node(list(_variables(job)), job.span), **_image(whole)},
            job.span,
            job.key,
        )
        around = {"pipeline": pipeline, "job": node}
        yield Unit(PLATFORM, "job", name, uri, node, job.key or job.span, around)
        yield from _scripts(uri, job, around)


def _is_job(job: Node) -> bool:
    return any(
        job.get(name) is not None
        for name in ("script", "extends", "trigger", "stage", "image", "before_script", "rules", "variables")
    )


def _extended(job: Node, root: Node, depth: int) -> Node:
    extends = job.get("extends")
    if extends is None or not isinstance(job.value, dict):
        return job
    value: dict[str, Node] = {}
    for item in extends.items() if isinstance(extends.value, list) else [extends]:
        parent = root.get(item.text())
        if parent is None or depth >= _MAX_EXTENDS or not isinstance(parent.value, dict):
            value[OPEN] = Node(UNKNOWN)
        else:
            below = _extended(parent, root, depth + 1)
            value.update(below.value if isinstance(below.value, dict) else {})
    return Node({**value, **job.value}, job.span, job.key)


def _variables(node: Node) -> Iterator[Node]:
    for name, child in (node.get("variables") or Node(None)).fields():
        value = child.get("value") or child
        secret = (
            isinstance(value.value, str) and "$" not in value.value and is_secret_setting(name, value.value)
        )
        yield Node(
            {"name": Node(name, child.span), "value": value, "secret": Node(secret, child.span)},
            child.span,
            child.key,
        )


def _image(node: Node) -> dict[str, Node]:
    image = node.get("image")
    if image is None:
        return {}
    name = image.get("name") or image
    known = substitute(name.text(), {}) if name.text() else None
    return {"ref": Node(image_facts(known, name.span), name.span, image.key)}


def _scripts(uri: str, node: Node, around: dict[str, Node]) -> Iterator[Unit]:
    for key in _SCRIPTS:
        script = node.get(key)
        for line in (
            script.items() if script and isinstance(script.value, list) else [script] if script else []
        ):
            text = line.text()
            block = line.span.end_line > line.span.start_line
            place = (
                Place(line.span.start_line + 1, 1)
                if block
                else Place(line.span.start_line, line.span.start_column)
            )
            for command in commands(text, place):
                yield Unit(PLATFORM, "command", command.text("name"), uri, command, command.span, around)
