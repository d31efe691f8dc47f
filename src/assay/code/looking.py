"""Where rules on structure look: what can be told of a function without analysing it, so that only those that may match are analysed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from assay.code import ir
from assay.code.build import blocks_of
from assay.code.conditions import finds, fits, pattern
from assay.code.statements import may_begin, may_take
from assay.code.world import FunctionInfo

if TYPE_CHECKING:
    from assay.code.structure import Pattern


class Looking:
    """The patterns that look at files of one kind."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.names = {
            str(name) for one in patterns for form in ("call", "set") for name in one.structure.get(form, ())
        }
        self._functions = [
            one.structure["function"] for one in patterns if "returns" in one.structure.get("function", ())
        ]
        self._definitions = [
            one.structure["function"]
            for one in patterns
            if "decorated" not in one.structure.get("function", ("decorated",))
        ]
        self._assigns = [pattern(one.structure["assign"]) for one in patterns if "assign" in one.structure]
        self._compares = [
            pattern(one.structure["compare"].get("mentions", ""))
            for one in patterns
            if "compare" in one.structure
        ]
        self._statements = [one.structure["statement"] for one in patterns if "statement" in one.structure]
        self._assigned: dict[str, bool] = {}
        self._compared: dict[str, bool] = {}

    def asks_for(self, info: FunctionInfo) -> bool:
        """Whether a rule that names no function looks into this one."""
        if any(function_fits(form, info, []) for form in self._functions):
            return True
        made = info.function
        for language in self._statements:
            if any(may_begin(value, language) for _, value in made.constants) and _has_callee(info, language):
                return True
        names = (*made.variables, *made.names)
        if self._assigns:
            texts = [value for _, value in made.constants if isinstance(value, str) and value.isidentifier()]
            if self._any(self._assigns, self._assigned, (*names, *texts)) and self._any(
                self._assigns, self._assigned, _written(info)
            ):
                return True
        return (
            bool(self._compares)
            and self._any(self._compares, self._compared, names)
            and self._any(self._compares, self._compared, _compared(info))
        )

    def asks_for_definition(self, info: FunctionInfo) -> bool:
        """Whether a rule asks how this function is defined."""
        return any(function_fits(form, info, []) for form in self._definitions)

    def _any(self, tests: list[Any], known: dict[str, bool], names: Iterable[str]) -> bool:
        """Whether a name is one that some pattern looks for. Names repeat in a project: each is judged once."""
        for name in names:
            found = known.get(name)
            if found is None:
                found = known[name] = any(test.search(name) for test in tests)
            if found:
                return True
        return False


def _has_callee(info: FunctionInfo, language: str) -> bool:
    """A command is only looked at in functions that call something by a telling name."""
    return language != "command" or any(may_take(name) for name in info.function.names)


def _written(info: FunctionInfo) -> set[str]:
    """Names that a function gives a value to: variables, fields, keywords, keys of mappings, parameters with a default."""
    made = info.function
    constants = {register: value for register, value in made.constants if isinstance(value, str)}
    found: set[str] = set()
    for i in instructions(info):
        op = i[0]
        if op == ir.MOVE:
            if i[2] >= 0:
                found.add(made.variables[i[2]])
        elif op == ir.CALL or op == ir.METHOD:
            found.update(name for name, _ in i[-1])
        elif op == ir.SETFIELD:
            found.add(i[3])
        elif op == ir.SETOUTER:
            found.add(i[2])
        elif op == ir.SETITEM:
            found.add(constants.get(i[3], ""))
        elif op == ir.DICT:
            found.update(constants.get(key, "") for key, _ in i[4] if key is not None)
        elif op == ir.FUNC:
            parameters = info.module.functions[i[3]].function.parameters
            found.update(parameters[position].name for position, _ in i[6])
    return found


def _compared(info: FunctionInfo) -> set[str]:
    """Names of what a function compares: variables, fields, results of methods (as `word_of` has them)."""
    found: set[str] = set()
    made: dict[int, ir.Instruction] = {}
    compared: set[int] = set()
    for i in instructions(info):
        if i[0] in ir.WRITERS and i[2] is not None and i[2] < 0:
            made[i[2]] = i
        if i[0] == ir.OP:
            compared.update((i[4], i[5]))
    for register in compared:
        for _ in range(4):
            if register >= 0:
                found.add(info.function.variables[register])
                break
            i = made.get(register, _NOTHING)
            if i[0] in (ir.FIELD, ir.METHOD):
                found.add(i[4])
            elif i[0] == ir.OUTER:
                found.add(i[3])
            elif i[0] in (ir.CALL, ir.MOVE, ir.TYPED, ir.AWAIT, ir.ITEM, ir.ENTER, ir.ENVELOP):
                register = i[3]
                continue
            break
    return found


_NOTHING: ir.Instruction = (ir.NOTE,)


def function_fits(form: dict[str, Any], info: FunctionInfo, decorators: list[str]) -> bool:
    """Whether a function is one that a rule of the form `function` means."""
    function = info.function
    if "name" in form and not finds(form["name"], function.name):
        return False
    if "class_not" in form and info.owner is not None and finds(form["class_not"], info.owner.name):
        return False
    if "decorated" in form and not any(fits(d, w) for d in decorators for w in form["decorated"]):
        return False
    if "not_decorated" in form and any(fits(d, w) for d in decorators for w in form["not_decorated"]):
        return False
    if "parameter" in form and not any(finds(form["parameter"], p.name) for p in function.parameters):
        return False
    if form.get("echo") and not _echoes(info):
        return False
    return not form.get("empty") or not [i for i in function.body if i[0] not in (ir.NOTE, ir.RETURN)]


def _echoes(info: FunctionInfo) -> bool:
    """Whether a function does nothing but give back what it was given."""
    given = {p.register for p in info.function.parameters if p.kind != "r"}
    body = [i for i in info.function.body if i[0] != ir.NOTE]
    bases = info.owner is not None and bool(info.owner.made.bases)
    return bool(body) and not bases and all(i[0] == ir.RETURN and i[2] in given for i in body)


def instructions(info: FunctionInfo) -> list[ir.Instruction]:
    """Every instruction of a function, nested ones too."""
    found: list[ir.Instruction] = []
    todo = [info.function.body]
    while todo:
        block = todo.pop()
        found.extend(block)
        for i in block:
            if i[0] >= ir.SELECT:
                todo.extend(blocks_of(i))
    return found
