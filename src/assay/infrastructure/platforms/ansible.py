"""Ansible playbooks and task files as units: `play`, `task` and `command` (of shell and command tasks).

A task gets `module` (without its collection), `args` (whether given as a mapping or as k=v text) and `variables` (name, value, secret). Values with
Jinja expressions are unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.infrastructure.credentials import is_secret_setting
from assay.infrastructure.documents.read_yaml import read_yaml
from assay.infrastructure.node import Node, Unknown
from assay.infrastructure.scripts import Place, commands
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "ansible"
_KEYWORDS = frozenset(
    ["name", "hosts", "vars", "tags", "when", "register", "become", "become_user", "become_method", "delegate_to", "loop", "with_items", "with_dict", "with_fileglob", "until", "retries", "delay", "notify", "ignore_errors", "changed_when", "failed_when", "no_log", "environment", "block", "rescue", "always", "run_once", "args", "connection", "check_mode", "listen", "any_errors_fatal", "gather_facts", "roles", "tasks", "pre_tasks", "post_tasks", "handlers", "vars_files", "serial", "strategy", "remote_user", "loop_control", "async", "poll", "delegate_facts", "vars_prompt", "collections", "throttle", "timeout", "module_defaults", "with_first_found", "with_subelements", "with_sequence", "diff", "debugger"]
)  # fmt: skip
_LISTS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
_SHELLS = frozenset(("shell", "command", "raw", "script"))
_MAX_DEPTH = 12


def read(uri: str, text: str) -> Reading:
    """The units of one file."""
    documents = read_yaml(text)
    units: list[Unit] = []
    for root in documents.roots:
        for item in root.items():
            units.extend(_units(uri, item, 0))
    return Reading(uri, PLATFORM, tuple(units), documents.problems if units else ())


def _units(uri: str, item: Node, depth: int) -> Iterator[Unit]:
    if not isinstance(item.value, dict) or depth > _MAX_DEPTH:
        return
    node = _resolved(item)
    name = node.text("name") or node.text("hosts") or "task"
    head = item.get("name") or item
    if item.get("hosts") is not None:
        play = Node({**dict(node.fields()), "variables": Node(list(_variables(node)), item.span)}, item.span)
        yield Unit(PLATFORM, "play", name, uri, play, head.place)
    else:
        yield from _task(uri, node, name, head)
    for key in _LISTS:
        for child in (item.get(key) or Node(None)).items():
            yield from _units(uri, child, depth + 1)


def _task(uri: str, node: Node, name: str, head: Node) -> Iterator[Unit]:
    module, given = next(
        ((key, child) for key, child in node.fields() if key not in _KEYWORDS), ("", Node(None))
    )
    if not module or node.get("block") is not None:
        return
    short = module.rpartition(".")[2]
    facts = {
        **dict(node.fields()),
        "module": Node(short, given.span, given.key),
        "args": _arguments(given, node.get("args")),
        "variables": Node(list(_variables(node)), node.span),
    }
    task = Node(facts, node.span)
    yield Unit(PLATFORM, "task", name, uri, task, head.place)
    if short in _SHELLS:
        text = given.text() or given.text("cmd") or given.text("_raw_params")
        block = given.span.end_line > given.span.start_line
        place = Place(given.span.start_line + block, 1 if block else given.span.start_column)
        for command in commands(text, place):
            yield Unit(PLATFORM, "command", command.text("name"), uri, command, command.span, {"task": task})


def _arguments(given: Node, more: Node | None) -> Node:
    value = dict(more.fields()) if more is not None else {}
    value.update(given.fields())
    for word in given.text().split():
        name, equals, text = word.partition("=")
        if equals and name.isidentifier():
            value.setdefault(
                name,
                Node(
                    {"yes": True, "no": False, "true": True, "false": False}.get(text.lower(), text),
                    given.span,
                ),
            )
    return Node(value, given.span, given.key)


def _variables(node: Node) -> Iterator[Node]:
    for group in (node.get("vars"), node.get("environment")):
        for name, child in (group or Node(None)).fields():
            secret = is_secret_setting(name, child.value)
            yield Node(
                {"name": Node(name, child.span), "value": child, "secret": Node(secret, child.span)},
                child.span,
                child.key,
            )


def _resolved(node: Node, depth: int = 8) -> Node:
    value = node.value
    if isinstance(value, str) and "{{" in value:
        return Node(Unknown(value), node.span, node.key)
    if isinstance(value, dict) and depth:
        return Node({name: _resolved(child, depth - 1) for name, child in value.items()}, node.span, node.key)
    if isinstance(value, list) and depth:
        return Node([_resolved(child, depth - 1) for child in value], node.span, node.key)
    return node
