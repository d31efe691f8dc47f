"""The engine for API specifications. Thin: the knowledge is in `infrastructure`, and what the code offers is asked of `code`.

A specification and the code that it describes are joined where both are there: routes that it does not name, and operations whose declared
security differs from the code's. Source files are read only when the project has a specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.code.languages import language_of
from assay.model.scan import FileStatus, Notification, ScanType
from assay.scan.engines.infrastructure import DocumentEngine, document_files
from assay.scan.engines.protocol import Canary, Look, Project
from assay.scan.target.file import TargetFile, Trait
from assay.scan.target.traits import path_traits

if TYPE_CHECKING:  # as in the engine for infrastructure
    from assay.infrastructure.project import Documents

_MAX_SOURCES = 4_000
"""Source files up to which the routes are looked for; the whole project has to be analysed for them."""
_UNREAD = frozenset({Trait.LOCKFILE, Trait.MINIFIED, Trait.VENDORED})


class ApiEngine(DocumentEngine):
    """OpenAPI documents, with what they refer to, beside the routes of the code."""

    name = "api"
    version = "2"
    scan_types = frozenset({ScanType.API})
    platforms = frozenset({"openapi"})

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Whether a file of this name could hold a specification or a part of one, or a route of the code."""
        return (_is_document(uri) or language_of(uri) != "") and not traits & _UNREAD

    def look_at_project(self, project: Project) -> Iterator[Look]:
        """Read every specification; where one has operations, compare it with the routes of the code."""
        from assay.infrastructure.project import read_project
        from assay.infrastructure.spec_against_code import has_operations

        sources = [target for target in project.files() if not _is_document(target.uri)]
        texts, unread = document_files(
            self.name, project, [target for target in project.files() if _is_document(target.uri)]
        )
        yield from unread
        documents = read_project(texts, self.platforms)
        units = [unit for reading in documents.readings for unit in reading.units]
        if not sources or not has_operations(units) or len(sources) > _MAX_SOURCES:
            yield from self._looks(documents)
            yield from (self._not_compared(target, len(sources)) for target in sources)
            return
        contents, unread = document_files(self.name, project, sources)
        yield from unread
        yield from self._looks(_joined(documents, contents))

    def _not_compared(self, target: TargetFile, count: int) -> Look:
        if count <= _MAX_SOURCES:
            return Look(target.uri, status=FileStatus.SKIPPED, reason="no-specification")
        note = Notification(
            "note", f"not compared with the specification: {count} source files", self.name, target.uri
        )
        return Look(target.uri, status=FileStatus.SKIPPED, reason="too-many", notifications=(note,))

    def canary(self) -> Canary:
        """A specification without any security."""
        text = b'openapi: 3.0.3\ninfo: {title: a, version: "1"}\npaths:\n  /a:\n    post:\n      responses: {"200": {description: ok}}\n'
        return Canary((("openapi.yaml", text),), ("api/security-undefined",))


def _is_document(uri: str) -> bool:
    return uri.endswith((".yaml", ".yml", ".json"))


def _joined(documents: Documents, sources: list[tuple[str, bytes]]) -> Documents:
    """The documents with a unit for every difference between them and the routes, in the file where it is to be mended."""
    from assay.code.project import inventory
    from assay.infrastructure.project import Documents
    from assay.infrastructure.spec_against_code import CodeRoute, differences
    from assay.infrastructure.unit import Reading
    from assay.infrastructure.world import World

    kept = [(uri, content) for uri, content in sources if Trait.TEST not in path_traits(uri)]
    routes = [
        CodeRoute(route.method, route.path, route.auth == "yes", route.uri, route.line)
        for route in inventory(kept)
        if route.path
    ]
    units = [unit for reading in documents.readings for unit in reading.units]
    found = tuple(differences(units, routes))
    readings = (
        *documents.readings,
        *(Reading(uri, "openapi", tuple(each for each in found if each.uri == uri)) for uri, _ in sources),
    )
    texts = {
        **documents.texts,
        **{uri: content.decode("utf-8", "replace") for uri, content in sources},
    }
    return Documents(readings, texts, World([*units, *found]))
