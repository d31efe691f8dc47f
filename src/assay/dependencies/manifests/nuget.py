"""packages.lock.json (https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files), csproj and packages.config"""

from __future__ import annotations

from assay.dependencies.document import Document, ManifestError, Parsed
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.xml_tree import Node, read_xml
from assay.dependencies.shapes import mapping, read_json, text
from assay.model.component import Origin, Scope


def parse_lock(document: Document) -> Parsed:
    """Every package of every target framework; a project reference is a path.

    Raises:
        ManifestError: not a JSON object.
    """
    data = read_json(document.text)
    if not isinstance(data, dict):
        raise ManifestError("a packages.lock.json is a JSON object")
    builder = Builder(document, "NuGet")
    for framework, packages in mapping(data.get("dependencies")).items():
        for name, value in mapping(packages).items():
            table = mapping(value)
            kind = text(table.get("type"))
            entry = Entry(
                name=name,
                version=text(table.get("resolved")),
                requirement=text(table.get("requested")),
                direct=kind.lower() in {"direct", "project"},
                hashes=_hashes(text(table.get("contentHash"))),
                origin=Origin.WORKSPACE if kind.lower() == "project" else Origin.REGISTRY,
                line=document.line_of(f'"{name}"'),
            )
            builder.add(f"{framework}|{name.lower()}", entry)
            for child in mapping(table.get("dependencies")):
                builder.link(f"{framework}|{name.lower()}", f"{framework}|{child.lower()}")
    return builder.build(locked=True)


def parse_project(document: Document) -> Parsed:
    """PackageReference of csproj, fsproj, vbproj and Directory.Packages.props; `package` of packages.config.

    Raises:
        ManifestError: not XML, or XML with a document type.
    """
    builder = Builder(document, "NuGet")
    central = _central_versions(document)
    for node in read_xml(document.text).walk():
        if node.tag in {"PackageReference", "GlobalPackageReference", "PackageVersion"}:
            name = node.attributes.get("Include") or node.attributes.get("Update", "")
            wanted = (
                node.attributes.get("Version") or node.child_text("Version") or central.get(name.lower(), "")
            )
            private = (node.attributes.get("PrivateAssets") or node.child_text("PrivateAssets")).lower()
            _add(builder, name, wanted, Scope.DEVELOPMENT if private == "all" else Scope.RUNTIME, node.line)
        elif node.tag == "package" and "id" in node.attributes:
            dev = node.attributes.get("developmentDependency", "").lower() == "true"
            scope = Scope.DEVELOPMENT if dev else Scope.RUNTIME
            _add(builder, node.attributes["id"], f"[{node.attributes.get('version', '')}]", scope, node.line)
    return builder.build(locked=False)


def _add(builder: Builder, name: str, wanted: str, scope: Scope, line: int) -> None:
    if not name or "$(" in name:
        return
    # `1.2.3` means "1.2.3 or newer, the lowest that fits": NuGet takes that one where it exists.
    version = wanted.strip("[]") if wanted.strip("[]")[:1].isdigit() and not set(wanted) & set(",*$(") else ""
    builder.add(f"{name.lower()}@{wanted}", Entry(name, version, wanted, scope, direct=True, line=line))


def _central_versions(document: Document) -> dict[str, str]:
    """Versions that Directory.Packages.props gives, from the nearest folder upwards."""
    folder = document.uri
    while "/" in folder or folder:
        folder = folder.rpartition("/")[0]
        data = document.sibling(
            f"{folder}/Directory.Packages.props" if folder else "Directory.Packages.props"
        )
        if data is not None:
            try:
                nodes: list[Node] = list(read_xml(data.decode("utf-8-sig", "replace")).walk())
            except ManifestError:
                return {}
            return {
                node.attributes.get("Include", "").lower(): node.attributes.get("Version", "")
                for node in nodes
                if node.tag == "PackageVersion"
            }
        if not folder:
            return {}
    return {}


def _hashes(content: str) -> tuple[str, ...]:
    import binascii

    try:
        return (f"sha512:{binascii.a2b_base64(content).hex()}",) if content else ()
    except binascii.Error:
        return ()
