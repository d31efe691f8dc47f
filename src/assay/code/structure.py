"""Rules on structure: patterns over calls, assignments, classes, handlers and the like, with values as the analysis knows them.

The forms and their fields are docs/models.md, "Rules". Forms that ask for values hang on the analysis as hooks; the others walk the
representation once (`code.shapes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assay.code import ir
from assay.code.calls import Site
from assay.code.conditions import finds, fits, holds, pattern
from assay.code.demand import Wanted
from assay.code.frame import Frame
from assay.code.looking import Looking, function_fits, instructions
from assay.code.statements import holds_data, takes
from assay.code.values import Symbol, Value
from assay.code.world import ClassInfo, FunctionInfo, ModuleInfo, World
from assay.model.rule import Rule

if TYPE_CHECKING:
    from assay.code.core import Core


class Pattern:
    """One rule's structure, ready to be asked."""

    __slots__ = ("absent", "in_tests", "languages", "path", "rule", "structure")

    def __init__(self, rule: Rule) -> None:
        structure = rule.match["structure"]
        assert isinstance(structure, dict)
        languages = rule.match.get("languages", ())
        assert isinstance(languages, list | tuple)
        self.rule = rule
        self.structure: dict[str, Any] = structure
        self.languages = frozenset(languages)
        self.in_tests = not structure.get("not_in_tests", True)
        self.absent = structure.get("global_absent", ())
        file = structure.get("file")
        self.path = file.get("path", "") if isinstance(file, dict) else file or ""

    def wants(self, info: ModuleInfo) -> bool:
        """Whether a file is looked at."""
        if self.languages and info.language not in self.languages:
            return False
        if not self.in_tests and info.in_tests:
            return False
        return not self.path or bool(pattern(self.path).search(info.uri))


class Matches:
    """What was found: (rule, file number, span), each once."""

    def __init__(self, world: World, rules: Sequence[Rule]) -> None:
        self.world = world
        mentioned = self.mentioned = _mentioned(world)
        patterns = [Pattern(rule) for rule in rules if isinstance(rule.match.get("structure"), dict)]
        self.patterns = [p for p in patterns if not any(_is_mentioned(name, mentioned) for name in p.absent)]
        self.found: dict[tuple[str, int, int], Rule] = {}
        self._wanted: dict[tuple[int, str], bool] = {}
        self.calls: dict[str, list[Pattern]] = {}
        self.assigns = [p for p in self.patterns if "assign" in p.structure]
        self.sets = [p for p in self.patterns if "set" in p.structure]
        self.functions = [p for p in self.patterns if "function" in p.structure]
        self.classes = [p for p in self.patterns if "class" in p.structure]
        self.compares = [p for p in self.patterns if "compare" in p.structure]
        self.statements = [p for p in self.patterns if "statement" in p.structure]
        self._analysis: Core | None = None
        self._assign_names: dict[str, list[Pattern]] = {}
        self._any_assign = pattern("|".join(f"(?:{one.structure['assign']})" for one in self.assigns) or "^$")
        self._lookings: dict[tuple[Any, ...], Looking] = {}
        self._paths = sorted({one.path for one in self.patterns if one.path})
        self._returns: dict[tuple[str, FunctionInfo], bool] = {}
        self._targets: dict[FunctionInfo, dict[int, str]] = {}
        self._reads: dict[FunctionInfo, set[int]] = {}
        for one in self.patterns:
            for name in one.structure.get("call", ()):
                self.calls.setdefault(name.rsplit(".", 1)[-1], []).append(one)

    def wanted(self) -> Wanted:
        """What must be analysed because a rule asks for a value there."""
        names: dict[str, set[int]] = {}
        functions: list[FunctionInfo] = []
        for info in self.world.modules:
            looking = self._looking(info)
            for name in looking.names:
                names.setdefault(name, set()).add(info.number)
            for function in info.functions:
                if looking.asks_for(function):
                    functions.append(function)
                outer = info.functions[function.function.parent] if function.function.parent > 0 else None
                if outer is not None and looking.asks_for_definition(function):
                    functions.append(outer)  # where it is defined is where the rule meets it
        return Wanted(names, functions)

    def _looking(self, info: ModuleInfo) -> Looking:
        """The patterns that look at a file. Files of one language with equal paths, as far as patterns ask, share them."""
        key = (info.language, info.in_tests, *(bool(pattern(path).search(info.uri)) for path in self._paths))
        found = self._lookings.get(key)
        if found is None:
            found = self._lookings[key] = Looking([one for one in self.patterns if one.wants(info)])
        return found

    def applies(self, rule: Rule) -> bool:
        """Whether a rule on data flow applies to a project that mentions what it does."""
        flow = rule.match.get("flow")
        absent = flow.get("global_absent", ()) if isinstance(flow, dict) else ()
        return not any(_is_mentioned(name, self.mentioned) for name in absent)

    def attach(self, analysis: Core) -> None:
        """Hang the hooks that some rule needs."""
        self._analysis = analysis
        if self.calls:
            analysis.on_calls.append(self.on_call)
        if self.statements:
            analysis.on_calls.append(self.on_statement)
        if self.assigns or self.sets:
            analysis.on_assign = self.on_assign
            analysis.on_calls.append(self.on_keywords)
        if self.functions or self.assigns:
            analysis.on_decorated.append(self.on_function)
            analysis.on_returns.append(self.on_return)
        if self.classes or self.assigns or self.sets:
            analysis.on_classes.append(self.on_class)
        if self.compares:
            analysis.on_compares.append(self.on_compare)

    def add(self, one: Pattern, info: ModuleInfo, span: int) -> None:
        """Keep a match, if the rule looks at this file."""
        key = (info.number, one.rule.id)
        wanted = self._wanted.get(key)
        if wanted is None:
            wanted = self._wanted[key] = one.wants(info)
        if wanted:
            self.found[one.rule.id, info.number, span] = one.rule

    # Calls

    def on_call(self, f: Frame, site: Site) -> None:
        """Rules of the form `call`."""
        last = site.member or (site.names[0].rsplit(".", 1)[-1] if site.names else "")
        patterns = self.calls.get(last)
        if patterns:
            for one in patterns:
                if self._call_fits(f, site, one, last):
                    self.add(one, f.module, site.span)

    def on_statement(self, f: Frame, site: Site) -> None:
        """Rules of the form `statement`: text that is built around what the function was given, and handed on to be run."""
        for position, value in enumerate(site.args):
            if value.parts is None or value.labels is None:
                continue
            for one in self.statements:
                language = one.structure["statement"]
                if holds_data(f, value, language) and takes(
                    site,
                    language,
                    f.analysis.word_of(f, site.registers[position]) if position < len(site.registers) else "",
                ):
                    self.add(one, f.module, site.span)

    def _call_fits(self, f: Frame, site: Site, one: Pattern, last: str) -> bool:
        structure = one.structure
        if not any(_is_called(site, name, last) for name in structure["call"]):
            return False
        for where, condition in structure.get("arguments", {}).items():
            if not argument_holds(f, site, where, condition):
                _ask_callers(f, site, where)
                return False
        anything = structure.get("argument_any")
        if anything is not None and not any(holds(f, anything, value) for value in site.everything()):
            return False
        inside = structure.get("inside")
        if inside and not finds(inside, f.info.function.qualname):
            return False
        variable = structure.get("variable")
        if variable and not finds(variable, self._target(f.info, site.dst)):
            return False
        return structure.get("result") != "unused" or site.dst not in self._read(f.info)

    def _target(self, info: FunctionInfo, register: int) -> str:
        """The name that a temporary is assigned to."""
        names = self._targets.get(info)
        if names is None:
            names = self._targets[info] = {}
            constants = dict(info.function.constants)
            for i in instructions(info):
                if i[0] == ir.MOVE and i[2] >= 0:
                    names.setdefault(i[3], info.function.variables[i[2]])
                elif i[0] == ir.SETFIELD:
                    names.setdefault(i[4], i[3])
                elif i[0] == ir.SETITEM and isinstance(constants.get(i[3]), str):
                    names.setdefault(i[4], str(constants[i[3]]))
                elif i[0] == ir.RETURN and i[2] is not None:
                    names.setdefault(i[2], info.function.name)
        return names.get(register, "")

    def _read(self, info: FunctionInfo) -> set[int]:
        found = self._reads.get(info)
        if found is None:
            found = self._reads[info] = set()
            for i in instructions(info):
                _registers(i[3:] if i[0] in ir.WRITERS else i[2:], found)
        return found

    # Assignments

    def on_keywords(self, f: Frame, site: Site) -> None:
        """Keyword arguments are assignments too."""
        for name, value in site.keywords.items():
            self.on_assign(f, site.span, "keyword", name, value)

    def on_assign(
        self, f: Frame, span: int, target: str, name: str, value: Value, obj: Value | None = None
    ) -> None:
        """Rules of the forms `assign` and `set`."""
        for one in self._named(name):
            targets = one.structure.get("target")
            if (not targets or target in targets) and holds(f, one.structure.get("value", {}), value):
                self.add(one, f.module, span)
        if obj is not None and self.sets:
            for one in self.sets:
                item = one.structure.get("item")
                if (item is not None) != (target == "item") or (
                    item is not None and not _item_fits(item, name)
                ):
                    continue
                wanted = one.structure["set"]
                if _field_names(f, obj, "" if item is not None else name, wanted) and holds(
                    f, one.structure.get("value", {}), value
                ):
                    self.add(one, f.module, span)

    def _named(self, name: str) -> list[Pattern]:
        known = self._assign_names.get(name)
        if known is None:
            known = []
            if self._any_assign.search(name):  # most names are none that any rule means
                known = [one for one in self.assigns if pattern(one.structure["assign"]).search(name)]
            self._assign_names[name] = known
        return known

    # Functions and classes

    def on_function(self, f: Frame, i: ir.Instruction, info: FunctionInfo, decorators: list[str]) -> None:
        """Rules of the form `function`, and defaults as assignments."""
        for position, register in i[6]:
            name = info.function.parameters[position].name
            self.on_assign(f, i[1], "default", name, f.get(register))
        for one in self.functions:
            if function_fits(one.structure["function"], info, decorators):
                self.add(one, info.module, _head(info))

    def on_return(self, f: Frame, _i: ir.Instruction, value: Value) -> None:
        """Remember which functions return what only."""
        for one in self.functions:
            wanted = one.structure["function"].get("returns")
            if wanted is not None:
                key = (one.rule.id, f.info)
                self._returns[key] = self._returns.get(key, True) and holds(f, wanted, value)

    def finish(self) -> None:
        """Drop functions whose returns do not all meet the condition, and statements whose flow is known from its source."""
        known = self._analysis.findings if self._analysis is not None else {}
        for one in self.statements:
            for key in [
                k
                for k in self.found
                if k[0] == one.rule.id and (k[1], k[2], one.structure["statement"]) in known
            ]:
                del self.found[key]
        for one in self.functions:
            if "returns" not in one.structure["function"]:
                continue
            for info in (function for module in self.world.modules for function in module.functions):
                if not self._returns.get((one.rule.id, info), False):
                    self.found.pop((one.rule.id, info.module.number, _head(info)), None)

    def on_class(
        self,
        f: Frame,
        i: ir.Instruction,
        cls: ClassInfo,
        _bases: list[Value],
        _keywords: list[tuple[str, Value]],
    ) -> None:
        """Rules of the form `class`."""
        for one in self.classes:
            form = one.structure["class"]
            bases = form.get("bases")
            if bases and not any(fits(name, wanted) for name in cls.foreign for wanted in bases):
                continue
            attributes = form.get("attribute", {})
            if all(holds(f, condition, cls.attributes.get(name)) for name, condition in attributes.items()):
                self.add(one, cls.module, i[1])

    def on_compare(self, f: Frame, i: ir.Instruction, symbol: str, left: Value, right: Value) -> None:
        """Rules of the form `compare`."""
        for one in self.compares:
            form = one.structure["compare"]
            if symbol not in form.get("operators", ("==", "!=")):
                continue
            names = (f.analysis.word_of(f, i[4]), f.analysis.word_of(f, i[5]))
            mentions = form.get("mentions")
            if mentions and not any(finds(mentions, name) for name in names):
                continue
            if holds(f, form.get("left", {}), left) and holds(f, form.get("right", {}), right):
                self.add(one, f.module, i[1])


def argument_holds(f: Frame, site: Site, where: str, condition: Any) -> bool:
    """A condition on an argument; what a spread may hold is not missing."""
    value = site.argument(int(where) if str(where).isdigit() else where)
    if value is None and site.spread and isinstance(condition, dict):
        return False
    return holds(f, condition, value)


def _ask_callers(f: Frame, site: Site, where: str) -> None:
    """An argument that is a parameter: what the callers pass may be what the rule looks for."""
    value = site.argument(int(where) if str(where).isdigit() else where)
    if f.language != "java" or value is None or value.const is not None:
        return
    if any(isinstance(origin, Symbol) and isinstance(origin.root, int) for origin in value.labels or ()):
        f.analysis.demand.learned(f.info)


def _is_called(site: Site, name: str, last: str) -> bool:
    if name.startswith("*."):
        return bool(site.member) and site.member == name[2:]
    return name in site.names or (name == last and not site.member and name in site.names)


def _item_fits(item: Any, name: str) -> bool:
    return name in item if isinstance(item, list) else name == item


def _field_names(f: Frame, obj: Value, name: str, wanted: list[str]) -> bool:
    names = [obj.name] if obj.name else []
    for kind in obj.types:
        cls = f.analysis.world.classes.get(kind)
        foreign = cls.foreign if cls is not None else [kind]
        names.extend(base for one in foreign for base in f.analysis.models(f).lineage(one))
    full = [f"{one}.{name}" if name else one for one in names] or [f"*.{name}"]
    return any(fits(one, w) for one in full for w in wanted)


def _head(info: FunctionInfo) -> int:
    return info.function.span


def _registers(operands: Any, found: set[int]) -> None:
    for operand in operands:
        if isinstance(operand, int):
            found.add(operand)
        elif isinstance(operand, tuple):
            _registers(operand, found)


def _mentioned(world: World) -> set[str]:
    found: set[str] = set()
    for info in world.modules:
        for function in info.functions:
            found |= function.function.names
        for made in info.module.imports:
            found.update((made.module, f"{made.module}.{made.name}", made.name))
    return found


def _is_mentioned(name: str, mentioned: set[str]) -> bool:
    return name in mentioned or name.rsplit(".", 1)[-1] in mentioned
