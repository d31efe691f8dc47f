"""Functions that nobody in the project calls: what they are given is not known, so it may come from anywhere.

Only kinds of danger count where handing data on unchecked is wrong whoever calls (a statement, command, expression or stream built of a
parameter), and only as a suspicion: source kind `parameter`, low confidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import re2

from assay.code.kinds import ALL
from assay.code.summary import Closure
from assay.code.values import LOW, UNKNOWN, Mark, Source, Value
from assay.code.world import FunctionInfo

if TYPE_CHECKING:
    from assay.code.analysis import Analysis

KINDS = frozenset(
    (
        "sql",
        "command",
        "code",
        "deserialize",
        "template",
        "xpath",
        "ldap",
        "nosql",
        "expression",
        "archive",
        "xml",
    )
)
_TEST = re2.compile(
    r"(^|/)(tests?|testing|specs?|__tests__|fixtures)/|(^|/)(test_[^/]*|conftest)\.py$|_test\.\w+$|\.(test|spec)\.\w+$"
)


def suspect_parameters(analysis: Analysis) -> None:
    """Run every such function that mentions a sink of these kinds with parameters of unknown origin."""
    names = _sink_names(analysis)
    for info in analysis.world.modules:
        if not info.functions or _TEST.search(info.uri):
            continue
        f = analysis.frame(info.functions[0])
        for function in info.functions[1:]:
            if names.isdisjoint(function.function.names) or not _is_uncalled(analysis, function):
                continue
            args = [
                _argument(analysis, function, index) for index in range(len(function.function.parameters))
            ]
            if any(value.labels for value in args):
                analysis.call_function(f, Closure(function), args, function.function.span)


def _sink_names(analysis: Analysis) -> set[str]:
    found: set[str] = set()
    for models in analysis.all_models():
        for table in (models.by_name, models.by_member):
            for name, rows in table.items():
                if any(row.raw.sink in KINDS for row in rows):
                    found.add(name.rsplit(".", 1)[-1])
    return found


def _is_uncalled(analysis: Analysis, function: FunctionInfo) -> bool:
    made = function.function
    if (
        made.kind in ("class", "lambda")
        or made.name.startswith("__")
        or function in analysis.entered
        or made.parent < 0
    ):
        return False
    if function.module.functions[made.parent].function.kind not in ("module", "class"):
        return False
    name = made.name.encode("utf-8", "surrogateescape")
    if function.module.content.count(name) != 1:  # handed around as a value, perhaps
        return False
    return all(other is function for other in analysis.demand.mentions.get(made.name, ()))


def _argument(analysis: Analysis, function: FunctionInfo, index: int) -> Value:
    parameter = function.function.parameters[index]
    if parameter.kind == "r":
        return Value(types=(function.owner.qualname,) if function.owner else ())
    types, safe = analysis.parameter_types(analysis.frame(function), parameter)
    if safe:
        return Value(types=types) if types else UNKNOWN
    number, span = function.module.number, function.function.span
    origin = Source("parameter", number, span, parameter.name)
    return Value({origin: Mark(ALL, (None, number, span, parameter.name), LOW)}, types=types)
