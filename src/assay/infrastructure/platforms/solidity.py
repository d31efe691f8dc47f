"""Solidity contracts as units: each `function` with what it does in order. A first set, over tokens; no compiler is run.

A function gets `visibility`, `modifiers`, `reads_only`, `guarded` (a modifier that is no lock, or a comparison with the sender), `locked`
(a reentrancy lock), `calls` (calls that hand over control), `writes_after_call` (the state that is written after one), `origin` (a comparison with
tx.origin), `unchecked` (a low-level call whose result is lost), `destroys`, `delegates` (to an address it was given), `pays` (sends to the caller or
an argument), `sets_owner`, `loops` (over a growing list of the contract), `looks_up` (uses a stored record by a given key without checking it) and
`random` (from the block).
"""

from __future__ import annotations

import re  # linear patterns over tokens or one function's text, bounded
from collections.abc import Iterator
from dataclasses import dataclass

from assay.infrastructure.node import Node, Span
from assay.infrastructure.unit import Problem, Reading, Unit

PLATFORM = "solidity"
_COMMENT = re.compile(r"//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_CONTRACT = re.compile(r"\b(contract|library|interface)\s+(\w+)")
_FUNCTION = re.compile(r"\b(function\s+(\w+)|constructor|receive|fallback)\s*\(")
_STATE = re.compile(
    r"^\s*((?:mapping\s*\([^;{}]*\)|[A-Za-z_][\w.]*)\s*(\[\s*\])?)\s+(?:(?:public|private|internal|override)\s+)*(\w+)\s*(?:=[^;]*)?;",
    re.MULTILINE,
)
_CALL = re.compile(
    r"\.(?:call|send|transfer|delegatecall)\s*(?:\{[^{}]*\})?\s*\(|\.safeTransferETH\s*\(|\.sendValue\s*\("
)
_VALUE_CALL = re.compile(r"\.call\s*\{[^{}]*\bvalue\b[^{}]*\}\s*\(|\.call\.value\s*\(")
_SENDER = re.compile(
    r"(?:require|assert|if|revert)\s*\([^;{]*(?:msg\.sender|_msgSender\(\))|(?:msg\.sender|_msgSender\(\))\s*[!=]=|[!=]=\s*(?:msg\.sender|_msgSender\(\))|_check(?:Owner|Role)\w*\s*\(|\w+\[\s*(?:msg\.sender|_msgSender\(\))\s*\]"
)
_ORIGIN = re.compile(
    r"(?:require|if|assert)\s*\([^;{]*tx\.origin(?!\s*==\s*msg\.sender|\s*!=\s*msg\.sender)|tx\.origin\s*==\s*owner"
)
_BLOCK_RANDOM = re.compile(
    r"keccak256\s*\([^;]*block\.(?:timestamp|difficulty|number|prevrandao|coinbase)|blockhash\s*\([^;]*%|block\.(?:timestamp|difficulty|prevrandao)\s*%"
)
_LOOP = re.compile(r"(?:for|while)\s*\([^{};]*;?[^{};]*<=?\s*(\w+)\.length")
_LOST = re.compile(
    r"(?:^|[;{}])\s*(?:payable\([^()]*\)|[\w.\[\]]+)\.(?:call|send)\s*(?:\{[^{}]*\})?\s*\([^;]*\)\s*;"
)
_OWNER = re.compile(r"[;{}]\s*(_?(?:owner|admin|governance|implementation))\s*=[^=]")
_MAX_TEXT = 2_000_000
_NO_GUARD = frozenset(
    [
        "public",
        "external",
        "internal",
        "private",
        "pure",
        "view",
        "payable",
        "virtual",
        "override",
        "returns",
        "memory",
        "calldata",
        "nonReentrant",
        "whenNotPaused",
        "whenPaused",
        "initializer",
        "reinitializer",
        "onlyInitializing",
        "lock",
    ]
)
_LOCKS = frozenset(("nonReentrant", "lock", "nonreentrant", "noReentrant", "noReentrancy", "mutex"))


@dataclass(frozen=True, slots=True)
class _Function:
    name: str
    head: str
    parameters: str
    body: str
    start: int
    end: int


def read(uri: str, text: str) -> Reading:
    """The units of one source file."""
    if len(text) > _MAX_TEXT:
        return Reading(uri, PLATFORM, (), (Problem("too-large", f"{len(text)} characters"),))
    blank = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    units: list[Unit] = []
    for kind, name, start, end in _contracts(blank):
        units.extend(_functions(uri, blank, (start, end), f"{kind} {name}", starts))
    pragma = re.search(r"pragma\s+solidity\s+([^;]{1,80});", blank)
    if pragma is not None:
        span = _span(starts, pragma.start(), pragma.end())
        facts = {
            "version": Node(pragma[1].strip(), span),
            "contracts": Node(sum(1 for each in _contracts(blank) if each[0] == "contract"), span),
        }
        units.append(Unit(PLATFORM, "pragma", "pragma", uri, Node(facts, span), span, {}, "text"))
    return Reading(uri, PLATFORM, tuple(units))


def _contracts(text: str) -> Iterator[tuple[str, str, int, int]]:
    for match in _CONTRACT.finditer(text):
        opening = text.find("{", match.end())
        if opening >= 0:
            yield match[1], match[2], opening, _closing(text, opening)


def _closing(text: str, opening: int, pair: str = "{}") -> int:
    depth = 0
    for match in re.finditer(r"[{}]" if pair == "{}" else r"[()]", text[opening:]):
        depth += 1 if match[0] == pair[0] else -1
        if not depth:
            return opening + match.start()
    return len(text)


def _functions(
    uri: str, text: str, place: tuple[int, int], contract: str, starts: list[int]
) -> Iterator[Unit]:
    start, end = place
    body = text[start:end]
    lists, records, state = _state(body)
    for function in _bodies(body, start):
        facts = _facts(function, lists, records, state)
        span = _span(starts, function.start, function.start + len(function.head.split("(")[0].rstrip()))
        values = {name: Node(value, span) for name, value in facts.items()}
        values["library"] = Node(not contract.startswith("contract"), span)
        yield Unit(
            PLATFORM,
            "function",
            f"{contract.split(' ')[1]}.{function.name}",
            uri,
            Node(values, span),
            span,
            {},
            "text",
        )


def _state(body: str) -> tuple[set[str], set[str], set[str]]:
    """Names of lists, of mappings to records, and of all state variables of a contract, at its top level."""
    top: list[str] = []
    depth = 0
    last = 0
    for match in re.finditer(r"[{}]", body):
        if depth == 1:
            top.append(body[last : match.start()])
        depth += 1 if match[0] == "{" else -1
        last = match.end()
    source = "\n".join(top).lstrip("{")
    lists: set[str] = set()
    records: set[str] = set()
    state: set[str] = set()
    for match in _STATE.finditer(source):
        if match[1].split()[0] in (
            "return",
            "emit",
            "using",
            "import",
            "event",
            "error",
            "delete",
            "constant",
            "immutable",
        ):
            continue
        state.add(match[3])
        if match[2]:
            lists.add(match[3])
        record = re.search(r"=>\s*([A-Z]\w*)\s*\)\s*$", match[1])
        if record is not None:
            records.add(match[3])
    return lists, records, state


def _bodies(text: str, offset: int) -> Iterator[_Function]:
    for match in _FUNCTION.finditer(text):
        close = _closing(text, match.end() - 1, "()")
        opening = text.find("{", close)
        semicolon = text.find(";", close)
        if opening < 0 or 0 <= semicolon < opening:
            continue
        end = _closing(text, opening)
        name = match[2] or match[1].strip("( ")
        yield _Function(
            name,
            text[match.start() : opening],
            text[match.end() : close],
            text[opening : end + 1],
            offset + match.start(),
            offset + end,
        )


def _facts(
    function: _Function, lists: set[str], records: set[str], state: set[str]
) -> dict[str, str | bool | None]:
    head = (
        function.head[function.head.rfind(function.parameters) + len(function.parameters) :]
        if function.parameters
        else function.head
    )
    words = set(re.findall(r"[A-Za-z_]\w*", head))
    modifiers = sorted(
        words - _NO_GUARD - {"function", function.name} - set(re.findall(r"returns\s*\(([^)]*)\)", head))
    )
    visibility = next(
        (word for word in ("external", "public", "internal", "private") if word in words), "public"
    )
    body = function.body
    guards = [
        word
        for word in modifiers
        if re.match(r"(?i)only|auth|is[A-Z]|requires|has|when[A-Z]?owner|govern|restricted|admin", word)
    ]
    arguments = re.findall(r"(\w+)\s*(?:,|$)", function.parameters)
    return {
        "visibility": visibility,
        "open": visibility in ("public", "external")
        and function.name not in ("constructor", "receive", "fallback"),
        "reads_only": bool({"view", "pure"} & words),
        "guarded": bool(guards) or _SENDER.search(body) is not None,
        "locked": bool(_LOCKS & words),
        "writes_after_call": _written_after_call(body, state),
        "origin": _ORIGIN.search(body) is not None,
        "unchecked": _LOST.search(body) is not None,
        "destroys": re.search(r"\b(selfdestruct|suicide)\s*\(", body) is not None,
        "delegates": any(
            re.search(rf"\b{re.escape(name)}\s*\.delegatecall\s*\(", body) for name in arguments
        ),
        "pays": _pays(body, arguments),
        "sets_owner": any(match[1] in state for match in _OWNER.finditer(body)),
        "loops": next((match[1] for match in _LOOP.finditer(body) if match[1] in lists), None),
        "looks_up": _looked_up(body, arguments, records),
        "random": _BLOCK_RANDOM.search(body) is not None,
    }


def _written_after_call(body: str, state: set[str]) -> str | None:
    call = _VALUE_CALL.search(body)
    if call is None:
        return None
    rest = body[call.end() :]
    for name in sorted(state):
        if re.search(
            rf"\b{re.escape(name)}\s*(?:\[[^;=]*\]\s*)*(?:\.\w+\s*)*(?:[-+]?=[^=]|--|\+\+)|\bdelete\s+{re.escape(name)}\b",
            rest,
        ):
            return name
    return None


def _pays(body: str, arguments: list[str]) -> bool:
    if re.search(r"address\(this\)\.balance", body) is None:
        return False
    targets = [r"msg\.sender", r"payable\(msg\.sender\)", *(re.escape(name) for name in arguments)]
    return any(re.search(rf"{target}\)?\s*\.(?:transfer|send|call)\b", body) for target in targets)


def _looked_up(body: str, arguments: list[str], records: set[str]) -> str | None:
    """A record of a mapping, taken by an argument and changed, in a function that never looks whether it is there."""
    if re.search(r"\b(require|revert|if|assert)\b", body) is not None:
        return None
    for record in sorted(records):
        for name in arguments:
            if re.search(
                rf"\b{re.escape(record)}\[\s*{re.escape(name)}\s*\]\s*\.\w+\s*[-+]?=[^=]|storage\s+\w+\s*=\s*{re.escape(record)}\[\s*{re.escape(name)}\s*\]",
                body,
            ):
                return record
    return None


def _span(starts: list[int], start: int, end: int) -> Span:
    from bisect import bisect_right

    first, last = bisect_right(starts, start), bisect_right(starts, end)
    return Span(first, start - starts[first - 1] + 1, last, end - starts[last - 1] + 1)
