"""What the instructions of a function say by themselves: names as written, literal texts, functions that a register stands for. No analysis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from assay.code import ir
from assay.code.build import blocks_of
from assay.code.world import ClassInfo, FunctionInfo, ModuleInfo, World

_DEEP = 12
_WIDE = 40


@lru_cache(maxsize=65536)
def constants(info: FunctionInfo) -> dict[int, object]:
    """The constants of a function by register."""
    return dict(info.function.constants)


@lru_cache(maxsize=65536)
def instructions(info: FunctionInfo) -> tuple[ir.Instruction, ...]:
    """Every instruction in the order of the text, nested ones behind the one that holds them."""
    found: list[ir.Instruction] = []
    _flatten(info.function.body, found, 0)
    return tuple(found)


def forget() -> None:
    """Let go of what was read: functions of a project that is done."""
    constants.cache_clear()
    instructions.cache_clear()


def _flatten(block: ir.Block, found: list[ir.Instruction], depth: int) -> None:
    for i in block:
        if i[0] < ir.SELECT or depth > 200:
            found.append(i)
            continue
        late = i[0] in (ir.SELECT, ir.LOGIC)  # these write a register from what their blocks made
        if not late:
            found.append(i)
        for inner in blocks_of(i):
            _flatten(inner, found, depth + 1)
        if late:
            found.append(i)


def source(info: FunctionInfo, register: int | None) -> ir.Instruction | None:
    """The instruction that a register's value comes from, through copies of variables that are assigned once."""
    for _ in range(_DEEP):
        if register is None:
            return None
        if register >= 0:
            register = info.origin(register)
            continue
        made = info.definition(register)
        if made is not None and made[0] in (ir.MOVE, ir.AWAIT, ir.TYPED, ir.ENVELOP):
            register = made[3]
            continue
        return made
    return None


def text(info: FunctionInfo, register: int | None) -> str | None:
    """The literal text of a register."""
    for _ in range(_DEEP):
        if register is None or register < 0:
            break
        register = info.origin(register)
    value = constants(info).get(register) if register is not None else None
    return value if isinstance(value, str) else None


def with_inner(info: FunctionInfo) -> list[FunctionInfo]:
    """A function and those that are written inside it."""
    found = [info]
    indices = {info.function.index}
    for other in info.module.functions[info.function.index + 1 :]:
        if other.function.parent in indices:
            indices.add(other.function.index)
            found.append(other)
    return found


def word(info: FunctionInfo, register: int | None, depth: int = 0) -> str:
    """The dotted name that an expression is written as: `passport.authenticate` for a call of it; "" if it has none."""
    if register is None or depth > _DEEP:
        return ""
    if register >= 0:
        return info.function.variables[register]
    made = info.definition(register)
    if made is None:
        return ""
    op = made[0]
    if op == ir.OUTER:
        return str(made[3])
    if op == ir.IMPORT:
        return str(made[4] or made[3])
    if op in (ir.FIELD, ir.METHOD):
        before = word(info, made[3], depth + 1)
        return f"{before}.{made[4]}" if before else str(made[4])
    if op in (ir.CALL, ir.MOVE, ir.AWAIT, ir.TYPED, ir.ENVELOP, ir.ITEM):
        return word(info, made[3], depth + 1)
    return ""


def operands(i: ir.Instruction) -> list[int]:
    """Registers of the arguments, elements or values of an instruction, without callee and receiver."""
    op = i[0]
    if op == ir.CALL:
        return [*i[4], *(register for _, register in i[5])]
    if op == ir.METHOD:
        return [*i[5], *(register for _, register in i[6])]
    if op == ir.BUILD:
        return list(i[4])
    if op == ir.DICT:
        return [register for _, register in i[4]]
    return []


def keywords(i: ir.Instruction) -> dict[str, int]:
    """Keyword arguments of a call."""
    if i[0] not in (ir.CALL, ir.METHOD):
        return {}
    return dict(i[6] if i[0] == ir.METHOD else i[5])


def arguments(i: ir.Instruction) -> tuple[int, ...]:
    """Positional arguments of a call."""
    return tuple(i[5] if i[0] == ir.METHOD else i[4])


def entries(info: FunctionInfo, register: int | None) -> dict[str, int]:
    """The literal keys of a mapping that is written there."""
    made = source(info, register)
    if made is None or made[0] != ir.DICT:
        return {}
    known = constants(info)
    return {str(known[key]): value for key, value in made[4] if key is not None and key in known}


def words(info: FunctionInfo, register: int | None) -> Iterator[str]:
    """Every dotted name in an expression: itself, its arguments, elements of lists and mappings."""
    todo = [register]
    for _ in range(_WIDE):
        if not todo:
            return
        one = todo.pop(0)
        name = word(info, one)
        made = source(info, one)
        if name and not (made is not None and made[0] in (ir.BUILD, ir.DICT)):
            yield name
        if made is not None:
            todo.extend(operands(made))


def texts(info: FunctionInfo, register: int | None) -> list[str]:
    """Every literal text in an expression: itself, arguments, elements."""
    found: list[str] = []
    todo = [register]
    for _ in range(_WIDE):
        if not todo:
            break
        one = todo.pop(0)
        literal = text(info, one)
        if literal is not None:
            found.append(literal)
            continue
        made = source(info, one)
        if made is not None:
            todo.extend(operands(made))
    return found


class Finder:
    """Which functions of the project a register stands for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._methods: dict[str, list[FunctionInfo]] = {}
        self._fields: dict[str, list[FunctionInfo]] | None = None
        for cls in world.classes.values():
            for name, found in cls.methods.items():
                self._methods.setdefault(name, []).extend(found)

    def functions(self, info: FunctionInfo, register: int | None, depth: int = 0) -> list[FunctionInfo]:
        """Functions that an expression is, or that a call wraps (`asyncHandler(create)`)."""
        if register is not None and register >= 0:
            name = info.function.variables[register]
            if name in info.module.imports and info.function.index == 0:
                found = self.named(info, name, depth + 1)
                if found:
                    return found
        made = source(info, register)
        if made is None or depth > 6:
            return (
                self.named(info, info.function.variables[register], depth)
                if register is not None and register >= 0
                else []
            )
        op = made[0]
        if op == ir.FUNC:
            return [info.module.functions[made[3]]]
        if op in (ir.OUTER, ir.FIELD):
            return self.named(info, word(info, register if op == ir.OUTER else made[2]), depth)
        if op == ir.METHOD and made[4] in ("bind", "as_view"):
            return self.functions(info, made[3], depth + 1)
        if op == ir.LOGIC:
            return self.functions(info, made[4], depth + 1)
        several = operands(made) if op in (ir.CALL, ir.METHOD) else []
        return [function for one in several for function in self.functions(info, one, depth + 1)]

    def classes(self, info: FunctionInfo, register: int | None) -> ClassInfo | None:
        """The class of the project that an expression names."""
        name = word(info, register)
        found = self.world.lookup(info.module, name) if name else ""
        return found if isinstance(found, ClassInfo) else None

    def named(self, info: FunctionInfo, name: str, depth: int = 0) -> list[FunctionInfo]:
        """Functions that a dotted name written in a function means."""
        if not name or depth > 6:
            return []
        first, _, rest = name.partition(".")
        if first in ("this", "self") and info.owner is not None and rest:
            return info.owner.method(rest)[:1]
        found = self.world.lookup(info.module, name)
        if isinstance(found, FunctionInfo):
            return [found]
        if not rest:
            return self._variable(info.module, name, depth + 1)
        target = self._module(info.module, first)
        if target is not None:
            return self._exported(target, rest, depth + 1)
        last = rest.rsplit(".", 1)[-1]
        known = self._methods.get(last, []) or self._kept(last)
        return known if len(known) == 1 else []

    def _kept(self, name: str) -> list[FunctionInfo]:
        """Functions that some constructor keeps in a field of this name: `this.show = (req, res) => ...`."""
        if self._fields is None:
            self._fields = {}
            for module in self.world.modules:
                if module.language in ("javascript", "typescript"):
                    for info in module.functions:
                        for i in instructions(info):
                            made = (
                                info.definition(i[4])
                                if i[0] == ir.SETFIELD and i[4] is not None and i[4] < 0
                                else None
                            )
                            if made is not None and made[0] == ir.FUNC:
                                self._fields.setdefault(str(i[3]), []).append(module.functions[made[3]])
        return self._fields.get(name, [])

    def _module(self, origin: ModuleInfo, alias: str) -> ModuleInfo | None:
        made = origin.imports.get(alias)
        if made is None:
            return None
        inner = (
            self.world.find_module(origin, f"{made.module}.{made.name}".strip("."), made.level)
            if made.name
            else None
        )
        return inner or self.world.find_module(origin, made.module, made.level)

    def _variable(self, module: ModuleInfo, name: str, depth: int = 0) -> list[FunctionInfo]:
        """A variable of a module's body, or what an import brings."""
        if not module.functions:
            return []
        body = module.functions[0]
        slot = body.slot(name)
        made = module.imports.get(name)
        if made is not None and depth < 6:
            target = self.world.find_module(module, made.module, made.level)
            return self._exported(target, made.name or "default", depth + 1) if target is not None else []
        return self.functions(body, slot, depth) if slot is not None and body.origin(slot) is not None else []

    def _exported(self, module: ModuleInfo, name: str, depth: int = 0) -> list[FunctionInfo]:
        top = module.top.get((module.module.exports or {}).get(name, name))
        if isinstance(top, FunctionInfo):
            return [top]
        variable = (module.module.exports or {}).get(name, name)
        body = module.functions[0] if module.functions else None
        if body is None:
            return []
        if body.slot(variable) is not None:
            return self._variable(module, variable, depth)
        last = name.rsplit(".", 1)[-1]
        for i in instructions(body):
            if i[0] == ir.SETFIELD and i[3] == last:
                return self.functions(body, i[4], depth)
        known = self._methods.get(last, [])
        return known if len(known) == 1 else []
