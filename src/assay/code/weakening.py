"""Tests weakened in the same change: the tests of a file before and after, compared by name.

Three things are told: fewer assertions in a test that still stands, a test that is skipped now, and a test that expected a refusal (401, 403, an
exception of that kind) and expects it no more. Tests that are new, moved or gone are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assay.code import ir
from assay.code.places import Places
from assay.code.routing.reading import constants, forget, instructions, operands, text, word
from assay.code.world import FunctionInfo, ModuleInfo, World
from assay.model.finding import Finding, Verification, VerificationState
from assay.model.rule import Rule

_TITLED = re.compile(r"^(?:it|test|specify)(?:\.(?:only|skip|todo|failing|concurrent|each|fixme))*$")
_SKIPS = re.compile(
    r"(?i)(?:^|\.)(?:skip|skip_?if|skip_?unless|xfail|expected_?failure|xit|xtest|xdescribe|disabled|ignore|fixme|todo|skipnow|skipf)$"
)
_ASSERTS = re.compile(
    r"(?i)^(?:assert\w*|expect\w*|should\w*|verify|fail|fail_?now|raises|error|errorf|fatal|fatalf|equal|not_?equal|true|false|nil|throws|rejects|contains|deepequal|strictequal|andexpect)$"
)
_WEAK = re.compile(
    r"(?i)^(?:assert_?true|assertisnotnone|assertnotnull|tobetruthy|tobedefined|notnil|assert_?that_?not_?null|is_?not_?null)$"
)
_REFUSALS = frozenset((401, 403))
_REFUSED = re.compile(
    r"(?i)unauthor|forbidden|permission_?(?:denied|error)|access_?denied|not_?authenticated|invalid_?(?:token|signature)|PermissionDenied|AuthenticationFailed|UNAUTHORIZED|FORBIDDEN"
)


@dataclass(slots=True)
class Case:
    """One test: its name, where it starts, what it asserts. `skipped` is the marker, "" if there is none."""

    name: str
    span: int
    asserts: int = 0
    weak: int = 0
    skipped: str = ""
    refusals: set[str] = field(default_factory=set)


def weakened(
    uri: str, before: ir.Module, old: bytes, after: ir.Module, new: bytes, rules: Sequence[Rule]
) -> list[Finding]:
    """Findings of the rules with `match: {change: assertions | skipped | refusal}` for one file that changed."""
    try:
        was = cases(World([(before, old)]).modules[0])
        now = cases(World([(after, new)]).modules[0])
    finally:
        forget()
    wanted = {str(rule.match["change"]): rule for rule in rules if "change" in rule.match}
    places = Places(uri, new)
    found = []
    for name, case in now.items():
        earlier = was.get(name)
        for kind, what in _compare(earlier, case) if earlier is not None else ():
            rule = wanted.get(kind)
            if rule is not None:
                found.append(_finding(rule, places, case, what))
    return found


def _compare(was: Case, now: Case) -> Iterator[tuple[str, str]]:
    if now.skipped and not was.skipped:
        yield "skipped", f"`{now.name}` is skipped now ({now.skipped})"
        return
    if was.refusals and not now.refusals and now.asserts:
        yield "refusal", f"`{now.name}` expected {', '.join(sorted(was.refusals))} and expects it no more"
    elif now.asserts < was.asserts:
        yield "assertions", f"`{now.name}` had {was.asserts} assertions and has {now.asserts}"
    elif now.weak > was.weak and now.asserts - now.weak < was.asserts - was.weak:
        yield "assertions", f"`{now.name}` compared values and now only asks whether there is one"


def cases(module: ModuleInfo) -> dict[str, Case]:
    """The tests of a file by name; the first of several of one name."""
    found: dict[str, Case] = {}
    for info in module.functions:
        for case in _titled(info) if module.language in ("javascript", "typescript") else ():
            found.setdefault(case.name, case)
        if info.function.index and _is_test(info):
            case = Case(info.function.qualname, info.function.span)
            case.skipped = _marker(info)
            _count(info, case, set())
            found.setdefault(case.name, case)
    return found


def _is_test(info: FunctionInfo) -> bool:
    name = info.function.name
    if info.module.language == "python":
        return name.startswith("test") and info.function.kind != "class"
    if info.module.language == "go":
        return name.startswith("Test")
    if info.module.language == "java":
        return any(
            note.rsplit(".", 1)[-1] in ("Test", "ParameterizedTest", "RepeatedTest") for note in _notes(info)
        )
    return False


def _notes(info: FunctionInfo) -> list[str]:
    """Decorators or annotations of a function and of its class, as written."""
    found: list[str] = []
    for other in info.module.functions:
        for i in instructions(other):
            if i[0] == ir.FUNC and i[3] == info.function.index:
                found.extend(word(other, one) for one in i[4])
            elif i[0] == ir.CLASS and info.owner is not None and i[3] == info.owner.made.index:
                found.extend(word(other, one) for one in i[5])
    return found


def _marker(info: FunctionInfo) -> str:
    for note in _notes(info):
        if _SKIPS.search(note):
            return note
    for i in instructions(info):
        if (
            i[0] in (ir.CALL, ir.METHOD)
            and _SKIPS.search(called := word(info, i[2]))
            and called.split(".")[0] in ("t", "pytest", "self", "this", "skip")
        ):
            return called
    return ""


def _titled(info: FunctionInfo) -> Iterator[Case]:
    """`it("refuses strangers", () => {...})`."""
    for i in instructions(info):
        if i[0] not in (ir.CALL, ir.METHOD):
            continue
        called = word(info, i[2])
        args = operands(i)
        title = text(info, args[0]) if args else None
        if title is None or not (_TITLED.match(called) or called in ("xit", "xtest")):
            continue
        case = Case(title, i[1], skipped=called if _SKIPS.search(called) else "")
        for one in args[1:]:
            made = info.definition(one) if one < 0 else None
            if made is not None and made[0] == ir.FUNC:
                _count(info.module.functions[made[3]], case, set())
        yield case


def _count(info: FunctionInfo, case: Case, seen: set[int]) -> None:
    """Assertions and expected refusals of a function and of those inside it."""
    seen.add(info.function.index)
    for i in instructions(info):
        if i[0] == ir.ASSERT:
            case.asserts += 1
        elif i[0] == ir.FUNC and i[3] not in seen:
            _count(info.module.functions[i[3]], case, seen)
        elif i[0] in (ir.CALL, ir.METHOD):
            last = word(info, i[2]).rsplit(".", 1)[-1]
            if _ASSERTS.match(last) or _WEAK.match(last):
                case.asserts += (
                    last.lower() not in ("true", "false", "nil", "contains", "throws", "rejects")
                    or info.module.language == "go"
                )
                case.weak += bool(_WEAK.match(last))
    case.refusals |= {
        str(value) for value in constants(info).values() if type(value) is int and value in _REFUSALS
    }
    case.refusals |= {
        name for name in info.function.names if _REFUSED.search(name) and not name.startswith("test")
    }


def _finding(rule: Rule, places: Places, case: Case, what: str) -> Finding:
    return Finding(
        rule_id=rule.id,
        engine="code",
        message=f"{rule.message} {what}.",
        severity=rule.severity,
        confidence=rule.confidence,
        location=places.location(case.span, whole=False),
        verification=Verification(VerificationState.CORROBORATED, "comparison", (what,)),
        cwe=rule.cwe,
    )
