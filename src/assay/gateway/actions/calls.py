"""A call of any agent's tool -> the actions it would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from assay.gateway.actions import tools
from assay.gateway.actions.files import absolute
from assay.gateway.actions.hosts import carries_data, has_userinfo, host_in, inner_addresses
from assay.gateway.actions.text import look_at_description, look_at_text
from assay.gateway.policy.sanitize import PERSONAL_DEFAULT, leaves, masked_secrets, personal_spans
from assay.model.decision import Action, Call
from assay.shell.analyse import analyse
from assay.shell.effect import ShellContext
from assay.shell.programs.database import statement_kind

# Where a tool is given a path and nothing else, there is no secret to look for.
_PATH_POINTERS = frozenset(
    f"/{key}" for key in ("file_path", "path", "absolute_path", "notebook_path", "target_file")
)
_PATH_KEYS = frozenset(pointer[1:] for pointer in _PATH_POINTERS)
_MAX_ACTIONS = 2_000
_MAX_SCANNED = 1_000_000


class Found(NamedTuple):
    """The actions of a call, and what could not be determined."""

    actions: tuple[Action, ...]
    undetermined: tuple[str, ...] = ()


def actions_of(call: Call, personal: tuple[str, ...] = PERSONAL_DEFAULT) -> Found:
    """Every action of a call, tool and arguments and texts together. Never raises for bad arguments: what does not fit is undetermined."""
    doubts: list[str] = []
    actions: dict[Action, None] = {}
    for action in _all_of(call, doubts, personal):
        actions.setdefault(action)
        if len(actions) >= _MAX_ACTIONS:
            doubts.append(f"more than {_MAX_ACTIONS} actions in one call")
            break
    return Found(tuple(actions), tuple(dict.fromkeys(doubts)))


def _all_of(call: Call, doubts: list[str], personal: tuple[str, ...]) -> Iterator[Action]:
    if call.phase == "after":
        yield from _result(call, personal)
        return
    if call.phase == "definition":
        yield from _definition(call)
        return
    yield from _tool(call, doubts)
    yield from _argument_texts(call, personal)


def _tool(call: Call, doubts: list[str]) -> Iterator[Action]:
    mcp = tools.split_mcp(call.tool)
    if mcp is not None:
        yield from _mcp(call, *mcp, doubts)
        return
    name = call.tool.lower()
    if name in tools.SHELL:
        yield from _shell(call, "bash", doubts)
    elif name in tools.POWERSHELL:
        yield from _shell(call, "powershell", doubts)
    elif name in tools.READ:
        yield from _paths(
            call,
            "file.read",
            ("recursive",) if name in ("grep", "grep_search", "search_file_content", "search_files") else (),
        )
    elif name in tools.WRITE:
        yield from _written(call, name)
    elif name in tools.DELETE:
        yield from _paths(call, "file.delete", ())
    elif name in tools.FETCH:
        yield from _urls(call, doubts)
    elif name in tools.SEARCH:
        yield Action("web.search", str(call.arguments.get("query", ""))[:200])
    elif name in tools.INTERNAL:
        yield Action("agent.internal", call.tool)
    else:
        yield from _other(call, doubts)


def _shell(call: Call, dialect: str, doubts: list[str]) -> Iterator[Action]:
    script = _script(call.arguments)
    if script is None:
        doubts.append(f"{call.tool}: no command in the arguments")
        return
    yield from script_actions(script, call, dialect, doubts)


def script_actions(script: str, call: Call, dialect: str, doubts: list[str]) -> Iterator[Action]:
    """The actions of a script run at the call's place."""
    context = ShellContext(
        call.cwd or call.workspace or "/", call.home or "/root", call.home.rpartition("/")[2] or "user"
    )
    analysis = analyse(script, context, dialect)
    doubts.extend(analysis.undetermined)
    for effect in analysis.effects:
        if effect.verb == "net.connect" and carries_data(effect.detail):
            yield Action("data.send", effect.target, detail="text hidden in the address")
        yield Action(effect.verb, effect.target, effect.flags, effect.detail, effect.program)
    if not analysis.effects:
        yield Action("shell.exec", "", frozenset(), script[:200])


def _script(arguments: Mapping[str, object]) -> str | None:
    for key in tools.COMMAND_KEYS:
        value = arguments.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
            parts = [str(part) for part in value]
            if (
                len(parts) >= 3
                and parts[0].rpartition("/")[2] in ("bash", "sh", "zsh")
                and parts[1] in ("-c", "-lc")
            ):
                return parts[2]
            return " ".join("'" + part.replace("'", "'\\''") + "'" for part in parts)
    return None


_PATHS, _PATH_LISTS = frozenset(tools.PATH_KEYS), frozenset(tools.PATH_LIST_KEYS)


def _given_paths(arguments: Mapping[str, object]) -> Iterator[str]:
    for key, value in arguments.items():
        if key in _PATHS and isinstance(value, str):
            if value and "://" not in value.removeprefix("file://"):
                yield value
        elif key in _PATH_LISTS and isinstance(value, list):
            for item in value[:500]:
                if isinstance(item, str):
                    yield item
                elif isinstance(item, Mapping):
                    yield from _given_paths(item)


def _paths(call: Call, verb: str, flags: tuple[str, ...]) -> Iterator[Action]:
    given = False
    for text in _given_paths(call.arguments):
        given = True
        if "%" in text:
            yield Action(verb, absolute(unquote(text), call), frozenset(flags), program=call.tool)
        glob = ("glob",) if any(char in text for char in "*?[") else ()
        yield Action(verb, absolute(text, call), frozenset((*flags, *glob)), program=call.tool)
    if not given:
        yield Action(verb, call.cwd or call.workspace or "/", frozenset(("listing",)), program=call.tool)


def _written(call: Call, name: str) -> Iterator[Action]:
    command = call.arguments.get("command")
    if name.startswith("str_replace") and command == "view":
        yield from _paths(call, "file.read", ())
        return
    for key in ("patch", "input", "diff"):
        patch = call.arguments.get(key)
        if isinstance(patch, str) and "*** " in patch:
            yield from _patched(patch, call)
            return
    yield from _paths(call, "file.write", ("edit",) if "edit" in name or "replace" in name else ())


def _patched(patch: str, call: Call) -> Iterator[Action]:
    marks = {
        "*** Add File: ": "file.write",
        "*** Update File: ": "file.write",
        "*** Delete File: ": "file.delete",
        "*** Move to: ": "file.write",
    }
    for line in patch.splitlines()[:20_000]:
        for mark, verb in marks.items():
            if line.startswith(mark):
                yield Action(verb, absolute(line[len(mark) :].strip(), call), program=call.tool)


def _urls(call: Call, doubts: list[str]) -> Iterator[Action]:
    found = False
    for key in tools.URL_KEYS:
        value = call.arguments.get(key)
        if isinstance(value, str) and value:
            found = True
            method = str(call.arguments.get("method", "GET")).upper()
            body = any(call.arguments.get(name) for name in ("body", "data", "json"))
            yield from contacts(
                value, ("fetched", "upload") if body or method not in ("GET", "HEAD") else ("fetched",)
            )
            if body:
                yield Action("data.send", host_in(value), detail="text", program=call.tool)
    if not found:
        doubts.append(f"{call.tool}: no address in the arguments")


def contacts(url: str, flags: tuple[str, ...] = ()) -> Iterator[Action]:
    """One address as actions: its host, and hosts given inside its query."""
    if url.startswith("file:"):
        yield Action("file.read", url.removeprefix("file://") or "/")
        return
    own = ("userinfo",) if has_userinfo(url) else ()
    yield Action("net.connect", host_in(url), frozenset(("download", *flags, *own)), url)
    if carries_data(url):
        yield Action("data.send", host_in(url), detail="text hidden in the address")
    for inner in inner_addresses(url):
        yield Action("net.connect", host_in(inner), frozenset(("download", "embedded")), inner)


def _mcp(call: Call, server: str, tool: str, doubts: list[str]) -> Iterator[Action]:
    weight = tools.weight_of(tool)
    yield Action(f"mcp.{server}.{tool}", server, weight, tool, call.tool)
    yield from _arguments(call, tool, weight, doubts)


def _other(call: Call, doubts: list[str]) -> Iterator[Action]:
    """A tool by an unknown name: `<tool>.<action>` where the arguments name an action, plus what the arguments name."""
    action = call.arguments.get("action")
    weight = tools.weight_of(call.tool)
    if isinstance(action, str):
        yield Action(
            f"{call.tool}.{action}", str(call.arguments.get("branch", "")), weight, program=call.tool
        )
    else:
        yield Action(call.tool if "." in call.tool else f"tool.{call.tool}", "", weight, program=call.tool)
    yield from _arguments(call, call.tool, weight, doubts)


def _arguments(call: Call, tool: str, weight: frozenset[str], doubts: list[str]) -> Iterator[Action]:
    arguments = call.arguments
    branch = arguments.get("branch")
    if isinstance(branch, str) and (
        "push" in tool
        or "commit" in tool
        or "create_or_update" in tool
        or ("writes" in weight and "file" in tool)
    ):
        yield Action("git.push", branch, detail=str(arguments.get("repo", "")), program=call.tool)
    if "reads" not in weight or "github" not in call.tool:
        verb = (
            "file.read"
            if "reads" in weight or not weight
            else "file.delete"
            if {"delete", "remove"} & set(tools.words_of(tool))
            else "file.write"
        )
        for text in _given_paths(arguments):
            if (
                text.startswith(("/", "~", "file:", "./", "../", "."))
                or "fs" in call.tool
                or "file" in call.tool
            ):
                yield Action(verb, absolute(unquote(text), call), program=call.tool)
    for key in tools.SQL_KEYS:
        value = arguments.get(key)
        if isinstance(value, str) and _is_sql(value):
            yield from _sql(value, call)
    for key in tools.URL_KEYS:
        value = arguments.get(key)
        if isinstance(value, str) and "://" in value:
            yield from contacts(value, ("upload",) if "writes" in weight else ())
    command = arguments.get("command") if "command" in arguments else arguments.get("cmd")
    if isinstance(command, str):
        yield from script_actions(command, call, "bash", doubts)


def _is_sql(text: str) -> bool:
    first = text.lstrip(" \n\t(;-").split(None, 1)[:1]
    return bool(first) and first[0].lower().rstrip(";") in (
        "select", "insert", "update", "delete", "drop", "truncate", "alter", "create", "grant", "revoke", "with", "explain", "show", "copy", "merge", "replace",
        "call", "exec", "execute", "do", "set", "vacuum", "describe", "pragma", "attach", "load", "rename", "begin", "lock", "table", "values",
    )  # fmt: skip


def _sql(sql: str, call: Call) -> Iterator[Action]:
    kind, flags = statement_kind(sql)
    verbs = {
        "read": "database.read",
        "change": "database.change",
        "destroy": "database.change",
        "files": "database.files",
    }
    yield Action(verbs[kind], sql[:200], frozenset(flags), call.tool, call.tool)


def _argument_texts(call: Call, personal: tuple[str, ...]) -> Iterator[Action]:
    """Secrets anywhere in the arguments; personal data only where the arguments leave this machine."""
    if call.arguments.keys() <= _PATH_KEYS:
        return
    leaves_machine = tools.split_mcp(call.tool) is not None or call.tool.lower() in tools.FETCH
    scanned = 0
    for pointer, text in leaves(call.arguments):
        scanned += len(text)
        if scanned > _MAX_SCANNED:
            yield Action(
                "text.unscanned",
                pointer,
                frozenset(("argument",)),
                "the arguments are larger than what is looked through",
            )
            return
        if len(text) > 5 and pointer not in _PATH_POINTERS and masked_secrets(text)[1]:
            yield Action("text.secret", pointer, frozenset(("argument",)))
        if leaves_machine and any(True for _ in personal_spans(text, personal)):
            yield Action("text.personal", pointer, frozenset(("argument",)))


def _result(call: Call, personal: tuple[str, ...]) -> Iterator[Action]:
    yield Action("result.read", call.tool)
    personal = personal_kinds(call.tool, personal)
    scanned = 0
    for pointer, text in leaves(call.arguments):
        scanned += len(text)
        if scanned > _MAX_SCANNED:
            yield Action(
                "text.unscanned",
                pointer,
                frozenset(("result",)),
                "the result is larger than what is looked through",
            )
            return
        yield from text_actions(text, pointer, personal)


def personal_kinds(tool: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Rows of a database are about people far more often than files are: there, addresses and dates of birth count too."""
    rows = {
        "postgres",
        "mysql",
        "sql",
        "sqlite",
        "database",
        "db",
        "mongo",
        "mongodb",
        "bigquery",
        "snowflake",
        "crm",
        "hubspot",
        "salesforce",
        "ehr",
        "fhir",
        "patient",
        "patients",
        "customer",
        "customers",
    }
    if kinds and rows & set(tools.words_of(tool)):
        return (*kinds, *(kind for kind in ("email", "phone", "birth-date", "iban") if kind not in kinds))
    return kinds


def text_actions(text: str, pointer: str, personal: tuple[str, ...] = PERSONAL_DEFAULT) -> Iterator[Action]:
    """What is wrong with one text of a result."""
    signs = look_at_text(text)
    if signs.injected:
        yield Action("text.injection", pointer, frozenset(("result",)), ", ".join(signs.names))
    if signs.hidden:
        yield Action("text.hidden", pointer, frozenset(("result",)))
    if signs.terminal:
        yield Action("text.terminal", pointer, frozenset(("result",)))
    if masked_secrets(text)[1]:
        yield Action("text.secret", pointer, frozenset(("result",)))
    if any(True for _ in personal_spans(text, personal)):
        yield Action("text.personal", pointer, frozenset(("result",)))


_OLD, _NEW = (
    ("old", "prev", "before", "pinned", "approved", "original", "known", "was"),
    ("new", "now", "current", "after", "latest", "description"),
)


def _definition(call: Call) -> Iterator[Action]:
    """A tool's own words: its description and the descriptions of its parameters."""
    name = f"{call.arguments.get('server', '')}.{call.arguments.get('name', '')}"
    if call.tool.endswith("changed"):
        yield Action("tool.same" if _same_words(call.arguments) else "tool.changed", name)
    else:
        yield Action("tool.defined", name)
    for pointer, text in leaves(call.arguments):
        if any(mark in pointer.lower() for mark in _OLD):
            continue
        signs = look_at_description(text)
        if signs.injected or signs.hidden or signs.terminal:
            yield Action(
                "tool.poisoned",
                name,
                detail=", ".join((*signs.names, *(["hidden characters"] if signs.hidden else []))),
            )


def _same_words(arguments: Mapping[str, object]) -> bool:
    """Whether the approved and the new text differ in blanks, case and punctuation at most."""
    old = {
        words_only(text)
        for pointer, text in leaves(arguments)
        if any(mark in pointer.lower() for mark in _OLD)
    }
    new = {
        words_only(text)
        for pointer, text in leaves(arguments)
        if any(mark in pointer.lower() for mark in _NEW) and not any(mark in pointer.lower() for mark in _OLD)
    }
    return bool(old) and old == new


def words_only(text: str) -> str:
    """Letters and digits of a text, folded: what stays the same when only its form changes."""
    return " ".join("".join(char if char.isalnum() else " " for char in text.casefold()).split())
