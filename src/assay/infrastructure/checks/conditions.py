"""Conditions of checks, compiled to closures. The format is described in docs/checks.md.

Every condition is true, false or (None) undetermined; only true makes a finding.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TypeAlias

from assay.infrastructure.checks.paths import Found, Path, Scope, compile_path
from assay.infrastructure.checks.tests import (
    Test,
    Truth,
    cidr,
    compared,
    contains,
    equals,
    has,
    has_match,
    is_empty,
    matches,
    one_of,
    secret,
    size,
    starts,
)
from assay.infrastructure.node import Unknown
from assay.model.errors import RuleError

Condition: TypeAlias = "Callable[[Scope], Truth]"
PathTest: TypeAlias = "Callable[[Found, Scope], Truth]"

_SIMPLE: dict[str, Callable[[object], Test]] = {
    "is": equals,
    "in": one_of,
    "match": matches,
    "contains": contains,
    "starts": starts,
    "has": has,
    "has_match": has_match,
    "cidr": cidr,
    "secret": secret,
    "less": lambda limit: compared(operator.lt, limit),
    "more": lambda limit: compared(operator.gt, limit),
    "at_most": lambda limit: compared(operator.le, limit),
    "at_least": lambda limit: compared(operator.ge, limit),
}
_NEGATED = {"not": "is", "not_in": "in", "not_match": "match", "lacks": "has", "lacks_match": "has_match"}


def compile_condition(source: object) -> Condition:
    """A function from a scope to true, false or undetermined.

    Raises:
        RuleError: the condition does not fit the format.
    """
    if isinstance(source, list):
        return _all([compile_condition(part) for part in source])
    if not isinstance(source, Mapping) or not source:
        raise RuleError(f"not a condition: {source!r}", "a condition maps paths to tests")
    return _all([_entry(str(name), value) for name, value in source.items()])


def _entry(name: str, value: object) -> Condition:
    if name in ("all", "any", "none"):
        if not isinstance(value, list):
            raise RuleError(f"{name} takes a list of conditions", "")
        parts = [compile_condition(part) for part in value]
        return _all(parts) if name == "all" else _any(parts) if name == "any" else _not(_any(parts))
    if name == "not":
        return _not(compile_condition(value))
    if name in _GRAPH:
        if not isinstance(value, Mapping):
            raise RuleError(f"{name} takes a mapping", "")
        return _GRAPH[name](value)
    return _path_condition(compile_path(name), value)


def _path_condition(path: Path, value: object) -> Condition:
    test = _path_test(value)
    return lambda scope: test(path(scope), scope)


def _path_test(value: object) -> PathTest:
    if isinstance(value, list):
        return _exists_such(one_of(value))
    if not isinstance(value, Mapping):
        return _exists_such(equals(value))
    tests = [_operator(str(name), argument) for name, argument in value.items()]
    if len(tests) == 1:
        return tests[0]
    return lambda found, scope: _and(test(found, scope) for test in tests)


def _operator(name: str, argument: object) -> PathTest:
    if name in _SIMPLE:
        return _exists_such(_SIMPLE[name](argument))
    if name in _NEGATED:
        positive = _exists_such(_SIMPLE[_NEGATED[name]](argument))
        return lambda found, scope: _negate(positive(found, scope))
    if name in ("missing", "exists"):
        wanted = (name == "missing") is bool(argument)
        return lambda found, _: _missing(found) if wanted else _negate(_missing(found))
    if name == "empty":
        return lambda found, _: _empty(found) if argument else _negate(_empty(found))
    if name == "count":
        inner = _path_test(argument)
        return lambda found, scope: inner(([size(node) for node in found[0]], found[1]), scope)
    if name in ("some", "every"):
        return _quantified(name, compile_condition(argument))
    if name == "refers":
        return _refers(argument)
    raise RuleError(f"no such test: {name}", "the tests are listed in docs/checks.md")


def _exists_such(test: Test) -> PathTest:
    def holds(found: Found, _: Scope) -> Truth:
        nodes, uncertain = found
        result: Truth = None if uncertain else False
        for node in nodes:
            truth = test(node)
            if truth:
                return True
            if truth is None:
                result = None
        return result

    return holds


def _missing(found: Found) -> Truth:
    nodes, uncertain = found
    present = [node for node in nodes if node.value is not None]
    if any(not isinstance(node.value, Unknown) for node in present):
        return False
    return None if present or uncertain else True


def _empty(found: Found) -> Truth:
    nodes, uncertain = found
    results = [is_empty(node) for node in nodes]
    if False in results:
        return False
    return None if uncertain or None in results else True


def _quantified(name: str, condition: Condition) -> PathTest:
    def holds(found: Found, scope: Scope) -> Truth:
        nodes, uncertain = found
        elements = [
            element for node in nodes for element in (node.value if isinstance(node.value, list) else [node])
        ]
        results = [condition(scope.on(element)) for element in elements]
        if name == "some":
            return True if True in results else None if uncertain or None in results else False
        return False if False in results else None if uncertain or None in results else True

    return holds


def _refers(argument: object) -> PathTest:
    """The value refers to a resource of `kind` of which `when` holds."""
    kind, when = _target(argument)

    def holds(found: Found, scope: Scope) -> Truth:
        result: Truth = None if found[1] else False
        for node in found[0]:
            refs = node.value.refs if isinstance(node.value, Unknown) else ()
            units = [unit for ref in refs if (unit := scope.world.at(ref)) is not None and unit.kind == kind]
            truths = [when(Scope(unit.node, unit, scope.world)) for unit in units]
            if True in truths:
                return True
            if None in truths or (isinstance(node.value, Unknown) and not units):
                result = None
        return result

    return holds


def _completed(argument: Mapping[str, object]) -> Condition:
    """Some resource of `kind` refers to this one in `by`, and `when` holds of it. `name` is where this one's own name stands."""
    kind, when = _target(argument)
    by = compile_path(str(argument.get("by", "")))
    own = compile_path(str(argument.get("name", argument.get("by", ""))))

    def holds(scope: Scope) -> Truth:
        names = {str(node.value) for node in own(scope)[0] if node.known}
        result: Truth = False
        for unit in scope.world.of(kind):
            there = Scope(unit.node, unit, scope.world)
            linked = _links(by(there), scope.unit.address, names)
            truth = _and((linked, when(there))) if linked is not False else False
            if truth:
                return True
            if truth is None:
                result = None
        return result

    return holds


def _links(found: Found, address: str, names: set[str]) -> Truth:
    result: Truth = None if found[1] else False
    for node in found[0]:
        for leaf in node.value if isinstance(node.value, list) else [node]:
            if isinstance(leaf.value, Unknown):
                if address in leaf.value.refs:
                    return True
                if not leaf.value.refs:
                    result = None
            elif str(leaf.value) in names:
                return True
    return result


def _present(argument: Mapping[str, object]) -> Condition:
    """Some unit of `kind`, anywhere in the project, with the same value at `same`, of which `when` holds."""
    kind, when = _target(argument)
    same = compile_path(str(argument["same"])) if "same" in argument else None
    there_path = compile_path(str(argument.get("as", argument.get("same", "")))) if same else None

    def holds(scope: Scope) -> Truth:
        here = [node.value for node in same(scope)[0]] if same else []
        result: Truth = False
        for unit in scope.world.of(kind):
            there = Scope(unit.node, unit, scope.world)
            if there_path is not None:
                values = [node.value for node in there_path(there)[0]]
                if any(isinstance(value, Unknown) for value in (*here, *values)):
                    result = None
                    continue
                if values != here:
                    continue
            truth = when(there)
            if truth:
                return True
            result = None if truth is None else result
        return result

    return holds


_GRAPH: dict[str, Callable[[Mapping[str, object]], Condition]] = {
    "completed": _completed,
    "present": _present,
}


def _target(argument: object) -> tuple[str, Condition]:
    if not isinstance(argument, Mapping) or "kind" not in argument:
        raise RuleError(
            "a graph test needs the kind of what it looks for", "refers: {kind: aws_kms_key, when: ...}"
        )
    when = compile_condition(argument["when"]) if "when" in argument else _always
    return str(argument["kind"]), when


def _always(_: Scope) -> Truth:
    return True


def _negate(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _and(truths: object) -> Truth:
    result: Truth = True
    for truth in truths:  # type: ignore[attr-defined]  # any iterable of truths, mostly a generator
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def _all(parts: list[Condition]) -> Condition:
    if len(parts) == 1:
        return parts[0]

    def holds(scope: Scope) -> Truth:
        result: Truth = True
        for part in parts:
            truth = part(scope)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return holds


def _any(parts: list[Condition]) -> Condition:
    def holds(scope: Scope) -> Truth:
        result: Truth = False
        for part in parts:
            truth = part(scope)
            if truth:
                return True
            if truth is None:
                result = None
        return result

    return holds


def _not(part: Condition) -> Condition:
    return lambda scope: _negate(part(scope))
