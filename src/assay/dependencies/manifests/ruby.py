"""Gemfile.lock (https://bundler.io/guides/gemfile_lock.html) and Gemfile, read as text and never run."""

from __future__ import annotations

import re2

from assay.dependencies.document import Document, Parsed
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.purl import clean_url
from assay.model.component import Origin, Scope

_SPEC = re2.compile(r"^    ([A-Za-z0-9._-]+) \(([^)]*)\)$")
_REQUIRED = re2.compile(r"^      ([A-Za-z0-9._-]+)(?: \([^)]*\))?$")
_ASKED = re2.compile(r"^  ([A-Za-z0-9._-]+)(!)?(?: \([^)]*\))?(!)?$")
_CHECKSUM = re2.compile(r"^  ([A-Za-z0-9][A-Za-z0-9._-]*) \(([^)]*)\) (sha\d+)=([0-9a-f]+)")
_GEM = re2.compile(r"""^\s*gem[\s(]+['"]([A-Za-z0-9][A-Za-z0-9._-]*)['"](.*)$""")
_QUOTED = re2.compile(r"""['"]([^'"]*)['"]""")
_OPTION = re2.compile(
    r"""(?::(git|github|path|gist|bitbucket)\s*=>|\b(git|github|path|gist|bitbucket):)\s*['"]([^'"]+)['"]"""
)
_GROUP = re2.compile(r"^\s*group[\s(]+(.*?)\)?\s+do\b")
_GROUPS_OPTION = re2.compile(r"""\bgroups?(?::|\s*=>)\s*(\[[^\]]*\]|:\w+|['"]\w+['"])""")
_DEV_GROUPS = frozenset({"development", "test", "dev", "lint", "ci", "doc", "docs"})
_WORD = re2.compile(r"[A-Za-z_]\w*")
_ORIGINS = {"GEM": Origin.REGISTRY, "GIT": Origin.VCS, "PATH": Origin.PATH, "PLUGIN SOURCE": Origin.URL}


def parse_lock(document: Document) -> Parsed:
    """Every locked gem; `DEPENDENCIES` are direct, scopes come from the Gemfile beside it."""
    builder = Builder(document, "RubyGems")
    section = remote = current = ""
    asked: list[str] = []
    for number, raw in enumerate(document.text.splitlines(), 1):
        line = raw.rstrip()
        if not line:
            continue
        if not line.startswith(" "):
            section, remote = line, ""
        elif line.startswith("  remote: "):
            remote = clean_url(line[10:])
        elif section in _ORIGINS:
            current = _source_line(builder, line, number, section, remote, current)
        elif section == "DEPENDENCIES" and (match := _ASKED.match(line)):
            asked.append(match.group(1))
        elif section == "CHECKSUMS" and (match := _CHECKSUM.match(line)):
            _checksum(builder, match.group(1), f"{match.group(3)}:{match.group(4)}")
    scopes = _sibling_scopes(document)
    for name in asked:
        if name in builder.entries:
            builder.entries[name].direct = True
    if scopes:
        builder.spread_scopes({name: scopes.get(name, Scope.RUNTIME) for name in asked})
    return builder.build(locked=True)


def parse_gemfile(document: Document) -> Parsed:
    """The `gem` lines of a Gemfile or gemspec, with groups; anything computed is beyond reading."""
    builder = Builder(document, "RubyGems")
    for name, rest, scope, number in _gems(document.text):
        entry = Entry(name, scope=scope, direct=True, line=number)
        option = _OPTION.search(rest)
        if option:
            kind = option.group(1) or option.group(2)
            entry.origin = Origin.PATH if kind == "path" else Origin.VCS
            entry.source = clean_url(option.group(3))
        else:
            entry.requirement = ", ".join(_requirements(rest))
            if entry.requirement.startswith("= ") or (
                entry.requirement[:1].isdigit() and "," not in entry.requirement
            ):
                entry.version = entry.requirement.removeprefix("= ")
        builder.add(name, entry)
    return builder.build(locked=False)


def _source_line(builder: Builder, line: str, number: int, section: str, remote: str, current: str) -> str:
    """Read one line below GEM, GIT or PATH; returns the gem that following requirements belong to."""
    if match := _SPEC.match(line):
        # A platform gem writes its platform behind the version, `nokogiri (1.16.0-x86_64-linux)`; a version has no dash.
        name, version = match.group(1), match.group(2).partition("-")[0]
        builder.add(name, Entry(name, version, origin=_ORIGINS[section], source=remote, line=number))
        if builder.entries[name].version != version:
            builder.add(
                f"{name}@{version}",
                Entry(name, version, origin=_ORIGINS[section], source=remote, line=number),
            )
        return str(name)
    if current and (match := _REQUIRED.match(line)):
        builder.link(current, match.group(1))
    return current


def _checksum(builder: Builder, name: str, digest: str) -> None:
    entry = builder.entries.get(name)
    if entry is not None and digest not in entry.hashes:
        entry.hashes = (*entry.hashes, digest)


def _sibling_scopes(document: Document) -> dict[str, Scope]:
    data = document.sibling(document.folder() + "Gemfile")
    if data is None or len(data) > 1_000_000:
        return {}
    return {name: scope for name, _, scope, _ in _gems(data.decode("utf-8", "replace"))}


def _gems(source: str) -> list[tuple[str, str, Scope, int]]:
    """(name, rest of the line, scope, line) of every `gem` call; `group :test do` reaches to its `end`."""
    found = []
    blocks: list[Scope | None] = []
    for number, raw in enumerate(source.splitlines(), 1):
        line = raw.split(" #", 1)[0]
        if match := _GROUP.match(line):
            blocks.append(_scope_of(match.group(1)))
        elif (
            line.rstrip().endswith(" do")
            or " do |" in line
            or line.lstrip().startswith(("if ", "unless ", "case "))
        ):
            blocks.append(None)
        elif line.strip() == "end" and blocks:
            blocks.pop()
        if match := _GEM.match(line):
            option = _GROUPS_OPTION.search(match.group(2))
            around = next((scope for scope in reversed(blocks) if scope is not None), Scope.RUNTIME)
            found.append(
                (match.group(1), match.group(2), _scope_of(option.group(1)) if option else around, number)
            )
    return found


def _scope_of(groups: str) -> Scope:
    names = {str(word) for word in _WORD.findall(groups)} - {"optional", "true"}
    return Scope.DEVELOPMENT if names and names <= _DEV_GROUPS else Scope.RUNTIME


def _requirements(rest: str) -> list[str]:
    head = rest.split(":", 1)[0] if "=>" not in rest else rest
    values = [str(value) for value in _QUOTED.findall(head)]
    return [value for value in values if value[:1].isdigit() or value[:1] in "<>=~!"]
