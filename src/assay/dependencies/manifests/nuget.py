"""packages.lock.json (https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files), csproj and packages.config"""

from __future__ import annotations

import re2

from assay.dependencies.document import Document, ManifestError, Parsed
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.xml_tree import Node, read_xml
from assay.dependencies.shapes import mapping, read_json, text
from assay.model.component import Origin, Scope

_PROPERTY = re2.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.-]{0,100})\)")


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
                # The section of a runtime (`net8.0/win-x64`) lists only what differs from its framework's.
                for section in dict.fromkeys((framework, framework.partition("/")[0])):
                    builder.link(f"{framework}|{name.lower()}", f"{section}|{child.lower()}")
    return builder.build(locked=True)


def parse_project(document: Document) -> Parsed:
    """PackageReference of csproj, fsproj, vbproj and Directory.Packages.props; `package` of packages.config.

    Raises:
        ManifestError: not XML, or XML with a document type.
    """
    builder = Builder(document, "NuGet")
    central = _central_versions(document)
    nodes = list(read_xml(document.text).walk())
    properties = _properties(_nearest(document, "Directory.Build.props")) | _properties(nodes)
    for node in nodes:
        if node.tag in {"PackageReference", "GlobalPackageReference", "PackageVersion"}:
            name = node.attributes.get("Include") or node.attributes.get("Update", "")
            wanted = _filled(_wanted(node) or central.get(name.lower(), ""), properties)
            private = (node.attributes.get("PrivateAssets") or node.child_text("PrivateAssets")).lower()
            _add(builder, name, wanted, Scope.DEVELOPMENT if private == "all" else Scope.RUNTIME, node.line)
        elif node.tag == "package" and "id" in node.attributes:
            dev = node.attributes.get("developmentDependency", "").lower() == "true"
            scope = Scope.DEVELOPMENT if dev else Scope.RUNTIME
            _add(builder, node.attributes["id"], f"[{node.attributes.get('version', '')}]", scope, node.line)
    return builder.build(locked=False)


def _wanted(node: Node) -> str:
    """The version that a reference states; an override of a central one comes first."""
    for name in ("VersionOverride", "Version"):
        if value := node.attributes.get(name) or node.child_text(name):
            return value
    return ""


def _properties(nodes: list[Node]) -> dict[str, str]:
    """Properties without a condition on them; the last one of a name holds, as in MSBuild."""
    groups = [node for node in nodes if node.tag == "PropertyGroup" and "Condition" not in node.attributes]
    return {child.tag.lower(): child.text.strip() for group in groups for child in group.children}


def _filled(value: str, properties: dict[str, str]) -> str:
    """`$(Name)` by its property, a few times over, since properties refer to one another."""
    for _ in range(4 if "$(" in value else 0):
        for name in {str(match) for match in _PROPERTY.findall(value)}:
            if name.lower() in properties and len(value) < 200:
                value = value.replace(f"$({name})", properties[name.lower()])
    return value


def _add(builder: Builder, name: str, wanted: str, scope: Scope, line: int) -> None:
    if not name or "$(" in name:
        return
    # `1.2.3` means "1.2.3 or newer, the lowest that fits": NuGet takes that one where it exists.
    version = wanted.strip("[]") if wanted.strip("[]")[:1].isdigit() and not set(wanted) & set(",*$(") else ""
    builder.add(f"{name.lower()}@{wanted}", Entry(name, version, wanted, scope, direct=True, line=line))


def _central_versions(document: Document) -> dict[str, str]:
    """Versions that the nearest Directory.Packages.props gives."""
    nodes = _nearest(document, "Directory.Packages.props")
    properties = _properties(nodes)
    return {
        (node.attributes.get("Include") or node.attributes.get("Update", "")).lower(): _filled(
            _wanted(node), properties
        )
        for node in nodes
        if node.tag == "PackageVersion"
    }


def _nearest(document: Document, name: str) -> list[Node]:
    """The elements of the file of that name in the nearest folder upwards; none where there is no such file, or it is broken."""
    folder = document.uri
    while folder:
        folder = folder.rpartition("/")[0]
        data = document.sibling(f"{folder}/{name}" if folder else name)
        if data is not None:
            try:
                return list(read_xml(data.decode("utf-8-sig", "replace")).walk())
            except ManifestError:
                return []
    return []


def _hashes(content: str) -> tuple[str, ...]:
    import binascii

    try:
        return (f"sha512:{binascii.a2b_base64(content).hex()}",) if content else ()
    except binascii.Error:
        return ()
