"""mix.lock: an Elixir map of tuples, read as text and never evaluated."""

from __future__ import annotations

import re2

from assay.dependencies.document import Document, Parsed
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.purl import clean_url
from assay.model.component import Origin

_HEX = re2.compile(
    r'^\s*(?:%\{)?\s*"?([A-Za-z0-9_]+)"?:\s*\{:hex,\s*:"?([A-Za-z0-9_]+)"?,\s*"([^"]+)"(?:,\s*"([0-9a-f]+)")?'
)
_GIT = re2.compile(r'^\s*(?:%\{)?\s*"?([A-Za-z0-9_]+)"?:\s*\{:git,\s*"([^"]+)",\s*"([0-9a-f]+)"')
_REQUIRED = re2.compile(r"\{:([a-z0-9_]+), ")
_OUTER = re2.compile(r'"([0-9a-f]{64})"\},?\s*$')
_ASKED = re2.compile(r"\{:([a-z0-9_]+),")


def parse_lock(document: Document) -> Parsed:
    """Every locked package; one line each, `:hex` from the registry and `:git` from a repository."""
    builder = Builder(document, "Hex")
    asked = _asked(document)
    for number, line in enumerate(document.text.splitlines(), 1):
        if match := _HEX.match(line):
            app, name, version = match.group(1), match.group(2), match.group(3)
            outer = _OUTER.search(line)
            hashes = (f"sha256:{outer.group(1)}",) if outer else ()
            builder.add(app, Entry(name, version, direct=app in asked, hashes=hashes, line=number))
            for child in _REQUIRED.findall(line[match.end() :]):
                builder.link(app, str(child))
        elif match := _GIT.match(line):
            source = clean_url(match.group(2))
            builder.add(
                match.group(1),
                Entry(match.group(1), match.group(3), origin=Origin.VCS, source=source, line=number),
            )
        elif line.strip() not in {"", "%{", "}", "%{}"} and not line.lstrip().startswith("#"):
            builder.problem(f"not understood: {line.strip()[:80]}", number)
    return builder.build(locked=True)


def _asked(document: Document) -> set[str]:
    """Names in the tuples of mix.exs: more than its deps at worst, which only widens what counts as direct."""
    data = document.sibling(document.folder() + "mix.exs")
    return {str(name) for name in _ASKED.findall(data.decode("utf-8", "replace"))} if data else set()
