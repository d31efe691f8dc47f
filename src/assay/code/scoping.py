"""What names and types mean: locals of enclosing functions, globals, imports, packages, the language."""

from __future__ import annotations

from assay.code import ir
from assay.code.core import Core
from assay.code.frame import Frame
from assay.code.heap import load
from assay.code.model_rows import owners
from assay.code.summary import Closure
from assay.code.values import UNKNOWN, WHOLE, Value
from assay.code.world import ClassInfo, FunctionInfo, ModuleInfo

# Types whose values can carry no text of an attacker's choice.
SAFE_TYPES = frozenset(
    ("int", "float", "bool", "complex", "Decimal", "decimal.Decimal", "UUID", "uuid.UUID", "date", "datetime", "datetime.date",
     "datetime.datetime", "Integer", "Long", "Double", "Float", "Boolean", "Short", "long", "double", "boolean", "short",
     "BigDecimal", "BigInteger", "java.util.UUID", "LocalDate", "number", "int64", "int32", "uint", "uint64", "uint32", "float64",
     "float32", "PositiveInt", "UUID4", "error", "int8", "int16", "uint16"),
)  # fmt: skip
_WRAPPERS = frozenset(
    ("Optional", "Annotated", "Final", "ClassVar", "Union", "Awaitable", "Promise", "Readonly", "Partial")
)


class Scoping(Core):
    """The part of an analysis that resolves names and types."""

    def _captured_name(self, f: Frame, name: str) -> Value | None:
        """A variable of an enclosing function: symbolic, so that each closure fills in its own."""
        parent = f.info.function.parent
        while parent > 0:
            outer = f.module.functions[parent]
            if outer.function.kind != "class" and outer.slot(name) is not None:
                if (outer, name) in f.summary.outer:
                    return f.summary.outer[outer, name][0]
                symbol = self.symbol(name)
                if name in f.env:
                    calls, types = f.env[name]
                    return Value({symbol: WHOLE}, types=types, refs=(symbol,), calls=calls)
                inner = next(
                    (g for g in f.module.functions if g.function.parent == parent and g.name == name), None
                )
                calls = (Closure(inner),) if inner is not None and inner.function.kind != "class" else ()
                return Value({symbol: WHOLE}, refs=(symbol,), calls=calls)
            parent = outer.function.parent
        return None

    def global_name(self, module: ModuleInfo, name: str) -> Value:  # noqa: C901 - one place after the other
        """A global of a module, of its package, or a name of the language."""
        if module.state == "new":
            self.module_body(module)
        value = module.globals.get(name)
        if value is not None and value is not UNKNOWN:
            return value
        if name in module.top:
            return self.value_of(module.top[name])
        if name in module.imports:
            made = module.imports[name]
            if made.name or made.alias != made.module.split(".")[0]:
                return self.import_value(module, made.module, made.name, made.level)
        if value is not None:
            return value
        if module.module.package:
            for sibling in self.world.by_package.get((module.language, module.module.package), ()):
                if sibling is not module:
                    if name in sibling.top:
                        return self.value_of(sibling.top[name])
                    if name in sibling.module.functions[0].variables:
                        self.module_body(sibling)
                        return sibling.globals.get(name, UNKNOWN)
        for made in module.module.imports:
            if made.name == "*":
                target = self.world.find_module(module, made.module, made.level)
                if target is not None and target is not module:
                    found = self.module_member(target, name, 0)
                    if found.calls or (found is not UNKNOWN and not found.name.startswith(target.name)):
                        return found
                elif target is None and made.module and f"{made.module}.{name}" in owners(module.language):
                    return Value(name=f"{made.module}.{name}")
        return Value(name=name)

    def value_of(self, found: ClassInfo | FunctionInfo | ModuleInfo | str) -> Value:
        """The value that a resolved name has."""
        if isinstance(found, str):
            return Value(name=found)
        if isinstance(found, ModuleInfo):
            return Value(name=f"module:{found.number}")
        if isinstance(found, ClassInfo):
            return Value(name=found.qualname, calls=(found,))
        closure = self.closures.get(found)
        if closure is None:
            closure = self.closures[found] = Closure(found)
        return Value(name=found.qualname, calls=(closure,))

    def import_value(self, module: ModuleInfo, name: str, member: str, level: int) -> Value:
        """What an import binds."""
        target = self.world.find_module(module, name, level)
        if target is not None:
            if target.module.exports is not None:
                return self._exported(target, member)
            if not member:
                return self.value_of(target)
            return self.module_member(target, member, 0)
        if member:
            inner = (
                self.world.find_module(module, f"{name}.{member}".strip("."), level)
                if name or level
                else None
            )
            if inner is not None:
                return self.value_of(inner)
        if not member or member == "default":
            return Value(name=name)
        full = f"{name}.{member}" if name else member
        if module.language == "java" and full in self.world.classes:  # a nested class
            return self.value_of(self.world.classes[full])
        return Value(name=full)

    def _exported(self, target: ModuleInfo, member: str) -> Value:
        """JavaScript: a module is also what `module.exports = value` made it, whether or not the import asks for a default."""
        exports = target.module.exports or {}
        if member and member in exports:
            return self.module_member(target, member, 0)
        whole = self.value_of(target)
        if "default" not in exports:
            return whole if member in ("", "default") else self.module_member(target, member, 0)
        made = self.module_member(target, "default", 0)
        if member:
            found = load(self.shared, {}, made, member)
            return found if found is not None else self.module_member(target, member, 0)
        if made.name.startswith("module:") or not (made.calls or made.refs or made.types or made.labels):
            return made if made.name.startswith("module:") else whole
        return Value(made.labels, None, made.types, whole.name, made.refs, None, made.calls)

    def whole_export(self, obj: Value, name: str) -> Value | None:
        """The value itself where an imported module is one value and the name is not among its exports."""
        exports = self.world.modules[int(obj.name[7:])].module.exports
        if not exports or name in exports or not (obj.calls or obj.refs or obj.types):
            return None
        made = self.module_member(self.world.modules[int(obj.name[7:])], "default", 0)
        return None if made.name.startswith("module:") else made

    def module_member(self, module: ModuleInfo, name: str, depth: int) -> Value:
        """A global of another module, as importers see it."""
        exports = module.module.exports
        if exports is not None and name in exports:
            name = exports[name]
        if module.state == "new" and self.stack < 50:
            self.module_body(module)
        value = module.globals.get(name)
        if value is not None and value is not UNKNOWN:
            return value
        found = self.world.member(module, name, depth)
        if isinstance(found, str) and value is not None:
            return value
        return self.value_of(found)

    # Types

    def parameter_types(self, f: Frame, parameter: ir.Parameter) -> tuple[tuple[str, ...], bool]:
        """Types of a parameter, and whether they make it harmless."""
        if parameter.type:
            return self.types_of(f.module, parameter.type)
        if parameter.kind in ("", "r"):
            named = self._models[f.language].parameters.get(parameter.name)
            if named:
                return _imported_first(f.module, named), False
        return (), False

    def types_of(self, module: ModuleInfo, text: str) -> tuple[tuple[str, ...], bool]:
        """Qualified types for a type's text, and whether all of them are harmless."""
        key = (module.number, text)
        known = self.type_cache.get(key)
        if known is None:
            names = _split_type(text)
            found: list[str] = []
            for name in names[:4]:
                target = self.world.lookup(module, name)
                found.append(target if isinstance(target, str) else target.qualname)
            safe = bool(names) and all(
                n in SAFE_TYPES or f in SAFE_TYPES for n, f in zip(names, found, strict=False)
            )
            known = self.type_cache[key] = (tuple(dict.fromkeys(found)), safe)
        return known

    def plain_result(self, name: str) -> Value:
        """The result of a call that is known by name only: an object of that type if the name looks like one."""
        known = self.plain.get(name)
        if known is None:
            last = name.rsplit(".", 1)[-1]
            known = Value(types=(name,) if last[:1].isupper() else (f"{name}()",))
            self.plain[name] = known
        return known

    def word_of(self, f: Frame, register: int) -> str:
        """The name under which a value is written: variable, field, function."""
        for _ in range(4):
            if register >= 0:
                return f.info.function.variables[register]
            made = f.info.definition(register)
            if made is None:
                return ""
            op = made[0]
            if op in (ir.FIELD, ir.METHOD):
                return str(made[4])
            if op == ir.OUTER:
                return str(made[3])
            if op in (ir.CALL, ir.MOVE, ir.TYPED, ir.AWAIT, ir.ITEM, ir.ENTER, ir.ENVELOP):
                register = made[3]
                continue
            return ""
        return ""


def _family(language: str) -> str:
    return "javascript" if language == "typescript" else language


def _imported_first(module: ModuleInfo, types: tuple[str, ...]) -> tuple[str, ...]:
    """Of the types that frameworks give to a parameter of one name those of frameworks that the file imports, if any."""
    if len(types) == 1:
        return types
    tops = {made.module.split(".", 1)[0].split("_", 1)[0] for made in module.module.imports}
    return tuple(t for t in types if t.split(".", 1)[0] in tops) or types


def _split_type(text: str) -> list[str]:
    """Alternatives of a type's text without wrappers, `None` and arguments."""
    names: list[str] = []
    for one in _alternatives(text):
        head, bracket, rest = one.partition("[")
        if bracket and head.rsplit(".", 1)[-1] in _WRAPPERS:
            inner = _alternatives(
                rest.rstrip("]").replace(",", "|") if "Union" in head else rest[:-1].split(",")[0]
            )
            names.extend(n for part in inner for n in _split_type(part))
        elif head and head not in ("None", "null", "undefined"):
            names.append(head)
    return names


def _alternatives(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, char in enumerate(text):
        if char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
        elif char == "|" and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part for part in parts if part]
