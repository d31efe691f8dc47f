"""go.mod and go.sum: https://go.dev/ref/mod"""

from __future__ import annotations

import re2

from assay.dependencies.document import Document, Parsed, Root
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.purl import make_purl
from assay.model.component import Origin

_TOKEN = re2.compile(r'"[^"]*"|`[^`]*`|=>|[()]|[^\s()]+')


def parse_mod(document: Document) -> Parsed:
    """What the build list requires, after `replace`; `// indirect` marks what another module brought in.

    A replacement by another module is that module, one by a folder is the project's own code. `exclude` and `retract`
    name versions that are not used. `go` and `toolchain` state the least toolchain, not the one that builds, so the
    standard library is no component here.
    """
    builder = Builder(document, "Go")
    requires: list[tuple[str, str, bool, int]] = []
    replaces: dict[tuple[str, str], tuple[str, str]] = {}
    module = go = ""
    block = ""
    for number, raw in enumerate(document.text.splitlines(), 1):
        body, _, comment = raw.partition("//")
        words = [str(word).strip('"`') for word in _TOKEN.findall(body)]
        if not words:
            continue
        if block and words == [")"]:
            block = ""
            continue
        if len(words) >= 2 and words[-1] == "(":
            block = words[0]
            continue
        verb, arguments = (block, words) if block else (words[0], words[1:])
        if verb == "module" and arguments:
            module = arguments[0]
        elif verb == "go" and arguments:
            go = arguments[0]
        elif verb == "require" and len(arguments) >= 2:
            requires.append((arguments[0], arguments[1], comment.strip().startswith("indirect"), number))
        elif verb == "replace" and "=>" in arguments:
            _replace(arguments, replaces)
        elif verb not in {
            "exclude",
            "retract",
            "toolchain",
            "tool",
            "godebug",
            "ignore",
            "require",
            "replace",
        }:
            builder.problem(f"not understood: {raw.strip()[:80]}", number)
    for name, version, indirect, number in requires:
        _require(builder, name, version, indirect, number, replaces)
    if module:
        direct = tuple(entry.purl for entry in builder.entries.values() if entry.direct)
        builder.roots.append(Root(make_purl("Go", module), module, "", direct))
    # From go 1.17 on the file lists the whole build list; before, only what is asked for.
    return builder.build(locked=_is_pruned(go))


def parse_sum(document: Document) -> Parsed:
    """Modules whose content was hashed (`h1:` of the module zip, not of its go.mod alone)."""
    builder = Builder(document, "Go")
    for number, raw in enumerate(document.text.splitlines(), 1):
        words = raw.split()
        if not words:
            continue
        if len(words) != 3:
            builder.problem(f"not understood: {raw.strip()[:80]}", number)
        elif not words[1].endswith("/go.mod"):
            hashes = (words[2],) if words[2].startswith("h1:") else ()
            builder.add(f"{words[0]}@{words[1]}", Entry(words[0], words[1], hashes=hashes, line=number))
    return builder.build(locked=True)


def _replace(arguments: list[str], replaces: dict[tuple[str, str], tuple[str, str]]) -> None:
    arrow = arguments.index("=>")
    old, new = arguments[:arrow], arguments[arrow + 1 :]
    if old and new:
        replaces[(old[0], old[1] if len(old) > 1 else "")] = (new[0], new[1] if len(new) > 1 else "")


def _require(
    builder: Builder,
    name: str,
    version: str,
    indirect: bool,
    line: int,
    replaces: dict[tuple[str, str], tuple[str, str]],
) -> None:
    replacement = replaces.get((name, version)) or replaces.get((name, ""))
    entry = Entry(name, version, requirement=version, direct=not indirect, line=line)
    if replacement is not None and replacement[1]:
        entry.name, entry.version, entry.source = replacement[0], replacement[1], f"replaces {name}"
    elif replacement is not None:
        entry.origin, entry.source = Origin.WORKSPACE, replacement[0]
    builder.add(f"{name}@{version}", entry)


def _is_pruned(go: str) -> bool:
    major, _, rest = go.partition(".")
    minor = rest.partition(".")[0]
    return major.isdigit() and minor.isdigit() and (int(major[:4]), int(minor[:4])) >= (1, 17)
