"""The one intermediate representation that every front end lowers to and every analysis reads. Documented in docs/ir.md.

Structured three-address code: a function is a tree of blocks, a block is a list of instructions, an instruction is a plain tuple
`(op, span, ...)`. Control flow is nested (IF, LOOP, TRY hold blocks), so there is no graph to build, and a state flows through it in one walk.

Registers are ints. Variables are 0, 1, 2, ... (`Function.variables` has their names). Temporaries are -1, -2, ...: each is written by one
instruction only. Constants are temporaries that no instruction writes (`Function.constants`). `None` stands for "no register".

Spans are ints: `start << 20 | length` in bytes of the file, so that instructions stay small.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

Instruction: TypeAlias = tuple[Any, ...]
Block: TypeAlias = list[Instruction]
Register: TypeAlias = int

# Values. dst is the register that is written.
MOVE: Final = 1  # dst src
BUILD: Final = 2  # dst kind parts       kind: str tuple list set; parts: registers in order
DICT: Final = 3  # dst type pairs        pairs: ((key register or None for a spread, value), ...); type: register of a class, or None
FIELD: Final = 4  # dst object name
ITEM: Final = 5  # dst object key
SLICE: Final = 6  # dst object low high step     each may be None
OP: Final = 7  # dst operator left right    "+" "==" "in" "is" "and"...: see docs/ir.md
UNARY: Final = 8  # dst operator value        "not" "-" "+" "~" "typeof"
CALL: Final = (
    9  # dst callee args keywords   keywords: ((name, register), ...); name "*" spreads a list, "**" a mapping
)
METHOD: Final = 10  # dst receiver name args keywords
OUTER: Final = (
    11  # dst name               a name of an enclosing function, the module, the package or the language
)
IMPORT: Final = (
    12  # dst module name level   name "": the module itself, "*": everything (dst None); level: leading dots
)
FUNC: Final = 13  # dst function decorators parameter_decorators defaults      registers; the last two as ((parameter index, register), ...)
CLASS: Final = 14  # dst class bases decorators keywords
SELECT: Final = 15  # dst condition then_block then else_block else      a ? b : c
LOGIC: Final = (
    16  # dst operator left right_block right         "and" "or" "??": the right side runs only if needed
)
TYPED: Final = 17  # dst src type           src seen as this type: cast, assertion, annotated declaration; type is text (docs/ir.md)
AWAIT: Final = 18  # dst src
YIELD: Final = 19  # dst src delegate       delegate: yield from
ENTER: Final = 20  # dst src                what a context manager hands out
ENVELOP: Final = (
    21  # dst src                a pointer or reference to src (Go &x); same value for the analysis
)

# Effects.
SETFIELD: Final = 30  # object name src
SETITEM: Final = 31  # object key src
ADD: Final = 32  # object src             one more element of a list, set or generator
SETOUTER: Final = 33  # name src               assignment to a name of an enclosing scope
DELETE: Final = 34  # object key             key is a register; for a variable: key None
ASSERT: Final = 35  # condition

# Control flow.
IF: Final = 40  # condition then_block else_block
LOOP: Final = 41  # head_block condition body update else_block label post     while, for(;;), do-while (post); condition None: for ever
FOR: Final = 42  # dst iterable mode body else_block label     mode: values keys items (dst is a pair)
SWITCH: Final = 43  # subject cases label         cases: ((registers or () for default, block), ...); blocks fall through unless they end in BREAK
TRY: Final = 44  # body handlers else_block final      handlers: ((type names, variable or None, block), ...)
BLOCK: Final = 45  # body label             a labelled block
RETURN: Final = 46  # src or None
RAISE: Final = 47  # src or None
BREAK: Final = 48  # label                  "": the innermost loop or switch
CONTINUE: Final = 49  # label
NOTE: Final = 50  # word                   a mark without effect: "catch" first in a handler's block has the handler's span

NAMES: Final[dict[int, str]] = {
    MOVE: "move", BUILD: "build", DICT: "dict", FIELD: "field", ITEM: "item", SLICE: "slice", OP: "op", UNARY: "unary",
    CALL: "call", METHOD: "method", OUTER: "outer", IMPORT: "import", FUNC: "func", CLASS: "class", SELECT: "select",
    LOGIC: "logic", TYPED: "typed", AWAIT: "await", YIELD: "yield", ENTER: "enter", ENVELOP: "envelop",
    SETFIELD: "setfield", SETITEM: "setitem", ADD: "add", SETOUTER: "setouter", DELETE: "delete", ASSERT: "assert",
    IF: "if", LOOP: "loop", FOR: "for", SWITCH: "switch", TRY: "try", BLOCK: "block", RETURN: "return", RAISE: "raise",
    BREAK: "break", CONTINUE: "continue", NOTE: "note",
}  # fmt: skip
# Instructions whose third element is a register that they write.
WRITERS: Final = frozenset(range(MOVE, ENVELOP + 1)) | {FOR}
_LENGTH_BITS: Final = 20
_LONGEST: Final = (1 << _LENGTH_BITS) - 1


class Regex(NamedTuple):
    """A regular expression literal, as a constant."""

    pattern: str
    flags: str = ""


class Undefined(NamedTuple):
    """JavaScript's `undefined`, as a constant."""


UNDEFINED: Final = Undefined()


def span(start: int, end: int) -> int:
    """A span from byte offsets."""
    length = end - start
    return start << _LENGTH_BITS | (length if length < _LONGEST else _LONGEST)  # noqa: FURB136 - hot


def span_start(value: int) -> int:
    """The first byte of a span."""
    return value >> _LENGTH_BITS


def span_end(value: int) -> int:
    """One past the last byte of a span."""
    return (value >> _LENGTH_BITS) + (value & _LONGEST)


@dataclass(slots=True)
class Parameter:
    """One parameter. `register` is its variable. `kind`: "" plain, "*" rest, "**" keyword rest, "k" keyword only, "r" receiver (self, this).

    `same_as`: the earlier parameter that it is when it is not given (`(a, b = a) => ...`), -1 for none.
    """

    name: str
    register: Register
    kind: str = ""
    type: str = ""
    same_as: int = -1


@dataclass(slots=True)
class Function:
    """One function, method, lambda, class body or module body (`Module.functions[0]`).

    `qualname` is the path below the module, with dots (`Handler.get`, `outer.inner`). `parent` is the index of the enclosing function or
    class body, -1 for the module. `kind` is function, method, static, classmethod, constructor, lambda, class or module. `names` are all field,
    method and outer names that the function mentions itself: what a cheap first pass looks at.
    """

    name: str
    qualname: str
    index: int
    parent: int
    kind: str
    span: int
    parameters: list[Parameter] = field(default_factory=list)
    body: Block = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    constants: list[tuple[Register, object]] = field(default_factory=list)
    temporaries: int = 0
    returns: str = ""
    is_async: bool = False
    is_generator: bool = False
    names: set[str] = field(default_factory=set)
    size: int = 0


@dataclass(slots=True)
class Class:
    """One class, interface, struct or enum. `body` is the index of the function that holds its body; methods are FUNC instructions there.

    `bases` are names as written. `fields` are declared fields: name to type text. `methods`: name to function indices (overloads).
    """

    name: str
    qualname: str
    index: int
    body: int
    span: int
    bases: tuple[str, ...] = ()
    kind: str = "class"
    methods: dict[str, list[int]] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Import:
    """One imported name as a fact for the symbol tables: also those inside functions. See IMPORT for the fields."""

    module: str
    name: str
    alias: str
    level: int
    span: int


@dataclass(slots=True)
class Module:
    """One file. `functions[0]` is its body, whose variables are the module's globals.

    `package` is what the file itself says it belongs to (Java, Go), else "". `exports` maps exported names to variables of the body
    where the language has explicit exports (JavaScript), else None: every global is visible. `comments` are spans. `errors` are byte
    offsets of what could not be read; `notes` say what was left out (too deep). `partial` is true if there is either.
    """

    uri: str
    language: str
    functions: list[Function]
    classes: list[Class]
    imports: list[Import]
    package: str = ""
    exports: dict[str, str] | None = None
    comments: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: int = 0

    @property
    def partial(self) -> bool:
        """Whether some of the file is not in the representation."""
        return bool(self.errors or self.notes)
