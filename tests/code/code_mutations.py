"""Damaged programs: real-looking ones (the rules' own examples) with pieces cut, doubled, swapped, nested and broken, as a half-done edit leaves them."""

from __future__ import annotations

import random
from functools import cache

from assay.code.project import FileResult, analyse
from assay.model.rule import Rule
from assay.rules.load import builtin_rules, load_engine

_TOKENS = (
    b"(", b")", b"{", b"}", b"[", b"]", b":", b";", b",", b".", b"=", b"=>", b"->", b":=", b"...", b"*", b"**", b"@", b"async ", b"await ", b"yield ",
    b"return", b"class ", b"def f(", b"function ", b"func (", b"lambda x:", b"match x:\n case {", b"if ", b"else", b"try", b"catch (e) {", b"'", b'"', b"`", b"${",
    b'"""', b"f'{", b"/*", b"*/", b"//", b"#", b"\\", b"\n", b"\t", b"\x00", b"\xff\xfe", b"\xc3", "\u202e".encode(), b"<div>", b"</", b"?.", b"!!", b"0x", b"1e999", b"del ",
)  # fmt: skip


@cache
def corpus() -> tuple[tuple[str, bytes], ...]:
    """Every example of the code engine's rules that is one file: (path, text)."""
    found = [
        (example.path, example.code.encode())
        for rule in builtin_rules()
        if rule.engine == "code"
        for example in (*rule.bad, *rule.good)
        if not example.before
    ]
    return tuple(dict.fromkeys(found))


@cache
def rules() -> tuple[Rule, ...]:
    """The rules that damaged programs are analysed with: all."""
    return load_engine("code")


def mutate(text: bytes, chance: random.Random) -> bytes:
    """One to four wounds."""
    for _ in range(chance.randint(1, 4)):
        text = chance.choice(_WOUNDS)(text, chance)
    return text


def _span(text: bytes, chance: random.Random, most: int) -> tuple[int, int]:
    start = chance.randint(0, len(text))
    return start, min(len(text), start + chance.randint(0, most))


def _cut(text: bytes, chance: random.Random) -> bytes:
    start, end = _span(text, chance, 60)
    return text[:start] + text[end:]


def _double(text: bytes, chance: random.Random) -> bytes:
    start, end = _span(text, chance, 120)
    return text[:end] + text[start:end] * chance.randint(1, 4) + text[end:]


def _truncate(text: bytes, chance: random.Random) -> bytes:
    return text[: chance.randint(0, len(text))]


def _insert(text: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(text))
    return text[:at] + b"".join(chance.choice(_TOKENS) for _ in range(chance.randint(1, 5))) + text[at:]


def _swap(text: bytes, chance: random.Random) -> bytes:
    lines = text.split(b"\n")
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


def _indent(text: bytes, chance: random.Random) -> bytes:
    lines = text.split(b"\n")
    at = chance.randrange(len(lines))
    lines[at] = b" " * chance.randint(0, 9) + lines[at].lstrip()
    return b"\n".join(lines)


def _nest(text: bytes, chance: random.Random) -> bytes:
    start, end = _span(text, chance, 30)
    opening, closing = chance.choice(
        ((b"(", b")"), (b"[", b"]"), (b"{", b"}"), (b"f(", b")"), (b"not ", b""), (b"-", b""), (b"a.", b""))
    )
    depth = chance.choice((2, 20, 400))
    return text[:start] + opening * depth + text[start:end] + closing * depth + text[end:]


def _graft(text: bytes, chance: random.Random) -> bytes:
    """A piece of another program, of another language perhaps."""
    _, other = chance.choice(corpus())
    start, end = _span(other, chance, 200)
    at = chance.randint(0, len(text))
    return text[:at] + other[start:end] + text[at:]


_WOUNDS = (_cut, _double, _truncate, _insert, _swap, _indent, _nest, _graft)


def run(path: str, text: bytes) -> list[FileResult]:
    """Analyse one damaged program with every rule, and see that it is accounted for."""
    results = analyse([(path, text)], rules())
    assert [result.uri for result in results] == [path]
    for finding in results[0].findings:
        region = finding.location.region
        assert 1 <= region.start_line <= text.count(b"\n") + 1, finding
    return results
