"""GitLab CI files as units: `pipeline`, `job`, `include`, and `command` for each command of a script.

A job gets `lines` of its scripts, `ref` (image facts), `variables_list` (name, value, secret) and what it `extends`, in this file or in another of the
project's pipeline files; local files that a pipeline includes are read too. What comes from another file stands at the `extends`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from assay.infrastructure.credentials import is_guessable, is_secret_setting
from assay.infrastructure.documents.placed import moved, resolved
from assay.infrastructure.documents.read_yaml import Documents, read_yaml
from assay.infrastructure.node import OPEN, UNKNOWN, Node, Span
from assay.infrastructure.platforms.docker import image_facts, substitute
from assay.infrastructure.scripts import Place, commands
from assay.infrastructure.unit import RENDERED, Reading, Unit

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
_MAX_FILES = 500

Fetch = Callable[[str], str | None]
"""The text of another file of the project, or None."""
Shared = Mapping[str, tuple[str, Node]]
"""Jobs of all pipeline files by name, each with its file."""


def read_all(texts: Mapping[str, str], fetch: Fetch) -> Iterable[Reading]:
    """The units of every pipeline file, and of the local files that these include, whatever their names."""
    files: dict[str, Documents] = {}
    waiting = list(texts)
    while waiting and len(files) < _MAX_FILES:
        uri = waiting.pop()
        text = texts[uri] if uri in texts else fetch(uri)
        if uri in files or text is None:
            continue
        files[uri] = read_yaml(text)
        waiting.extend(local for root in files[uri].roots for local in _local_includes(uri, root))
    shared: dict[str, tuple[str, Node]] = {}
    for uri, documents in files.items():
        for root in documents.roots:
            shared.update({name: (uri, job) for name, job in root.fields() if name not in _GLOBAL})
    for uri, documents in files.items():
        units: list[Unit] = []
        for root in documents.roots:
            if isinstance(root.value, dict):
                units.extend(_units(uri, root, shared))
        yield Reading(uri, PLATFORM, tuple(units), documents.problems)


def _includes(root: Node) -> list[Node]:
    include = root.get("include")
    if include is None:
        return []
    return list(include.items()) if isinstance(include.value, list) else [include]


def _local_includes(uri: str, root: Node) -> Iterator[str]:
    for item in _includes(root):
        local = item.text("local") or (item.text() if not isinstance(item.value, dict) else "")
        if local and "://" not in local and "*" not in local and "$" not in local:
            yield resolved(uri, "/" + local)


def _units(uri: str, root: Node, shared: Shared) -> Iterator[Unit]:
    pipeline = Node(
        {**dict(root.fields()), "variables_list": Node(list(_variables(root)), root.span), **_image(root)},
        root.span,
    )
    yield Unit(PLATFORM, "pipeline", uri, uri, pipeline, Span(1, 1, 1, 2))
    for item in _includes(root):
        node = item if isinstance(item.value, dict) else Node({"local": item}, item.span, item.key)
        yield Unit(PLATFORM, "include", "include", uri, node, item.place)
    yield from _scripts(uri, root, {"pipeline": pipeline})
    for name, job in root.fields():
        if name in _GLOBAL or not isinstance(job.value, dict) or not _is_job(job):
            continue
        whole, foreign = _extended(job, root, uri, shared, 0)
        assert isinstance(whole.value, dict)
        node = Node(
            {**whole.value, "variables_list": Node(list(_variables(job)), job.span), **_image(whole)},
            job.span,
            job.key,
        )
        around = {"pipeline": pipeline, "job": node}
        style = RENDERED if foreign else "yaml"
        yield Unit(PLATFORM, "job", name, uri, node, job.key or job.span, around, style=style)
        yield from _scripts(uri, job, around)


def _is_job(job: Node) -> bool:
    return any(
        job.get(name) is not None
        for name in ("script", "extends", "trigger", "stage", "image", "before_script", "rules", "variables")
    )


def _extended(job: Node, root: Node, uri: str, shared: Shared, depth: int) -> tuple[Node, bool]:
    """The job with what it extends below its own keys, and whether another file gave some of that."""
    extends = job.get("extends")
    if extends is None or not isinstance(job.value, dict):
        return job, False
    value: dict[str, Node] = {}
    foreign = False
    for item in extends.items() if isinstance(extends.value, list) else [extends]:
        source, parent = uri, root.get(item.text())
        if parent is None:
            source, parent = shared.get(item.text(), (uri, None))
        if parent is None or depth >= _MAX_EXTENDS or not isinstance(parent.value, dict):
            value[OPEN] = Node(UNKNOWN)
            continue
        below, other = _extended(parent, root, source, shared, depth + 1)
        if source != uri:
            below, other = moved(below, item.place), True
        foreign = foreign or other
        value.update(below.value if isinstance(below.value, dict) else {})
    return Node({**value, **job.value}, job.span, job.key), foreign


def _variables(node: Node) -> Iterator[Node]:
    for name, child in (node.get("variables") or Node(None)).fields():
        value = child.get("value") or child
        secret = (
            isinstance(value.value, str) and "$" not in value.value and is_secret_setting(name, value.value)
        )
        yield Node(
            {
                "name": Node(name, child.span),
                "value": value,
                "secret": Node(secret, child.span),
                "guessable": Node(secret and is_guessable(value.text()), child.span),
            },
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
