"""Calls: what may be called, what models say of it, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.code import ir
from assay.code.conditions import holds
from assay.code.fold import fold_method
from assay.code.heap import ANY, elements, join_heaps, store
from assay.code.intrinsics import INTRINSICS
from assay.code.intrinsics_ecmascript import ECMASCRIPT
from assay.code.intrinsics_express import EXPRESS
from assay.code.intrinsics_java import JAVA
from assay.code.intrinsics_python import PYTHON
from assay.code.kinds import ALL
from assay.code.model_rows import Row
from assay.code.sinks import dangerous, whole
from assay.code.summary import Closure, Event, Sink
from assay.code.values import (
    HIGH,
    LOW,
    UNKNOWN,
    Labels,
    Mark,
    Source,
    Value,
    cleared,
    constant,
    doubted,
    join,
    join_labels,
)
from assay.code.world import ClassInfo

if TYPE_CHECKING:
    from assay.code.frame import Frame

_DOES = INTRINSICS | ECMASCRIPT | EXPRESS | JAVA | PYTHON


class Site:
    """One call as it is evaluated. `names` are qualified names of what is called; `registers` belong to `args`."""

    __slots__ = (
        "args",
        "dst",
        "f",
        "instruction",
        "keywords",
        "member",
        "names",
        "receiver",
        "receiver_register",
        "registers",
        "span",
        "spread",
    )

    def __init__(self, f: Frame, instruction: ir.Instruction) -> None:
        self.f = f
        self.instruction = instruction
        self.span = instruction[1]
        self.dst: int = instruction[2]
        method = instruction[0] == ir.METHOD
        self.member: str = instruction[4] if method else ""
        self.receiver_register: int = instruction[3]
        self.receiver: Value = f.get(instruction[3])
        self.registers: tuple[int, ...] = instruction[5] if method else instruction[4]
        self.args = [f.get(r) for r in self.registers]
        self.keywords: dict[str, Value] = {}
        self.spread: list[tuple[str, Value]] = []
        for name, register in instruction[6] if method else instruction[5]:
            if name in ("*", "**"):
                self._spread(name, f.get(register))
            else:
                self.keywords[name] = f.get(register)
        self.names: list[str] = []

    def _spread(self, name: str, value: Value) -> None:
        f = self.f
        for ref in value.refs:
            shape = f.heap.get(ref) or f.shared.get(ref)
            if shape is None:
                continue
            if name == "**":
                self.keywords.update({key: v for key, v in shape.fields.items() if isinstance(key, str)})
            elif shape.size == len(shape.fields) and shape.rest is None:
                self.args.extend(shape.fields[k] for k in range(shape.size) if k in shape.fields)
                return
        self.spread.append((name, value))

    def argument(self, wanted: int | str) -> Value | None:
        """An argument by position, keyword name, `self`, or alternatives `1|timeout`."""
        if isinstance(wanted, int):
            return self.args[wanted] if wanted < len(self.args) else None
        if wanted == "self":
            return self.receiver if self.member else None
        if "|" in wanted:
            for one in wanted.split("|"):
                found = self.argument(int(one) if one.isdigit() else one)
                if found is not None:
                    return found
            return None
        if wanted.isdigit():
            return self.argument(int(wanted))
        return self.keywords.get(wanted)

    def register(self, wanted: int | str) -> int | None:
        """The register of an argument, where it has one."""
        if isinstance(wanted, int):
            return self.registers[wanted] if wanted < len(self.registers) else None
        return self.receiver_register if wanted == "self" and self.member else None

    def everything(self) -> list[Value]:
        """All arguments, keywords and spreads; not the receiver."""
        return [*self.args, *self.keywords.values(), *(value for _, value in self.spread)]

    def labels(self) -> Labels | None:
        """Labels of all arguments and of the receiver."""
        f = self.f
        found = f.deep(self.receiver)
        for value in self.everything():
            found = join_labels(found, f.deep(value))
        return found


def call_instruction(f: Frame, i: ir.Instruction) -> None:
    """Evaluate a CALL or METHOD instruction."""
    receiver = f.get(i[3])
    analysis = f.analysis
    unknown = i[0] == ir.METHOD and receiver is UNKNOWN and i[4] not in analysis.models(f).members
    if unknown and _nothing(f, i[5], i[6]):
        f.set(i[2], UNKNOWN)
        return
    site = Site(f, i)
    if site.dst is not None:
        f.sites[site.dst] = site
    result = evaluate(f, site)
    if site.dst is not None:
        f.set(site.dst, result)


def _nothing(f: Frame, registers: tuple[int, ...], keywords: tuple[tuple[str, int], ...]) -> bool:
    """Whether no argument carries or calls anything."""
    for r in registers:
        value = f.get(r)
        if value.labels or value.calls or value.refs:
            return False
    return not keywords


def evaluate(f: Frame, site: Site) -> Value:
    """The result of a call, with all its consequences."""
    analysis = f.analysis
    if site.member:
        calls = analysis.resolve_method(f, site)
    else:
        calls = site.receiver.calls
        site.names = [site.receiver.name] if site.receiver.name else []
        if not site.names and site.receiver.types:
            site.names = [f"{t}.__call__" for t in site.receiver.types]
    rows = find_rows(f, site)
    analysis.on_call(f, site)
    if site.member and site.receiver.const is not None:
        folded = _folded(site)
        if folded is not None:
            return folded
    if calls:
        return _project_calls(f, site, calls, rows)
    if rows:
        return apply_rows(f, site, rows)
    return unknown_call(f, site)


def _folded(site: Site) -> Value | None:
    const = site.receiver.const
    consts = [a.const[0] if a.const and len(a.const) == 1 else ... for a in site.args]
    if const is None or len(const) != 1 or ... in consts or site.keywords or site.spread:
        return None
    result = fold_method(site.member, const[0], consts)
    return None if result is None else constant(result)


def _project_calls(f: Frame, site: Site, calls: tuple[Any, ...], rows: list[tuple[Row, str, int]]) -> Value:
    """Any of several may run: what one writes does not undo what another wrote."""
    result: Value | None = None
    before = f.heap
    after = None
    for call in calls[:8]:
        if len(calls) > 1:
            f.heap = dict(before)
        one = (
            f.analysis.construct(f, site, call)
            if isinstance(call, ClassInfo)
            else f.analysis.call_closure(f, site, call)
        )
        result = one if result is None else join(result, one)
        after = f.heap if after is None else join_heaps(after, f.heap)
    f.heap = before if after is None else after
    for row, name, certainty in rows:
        _consequences(f, site, row, name, certainty)
    f.ended = len(calls) == 1 and _always_exits(f, calls[0])
    if result is None:
        return UNKNOWN
    # Which of several runs is not known: no constant of one of them holds.
    return result.without_const() if len(calls) > 1 and f.language == "java" else result


def _always_exits(f: Frame, call: Any) -> bool:
    """Whether a function of the project only ever raises. Methods are left out: many stand for those that others write in their place."""
    if isinstance(call, ClassInfo) or call.info.owner is not None:
        return False
    summary = f.analysis.summary_of(call.info, ())
    return summary is not None and summary.exits


def find_rows(f: Frame, site: Site) -> list[tuple[Row, str, int]]:
    """Model rows for a call: (row, the name it was found by, how sure the name is)."""
    models = f.analysis.models(f)
    found: list[tuple[Row, str, int]] = []
    for name in site.names:
        found += [(row, name, HIGH) for row in models.by_name.get(name, ()) if _applies(f, site, row)]
    if not found and (site.member or site.names):
        member = site.member or site.names[0].rsplit(".", 1)[-1]
        rows = models.by_member.get(member)
        if rows and (site.member or not site.receiver.name):
            fitting = (row for row in rows if _hinted(f, site, row) and _applies(f, site, row))
            found += [(row, f"*.{member}", LOW) for row in fitting]
    return found


def _hinted(f: Frame, site: Site, row: Row) -> bool:
    if not row.raw.hint:
        return True
    if (
        site.receiver.types
        and not site.receiver.types[0].endswith("()")
        and site.receiver.types[0] not in ("object", "Any")
    ):
        known = site.receiver.types[0] in ("str", "int", "list", "dict", "tuple", "set", "bytes", "bool")
        if known:
            return False
    word = f"{f.analysis.word_of(f, site.receiver_register)} {site.receiver.name}".lower()
    return any(hint in word for hint in row.raw.hint)


def _applies(f: Frame, site: Site, row: Row) -> bool:
    raw = row.raw
    if raw.when and not all(
        holds(f, condition, site.argument(where)) for where, condition in raw.when.items()
    ):
        return False
    return not (
        raw.unless
        and all(holds(f, condition, site.argument(where)) for where, condition in raw.unless.items())
    )


def apply_rows(f: Frame, site: Site, rows: list[tuple[Row, str, int]]) -> Value:
    """Sinks, guards and callbacks of all rows; the results of those that give one, joined."""
    result: Value | None = None
    for row, name, certainty in rows:
        _consequences(f, site, row, name, certainty)
        one = _result(f, site, row, name, certainty)
        if one is not None:
            result = one if result is None else join(result, one)
    if result is None:
        name = rows[0][1]
        if name.startswith("*."):
            return unknown_call(f, site)
        return f.analysis.plain_result(name)
    return result


def _consequences(f: Frame, site: Site, row: Row, name: str, certainty: int) -> None:
    raw = row.raw
    if raw.sink:
        _sink(f, site, row, name, certainty)
    if raw.guard:
        _guard(f, site, row)
    if raw.callback:
        _callback(f, site, row)
    if raw.entry:
        f.analysis.register_entries(f, site, row)
    if isinstance(raw.propagator, dict) and raw.propagator:
        _propagate(f, site, row)


def _sink(f: Frame, site: Site, row: Row, name: str, certainty: int) -> None:
    raw = row.raw
    for value in _arguments(site, raw.args):
        if value.labels is None and not value.refs:
            continue
        labels = dangerous(f, raw.sink, row.sink_bit, raw.context, value)
        if not labels:
            continue
        sink = Sink(
            f.number,
            site.span,
            raw.sink,
            row,
            name if not name.startswith("*.") else _shown(f, site),
            site.span,
        )
        for origin, mark in labels.items():
            exact = value if whole(value, origin) else None
            known = mark if mark.confidence <= certainty else Mark(mark.mask, mark.trace, certainty)
            f.analysis.report(f, Event(sink, origin, known, exact))


def _shown(f: Frame, site: Site) -> str:
    return f"{f.analysis.word_of(f, site.receiver_register)}.{site.member}"


def _arguments(site: Site, wanted: list[int | str]) -> list[Value]:
    if "*" in wanted:
        return site.everything()
    found = [value for value in (site.argument(one) for one in wanted) if value is not None]
    if site.spread and any(isinstance(one, int) for one in wanted):
        positions = [one for one in wanted if isinstance(one, int) and one >= len(site.args)]
        for name, value in site.spread:
            if name == "*" and positions:
                found.append(elements(site.f.heap, site.f.shared, value))
    return found


def _guard(f: Frame, site: Site, row: Row) -> None:
    raw = row.raw
    where = raw.guard.get("arg", 0)
    register = site.register(where)
    if register is None or site.dst is None:
        return
    when = raw.guard.get("when", True)
    if when == "always":
        from assay.code.guards import clear

        clear(f, register, row.guard_mask)
        return
    key = ("true" if when else "false", site.dst)
    f.calls[key] = [*f.calls.get(key, ()), (register, row.guard_mask)]


def _callback(f: Frame, site: Site, row: Row) -> None:
    wanted = row.raw.callback.get("args", "any")
    values = (
        site.everything() if wanted == "any" else [v for w in wanted if (v := site.argument(w)) is not None]
    )
    for value in values:
        for call in value.calls:
            if isinstance(call, Closure):
                args = f.analysis.callback_arguments(f, site, call, row)
                f.analysis.call_function(f, call, args, site.span)
    if "args" in row.raw.callback and wanted == "any":
        return


def _propagate(f: Frame, site: Site, row: Row) -> None:
    """Rows whose data goes into an argument or the receiver."""
    propagator = row.raw.propagator
    assert isinstance(propagator, dict)
    targets = [t for t in _as_list(propagator.get("to", "return")) if t != "return"]
    if not targets:
        return
    labels = cleared(_from(f, site, propagator), row.clears)
    for target in targets:
        register = site.register(target)
        value = site.argument(target)
        if register is None or value is None or not labels:
            continue
        if value.refs:
            store(f.heap, f.shared, value, ANY, Value(labels))
        else:
            f.set(register, value.with_labels(join_labels(value.labels, labels)))
            copy = f.info.definition(register) if register < 0 else None
            if copy is not None and copy[0] == ir.MOVE:
                f.set(copy[3], f.get(register))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _from(f: Frame, site: Site, propagator: dict[str, Any]) -> Labels | None:
    labels: Labels | None = None
    for where in _as_list(propagator.get("from", "*")):
        for value in site.everything() if where == "*" else [site.argument(where)]:
            if value is not None:
                labels = join_labels(labels, f.deep(value))
    return labels


def _result(f: Frame, site: Site, row: Row, name: str, certainty: int) -> Value | None:
    raw = row.raw
    types = _returned(site, raw.returns)
    if raw.does:
        made = _DOES[raw.does](f, site)
        return made.with_types(types) if types and made is not None else made
    if raw.source:
        labels: Labels = {
            Source(raw.source, f.number, site.span, name): Mark(
                ALL & ~row.clears, (None, f.number, site.span, name), certainty or 1
            )
        }
        return Value(labels, types=types)
    if raw.constant is not ...:
        return constant(raw.constant)
    if raw.sanitizer:
        return Value(cleared(site.labels(), row.clears), types=types or ("str",), parts=None)
    if isinstance(raw.propagator, dict) and raw.propagator:
        if "return" in _as_list(raw.propagator.get("to", "return")):
            return Value(_from(f, site, raw.propagator), types=types)
        return f.analysis.plain_result(name)
    if raw.returns == "self":
        return site.receiver
    if raw.returns.startswith("arg:"):
        return site.argument(int(raw.returns[4:])) or UNKNOWN
    if types:
        return f.new_object(types)
    return Value() if raw.propagator == "none" else None


def _returned(site: Site, returns: str) -> tuple[str, ...]:
    if returns == "new":
        value = site.argument(0)
        return (value.name,) if value is not None and value.name else ()
    return (returns,) if returns and returns != "self" and not returns.startswith("arg:") else ()


def unknown_call(f: Frame, site: Site) -> Value:
    """A call that nothing is known of: what goes in comes out, less surely; functions that it gets are called."""
    labels = site.labels()
    for value in site.everything():
        for call in value.calls:
            if isinstance(call, Closure):
                count = len(call.info.function.parameters)
                given = Value(doubted(labels))
                bound = 1 if call.receiver is not None else 0
                f.analysis.call_function(f, call, [given] * max(0, count - bound), site.span)
    plain = f.analysis.plain_result(site.names[0]) if site.names else UNKNOWN
    if not labels:
        if plain.types and not plain.types[0].endswith("()"):
            return f.new_object(plain.types)
        return plain
    return Value(doubted(labels), types=plain.types)
