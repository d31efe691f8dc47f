"""What a condition proves: on the branch where it holds, kinds of danger are cleared from the variables that it tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.code import ir
from assay.code.access import keep_proof
from assay.code.kept import kept_conditions
from assay.code.kinds import ALL, BIT, mask_of
from assay.code.values import UNKNOWN, Value, cleared

if TYPE_CHECKING:
    from assay.code.frame import Frame

_ABSENT = ((None,), (ir.UNDEFINED,))
_FLIP = {"!=": "==", "not in": "in", "is not": "is"}
_MAX_DEPTH = 12


def refine(f: Frame, condition: int, polarity: bool, depth: int = 0) -> None:
    """Use that a register is true (or false) from here on."""
    if depth > _MAX_DEPTH:
        return
    if condition >= 0:
        _refine_variable(f, condition, polarity, depth)
        return
    made = f.info.definition(condition)
    if made is None:
        return
    op = made[0]
    if op == ir.OP:
        _compare(f, made, polarity, depth)
    elif op == ir.UNARY and made[3] == "not":
        refine(f, made[4], not polarity, depth + 1)
    elif op == ir.LOGIC:
        if (made[3] == "and") == polarity and made[3] in ("and", "or"):
            refine(f, made[4], polarity, depth + 1)
            refine(f, made[6], polarity, depth + 1)
        elif made[3] in ("and", "or"):
            _either(f, made[4], made[6], polarity, depth)
    elif op in (ir.CALL, ir.METHOD):
        _called(f, made, polarity)
    elif op in (ir.MOVE, ir.AWAIT, ir.TYPED):
        refine(f, made[3], polarity, depth + 1)
    elif op == ir.ITEM and f.language == "go":
        _refine_item(f, made, polarity)


def _refine_item(f: Frame, made: ir.Instruction, polarity: bool) -> None:
    """`if allowed[x]`, and one of the results of a call: what the model says of the call holds of it."""
    source = f.info.definition(made[3]) if made[3] < 0 else None
    if source is not None and source[0] in (ir.CALL, ir.METHOD):
        _called(f, source, polarity)
    elif polarity and _is_allow_map(f, f.get(made[3])):
        clear(f, made[4], ALL)


def _is_allow_map(f: Frame, value: Value) -> bool:
    """Whether what is in it was written by the program; a map of Go that is filled while the program runs is no allow-list."""
    if not f.analysis.is_fixed_collection(f, value):
        return False
    if f.language != "go":
        return True
    shapes = [f.heap.get(ref) or f.shared.get(ref) for ref in value.refs]
    return bool(shapes) and all(shape is not None and shape.fields and shape.rest is None for shape in shapes)


def _either(f: Frame, left: int, right: int, polarity: bool, depth: int) -> None:
    """`a || b` is true (`a && b` is false): what both prove."""
    before = f.snapshot()
    refine(f, left, polarity, depth + 1)
    first = (f.variables, f.heap)
    f.restore(before)
    refine(f, right, polarity, depth + 1)
    f.merge(first)


def _refine_variable(f: Frame, variable: int, polarity: bool, depth: int) -> None:
    """`ok = check(x)` then `if ok`: the condition holds again, if neither `ok` nor what it read has changed since."""
    kept = f.calls.get(("proof", variable))
    if kept is None or kept[0] is not f.variables[variable]:
        return
    _, condition, seen = kept
    if all(f.variables[register] is value for register, value in seen):
        refine(f, condition, polarity, depth + 1)


def _compare(f: Frame, made: ir.Instruction, polarity: bool, depth: int) -> None:
    symbol, left, right = made[3], made[4], made[5]
    if symbol in _FLIP:
        symbol, polarity = _FLIP[symbol], not polarity
    if symbol in ("<", ">=", ">") and f.get(right).const in ((0,), (-1,)):
        _searched(f, left, absent=polarity == (symbol == "<"))
    elif symbol == "==" and not polarity and f.get(right).const == (-1,):
        _searched(f, left, absent=False)
    if symbol in ("is", "=="):
        for tested, other in ((left, right), (right, left)):
            if f.get(other).const in _ABSENT:
                _compared_absent(f, tested, f.get(other), polarity, depth)
                return
    if not polarity:
        if symbol == "in":
            _absent(f, left, right)
        return
    if symbol == "in" and _is_allow_map(f, f.get(right)):
        clear(f, left, ALL)
        tested = f.info.definition(left) if left < 0 else None
        if tested is not None and tested[0] == ir.FIELD:
            f.analysis.field_guard(f, tested)
    elif symbol in ("==", "is"):
        for tested, other in ((left, right), (right, left)):
            value = f.get(other)
            if (value.const is not None and ... not in value.const) or f.analysis.is_fixed(f, value):
                pin(f, tested, value)
                _compared_call(f, tested, value)
            else:
                _compared_unknown(f, tested, other)


def _compared_absent(f: Frame, tested: int, absent: Value, polarity: bool, depth: int) -> None:
    """`m is not None`: a match that is not None is a match, and one that is None is none."""
    refine(f, tested, not polarity, depth + 1)
    if polarity:
        pin(f, tested, absent)


def _compared_unknown(f: Frame, tested: int, other: int) -> None:
    """Equal to something that is no constant."""
    value = f.get(other)
    if _is_element(f, other):
        clear(f, tested, ALL)
    elif not f.deep(value) or f.analysis.is_own_host(f, other):
        _compared_call(f, tested, value)


def _is_element(f: Frame, register: int) -> bool:
    """Go's `for _, one := range allowed`: one of a fixed list."""
    source = f.info.origin(register) if f.language == "go" and register >= 0 else None
    made = f.info.definition(source) if source is not None and source < 0 else None
    loop = f.info.definition(made[3]) if made is not None and made[0] == ir.ITEM and made[3] < 0 else None
    if loop is None or loop[0] != ir.FOR:
        return False
    return bool(f.analysis.is_fixed_collection(f, f.get(loop[3])))


def without(text: object) -> int:
    """The kinds of danger that text cannot carry if this is nowhere in it."""
    return _WITHOUT.get(text, 0) if isinstance(text, str) else 0


_WITHOUT = {
    "..": mask_of(["path", "archive"]), "/": mask_of(["path", "archive"]), "'": mask_of(["sql", "xpath"]), '"': mask_of(["xpath"]),
    "\n": mask_of(["header", "log", "mail"]), "\r": mask_of(["header", "log", "mail"]), "\r\n": mask_of(["header", "log"]),
    "<": mask_of(["html", "xml"]),
}  # fmt: skip


def _absent(f: Frame, left: int, right: int) -> None:
    """`".." not in path`; of `"'" not in text[1:-1]` also that the text is one literal, if it is in quotes at all."""
    const = f.get(left).const
    if const is None or len(const) != 1:
        return
    made = f.info.definition(right) if right < 0 else None
    if made is not None and made[0] == ir.SLICE:
        clear(f, made[3], BIT["code"] if const[0] in ("'", '"') else 0)
        return
    clear(f, right, without(const[0]))


def _searched(f: Frame, tested: int, absent: bool) -> None:
    """`text.indexOf("..") < 0`: not in it; `ALLOWED.indexOf(x) >= 0`: in it, the false side of the call."""
    made = f.info.definition(tested) if tested < 0 else None
    if made is not None and made[0] == ir.METHOD:
        _called(f, made, absent)


def _compared_call(f: Frame, tested: int, known: Value) -> None:
    """`commonpath([base, p]) == base`, `urlparse(u).netloc == "host"`: equality of something derived proves what the model says."""
    made = f.info.definition(tested) if tested < 0 else None
    if made is not None and made[0] in (ir.CALL, ir.METHOD):
        _called(f, made, True)
    elif made is not None and made[0] == ir.FIELD:
        f.analysis.field_guard(f, made)
    elif made is not None and made[0] == ir.UNARY and made[3] == "typeof" and known.const:
        clear(f, made[4], _TYPEOF.get(str(known.const[0]), 0))


# A text cannot hold the operators of a query document.
_TYPEOF = {"number": ALL, "boolean": ALL, "bigint": ALL, "undefined": ALL, "string": BIT["nosql"]}


def _called(f: Frame, made: ir.Instruction, polarity: bool) -> None:
    for register, mask in f.calls.get(("true" if polarity else "false", made[2]), ()):
        clear(f, register, mask)
        tested = f.info.definition(register) if register < 0 and mask == ALL else None
        if tested is not None and tested[0] == ir.FIELD:
            f.analysis.field_guard(f, tested)


def prove(f: Frame, result: int, register: int, mask: int, polarity: bool = True) -> None:
    """That a call's result is true (or false) will clear these kinds from a register."""
    if mask:
        key = ("true" if polarity else "false", result)
        f.calls[key] = [*f.calls.get(key, ()), (register, mask)]


def keep_proofs(f: Frame, source: int, variable: int) -> None:
    """`ok = valid(x)`: what the condition proves, the variable proves while it holds that result."""
    seen = kept_conditions(f.info).get((variable, source))
    if seen is None:
        f.calls.pop(("proof", variable), None)
        return
    value = f.variables[variable]
    own = value.with_labels(value.labels)  # a value of its own: where branches meet, another assignment shows
    f.variables[variable] = own
    f.calls["proof", variable] = (own, source, [(register, f.variables[register]) for register in seen])


def clear(f: Frame, register: int, mask: int) -> None:
    """Take kinds from a register, from what it was copied from, and from every variable that holds the same value."""
    for one in _copies(f, register):
        value = f.get(one)
        keep_proof(f, one, mask)
        if value.labels:
            _replace(f, one, value, value.with_labels(cleared(value.labels, mask)))
            if mask == ALL and value.refs == () and one >= 0:
                f.variables[one] = Value(None, value.const, value.types)


def pin(f: Frame, register: int, known: Value) -> None:
    """The register equals something fixed."""
    for one in _copies(f, register):
        value = f.get(one)
        keep_proof(f, one, ALL)
        if value.labels or known.const is not None:
            _replace(f, one, value, known if known.const is not None else value.with_labels(None))


def _copies(f: Frame, register: int) -> list[int]:
    found = [register]
    while len(found) < 8:
        if register >= 0 and f.language == "go":
            source = _made_relative(f, register)
            if source is None:
                break
            register = source
            found.append(register)
            continue
        if register >= 0:  # `String c = f.getCanonicalPath()`: what is seen of c holds of f
            source = f.info.origin(register) if f.language == "java" else None
            if source is None or not _is_derived(f, source):
                break
            register = source
            continue
        made = f.info.definition(register)
        if made is None:
            break
        if (
            made[0] == ir.METHOD and made[4] == "matcher" and made[5]
        ):  # what is seen of a matcher holds of the text
            register = made[5][0]
            found.append(register)
            continue
        if made[0] not in (ir.MOVE, ir.TYPED, ir.AWAIT, ir.ENVELOP) and not (
            made[0] == ir.METHOD and f.language == "java" and made[4] in _DERIVED
        ):
            break
        register = made[3]
        found.append(register)
    return found


def _made_relative(f: Frame, variable: int) -> int | None:
    """`rel, err := filepath.Rel(folder, path)`: what is seen of rel holds of the path."""
    register = f.info.origin(variable)
    for _ in range(3):
        made = f.info.definition(register) if register is not None and register < 0 else None
        if made is None or made[0] not in (ir.MOVE, ir.ITEM):
            break
        if made[0] == ir.ITEM and f.get(made[4]).const != (0,):
            return None
        register = made[3]
    if made is None or made[0] != ir.METHOD or made[4] != "Rel" or len(made[5]) != 2:
        return None
    return int(made[5][1])


# Methods whose result stands for their receiver: what is proved of the one is proved of the other.
_DERIVED = frozenset(
    ("getCanonicalPath", "getCanonicalFile", "toRealPath", "normalize", "toAbsolutePath", "toPath", "toFile", "getHost", "toString", "trim")
)  # fmt: skip


def _is_derived(f: Frame, register: int) -> bool:
    for _ in range(4):
        made = f.info.definition(register) if register < 0 else None
        if made is None:
            return False
        if made[0] == ir.METHOD:
            return made[4] in _DERIVED
        if made[0] not in (ir.MOVE, ir.TYPED):
            return False
        register = made[3]
    return False


def _replace(f: Frame, register: int, old: Value, new: Value) -> None:
    f.set(register, new)
    if old is UNKNOWN or old.labels is None:
        return
    for index, value in enumerate(f.variables):
        if value is old or (value.labels is not None and _same_data(value, old)):
            f.variables[index] = new


def _same_data(a: Value, b: Value) -> bool:
    """Copies differ in their steps only: the same origins, and the same object or none."""
    if a.refs != b.refs or a.parts is not b.parts or a.labels is None or b.labels is None:
        return False
    return bool(a.refs) and a.labels.keys() == b.labels.keys()
