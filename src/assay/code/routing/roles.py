"""Whether a handler lets the caller choose a role: a field like `role` or `is_admin` that is set from the request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.code import ir
from assay.code.routing.reading import Finder, constants, instructions, operands, source, word
from assay.code.world import ClassInfo, FunctionInfo, World

ROLE_FIELD = re.compile(
    r"^(?:role|roles|user_?role|role_?id|is_?admin|is_?staff|is_?super_?user|admin|superuser|permissions?|privileges?|account_?type|access_?level)$",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"^(?:req|request|ctx|c|context|self\.request|flask\.request)\.(?:body|json|form|data|query|POST|params|args|values|validated_data|get_json)",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"^(?:body|data|payload|dto|input|form|params|\w+(?:Dto|DTO|Input|Payload|Request|Form|_in|_data|_create|_update))$"
)
_STORES = re.compile(
    r"^(?:model_dump|dict|save|create|persist|insert|insert_one|insertOne|update|add|setattr|findByIdAndUpdate|model_validate|from_orm|merge|Create|Save)$"
)
_LEAVES_OUT = re.compile(r"exclude|omit|whitelist|pick|only|allowed", re.IGNORECASE)


class RoleFields:
    """Where handlers take role fields from a request."""

    def __init__(self, world: World) -> None:
        self.finder = Finder(world)
        self.world = world
        self.models: dict[str, str] = {}
        for cls in world.classes.values():
            name = self.field_of(cls)
            if name:
                self.models.setdefault(cls.name.lower(), name)

    def field_of(self, cls: ClassInfo) -> str:
        """The role field of a class, "" if it has none; what its bases declare counts."""
        for one in cls.lineage:
            body = one.module.functions[one.made.body]
            for name in (*one.fields, *body.function.variables):
                if ROLE_FIELD.match(name) and name not in one.methods:
                    return name
        return ""

    def taken(self, info: FunctionInfo) -> Iterator[tuple[int, str]]:
        """Places where a handler takes a role from the request: span, and what happens there."""
        for i in instructions(info):
            if i[0] == ir.SETFIELD and ROLE_FIELD.match(str(i[3])) and self._from_request(info, i[4], 0):
                yield i[1], f"`{word(info, i[2])}.{i[3]}` is set from the request"
            elif i[0] in (ir.CALL, ir.METHOD):
                yield from self._call(info, i)
        yield from self._whole_body(info)

    def _call(self, info: FunctionInfo, i: ir.Instruction) -> Iterator[tuple[int, str]]:
        called = word(info, i[2])
        given = i[6] if i[0] == ir.METHOD else i[5]
        makes = self._makes(called)
        for name, register in given:
            if makes and ROLE_FIELD.match(name) and self._from_request(info, register, 0):
                yield i[1], f"`{called}` gets `{name}` from the request"
            if name == "**" and makes and self._from_request(info, register, 0):
                yield i[1], f"`{called}` gets every field of the request, and the model has `{makes}`"
        for one in operands(i):
            made = source(info, one)
            if makes and made is not None and made[0] == ir.DICT:
                known = constants(info)
                for key, value in made[4]:
                    if (
                        key is not None
                        and ROLE_FIELD.match(str(known.get(key, "")))
                        and self._from_request(info, value, 0)
                    ):
                        yield i[1], f"`{called}` gets `{known[key]}` from the request"
        if makes and i[0] == ir.METHOD and any(self._is_body(info, one) for one in operands(i)):
            yield i[1], f"`{called}` gets every field of the request, and the model has `{makes}`"

    def _makes(self, called: str) -> str:
        """The role field of the model that a call makes or changes."""
        for part in re.split(r"\.", called):
            stem = re.sub(r"(?i)(?:_?(?:repository|repo|model))$", "", part).lower()
            if stem in self.models:
                return self.models[stem]
        return (
            "role"
            if re.search(r"(?i)(?:^|\.)(?:user|account|member)s?(?:model|repository|_?repo)?(?:\.|$)", called)
            and called.rsplit(".", 1)[-1] in ("create", "insert", "insertOne", "save", "build")
            else ""
        )

    def _is_body(self, info: FunctionInfo, register: int) -> bool:
        """`req.body` as a whole, where the project's model is known to have a role."""
        return bool(re.search(r"^(?:req|request|ctx\.request|ctx)\.body$", word(info, register)))

    def _from_request(self, info: FunctionInfo, register: int | None, depth: int) -> bool:
        if register is None or depth > 6:
            return False
        name = word(info, register)
        if _REQUEST.match(name):
            return True
        if self._is_parameter(info, register):
            return bool(_BODY.match(name) or _REQUEST.match(name))
        made = source(info, register)
        if made is None:
            return (
                name.split(".")[0] != name
                and bool(_BODY.match(name.split(".")[0]))
                and self._is_parameter_name(info, name.split(".")[0])
            )
        if made[0] in (ir.FIELD, ir.METHOD) and _REQUEST.match(word(info, made[2])):
            return True
        if made[0] in (ir.FIELD, ir.ITEM) or (
            made[0] == ir.METHOD
            and made[4]
            in (
                "get",
                "pop",
                "get_json",
                "getlist",
                "json",
                "model_dump",
                "dict",
                "copy",
                "getRole",
                "getRoles",
            )
        ):
            return self._from_request(info, made[3], depth + 1)
        if made[0] == ir.LOGIC:
            return self._from_request(info, made[4], depth + 1)
        if made[0] == ir.DICT:
            return any(key is None and self._from_request(info, value, depth + 1) for key, value in made[4])
        return False

    def _is_parameter(self, info: FunctionInfo, register: int) -> bool:
        return any(p.register == register for p in info.function.parameters)

    def _is_parameter_name(self, info: FunctionInfo, name: str) -> bool:
        return any(p.name == name for p in info.function.parameters)

    def _whole_body(self, info: FunctionInfo) -> Iterator[tuple[int, str]]:
        """A parameter whose declared class has a role field, and which is stored as a whole (FastAPI, Spring, NestJS)."""
        names = info.function.names
        if not any(_STORES.match(name) for name in names) or any(_LEAVES_OUT.search(name) for name in names):
            return
        for parameter in info.function.parameters:
            kind = parameter.type.split("|")[0].strip()
            cls = self.world.lookup(info.module, kind) if kind and parameter.kind == "" else ""
            if not isinstance(cls, ClassInfo) or not self._is_input(info, cls):
                continue
            name = self.field_of(cls)
            if name and self._is_stored(info, parameter.register):
                yield (
                    info.function.span,
                    f"the body `{parameter.name}: {cls.name}` carries `{name}` and is stored as a whole",
                )

    def _is_input(self, info: FunctionInfo, cls: ClassInfo) -> bool:
        """Whether values of a class come from the request: pydantic models, bodies by annotation."""
        if info.module.language == "python":
            return any(base.rsplit(".", 1)[-1] in ("BaseModel", "SQLModel", "Schema") for base in cls.foreign)
        start = ir.span_start(info.function.span)
        head = info.module.content[start : start + 600]
        return b"@RequestBody" in head or b"@Body(" in head

    def _is_stored(self, info: FunctionInfo, register: int) -> bool:
        """Whether the parameter itself goes on: as an argument of a call, or dumped."""
        for i in instructions(info):
            if i[0] in (ir.CALL, ir.METHOD) and register in operands(i):
                return True
            if i[0] == ir.METHOD and i[3] == register and i[4] in ("model_dump", "dict"):
                return True
            if i[0] == ir.DICT and any(key is None and value == register for key, value in i[4]):
                return True
        return False
