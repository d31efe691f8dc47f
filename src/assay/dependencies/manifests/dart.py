"""pubspec.lock: https://dart.dev/tools/pub/glossary#lockfile"""

from __future__ import annotations

from assay.dependencies.document import Document, Parsed
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.purl import clean_url
from assay.dependencies.shapes import mapping, text
from assay.dependencies.yaml_text import read_yaml
from assay.model.component import Origin, Scope

_ORIGINS = {"hosted": Origin.REGISTRY, "git": Origin.VCS, "path": Origin.WORKSPACE, "sdk": Origin.UNKNOWN}


def parse_lock(document: Document) -> Parsed:
    """Every locked package. What is transitive may serve runtime or development; the file does not say, so it counts as runtime.

    Raises:
        ManifestError: not YAML.
    """
    builder = Builder(document, "Pub")
    for name, value in mapping(mapping(read_yaml(document.text)).get("packages")).items():
        table = mapping(value)
        kind = text(table.get("dependency"))
        description = mapping(table.get("description"))
        checksum = text(description.get("sha256"))
        origin = _ORIGINS.get(text(table.get("source")), Origin.UNKNOWN)
        builder.add(
            name,
            Entry(
                name=name,
                version=text(table.get("version")),
                scope=Scope.DEVELOPMENT if kind == "direct dev" else Scope.RUNTIME,
                direct=kind.startswith("direct"),
                hashes=(f"sha256:{checksum}",) if checksum else (),
                origin=origin,
                source=clean_url(
                    text(description.get("url"))
                    or text(description.get("path"))
                    or text(table.get("description"))
                ),
                line=document.line_starting(f"  {name}:"),
            ),
        )
    return builder.build(locked=True)
