"""What names mean inside one Java file: the types that it declares, their members, and the nest of scopes that a statement stands in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from assay.code.build import FunctionBuilder
from assay.code.ir import Class, Register
from assay.code.syntax import Source, Syntax

DECLARATIONS = frozenset(
    ("class_declaration", "interface_declaration", "enum_declaration", "record_declaration", "annotation_type_declaration")
)  # fmt: skip
ROOTS = frozenset(
    (
        "java",
        "javax",
        "jakarta",
        "org",
        "com",
        "net",
        "io",
        "edu",
        "gov",
        "dev",
        "me",
        "de",
        "fr",
        "uk",
        "cn",
        "ru",
    )
)
_MAX_LINEAGE = 12


@dataclass(slots=True)
class TypeScope:
    """One declared type. `path`: dotted from the file's top. `fields` and `methods`: name to whether it is static."""

    name: str
    path: str
    fields: dict[str, bool] = field(default_factory=dict)
    methods: dict[str, bool] = field(default_factory=dict)
    nested: dict[str, TypeScope] = field(default_factory=dict)
    supers: list[str] = field(default_factory=list)
    made: Class | None = None


@dataclass(slots=True)
class Level:
    """One function or type body of the nest. `scopes` are the blocks of a function; `has_this`: it has a receiver of its own."""

    builder: FunctionBuilder
    type: TypeScope | None = None
    scopes: list[dict[str, Register]] = field(default_factory=lambda: [{}])
    has_this: bool = False

    def local(self, name: str) -> Register | None:
        """The variable of this name, innermost block first."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None


def library_name(name: str) -> str:
    """A library type's name as models know it: java.lang is left out, and what Jakarta EE renamed keeps its older name."""
    if name.startswith("jakarta."):
        return f"javax.{name[8:]}"
    return name.removeprefix("java.lang.")


def type_name(source: Source, node: Syntax) -> str:
    """A type's name without arguments: `Map.Entry`."""
    if node.kind == "generic_type" and node.children:
        return type_name(source, node.children[0])
    if node.kind == "scoped_type_identifier":
        return ".".join(
            type_name(source, child)
            for child in node.children
            if child.kind in ("type_identifier", "scoped_type_identifier", "generic_type")
        )
    if node.kind == "annotated_type" and node.children:
        return type_name(source, node.children[-1])
    return "".join(source.text(node).split())


def supers_of(source: Source, node: Syntax) -> list[str]:
    """The names of what a declaration extends and implements."""
    found: list[str] = []
    for child in node.children:
        if child.kind in ("superclass", "super_interfaces", "extends_interfaces"):
            types = (
                child.children[0].children
                if child.children and child.children[0].kind == "type_list"
                else child.children
            )
            found.extend(type_name(source, one) for one in types)
    return found


def is_static(source: Source, node: Syntax) -> bool:
    """Whether a member belongs to its type: it is `static`, or a field that is the same constant in every object."""
    modifiers = node.of("modifiers")
    if modifiers is None:
        return False
    return modifiers.has("static") or (
        node.kind == "field_declaration" and _is_constant(source, node, modifiers)
    )


def _is_constant(source: Source, node: Syntax, modifiers: Syntax) -> bool:
    """A field that is a literal: final, or private and never written in its file (nor by what its annotations or Lombok stand for)."""
    declarators = node.all("declarator")
    value = declarators[0].child("value") if len(declarators) == 1 else None
    name = declarators[0].child("name") if declarators else None
    if (
        value is None
        or name is None
        or not (value.kind.endswith("_literal") or value.kind in ("true", "false"))
    ):
        return False
    if modifiers.of("annotation", "marker_annotation") is not None:
        return False
    if modifiers.has("final"):
        return True
    content = source.content
    if (
        b"private" not in content[modifiers.start : modifiers.end]
        or b"lombok" in content
        or len(content) > _MAX_TEXT
    ):
        return False
    word = re.escape(content[name.start : name.end])
    return len(re.findall(_WRITTEN % {b"name": word}, content)) == 1


_MAX_TEXT = 200_000
_WRITTEN = rb"(?:\+\+|--)%(name)b\b|\b%(name)b\s{0,9}(?:=(?!=)|\+\+|--|(?:[-+*/%%&|^]|<<|>>)=)"


def members(body: Syntax | None) -> list[Syntax]:
    """The member declarations of a type body; those behind an enum's constants too."""
    found: list[Syntax] = []
    for child in body.children if body is not None else []:
        if child.kind == "enum_body_declarations":
            found.extend(child.children)
        else:
            found.append(child)
    return found


def scope_of(source: Source, node: Syntax, prefix: str, name: str | None = None, depth: int = 0) -> TypeScope:
    """The members of a declaration (or of an anonymous body, with a name given), nested types too."""
    name_node = node.child("name")
    name = name or (source.text(name_node) if name_node is not None else "<unnamed>")
    scope = TypeScope(name, f"{prefix}.{name}" if prefix else name, supers=supers_of(source, node))
    body = node.child("body") or (node if node.kind == "class_body" else None)
    if node.kind == "record_declaration":
        parameters = node.child("parameters")
        for child in parameters.children if parameters else []:
            inner = child.child("name")
            if inner is not None:
                scope.fields[source.text(inner)] = False
                scope.methods[source.text(inner)] = False
    if node.kind == "enum_declaration":
        scope.methods |= {"valueOf": True, "values": True}
    for member in members(body):
        _note_member(source, scope, member, depth, node.kind)
    return scope


def _note_member(source: Source, scope: TypeScope, member: Syntax, depth: int, owner: str) -> None:
    kind = member.kind
    name_node = member.child("name")
    name = source.text(name_node) if name_node is not None else ""
    if kind in ("field_declaration", "constant_declaration"):
        static = (
            is_static(source, member) or kind == "constant_declaration" or owner == "interface_declaration"
        )
        for declarator in member.all("declarator"):
            inner = declarator.child("name")
            if inner is not None:
                scope.fields[source.text(inner)] = static
    elif kind == "method_declaration":
        scope.methods[name] = scope.methods.get(name, True) and is_static(source, member)
    elif kind == "enum_constant":
        scope.fields[name] = True
    elif kind in DECLARATIONS and depth < 20:
        scope.nested[name] = scope_of(source, member, scope.path, name, depth + 1)


class FileTypes:
    """The types of one file by simple name (top level ones and all nested ones)."""

    def __init__(self, source: Source) -> None:
        self.top: dict[str, TypeScope] = {}
        for child in source.root.children:
            if child.kind in DECLARATIONS:
                scope = scope_of(source, child, "")
                self.top[scope.name] = scope
        self.local: dict[str, TypeScope] = {}

    def lineage(self, scope: TypeScope) -> tuple[list[TypeScope], bool]:
        """A type and its bases as far as this file has them, and whether some base is elsewhere."""
        found = [scope]
        foreign = False
        for one in found:
            for name in one.supers:
                base = self.find(name, one)
                if base is None:
                    foreign = True
                elif base not in found and len(found) < _MAX_LINEAGE:
                    found.append(base)
        return found, foreign

    def find(self, name: str, near: TypeScope | None = None) -> TypeScope | None:
        """A type of this file by its name as written near another."""
        first, _, rest = name.partition(".")
        found = self.local.get(first)
        if found is None and near is not None:
            found = near.nested.get(first) or self._around(first, near)
        found = found or self.top.get(first)
        for part in rest.split(".") if rest else []:
            found = found.nested.get(part) if found is not None else None
        return found

    def _around(self, name: str, near: TypeScope) -> TypeScope | None:
        current = None
        candidates: list[TypeScope] = []
        for part in near.path.split("."):
            current = current.nested.get(part) if current is not None else self.top.get(part)
            if current is None:
                break
            candidates.append(current)
        for one in reversed(candidates):
            if name in one.nested:
                return one.nested[name]
        return None
