"""Imports and attributes that do not exist in the project: modules nobody wrote, names that a module does not have.

Only what the project itself must have is judged: relative imports, and imports below a package of the project. Anything that may come into being
otherwise (a guarded import, a module with `__getattr__`, a name whose word stands anywhere in the module's text) counts as existing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.code import ir
from assay.code.build import blocks_of
from assay.code.places import Places
from assay.code.world import FunctionInfo, ModuleInfo, World
from assay.model.finding import Finding, Verification, VerificationState
from assay.model.rule import Rule

# Made by a build, or each machine's own: their absence says nothing.
_MADE = re.compile(
    r"(?:^|[./_])_?version$|_pb2(?:_grpc)?$|generated|_speedups|(?:^|[./_])(?:dist|build|lib|out|gen|proto|protos|stubs|types|vendor|wasm|pkg)(?:[./_]|$)|local_?settings|settings_?local"
    r"|(?:^|[./])(?:secrets?|config|conf|credentials|env|environment|__\w+__|manifest|package|templates?)$|_ext$|(?:^|[./])_\w+$|\.(?:json|css|scss|less|svg|png|vue|svelte|html|node|wasm|txt|md|graphql|gql|ya?ml)$",
    re.IGNORECASE,
)
_DYNAMIC = (
    b"__getattr__",
    b"globals()",
    b"sys.modules",
    b"setattr(",
    b"exec(",
    b"vars()",
    b"locals()",
    b"importlib",
)


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is not there: `kind` is module or name, `what` says what was looked for and where."""

    kind: str
    module: ModuleInfo
    span: int
    what: str


def missing_findings(
    world: World, rules: Sequence[Rule], places: dict[int, Places]
) -> Iterator[tuple[int, Finding]]:
    """Findings of the rules with `match: {missing: module}` or `{missing: name}`, each with the number of its file."""
    wanted = {str(rule.match["missing"]): rule for rule in rules if "missing" in rule.match}
    if not wanted:
        return
    for one in missing_in(world):
        rule = wanted.get(one.kind)
        if rule is not None:
            yield one.module.number, _finding(one, rule, places)


def missing_in(world: World) -> Iterator[Missing]:
    """Everything of the project that is named and is not there."""
    files = Files(world)
    for module in world.modules:
        if module.language not in _SUFFIXES or module.module.errors or module.in_tests:
            continue
        guarded = _guarded(module)
        for made in module.module.imports:
            found = _judge(files, module, made) if made.span not in guarded else None
            if found is not None:
                yield found
        if module.language == "python":
            yield from _attributes(files, module)


_SUFFIXES = {
    "python": (".py", ".pyi", "/__init__.py"),
    "javascript": ("", ".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts", ".d.ts", "/index.js", "/index.ts", "/index.jsx", "/index.tsx", "/index.mjs"),
}  # fmt: skip
_SUFFIXES["typescript"] = _SUFFIXES["javascript"]


class Files:
    """The project's files by path: what an import leads to, exactly. Nothing is guessed from the ends of paths."""

    def __init__(self, world: World) -> None:
        self.by_uri = {module.uri: module for module in world.modules}
        self.folders: set[str] = set()
        for uri in self.by_uri:
            folder = uri.rpartition("/")[0]
            while folder not in self.folders:
                self.folders.add(folder)
                folder = folder.rpartition("/")[0]

    def at(self, path: str, language: str) -> ModuleInfo | None:
        """The module at a path without suffix."""
        path = path.lstrip("/")
        stem = re.sub(r"\.(?:js|mjs|cjs|jsx)$", "", path) if language != "python" else path
        for suffix in _SUFFIXES[language]:
            found = self.by_uri.get(path + suffix) or self.by_uri.get(stem + suffix)
            if found is not None:
                return found
        return None

    def resolve(self, module: ModuleInfo, name: str, level: int) -> tuple[ModuleInfo | None, str]:
        """The module that an import means, and the path where it had to be ("" if it may be anywhere)."""
        here = module.uri.rpartition("/")[0]
        if module.language != "python":
            if not name.startswith("."):
                return None, ""
            path = _relative(here, name)
            return (self.at(path, module.language), path) if path is not None else (None, "")
        parts = name.replace(".", "/")
        if level:
            for _ in range(level - 1):
                here = here.rpartition("/")[0]
            return self.at(
                f"{here}/{parts}".rstrip("/") if parts else f"{here}/__init__", "python"
            ), f"{here}/{parts}".strip("/")
        return self._absolute(here, parts)

    def _absolute(self, here: str, parts: str) -> tuple[ModuleInfo | None, str]:
        """From the folders above that are no packages themselves: those may be on the path."""
        top = parts.partition("/")[0]
        if top in sys.stdlib_module_names:
            return None, ""
        roots = ["", "src"]
        while here:
            roots.append(here)
            here = here.rpartition("/")[0]
        expected: list[str] = []
        for root in dict.fromkeys(roots):
            base = f"{root}/{top}".strip("/")
            if f"{root}/__init__.py".strip("/") in self.by_uri:
                continue
            found = self.at(f"{root}/{parts}".strip("/"), "python")
            if found is not None:
                return found, found.uri
            if f"{base}/__init__.py" in self.by_uri:
                expected.append(f"{root}/{parts}".strip("/"))
        return None, expected[0] if len(expected) == 1 and "/" in parts else ""


def _relative(here: str, name: str) -> str | None:
    parts = here.split("/") if here else []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in (".", ""):
            parts.append(part)
    return "/".join(parts)


def _guarded(module: ModuleInfo) -> set[int]:
    """Spans of imports that may fail or not happen: in `try`, below a condition."""
    found: set[int] = set()
    for info in module.functions:
        todo = [(info.function.body, False)]
        while todo:
            block, inside = todo.pop()
            for i in block:
                if i[0] == ir.IMPORT and inside:
                    found.add(i[1])
                if i[0] >= ir.SELECT:
                    deeper = inside or i[0] in (ir.TRY, ir.IF, ir.SELECT, ir.LOGIC)
                    todo.extend((inner, deeper) for inner in blocks_of(i))
    return found


def _judge(files: Files, module: ModuleInfo, made: ir.Import) -> Missing | None:
    target, path = files.resolve(module, made.module, made.level)
    if target is None:
        if not path or not _ought_to_exist(files, module, made, path):
            return None
        return Missing(
            "module", module, made.span, f"`{'.' * made.level}{made.module}` is no module of this project"
        )
    if (
        not made.name
        or made.name in ("*", "default")
        or target is module
        or _submodule(files, module, made) is not None
    ):
        return None
    if _may_have(files, target, made.name, 0):
        return None
    return Missing("name", module, made.span, f"{target.uri} has no `{made.name}`")


def _submodule(files: Files, module: ModuleInfo, made: ir.Import) -> ModuleInfo | None:
    full = f"{made.module}.{made.name}".strip(".")
    return files.resolve(module, full, made.level)[0] if module.language == "python" and made.name else None


def _ought_to_exist(files: Files, module: ModuleInfo, made: ir.Import, path: str) -> bool:
    """Whether a file was to be expected at a path where there is none: other sources are beside it, and no build makes it."""
    last = path.rpartition("/")[2]
    if (
        _MADE.search(made.module)
        or not made.module.strip("./")
        or (module.language != "python" and "." in last and not last.endswith((".js", ".ts", ".jsx", ".tsx")))
    ):
        return False
    if made.name and _submodule(files, module, made) is not None:
        return False
    return path.rpartition("/")[0] in files.folders and path not in files.folders


def _may_have(files: Files, module: ModuleInfo, name: str, depth: int) -> bool:
    if module.language != "python" and (b"exports" in module.content or b"export" not in module.content):
        return True  # what CommonJS hands out is known only when it runs
    if name.startswith("__") or module.module.errors or module.module.notes or depth > 5:
        return True
    if any(sign in module.content for sign in _DYNAMIC) or re.search(
        rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])", module.content
    ):
        return True
    for made in module.module.imports:
        if made.name == "*" or (module.language != "python" and b"export *" in module.content):
            target = files.resolve(module, made.module, made.level)[0]
            if target is None or (target is not module and _may_have(files, target, name, depth + 1)):
                return True
    folder = module.uri.removesuffix("__init__.py")
    return module.uri.endswith("__init__.py") and (
        f"{folder}{name}" in files.folders or f"{folder}{name}.py" in files.by_uri
    )


def _attributes(files: Files, module: ModuleInfo) -> Iterator[Missing]:
    """`security.check_all` where `security` is a module of the project that has no such thing."""
    targets = ((alias, _module_of(files, module, made)) for alias, made in module.imports.items())
    known = {alias: target for alias, target in targets if target is not None and target is not module}
    if not known:
        return
    for info in module.functions:
        for i in _walk(info):
            if i[0] in (ir.FIELD, ir.METHOD):
                target = known.get(_alias(info, i[3]))
                if target is not None and not _may_have(files, target, str(i[4]), 0):
                    yield Missing("name", module, i[1], f"{target.uri} has no `{i[4]}`")


def _module_of(files: Files, module: ModuleInfo, made: ir.Import) -> ModuleInfo | None:
    """The module that an import binds its name to."""
    if made.name == "*" or (not made.name and "." in made.module):
        return None
    if not made.name:
        return files.resolve(module, made.module, made.level)[0]
    target = _submodule(files, module, made)
    owner = files.resolve(module, made.module, made.level)[0]
    # A package may hand out something else under the name of its module.
    hidden = owner is not None and made.name.encode() in owner.content
    return None if hidden or target is None or target.uri.endswith("__init__.py") else target


def _alias(info: FunctionInfo, register: int | None) -> str:
    """The import that a register stands for: a name of the module that this function does not make itself."""
    if register is None:
        return ""
    if register >= 0:
        name = info.function.variables[register]
        origin = info.origin(register) if info.function.index == 0 else None
        made = info.definition(origin) if origin is not None and origin < 0 else None
        return name if made is not None and made[0] == ir.IMPORT else ""
    made = info.definition(register)
    if made is None or made[0] != ir.OUTER:
        return ""
    body = info.module.functions[0]
    slot = body.slot(str(made[3]))
    origin = body.origin(slot) if slot is not None else None
    imported = body.definition(origin) if origin is not None and origin < 0 else None
    parent = info.function.parent
    while parent > 0:
        if info.module.functions[parent].slot(str(made[3])) is not None:
            return ""
        parent = info.module.functions[parent].function.parent
    return str(made[3]) if imported is not None and imported[0] == ir.IMPORT else ""


def _walk(info: FunctionInfo) -> Iterator[ir.Instruction]:
    todo = [info.function.body]
    while todo:
        for i in todo.pop():
            yield i
            if i[0] >= ir.SELECT:
                todo.extend(blocks_of(i))


def _finding(one: Missing, rule: Rule, places: dict[int, Places]) -> Finding:
    return Finding(
        rule_id=rule.id,
        engine="code",
        message=f"{rule.message} {one.what}.",
        severity=rule.severity,
        confidence=rule.confidence,
        location=places[one.module.number].location(one.span),
        verification=Verification(VerificationState.CORROBORATED, "project", (one.what,)),
        cwe=rule.cwe,
    )
