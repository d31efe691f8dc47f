"""Dockerfiles as units: the file, its stages, its instructions, and the commands of its RUN lines.

Kinds: dockerfile, stage (final, image, tag, digest, user, ...), one kind for each instruction (run, copy, env, ...), command, dockerignore.
"""

from __future__ import annotations

import re  # linear patterns over one instruction
from dataclasses import dataclass, field

from assay.infrastructure.credentials import is_secret_setting
from assay.infrastructure.documents.read_dockerfile import Instruction, read_dockerfile
from assay.infrastructure.node import UNKNOWN, Node, Span, Unknown, Value
from assay.infrastructure.scripts import Place, commands, effects
from assay.infrastructure.unit import Reading, Unit

PLATFORM = "docker"
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?([-+])([^{}]*))?\}|([A-Za-z_]\w*))")
_PAIR = re.compile(r"([A-Za-z_][\w.\-]*)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s\"']*)")
_WORD = re.compile(r"\"(?:[^\"\\]|\\.)*\"|\S+")
_SETPRIV = re.compile(
    r"\b(gosu|su-exec|setpriv|runuser|chroot --userspec|s6-setuidgid|fixuid|dumb-init.*su )\b"
)


@dataclass(slots=True)
class _Stage:
    """One stage while the file is read."""

    unit: dict[str, Node]
    span: Span
    name: str
    parent: int | None
    values: dict[str, str | None] = field(default_factory=dict)
    instructions: list[Instruction] = field(default_factory=list)


def read(uri: str, text: str) -> Reading:
    """The units of one Dockerfile."""
    instructions, problems = read_dockerfile(text)
    stages, rest = _stages(instructions)
    whole = Span(1, 1, max(1, text.count("\n") + 1), 1)
    units: list[Unit] = []
    for number, _stage in enumerate(stages):
        units.extend(_stage_units(uri, stages, number))
    for instruction in rest:
        units.extend(_instruction_units(uri, instruction, {}, {}, "arg"))
    folder = uri.rpartition("/")[0]
    drops = _SETPRIV.search(text) is not None
    node = Node(
        {"context": Node(folder), "stages": Node(len(stages)), "drops_privileges": Node(drops)}, whole
    )
    head = stages[-1].span if stages else whole
    if stages:
        units.append(
            Unit(PLATFORM, "dockerfile", uri.rpartition("/")[2], uri, node, head, style="dockerfile")
        )
        units = [_with_file(unit, node) for unit in units]
    return Reading(uri, PLATFORM, tuple(units), problems)


def read_ignore(uri: str, text: str) -> Reading:
    """The unit of one .dockerignore: which usual places of secrets it excludes."""
    patterns = [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
    everything = any(pattern in ("*", "**", "/*", "**/*") for pattern in patterns)
    span = Span(1, 1, 1, 1)
    node = Node(
        {
            "context": Node(uri.rpartition("/")[0], span),
            "env": Node(
                everything or any(".env" in pattern and not pattern.startswith("!") for pattern in patterns),
                span,
            ),
            "git": Node(everything or any(".git" in pattern.split("/") for pattern in patterns), span),
        },
        span,
    )
    return Reading(uri, PLATFORM, (Unit(PLATFORM, "dockerignore", uri, uri, node, span, style="text"),))


def _with_file(unit: Unit, node: Node) -> Unit:
    return Unit(
        unit.platform,
        unit.kind,
        unit.name,
        unit.uri,
        unit.node,
        unit.head,
        {**unit.around, "file": node},
        unit.style,
    )


def _stages(instructions: tuple[Instruction, ...]) -> tuple[list[_Stage], list[Instruction]]:
    stages: list[_Stage] = []
    outside: list[Instruction] = []
    arguments: dict[str, str | None] = {}
    for instruction in instructions:
        if instruction.name == "from":
            stages.append(_from(instruction, arguments, stages))
        elif not stages:
            outside.append(instruction)
            if instruction.name == "arg":
                arguments.update(_arguments(instruction, arguments))
        else:
            stage = stages[-1]
            stage.instructions.append(instruction)
            if instruction.name in ("arg", "env"):
                stage.values.update(_assigned(instruction, stage.values, arguments))
    return stages, outside


def _from(instruction: Instruction, arguments: dict[str, str | None], stages: list[_Stage]) -> _Stage:
    words = instruction.joined.split()
    written = words[0] if words else ""
    name = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
    image = substitute(written, arguments)
    parent = next(
        (
            at
            for at, stage in enumerate(stages)
            if image is not None and stage.name and stage.name.lower() == image.lower()
        ),
        None,
    )
    span = Span(instruction.line, instruction.column, instruction.line, instruction.column + len(written))
    unit = image_facts(image, span)
    unit["written"] = Node(written, span)
    unit["stage"] = Node(parent is not None, span)
    unit["platform"] = Node(dict(instruction.flags).get("platform"), span)
    values = dict(stages[parent].values) if parent is not None else {}
    return _Stage(unit, instruction.span, name, parent, values)


def image_facts(image: str | None, span: Span) -> dict[str, Node]:
    """image, repository, registry, tag and digest of an image reference; all unknown for None."""
    if image is None:
        return {name: Node(UNKNOWN, span) for name in ("image", "repository", "registry", "tag", "digest")}
    rest, _, digest = image.partition("@")
    head, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        head, tag = rest, ""
    first, slash, _ = head.partition("/")
    registry = first if slash and ("." in first or ":" in first or first == "localhost") else ""
    pieces: dict[str, Value] = {
        "image": image,
        "repository": head,
        "registry": registry,
        "tag": tag or None,
        "digest": digest or None,
    }
    return {name: Node(value, span) for name, value in pieces.items()}


def substitute(text: str, values: dict[str, str | None]) -> str | None:
    """The text with `$X` and `${X:-y}` put in; None if a variable is not known."""
    unknown = False

    def put(match: re.Match[str]) -> str:
        nonlocal unknown
        name = match[1] or match[4]
        value = values.get(name)
        if match[2] == "+":
            return match[3] if value else ""
        if value is None and match[2] == "-":
            return str(match[3])
        if value is None:
            unknown = True
            return ""
        return value

    done = _VARIABLE.sub(put, text)
    return None if unknown else done


def _arguments(instruction: Instruction, known: dict[str, str | None]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, value in pairs(instruction):
        found[name] = substitute(value, {**known, **found}) if value is not None else None
    return found


def _assigned(
    instruction: Instruction, values: dict[str, str | None], arguments: dict[str, str | None]
) -> dict[str, str | None]:
    found = _arguments(instruction, values)
    if instruction.name == "arg":  # an ARG without default takes that before the first FROM
        for name, value in found.items():
            found[name] = value if value is not None else arguments.get(name)
    return found


def pairs(instruction: Instruction) -> list[tuple[str, str | None]]:
    """Names and values of ARG, ENV and LABEL, quotes taken off; a value is None where none is given."""
    text = instruction.joined
    if instruction.name == "arg":
        words = [word.partition("=") for word in _WORD.findall(text)] if "=" in text else [(text, "", "")]
        found = _PAIR.findall(text)
        bare = [(name, None) for name, equals, _ in words if not equals and name.isidentifier()]
        return [*((name, _unquoted(value)) for name, value in found), *bare]
    if "=" not in text.split(" ", 1)[0]:
        name, _, value = text.partition(" ")
        return [(name, _unquoted(value.strip()))]
    return [(name, _unquoted(value)) for name, value in _PAIR.findall(text)]


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _stage_units(uri: str, stages: list[_Stage], number: int) -> list[Unit]:
    stage = stages[number]
    final = number == len(stages) - 1
    facts = dict(stage.unit)
    span = stage.span
    facts["final"] = Node(final, span)
    facts["name"] = Node(stage.name or str(number), span)
    facts.update(_effective(stages, number))
    facts["copied_from"] = Node(number in _bases(stages) and not final, span)
    last = stage.instructions[-1].span if stage.instructions else span
    node = Node(facts, Span(span.start_line, span.start_column, last.end_line, last.end_column))
    units = [Unit(PLATFORM, "stage", facts["name"].text(), uri, node, span, {}, "dockerfile")]
    names = {str(at) for at in range(number)} | {each.name for each in stages[:number] if each.name}
    around = {"stage": node, "stages": Node([Node(name) for name in sorted(names)])}
    for instruction in stage.instructions:
        units.extend(_instruction_units(uri, instruction, around, stage.values, instruction.name))
    return units


def _bases(stages: list[_Stage]) -> set[int]:
    """The stages that the final stage is built on; the others are thrown away."""
    kept: set[int] = set()
    at: int | None = len(stages) - 1
    while at is not None and at not in kept:
        kept.add(at)
        at = stages[at].parent
    return kept


def _effective(stages: list[_Stage], number: int) -> dict[str, Node]:
    """What holds at the end of a stage, inherited from the stages below it: user, healthcheck, shell, entrypoint, root image."""
    facts: dict[str, Node] = {}
    at: int | None = number
    seen: set[int] = set()
    while at is not None and at not in seen:
        seen.add(at)
        for instruction in reversed(stages[at].instructions):
            if (
                instruction.name in ("user", "healthcheck", "shell", "entrypoint", "cmd", "expose")
                and instruction.name not in facts
            ):
                value = substitute(instruction.joined, stages[at].values)
                facts[instruction.name] = Node(Unknown() if value is None else value, instruction.span)
        facts["root_image"] = stages[at].unit["image"]
        at = stages[at].parent
    facts["ships"] = Node(number in _bases(stages), stages[number].span)
    return facts


def _instruction_units(
    uri: str, instruction: Instruction, around: dict[str, Node], values: dict[str, str | None], kind: str
) -> list[Unit]:
    span = instruction.span
    place = Span(instruction.line, instruction.column, span.end_line, span.end_column)
    value = (
        substitute(instruction.joined, values)
        if kind in ("user", "workdir", "expose", "healthcheck")
        else instruction.joined
    )
    facts: dict[str, Node] = {
        "text": Node(Unknown() if value is None else value, place),
        "word": Node(
            instruction.name.upper(),
            Span(span.start_line, span.start_column, span.start_line, span.start_column + len(kind)),
        ),
        "flags": Node({name: Node(given or True, span) for name, given in instruction.flags}, span),
    }
    inner: list[Unit] = []
    if kind in ("env", "arg", "label"):
        facts["pairs"] = Node([_pair(name, given, place) for name, given in pairs(instruction)], place)
    elif kind in ("copy", "add"):
        facts.update(_copied(instruction, place, uri))
        stages = around.get("stages")
        names = [item.text() for item in stages.items()] if stages is not None else []
        facts["from_stage"] = Node(facts["from"].text() in names, place)
    elif kind in ("run", "cmd", "entrypoint", "healthcheck"):
        found = _run_commands(instruction)
        facts["commands"] = Node(found, place)
        facts["effects"] = Node(effects(instruction.joined, place) if kind == "run" else [], place)
        facts["exec"] = Node(instruction.joined.startswith("["), place)
        if kind == "run":
            inner = [_command_unit(uri, command, {**around, "run": Node(facts, span)}) for command in found]
    elif kind == "expose":
        facts["ports"] = Node([_port(word, place) for word in instruction.joined.split()], place)
    unit = Unit(PLATFORM, kind, instruction.name.upper(), uri, Node(facts, span), span, around, "dockerfile")
    return [unit, *inner]


def _command_unit(uri: str, command: Node, around: dict[str, Node]) -> Unit:
    return Unit(PLATFORM, "command", command.text("name"), uri, command, command.span, around, "dockerfile")


def _pair(name: str, value: str | None, span: Span) -> Node:
    is_secret = value is not None and is_secret_setting(name, value)
    return Node({"name": Node(name, span), "value": Node(value, span), "secret": Node(is_secret, span)}, span)


def _port(word: str, span: Span) -> Node:
    number = word.split("/")[0].strip('"')
    return Node(int(number) if number.isdigit() and len(number) < 6 else UNKNOWN, span)


def _copied(instruction: Instruction, span: Span, uri: str) -> dict[str, Node]:
    text = instruction.joined
    words = re.findall(r'"([^"]*)"', text) if text.startswith("[") else text.split()
    flags = dict(instruction.flags)
    sources = [word for word in words[:-1] if not word.startswith("<<")]
    return {
        "sources": Node([Node(word, span) for word in sources], span),
        "target": Node(words[-1] if words else None, span),
        "from": Node(flags.get("from"), span),
        "context": Node(uri.rpartition("/")[0], span),
        "root": Node("", span),
    }


def _run_commands(instruction: Instruction) -> list[Node]:
    found: list[Node] = []
    text = instruction.text
    if instruction.name == "healthcheck":
        text = re.sub(r"^\s*(CMD|NONE)\s*", "", text)
    if text.lstrip().startswith("["):
        words = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
        script = words[2] if len(words) > 2 and words[1] in ("-c", "-ec", "-lc") else " ".join(words)
        return commands(script, Place(instruction.line, instruction.column))
    if not text.lstrip().startswith("<<"):
        found = commands(text, Place(instruction.line, instruction.column))
    for heredoc in instruction.heredocs if instruction.name == "run" else ():
        if text.lstrip().startswith("<<") or " sh" in text or "bash" in text:
            found.extend(commands(heredoc.text, Place(heredoc.line, 1)))
    return found
