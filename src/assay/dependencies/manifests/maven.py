"""pom.xml with parents, properties and dependencyManagement: https://maven.apache.org/pom.html"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

import re2

from assay.dependencies.document import Document, ManifestError, Parsed, Root, decode
from assay.dependencies.manifests.builder import Builder, Entry
from assay.dependencies.manifests.xml_tree import Node, read_xml
from assay.dependencies.purl import make_purl
from assay.model.component import Origin, Scope

_MAX_PARENTS = 16
_PROPERTY = re2.compile(r"\$\{([^${}]{1,200})\}")
_SCOPES = {
    "test": Scope.DEVELOPMENT, "provided": Scope.OPTIONAL, "runtime": Scope.RUNTIME, "compile": Scope.RUNTIME, "system": Scope.RUNTIME,
}  # fmt: skip


@dataclass(slots=True)
class _Project:
    """What a pom and the parents that lie in the project say together."""

    properties: dict[str, str] = field(default_factory=dict)
    managed: dict[str, tuple[str, str]] = field(default_factory=dict)
    missing_parent: str = ""


def parse(document: Document) -> Parsed:
    """Direct dependencies with the versions that this pom and its parents inside the project give them.

    A parent or a BOM outside the project is not fetched: what only it versions has no version here, and that is said.

    Raises:
        ManifestError: not XML, XML with entities, or no project.
    """
    root = read_xml(document.text)
    if root.tag != "project":
        raise ManifestError(f"a pom.xml holds a <project>, not <{root.tag[:40]}>")
    builder = Builder(document, "Maven")
    project = _Project()
    _collect(document, root, project, {document.uri})
    _own_properties(root, project)
    for node in _dependencies(root):
        _add(builder, node, project)
    if project.missing_parent and any(not entry.version for entry in builder.entries.values()):
        builder.problem(
            f"the parent or bill of materials {project.missing_parent} is outside of the project: its versions are not known"
        )
    group = _own(root, "groupId", project)
    name = f"{group}:{_own(root, 'artifactId', project)}"
    version = _own(root, "version", project)
    builder.roots.append(Root(make_purl("Maven", name, version), name, version))
    return builder.build(locked=False)


def _dependencies(root: Node) -> list[Node]:
    nodes = root.path("dependencies", "dependency")
    return nodes + root.path("profiles", "profile", "dependencies", "dependency")


def _profile_properties(root: Node) -> dict[str, str]:
    """Properties of profiles, those that are active by default last: they hold where the project itself says nothing."""
    profiles = root.path("profiles", "profile")
    profiles.sort(
        key=lambda node: [n.text.strip() for n in node.path("activation", "activeByDefault")] == ["true"]
    )
    return {
        child.tag: child.text.strip()
        for profile in profiles
        for node in profile.path("properties")
        for child in node.children
    }


def _collect(document: Document, root: Node, project: _Project, seen: set[str]) -> None:
    """Parents first, so that the nearer pom's properties and managed versions win."""
    parent = root.child("parent")
    if parent is not None and len(seen) < _MAX_PARENTS:
        found = _parent(document, parent, seen)
        if found is not None:
            _collect(found[0], found[1], project, seen)
        elif not project.missing_parent:
            project.missing_parent = f"{parent.child_text('groupId')}:{parent.child_text('artifactId')}"
        for name in ("groupId", "artifactId", "version"):
            for prefix in ("project.parent.", "parent."):
                project.properties[prefix + name] = parent.child_text(name)
    project.properties = _profile_properties(root) | project.properties
    for node in root.path("properties"):
        project.properties |= {child.tag: child.text.strip() for child in node.children}
    _own_properties(root, project)
    managed = root.path("dependencyManagement", "dependencies", "dependency")
    managed += root.path("profiles", "profile", "dependencyManagement", "dependencies", "dependency")
    # What a pom manages itself wins over what it imports.
    for node in sorted(managed, key=lambda item: item.child_text("scope") != "import"):
        if node.child_text("scope") == "import":
            _import(document, node, project, seen)
            continue
        project.managed[_coordinates(node, project)] = (
            node.child_text("version"),
            node.child_text("scope"),
        )


def _coordinates(node: Node, project: _Project) -> str:
    return f"{_resolved(node.child_text('groupId'), project)}:{_resolved(node.child_text('artifactId'), project)}"


def _import(document: Document, node: Node, project: _Project, seen: set[str]) -> None:
    """A bill of materials that is a module of the same project, looked for in a folder of its artifact's name; others are named."""
    name = _coordinates(node, project)
    artifact = name.partition(":")[2]
    for folder in ("..", ".", "../.."):
        found = _pom(document, f"{folder}/{artifact}/pom.xml", artifact, seen)
        if found is not None and len(seen) < _MAX_PARENTS:
            bill = _Project()
            _collect(found[0], found[1], bill, seen)
            # Its properties are its own: those of the importing pom do not reach it.
            project.managed |= {
                key: (_resolved(version, bill), scope) for key, (version, scope) in bill.managed.items()
            }
            return
    project.missing_parent = project.missing_parent or name


def _parent(document: Document, parent: Node, seen: set[str]) -> tuple[Document, Node] | None:
    relative = parent.child("relativePath")
    path = (relative.text.strip() if relative is not None else "") or "../pom.xml"
    if relative is not None and not relative.text.strip():
        return None
    if not path.endswith(".xml"):
        path += "/pom.xml"
    return _pom(document, path, parent.child_text("artifactId"), seen)


def _pom(document: Document, path: str, artifact: str, seen: set[str]) -> tuple[Document, Node] | None:
    """The pom at a path from this one, if it is the artifact that is looked for."""
    uri = posixpath.normpath(document.folder() + path)
    if uri in seen or uri.startswith(("../", "/")):
        return None
    data = document.sibling(uri)
    if data is None:
        return None
    seen.add(uri)
    try:
        found = Document(uri, decode(data), document.sibling)
        node = read_xml(found.text)
    except ManifestError:
        return None
    # A file at the default place that is another project is not the parent.
    return (found, node) if node.child_text("artifactId") == artifact else None


def _own_properties(root: Node, project: _Project) -> None:
    for name in ("groupId", "artifactId", "version"):
        value = root.child_text(name) or (root.child("parent") or Node("", 0)).child_text(name)
        for prefix in ("project.", "pom.", ""):
            project.properties[prefix + name] = value


def _own(root: Node, name: str, project: _Project) -> str:
    value = root.child_text(name) or (root.child("parent") or Node("", 0)).child_text(name)
    return _resolved(value, project)


def _resolved(value: str, project: _Project) -> str:
    """The text with properties filled in; ones that are not known, or that go in circles, stay as written."""
    for _ in range(8 if "${" in value else 0):
        names = {str(name) for name in _PROPERTY.findall(value)}
        known = {name: project.properties[name] for name in names if name in project.properties}
        if not known or len(value) > 1000:
            break
        for name, replacement in known.items():
            value = value.replace("${" + name + "}", replacement)
    return value.strip()


def _add(builder: Builder, node: Node, project: _Project) -> None:
    group, artifact = (_resolved(node.child_text(tag), project) for tag in ("groupId", "artifactId"))
    if not group or not artifact:
        builder.problem("a dependency without groupId or artifactId", node.line)
        return
    managed_version, managed_scope = project.managed.get(f"{group}:{artifact}", ("", ""))
    wanted = _resolved(node.child_text("version") or managed_version, project)
    maven_scope = _resolved(node.child_text("scope") or managed_scope, project) or "compile"
    scope = _SCOPES.get(maven_scope, Scope.RUNTIME)
    if node.child_text("optional") == "true" and scope is Scope.RUNTIME:
        scope = Scope.OPTIONAL
    entry = Entry(
        name=f"{group}:{artifact}",
        version=_exact(wanted),
        requirement=wanted,
        scope=scope,
        direct=True,
        origin=Origin.PATH if maven_scope == "system" else Origin.REGISTRY,
        line=node.line,
    )
    builder.add(f"{entry.name}:{node.child_text('classifier')}:{wanted}", entry)


def _exact(wanted: str) -> str:
    """A plain version (which Maven takes unless another dependency moves it) or `[1.0]`; a range or an open property is none."""
    if "${" in wanted:
        return ""
    if wanted.startswith("[") and wanted.endswith("]") and "," not in wanted:
        return wanted[1:-1]
    return "" if wanted[:1] in "[(" or wanted in {"LATEST", "RELEASE"} else wanted
