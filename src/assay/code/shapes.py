"""Rules on structure that ask for no values: handlers, assertions, imports, comments. One walk over the representation."""

from __future__ import annotations

from assay.code import ir
from assay.code.conditions import fits, pattern
from assay.code.ir import Block, span_end, span_start
from assay.code.looking import instructions
from assay.code.structure import Matches, Pattern
from assay.code.world import FunctionInfo, ModuleInfo

_IDLE = (ir.NOTE, ir.CONTINUE)


def match_shapes(matches: Matches) -> None:
    """Look for every pattern of these forms in every file."""
    handlers = [p for p in matches.patterns if "handler" in p.structure]
    asserts = [p for p in matches.patterns if "assert" in p.structure]
    imports = [p for p in matches.patterns if "import" in p.structure]
    comments = [p for p in matches.patterns if "comment" in p.structure]
    fallbacks = [p for p in matches.patterns if "fallback" in p.structure]
    for info in matches.world.modules:
        if handlers or asserts or fallbacks:
            _walk(matches, info, handlers, asserts, fallbacks)
        for one in imports:
            for made in info.module.imports:
                names = (made.module, f"{made.module}.{made.name}")
                if any(fits(name, wanted) for name in names for wanted in one.structure["import"]):
                    matches.add(one, info, made.span)
        for one in comments:
            wanted = pattern(one.structure["comment"])
            for span in info.module.comments:
                if wanted.search(_text(info, span)):
                    matches.add(one, info, span)


def _walk(
    matches: Matches,
    info: ModuleInfo,
    handlers: list[Pattern],
    asserts: list[Pattern],
    fallbacks: list[Pattern],
) -> None:
    for function in info.functions:
        for i in instructions(function):
            if i[0] == ir.TRY:
                for names, _, block in i[3]:
                    for one in handlers:
                        if _handler_fits(one, names, block) and _agrees(one, function, block):
                            matches.add(one, info, _place(block, i[1]))
            elif i[0] == ir.ASSERT:
                for one in asserts:
                    mentions = one.structure.get("mentions", "")
                    if pattern(mentions).search(_text(info, i[1])):
                        matches.add(one, info, i[1])

            elif i[0] == ir.LOGIC and fallbacks and i[3] in ("or", "??"):
                for one in fallbacks:
                    if _falls_back(one, function, i):
                        matches.add(one, info, i[1])


def _falls_back(one: Pattern, function: FunctionInfo, i: ir.Instruction) -> bool:
    """`process.env.KEY || "literal"`: the name on the left, the literal on the right."""
    form = one.structure["fallback"]
    made = function.definition(i[4]) if i[4] is not None and i[4] < 0 else None
    if made is None or made[0] != ir.FIELD or not pattern(form["of"]).search(str(made[4])):
        return False
    owner = function.definition(made[3]) if made[3] < 0 else None
    if owner is None or owner[0] != ir.FIELD or owner[4] not in ("env", "environ"):
        return False
    value = dict(function.function.constants).get(i[6])
    return isinstance(value, str) and bool(pattern(form["to"]).search(value))


def _agrees(one: Pattern, function: FunctionInfo, block: Block) -> bool:
    """Whether a handler of a function of such a name ends in this literal result (`gives`), where a rule asks for that."""
    form = one.structure["handler"]
    if "gives" not in form:
        return True
    if not pattern(form["inside"]).search(function.function.name):
        return False
    last = block[-1] if block else None
    known = dict(function.function.constants)
    return last is not None and last[0] == ir.RETURN and known.get(last[2]) is form["gives"]


def _handler_fits(one: Pattern, names: tuple[str, ...], block: Block) -> bool:
    form = one.structure["handler"]
    if form.get("bare") and names:
        return False
    wanted = form.get("types")
    if wanted and not (names and any(fits(name, w) for name in names for w in wanted)):
        return False
    return form.get("does") != "nothing" or all(i[0] in _IDLE for i in block)


def _place(block: Block, otherwise: int) -> int:
    return int(block[0][1]) if block and block[0][0] == ir.NOTE else otherwise


def _text(info: ModuleInfo, span: int) -> str:
    return info.content[span_start(span) : span_end(span)].decode("utf-8", "replace")
