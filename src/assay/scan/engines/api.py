"""The engine for API specifications. Thin: the knowledge is in `infrastructure`."""

from __future__ import annotations

from assay.model.scan import ScanType
from assay.scan.engines.infrastructure import DocumentEngine
from assay.scan.engines.protocol import Canary
from assay.scan.target.file import Trait


class ApiEngine(DocumentEngine):
    """OpenAPI documents, with what they refer to."""

    name = "api"
    scan_types = frozenset({ScanType.API})
    platforms = frozenset({"openapi"})

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Whether a file of this name could hold a specification, or a part of one."""
        return uri.endswith((".yaml", ".yml", ".json")) and not traits & {
            Trait.LOCKFILE,
            Trait.MINIFIED,
            Trait.VENDORED,
        }

    def canary(self) -> Canary:
        """A specification without any security."""
        text = b'openapi: 3.0.3\ninfo: {title: a, version: "1"}\npaths:\n  /a:\n    post:\n      responses: {"200": {description: ok}}\n'
        return Canary((("openapi.yaml", text),), ("api/security-undefined",))
