"""requirements.txt and its kin, as pip reads them: https://pip.pypa.io/en/stable/reference/requirements-file-format/"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

import re2

from assay.dependencies.document import Document, ManifestError, Parsed, Problem, decode
from assay.dependencies.manifests.builder import Builder
from assay.dependencies.manifests.python_requirement import parse_requirement
from assay.dependencies.purl import canonical_name, clean_url
from assay.model.component import Component, Scope

_MAX_INCLUDES = 100
_COMMENT = re2.compile(r"(^|\s)#.*$")
_HASH = re2.compile(r"--hash[= ]\s*(sha(?:1|224|256|384|512)|md5):([0-9a-fA-F]{8,128})")
_OPTION = re2.compile(r"\s--?[A-Za-z][-A-Za-z]*(?:[= ].*)?$")
_DEV_STEMS = ("dev", "test", "lint", "typing", "style", "bench", "documentation")
_DEV_WORDS = frozenset({"doc", "docs", "ci", "mypy", "format", "precommit"})


@dataclass(slots=True)
class _Reading:
    """State over one file and all that it includes."""

    visited: set[str] = field(default_factory=set)
    components: list[Component] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    constraints: dict[str, str] = field(default_factory=dict)


def parse(document: Document) -> Parsed:
    """Every requirement of the file and of what `-r` includes; `-c` only pins what is asked for elsewhere."""
    reading = _Reading()
    _read(document, reading)
    components = [_constrained(component, reading.constraints) for component in reading.components]
    hashed = bool(components) and all(component.hashes and component.version for component in components)
    return Parsed(tuple(components), tuple(reading.problems), hashed, (), tuple(reading.indexes))


def scope_of_file(uri: str) -> Scope:
    """The scope that a requirements file's name promises: `requirements-dev.txt` is for development."""
    stem = posixpath.basename(uri).lower()
    parent = posixpath.basename(posixpath.dirname(uri)).lower()
    words = stem.replace("_", "-").replace(".", "-").split("-")
    if parent in {"requirements", "reqs"}:
        words = [word for word in words if word != "requirements"]
    if any(word in _DEV_WORDS or (word.startswith(_DEV_STEMS) and word != "device") for word in words):
        return Scope.DEVELOPMENT
    return Scope.BUILD if "build" in words else Scope.RUNTIME


def _read(document: Document, reading: _Reading) -> None:
    reading.visited.add(document.uri)
    builder = Builder(document, "PyPI")
    scope = scope_of_file(document.uri)
    vias: list[tuple[str, list[str]]] = []
    for line, text, comments in _logical_lines(document.text):
        if text.startswith("-"):
            _option(document, reading, builder, text, line, scope)
            continue
        key = _requirement(builder, text, line, scope) if text else ""
        if key:
            vias.append((key, _via(comments)))
    _link(builder, vias)
    parsed = builder.build(locked=False)
    reading.components.extend(parsed.components)
    reading.problems.extend(parsed.problems)


def _option(
    document: Document, reading: _Reading, builder: Builder, text: str, line: int, scope: Scope
) -> None:
    name, value = _split_option(text)
    if name in {"-r", "--requirement"}:
        _include(document, reading, value, line)
    elif name in {"-c", "--constraint"}:
        _constrain(document, reading, value, line)
    elif name in {"-e", "--editable"}:
        entry = parse_requirement(value, line, scope)
        if entry is None:
            # `-e .` is the project itself.
            if value.rstrip("/") not in {"", ".", "..", "file:."}:
                builder.problem(f"not understood: -e {value[:80]}", line)
        else:
            builder.add(f"-e {value}", entry)
    elif name in {"-i", "--index-url", "--extra-index-url"}:
        reading.indexes.append(f"{'extra ' if 'extra' in name else ''}{clean_url(value)}")


def _split_option(text: str) -> tuple[str, str]:
    if text.startswith("--"):
        name, _, value = text.replace("=", " ", 1).partition(" ")
        return name, value.strip()
    return text[:2], text[2:].strip().removeprefix("=").strip()


def _include(document: Document, reading: _Reading, value: str, line: int) -> None:
    included = _sibling(document, reading, value, line)
    if included is not None:
        _read(included, reading)


def _constrain(document: Document, reading: _Reading, value: str, line: int) -> None:
    included = _sibling(document, reading, value, line)
    if included is None:
        return
    reading.visited.add(included.uri)
    for number, text, _ in _logical_lines(included.text):
        entry = parse_requirement(text, number) if text and not text.startswith("-") else None
        if entry is not None and entry.version:
            reading.constraints[canonical_name("PyPI", entry.name)] = entry.version


def _sibling(document: Document, reading: _Reading, value: str, line: int) -> Document | None:
    """The included file, None (with a problem, unless it was read before) where there is none."""
    if "://" in value:
        reading.problems.append(Problem(f"not followed, for it is remote: {clean_url(value)}", line))
        return None
    uri = posixpath.normpath(document.folder() + value)
    if uri in reading.visited:
        return None
    if len(reading.visited) >= _MAX_INCLUDES:
        reading.problems.append(Problem(f"more than {_MAX_INCLUDES} included files", line))
        return None
    data = document.sibling(uri) if not uri.startswith(("../", "/")) else None
    if data is None:
        reading.problems.append(Problem(f"included file not found: {value[:200]}", line))
        return None
    try:
        return Document(uri, decode(data), document.sibling)
    except ManifestError as error:
        reading.problems.append(Problem(f"{uri}: {error}", line))
        return None


def _requirement(builder: Builder, text: str, line: int, scope: Scope) -> str:
    hashes = tuple(f"{match.group(1)}:{match.group(2).lower()}" for match in _HASH.finditer(text))
    bare = text
    while " -" in bare and (shorter := str(_OPTION.sub("", bare))) != bare:
        bare = shorter
    entry = parse_requirement(bare.rstrip(" \\"), line, scope)
    if entry is None:
        builder.problem(f"not a requirement: {text[:80]}", line)
        return ""
    entry.hashes = hashes
    key = canonical_name("PyPI", entry.name) + "@" + entry.version + entry.requirement
    builder.add(key, entry)
    return key


def _logical_lines(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """(line, text without comments, the comments on and directly below it), backslash continuations joined."""
    current: tuple[int, str, list[str]] | None = None
    joined, started = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        comment = raw.strip() if raw.lstrip().startswith("#") else ""
        if comment and not joined:
            if current is not None:
                current[2].append(comment.lstrip("# "))
            continue
        match = _COMMENT.search(raw)
        body = raw[: match.start()] if match else raw
        started = started or number
        if body.rstrip().endswith("\\") and not match:
            joined += body.rstrip()[:-1] + " "
            continue
        if current is not None:
            yield current
        notes = [raw[match.start() :].strip().lstrip("# ")] if match else []
        current = (started, (joined + body).strip(), notes)
        joined, started = "", 0
    if joined:
        yield from ([current] if current else [])
        current = (started, joined.strip(), [])
    if current is not None:
        yield current


def _via(comments: list[str]) -> list[str]:
    """Names in pip-compile's and uv's `# via` notes."""
    names: list[str] = []
    inside = False
    for comment in comments:
        if comment == "via" or comment.startswith("via "):
            inside = True
            comment = comment[3:]
        if inside:
            names += [name.strip() for name in comment.split(",") if name.strip()]
    return names


def _link(builder: Builder, vias: list[tuple[str, list[str]]]) -> None:
    keys = {canonical_name("PyPI", entry.name): key for key, entry in builder.entries.items()}
    for key, names in vias:
        parents = [
            keys[canonical_name("PyPI", name)] for name in names if canonical_name("PyPI", name) in keys
        ]
        for parent in parents:
            builder.link(parent, key)
        if parents and len(parents) == len(names):
            builder.entries[key].direct = False


def _constrained(component: Component, constraints: dict[str, str]) -> Component:
    version = constraints.get(component.name)
    if not version or component.version:
        return component
    from dataclasses import replace

    from assay.dependencies.purl import make_purl

    return replace(component, version=version, purl=make_purl("PyPI", component.name, version))
