"""Text that is a statement of some language by its look: SQL, LDAP filters, XPath. What takes it need not be known to take it."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from assay.code.kinds import BIT

if TYPE_CHECKING:
    from assay.code.calls import Site
    from assay.code.frame import Frame
    from assay.code.values import Value

# A statement begins with its verb, and has the word that must follow it, or ends before that.
_STARTS: Final = {
    "sql": re.compile(
        r"\s*(select\s.{0,300}\bfrom\b|select\s+$|select\s.{0,200}\($|insert\s+(or\s+\w+\s+|ignore\s+)?into\s|update\s+.{0,60}\bset\b|update\s+$"
        r"|delete\s+from\s|replace\s+into\s|drop\s+(table|database)\s|create\s+(table|database|user)\s|alter\s+table\s|truncate\s+table\s"
        r"|with\s+\w+\s+as\s*\(|exec(ute)?\s+\w+|call\s+\w+\s*\(|grant\s+\w+)",
        re.IGNORECASE | re.DOTALL,
    ),
    "ldap": re.compile(r"\(\s*(&\s*\(|\|\s*\(|!\s*\()?\s*[A-Za-z][\w.;-]*\s*(=|>=|<=|~=)"),
    "command": re.compile(r"\s*[A-Za-z./][\w./+-]*\s"),
    "xpath": re.compile(r"\.?//?[\w*@.:-]+"),
}  # fmt: skip


def opening(value: Value | None) -> str:
    """The literal text that a value begins with."""
    if value is None:
        return ""
    if value.const is not None and len(value.const) == 1:
        return value.const[0] if isinstance(value.const[0], str) else ""
    return "".join(takewhile(lambda part: isinstance(part, str), value.parts or ()))


def is_statement(value: Value | None, language: str) -> bool:
    """Whether a value is text that begins like a statement of this language."""
    text = opening(value)
    return bool(text) and _STARTS[language].match(text[:600]) is not None


def holds_data(f: Frame, value: Value, language: str) -> bool:
    """Whether data that the function was given stands in a statement where a bound value or an argument belongs.

    Of SQL: where a literal would stand, in quotes or after an operator, not where a table or column is named. Of a command: anywhere.
    """
    if value.parts is None or not (
        is_statement(value, language) or (language == "command" and _is_prefixed(value.parts))
    ):
        return False
    bit = BIT[language]
    before = ""
    for part in value.parts:
        if isinstance(part, str):
            before += part
            continue
        if (language != "sql" or _is_operand(before)) and _is_open(f, part, bit):
            return True
        before += "x"
    return False


def _is_prefixed(parts: tuple[object, ...]) -> bool:
    """`{environment} program ...`: a command behind something that is not known."""
    return (
        len(parts) > 1 and isinstance(parts[1], str) and re.match(r"\s+[a-z][\w./-]*\s", parts[1]) is not None
    )


def _is_open(f: Frame, part: Value, bit: int) -> bool:
    labels = f.deep(part)
    if not labels or part.const is not None or any(kind in _NUMBERS for kind in part.types):
        return False
    return any(mark.mask & bit for origin, mark in labels.items() if getattr(origin, "kind", "") not in _DULL)


def _is_operand(before: str) -> bool:
    if before.count("'") % 2:
        return True
    text = before.removesuffix('"')
    return _OPERAND.search(text[-200:]) is not None


_OPERAND: Final = re.compile(
    r"(=|<|>|\blike|\bilike|\bregexp|\bbetween|\bbetween\s+\S+\s+and|\blimit|\boffset|\bvalues\s*\([^()]*|\bin\s*\([^()]*)\s*$",
    re.IGNORECASE,
)
_NUMBERS: Final = frozenset(("int", "float", "bool", "Decimal", "uuid.UUID", "datetime.datetime", "number"))
_DULL: Final = frozenset(("exception", "weakrandom", "trace"))


# What is called by such a name runs the command it is given, or runs something and is given what is called a command.
_RUNS: Final = re.compile(
    r"(?i)(^|_)(ssh|cli|cliq|cmd|cmdline|command|commands|shell|system|popen|getoutput)(_|$)"
)
_MAY_RUN: Final = re.compile(r"(?i)(^|_)(run|exec|execute|call|spawn|output|invoke|process)(_|$)")
_COMMAND_NAME: Final = re.compile(r"(?i)(^|_)(cmd|cmds|command|commands|cmdline|shell)(_|$)")
_TALKS: Final = frozenset(
    ("debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print", "write", "append", "format", "join", "str", "len", "repr",
     "isinstance", "strip", "split", "replace", "encode", "lower", "upper", "Exception", "ValueError", "puts", "echo", "fail", "startswith", "endswith"),
)  # fmt: skip


def takes(site: Site, language: str, word: str) -> bool:
    """Whether a call may run a statement that it is given; `word` is the name of the argument."""
    name = site.member or (
        site.names[0].rpartition(".")[2]
        if site.names
        else site.f.analysis.word_of(site.f, site.instruction[3])
    )
    if name in _TALKS or ("." in name and name.rpartition(".")[2] in _TALKS):
        return False
    if language == "sql":
        return True
    return bool(_RUNS.search(name) or (_MAY_RUN.search(name) and _COMMAND_NAME.search(word)))


def may_begin(text: object, language: str) -> bool:
    """Whether a literal may be the beginning of a statement."""
    return isinstance(text, str) and _STARTS[language].match(text[:600]) is not None


def may_take(name: str) -> bool:
    """Whether a function of this name may run a command."""
    return _RUNS.search(name) is not None or _MAY_RUN.search(name) is not None
