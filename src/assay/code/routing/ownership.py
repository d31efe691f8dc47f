"""Whose object a handler reaches: what it loads by an id of the request, and whether it looks at who asks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.code import ir
from assay.code.routing.reading import (
    Finder,
    constants,
    instructions,
    operands,
    source,
    text,
    texts,
    with_inner,
    word,
)
from assay.code.routing.route import Route
from assay.code.world import ClassInfo, FunctionInfo, World

# `{id}`, `:userId`, `<int:pk>`, `(?P<pk>...)`.
_VARIABLE = re.compile(r"(?:[{:]|<(?:\w+:)?)(\w+)")
_ID = re.compile(
    r"(?:^|_)(?:id|uuid|guid|pk|slug|number|key|ref)$|(?:Id|Uuid|Slug|Pk|Number)$", re.IGNORECASE
)
_LOOKUPS = frozenset(
    ("get", "get_or_404", "first_or_404", "one_or_404", "get_object_or_404", "find", "findById", "findByPk", "findOne", "findOneBy", "findOneOrFail", "findUnique",
     "findUniqueOrThrow", "findFirst", "findByIdAndUpdate", "findByIdAndDelete", "findByIdAndRemove", "findOneAndUpdate", "findOneAndDelete", "update", "delete",
     "destroy", "remove", "deleteOne", "updateOne", "deleteById", "getById", "getOne", "getReferenceById", "get_by_id", "find_by_id", "find_one", "delete_one", "update_one",
     "filter", "filter_by", "where", "Where", "First", "Find", "Take", "Delete", "get_object", "scalar", "exec", "execute", "query", "updateById", "removeById"),
)  # fmt: skip
_ASKER = re.compile(
    r"owner|(?:^|[._])(?:user|author|creator|created_?by|customer|account|tenant|member|principal)(?:[._]?(?:id|name|email))?$|user_?id|current_?user|logged_?in_?user|"
    r"(?:req|request|ctx|c|context|self\.request)\.(?:user|auth|session)|(?:^|\.)identity|jwt_?identity|principal|belongs_?to|is_?(?:owner|author|mine)|permission|authoriz|policy|"
    r"can_?(?:view|edit|access|update|delete|read|write)|check_object|getAuthentication|securitycontext|getUsername|claims|viewer|get_queryset",
    re.IGNORECASE,
)
_OWNER_FIELD = re.compile(
    r"^(?:owner|user|author|created_?by|customer|creator|account|tenant|organi[sz]ation)(?:_?id)?$",
    re.IGNORECASE,
)
_USER_ID = re.compile(r"(?i)^(?:user|account|customer|member|owner)_?(?:id|name|uuid)$")
_BY_ID = re.compile(r"(?i)^(?:get|find|load|fetch|delete|remove|update)_?(?:one|all)?_?by")
_DEEP = 2


@dataclass(frozen=True, slots=True)
class Access:
    """What a handler does: the kind of object that it looks up by an id of the path ("" if none), and where it looks at who asks ("" if nowhere)."""

    kind: str
    asker: str


class Ownership:
    """Asks handlers and models of one project."""

    def __init__(self, world: World) -> None:
        self.finder = Finder(world)
        self.models: dict[str, ClassInfo] = {}
        for cls in world.classes.values():
            self.models.setdefault(cls.name.lower(), cls)

    def of(self, route: Route) -> Access:
        """What the handler of a route does."""
        info = route.handler_info
        if info is None or info.function.kind == "class":
            return Access("", "")
        names = [name for name in _VARIABLE.findall(route.path) if _ID.search(name)]
        return Access(self._looked_up(info, set(names)), self._asker(info, 0, frozenset(names)))

    def user_of_path(self, route: Route) -> str:
        """The variable of the path that names a user, where the path is about something of his: `/allocations/:userId`."""
        names = [name for name in _VARIABLE.findall(route.path) if _USER_ID.match(name)]
        static = [part for part in route.path.split("/") if part and not _VARIABLE.search(part)]
        about = [
            part
            for part in static
            if not re.match(r"(?i)^(?:api|v\d+|users?|profiles?|accounts?|members?)$", part)
        ]
        return names[0] if names and (about or route.mutating) else ""

    def owner_field(self, kind: str) -> str:
        """The field by which a kind of object belongs to somebody: `owner_id (models.py:12)`; "" if none was seen."""
        cls = self.models.get(kind)
        if cls is None:
            return ""
        body = cls.module.functions[cls.made.body]
        for name in (*cls.fields, *body.function.variables):
            if _OWNER_FIELD.match(name):
                line = cls.module.content.count(b"\n", 0, ir.span_start(cls.made.span)) + 1
                return f"{cls.name}.{name}, {cls.module.uri}:{line}"
        return ""

    def _looked_up(self, info: FunctionInfo, names: set[str]) -> str:
        for i in instructions(info):
            if i[0] not in (ir.CALL, ir.METHOD):
                continue
            called = word(info, i[2]).rsplit(".", 1)[-1]
            if (called in _LOOKUPS or _BY_ID.match(called)) and any(
                self._is_id(info, one, names, 0) for one in operands(i)
            ):
                kind = self._kind(info, i)
                if kind:
                    return kind
        return ""

    def _is_id(self, info: FunctionInfo, register: int, names: set[str], depth: int) -> bool:
        """Whether an expression is, or is made of, an id of the path."""
        if depth > 5 or not names:
            return False
        name = word(info, register)
        if name.rsplit(".", 1)[-1] in names:
            return True
        made = source(info, register)
        if made is None:
            return False
        if made[0] == ir.ITEM:
            return (text(info, made[4]) or "") in names
        if made[0] in (ir.CALL, ir.METHOD, ir.BUILD, ir.DICT):
            if made[0] == ir.METHOD and any(t in names for one in made[5] for t in texts(info, one)):
                return True  # `c.Param("id")`
            return any(self._is_id(info, one, names, depth + 1) for one in operands(made))
        if made[0] == ir.OP:
            return any(self._is_id(info, one, names, depth + 1) for one in (made[4], made[5]))
        return False

    def _kind(self, info: FunctionInfo, i: ir.Instruction) -> str:
        """What kind of object a lookup is about: a class of the project, or the name before it (`prisma.invoice`, `invoiceRepository`)."""
        parts = word(info, i[2]).split(".")[:-1]
        for one in operands(i):
            parts.extend(word(info, one).split(".")[:1])
        parts.extend(self._chained(info, i))
        for part in parts:
            stem = (
                re.sub(
                    r"(?i)(?:_?(?:repository|repo|service|model|dao|store|collection|manager|objects|queryset))$",
                    "",
                    part,
                )
                .lower()
                .lstrip("&*")
            )
            for candidate in (stem, stem.removesuffix("s"), stem.removesuffix("es")):
                if candidate in self.models:
                    return candidate
        for part in parts:
            stem = re.sub(r"(?i)(?:_?(?:repository|repo|model|dao|collection))$", "", part)
            if stem and (stem != part or part[:1].isupper()) and not part.isupper():
                return stem.lower()
        return ""

    def _chained(self, info: FunctionInfo, i: ir.Instruction) -> list[str]:
        """Names among the arguments of the calls before: `db.query(Invoice).filter(...)`."""
        found: list[str] = []
        made: ir.Instruction | None = i
        for _ in range(6):
            if made is None or made[0] != ir.METHOD:
                break
            made = source(info, made[3])
            if made is not None:
                found.extend(word(info, one).split(".")[0] for one in operands(made))
        return found

    def _asker(self, info: FunctionInfo, depth: int, of_path: frozenset[str]) -> str:
        for one in with_inner(info):
            for name in mentioned(one):
                if _ASKER.search(name) and not (of_path and _of_path(name, of_path)):
                    return name
        if depth < _DEEP:
            for i in instructions(info):
                if i[0] not in (ir.CALL, ir.METHOD):
                    continue
                if not (of_path and _of_path(word(info, i[2]), of_path)):
                    for function in self._callees(info, i)[:3]:
                        found = self._asker(function, depth + 1, of_path)
                        if found:
                            return found
        return ""

    def _callees(self, info: FunctionInfo, i: ir.Instruction) -> list[FunctionInfo]:
        if i[0] == ir.CALL:
            return self.finder.functions(info, i[3])
        before = word(info, i[3])
        return self.finder.named(info, f"{before}.{i[4]}" if before else f"_.{i[4]}")


def _of_path(name: str, of_path: frozenset[str]) -> bool:
    """Whether a name is only the id of the path itself, or what is looked up by it."""
    last = name.rsplit(".", 1)[-1]
    return last in of_path or bool(re.search(r"(?i)^(?:get|find|load|fetch|delete)\w*By\w*$", last))


def mentioned(info: FunctionInfo) -> list[str]:
    """Dotted names that the body of a function uses, keyword names and short texts among its arguments."""
    found: dict[str, None] = {}
    names = {p.register: p.name for p in info.function.parameters}
    for i in instructions(info):
        if i[0] in (ir.FIELD, ir.METHOD, ir.OUTER, ir.CALL):
            found[word(info, i[2])] = None
        if i[0] == ir.ITEM:
            key = text(info, i[4])
            found[f"{word(info, i[3])}.{key}" if key else word(info, i[3])] = None
        if i[0] in (ir.CALL, ir.METHOD):
            for keyword, _ in i[6] if i[0] == ir.METHOD else i[5]:
                found[keyword] = None
            for one in operands(i):
                found[word(info, one)] = None
                value = constants(info).get(one)
                if isinstance(value, str) and len(value) < 30:
                    found[value] = None
        if i[0] == ir.DICT:
            known = constants(info)
            for key_register, _ in i[4]:
                found[str(known.get(key_register, ""))] = None
        if i[0] == ir.OP:
            for one in (i[4], i[5]):
                found[word(info, one) or names.get(one, "")] = None
    found.pop("", None)
    return list(found)
