"""The project as the analysis sees it: modules by name, functions, classes and their hierarchy. Built once, before any analysis."""

from __future__ import annotations

import sys

import re2

from assay.code import ir
from assay.code.build import blocks_of
from assay.code.ir import Block, Class, Function, Module
from assay.code.model_rows import owners
from assay.code.names import module_key, resolve_module
from assay.code.values import Value

MAX_LINEAGE = 24
TEST_PATH = r"(^|/)(tests?|testing|specs?|__tests__|fixtures)/|(^|/)(test_[^/]*|conftest)\.py$|_test\.\w+$|\.(test|spec)\.\w+$|(^|/)src/(test|intTest|integrationTest|testFixtures)/"


class FunctionInfo:
    """A function of the project. `captured`: its variables that inner functions read. `nested`: blocks its names come from."""

    __slots__ = (
        "definitions",
        "function",
        "kept",
        "module",
        "name",
        "origins",
        "owner",
        "qualname",
        "reads",
        "slots",
    )

    def __init__(self, function: Function, module: ModuleInfo, owner: ClassInfo | None) -> None:
        self.function = function
        self.module = module
        self.owner = owner
        self.name = function.name
        self.qualname = f"{module.name}.{function.qualname}"
        self.slots: dict[str, int] | None = None
        self.reads: dict[int, int] | None = None
        self.definitions: dict[int, ir.Instruction] | None = None
        self.origins: dict[int, int] | None = None
        self.kept: dict[tuple[int, int], tuple[int, ...]] | None = None

    def slot(self, name: str) -> int | None:
        """The variable of this name, the last one made."""
        if self.slots is None:
            self.slots = {variable: index for index, variable in enumerate(self.function.variables)}
        return self.slots.get(name)

    def origin(self, variable: int) -> int | None:
        """What a variable is a copy of, if it is assigned once."""
        if self.origins is None:
            self.origins = _find_origins(self.function.body)
        return self.origins.get(variable)

    def definition(self, register: int) -> ir.Instruction | None:
        """The instruction that writes a temporary."""
        if self.definitions is None:
            self.definitions = {}
            _define(self.function.body, self.definitions)
        return self.definitions.get(register)


def _find_origins(body: Block) -> dict[int, int]:
    found: dict[int, int] = {}
    often: set[int] = set()
    todo = [body]
    while todo:
        for instruction in todo.pop():
            if instruction[0] == ir.MOVE and instruction[2] >= 0:
                if instruction[2] in found:
                    often.add(instruction[2])
                found[instruction[2]] = instruction[3]
            if instruction[0] >= ir.SELECT:
                todo.extend(blocks_of(instruction))
    return {variable: source for variable, source in found.items() if variable not in often}


def _define(body: Block, found: dict[int, ir.Instruction]) -> None:
    todo = [body]
    while todo:
        for instruction in todo.pop():
            if instruction[0] in ir.WRITERS and instruction[2] is not None and instruction[2] < 0:
                found[instruction[2]] = instruction
            if instruction[0] >= ir.SELECT:
                todo.extend(blocks_of(instruction))


class ClassInfo:
    """A class of the project. `lineage` is itself and its project bases, nearest first; `foreign` are qualified names of other bases."""

    __slots__ = (
        "attributes",
        "children",
        "fields",
        "foreign",
        "kind",
        "lineage",
        "made",
        "methods",
        "module",
        "name",
        "qualname",
    )

    def __init__(self, made: Class, module: ModuleInfo) -> None:
        self.made = made
        self.module = module
        self.name = made.name
        self.qualname = f"{module.name}.{made.qualname}"
        self.kind = made.kind
        self.methods: dict[str, list[FunctionInfo]] = {}
        self.fields = made.fields
        self.attributes: dict[str, Value] = {}
        self.lineage: list[ClassInfo] = [self]
        self.foreign: list[str] = []
        self.children: list[ClassInfo] = []

    def method(self, name: str) -> list[FunctionInfo]:
        """The overloads of a method, found through the bases."""
        for cls in self.lineage:
            found = cls.methods.get(name)
            if found:
                return found
        return []


class ModuleInfo:
    """A file of the project. `globals` are the values of its variables once its body was analysed."""

    __slots__ = (
        "classes",
        "content",
        "functions",
        "globals",
        "imports",
        "in_tests",
        "language",
        "module",
        "name",
        "number",
        "state",
        "top",
        "uri",
    )  # fmt: skip

    def __init__(self, module: Module, number: int, content: bytes) -> None:
        self.module = module
        self.number = number
        self.content = content
        self.uri = module.uri
        self.language = module.language
        self.name = module_key(module)
        self.globals: dict[str, Value] = {}
        self.state = "new"
        self.in_tests = re2.search(TEST_PATH, module.uri) is not None
        self.classes = [ClassInfo(made, self) for made in module.classes]
        bodies = {cls.made.body: cls for cls in self.classes}
        self.functions = [
            FunctionInfo(function, self, bodies.get(function.parent)) for function in module.functions
        ]
        for cls in self.classes:
            for name, indices in cls.made.methods.items():
                cls.methods[name] = [self.functions[index] for index in indices]
        self.imports = {made.alias: made for made in module.imports if made.alias}
        self.top: dict[str, FunctionInfo | ClassInfo] = {}
        if module.functions:
            self._find_top()

    def _find_top(self) -> None:
        for function in self.functions[1:]:
            if function.function.parent == 0 and function.function.kind not in ("class", "lambda", "method"):
                self.top[function.name] = function
        for cls in self.classes:
            if self.functions[cls.made.body].function.parent == 0:
                self.top[cls.name] = cls


class World:
    """All modules, and what names mean across them."""

    def __init__(
        self, modules: list[tuple[Module, bytes]], settings: dict[str, dict[str, str]] | None = None
    ) -> None:
        self.settings = settings or {}
        self.modules = [
            ModuleInfo(module, number, content) for number, (module, content) in enumerate(modules)
        ]
        self.uris = frozenset(info.uri for info in self.modules)
        self.by_key: dict[tuple[str, str], list[ModuleInfo]] = {}
        for info in self.modules:
            parts = info.name.split(".") if info.language == "python" else [info.name]
            for start in range(max(0, len(parts) - 8), len(parts)):
                self.by_key.setdefault((_family(info.language), ".".join(parts[start:])), []).append(info)
        self.by_package: dict[tuple[str, str], list[ModuleInfo]] = {}
        for info in self.modules:
            if info.module.package:
                self.by_package.setdefault((info.language, info.module.package), []).append(info)
        self.classes: dict[str, ClassInfo] = {}
        for info in self.modules:
            for cls in info.classes:
                self.classes.setdefault(cls.qualname, cls)
        self._attach_methods()
        self._link_classes()

    def settings_of(self, name: str) -> dict[str, str]:
        """The settings of the only configuration file whose path ends with a name."""
        wanted = f"/{name.removeprefix('/')}"
        found = [values for uri, values in self.settings.items() if f"/{uri}".endswith(wanted)]
        return found[0] if len(found) == 1 else {}

    def find_module(self, origin: ModuleInfo, module: str, level: int) -> ModuleInfo | None:
        """The module that an import in `origin` names, if it is in the project."""
        for key in resolve_module(origin.module, origin.name, module, level):
            found = self.by_key.get((_family(origin.language), key))
            if found and origin.language == "python" and not level and "." not in key:
                found = [one for one in found if self._is_on_the_path(one, key, origin)]
            if found:
                return found[0] if len(found) == 1 else max(found, key=lambda m: _nearness(m.uri, origin.uri))
        return None

    def _is_on_the_path(self, one: ModuleInfo, key: str, origin: ModuleInfo) -> bool:
        """Whether `import key` can mean this file: not one inside a package, nor one that only looks like the language's own module."""
        if one.name == key:
            return True
        package = one.uri.endswith("/__init__.py")
        folder = one.uri.rpartition("/")[0].rpartition("/")[0] if package else one.uri.rpartition("/")[0]
        if f"{folder}/__init__.py" in self.uris:
            return False
        return key not in sys.stdlib_module_names or folder == origin.uri.rpartition("/")[0]

    def lookup(self, origin: ModuleInfo, dotted: str) -> ClassInfo | FunctionInfo | str:
        """What a dotted name written in `origin` means: a class or function of the project, or a qualified name."""
        first, _, rest = dotted.partition(".")
        return self._follow(self._lookup_first(origin, first, 0), rest)

    def _follow(
        self, found: ClassInfo | FunctionInfo | ModuleInfo | str, rest: str
    ) -> ClassInfo | FunctionInfo | str:
        while rest:
            head, _, rest = rest.partition(".")
            if isinstance(found, ModuleInfo):
                found = self.member(found, head, 0)
            else:
                name = found if isinstance(found, str) else found.qualname
                found = self.classes.get(f"{name}.{head}", f"{name}.{head}")
        return found.name if isinstance(found, ModuleInfo) else found

    def _lookup_first(
        self, origin: ModuleInfo, name: str, depth: int
    ) -> ClassInfo | FunctionInfo | ModuleInfo | str:
        if name in origin.top:
            return origin.top[name]
        made = origin.imports.get(name)
        if made is not None and depth < 12:
            target = self.find_module(
                origin,
                made.module if made.name or made.alias != made.module.split(".")[0] else made.alias,
                made.level,
            )
            if target is not None and made.name and made.name != "*":
                return self.member(target, made.name, depth + 1)
            if target is not None:
                return target
            if made.name:
                inner = self.find_module(origin, f"{made.module}.{made.name}".strip("."), made.level)
                if inner is not None:
                    return inner
            full = f"{made.module}.{made.name}" if made.name and made.name != "default" else made.module
            return self.classes.get(full, full) if origin.language == "java" else full
        for sibling in (
            self.by_package.get((origin.language, origin.module.package), ()) if origin.module.package else ()
        ):
            if name in sibling.top:
                return sibling.top[name]
        return self._through_wildcards(origin, name)

    def _through_wildcards(self, origin: ModuleInfo, name: str) -> ClassInfo | str:
        """Java's `import a.b.*`: a type of the project, or one that some model knows."""
        if origin.language == "java":
            known = owners("java")
            for made in origin.module.imports:
                if made.name == "*":
                    full = f"{made.module}.{name}"
                    if full in self.classes or full in known:
                        return self.classes.get(full, full)
        return name

    def member(
        self, module: ModuleInfo, name: str, depth: int
    ) -> ClassInfo | FunctionInfo | ModuleInfo | str:
        """What a module's name means, through its imports and re-exports."""
        exports = module.module.exports
        if exports and name in exports:
            name = exports[name]
        if name in module.top:
            return module.top[name]
        if name in module.imports and depth < 12:
            return self._lookup_first(module, name, depth)
        inner = self.by_key.get((_family(module.language), f"{module.name}.{name}"))
        if inner:
            return inner[0]
        if module.language in ("java", "go"):  # a package is many files
            for sibling in self.by_package.get((module.language, module.module.package), ()):
                if name in sibling.top:
                    return sibling.top[name]
            return self.classes.get(f"{module.name}.{name}", f"{module.name}.{name}")
        for made in module.module.imports:
            if made.name == "*" and depth < 6:
                target = self.find_module(module, made.module, made.level)
                if target is not None and target is not module:
                    found = self.member(target, name, depth + 3)
                    if not isinstance(found, str):
                        return found
        return f"{module.name}.{name}"

    def _attach_methods(self) -> None:
        """Methods declared outside of their type's file or body (Go) join the type of their package."""
        for info in self.modules:
            if info.language != "go":
                continue
            for function in info.functions:
                owner, dot, name = function.function.qualname.rpartition(".")
                if not dot or function.function.kind != "method":
                    continue
                for sibling in self.by_package.get((info.language, info.module.package), [info]):
                    cls = sibling.top.get(owner)
                    if isinstance(cls, ClassInfo):
                        function.owner = cls
                        if function not in cls.methods.setdefault(name, []):
                            cls.methods[name].append(function)

    def _link_classes(self) -> None:
        direct: dict[str, list[ClassInfo]] = {}
        for cls in self.classes.values():
            for base in cls.made.bases:
                found = self.lookup(cls.module, base)
                if isinstance(found, ClassInfo) and found is not cls:
                    direct.setdefault(cls.qualname, []).append(found)
                    found.children.append(cls)
                elif isinstance(found, str):
                    cls.foreign.append(found)
        for cls in self.classes.values():
            seen = [cls]
            for one in seen:
                if len(seen) > MAX_LINEAGE:
                    break
                seen.extend(base for base in direct.get(one.qualname, ()) if base not in seen)
            cls.lineage = seen
        for cls in self.classes.values():
            cls.foreign = list(dict.fromkeys(name for one in cls.lineage for name in one.foreign))


def _family(language: str) -> str:
    return "javascript" if language == "typescript" else language


def _nearness(uri: str, origin: str) -> int:
    """How many leading folders two paths share."""
    count = 0
    for a, b in zip(uri.split("/"), origin.split("/"), strict=False):
        if a != b:
            break
        count += 1
    return count
