"""Words of a script to the arguments that a program would get: quotes, variables, braces, tilde, splitting."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from itertools import pairwise

import re2
from tree_sitter import Node

from assay.shell.parameter import apply_operator
from assay.shell.value import ANYTHING, SPLIT, UNKNOWN, Value, Word, protect, reveal

_MAX_BRACES = 256
_MAX_TEXT = 64 * 1024
_ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_ANSI = re2.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|0?([0-7]{1,3})|c(.)|(.))"
)
_RANGE = re2.compile(r"^(-?\d{1,6}|[A-Za-z])\.\.(-?\d{1,6}|[A-Za-z])(?:\.\.(-?\d{1,4}))?$")
_NAME = re2.compile(r"^[A-Za-z_][A-Za-z0-9_]*")


_ACTIVE = frozenset("\\{~*?[")


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def unescape(text: str) -> str:
    r"""Resolve the escapes of `$'...'`, `echo -e` and `printf`: \n, \x41, \101, \u0041."""
    if "\\" not in text:
        return text
    found: str = _ANSI.sub(_escape, text)
    return found


def _escape(match: re2._Match[str]) -> str:
    hexa, u4, u8, octal, control, char = match.groups()
    if hexa or u4 or u8:
        code = int(hexa or u4 or u8, 16)
        return chr(code) if code < 0x110000 else UNKNOWN
    if octal:
        return chr(int(octal, 8) & 0xFF)
    if control:
        return chr(ord(control) & 0x1F)
    return _ESCAPES.get(str(char), f"\\{char}")


class Expander:
    """Expands words with the variables it holds; `run` evaluates a substitution node and returns its output."""

    def __init__(self, variables: dict[str, Value], home: str, run: Callable[[Node], Value]) -> None:
        self.variables = variables
        self.home = home
        self._run = run
        self.aliases: dict[str, str] = {}

    def words(self, node: Node) -> list[Word]:
        """Every argument that one word node becomes (braces and splitting make several, or none)."""
        if node.type == "word":
            plain = text_of(node)
            if _ACTIVE.isdisjoint(plain):
                return [Word(plain)]
        value = self.value(node)
        words = []
        for form in braced(value.text):
            for field in form.split(SPLIT):
                if not field and (SPLIT in form or not _is_quoted(node)):
                    continue
                words.append(self._word(field, value.taints))
        return words

    def one(self, node: Node) -> Value:
        """The word as a single text, for assignments, redirections and here-strings."""
        value = self.value(node)
        return Value(self._tilde(reveal(value.text.replace(SPLIT, " "))), value.taints)

    def value(self, node: Node) -> Value:
        """The text of a word node before splitting; inactive characters are protected."""
        kind = node.type
        if kind in ("word", "variable_name", "number", "extglob_pattern", "regex", "test_operator"):
            return self._bare(node)
        if kind == "raw_string":
            return Value(protect(text_of(node)[1:-1]))
        if kind == "ansi_c_string":
            return Value(protect(unescape(text_of(node)[2:-1])))
        if kind in ("string", "translated_string", "heredoc_body"):
            return self._string(node)
        if kind in ("simple_expansion", "expansion"):
            return self._expansion(node, quoted=False)
        if kind in ("command_substitution", "process_substitution", "arithmetic_expansion"):
            return self._substitution(node, quoted=False)
        return self._joined(node)

    def _joined(self, node: Node) -> Value:
        parts = []
        taints: frozenset[str] = frozenset()
        for child in node.children:
            value = self.value(child) if child.is_named else Value(text_of(child))
            parts.append(value.text)
            taints |= value.taints
        if not node.children:
            return Value(text_of(node))
        return Value("".join(parts)[:_MAX_TEXT], taints)

    def _bare(self, node: Node) -> Value:
        text = text_of(node)
        if node.named_child_count:
            return self._joined(node)
        if "\\" not in text:
            return Value(text)
        out, position = [], 0
        while position < len(text):
            if text[position] == "\\" and position + 1 < len(text):
                position += 1
                out.append("" if text[position] == "\n" else protect(text[position]))
            else:
                out.append(text[position])
            position += 1
        return Value("".join(out))

    def _string(self, node: Node) -> Value:
        """A double-quoted string or a heredoc body: literal text between the expansions."""
        source = node.text or b""
        start, cursor = node.start_byte, 0
        parts: list[str] = []
        taints: frozenset[str] = frozenset()
        for child in node.children:
            if child.type not in (
                "simple_expansion",
                "expansion",
                "command_substitution",
                "arithmetic_expansion",
            ):
                continue
            parts.append(_literal(source[cursor : child.start_byte - start]))
            value = (
                self._expansion(child, quoted=True)
                if child.type.endswith("expansion") and child.type != "arithmetic_expansion"
                else self._substitution(child, quoted=True)
            )
            parts.append(value.text)
            taints |= value.taints
            cursor = child.end_byte - start
        parts.append(_literal(source[cursor:]))
        text = "".join(parts)
        if node.type != "heredoc_body":
            text = text.removeprefix("$").removeprefix('"').removesuffix('"')
        return Value(text[:_MAX_TEXT], taints)

    def _substitution(self, node: Node, *, quoted: bool) -> Value:
        value = self._run(node)
        text = value.text.rstrip("\n")
        return Value(protect(text) if quoted else self._fields(text), value.taints)

    def _fields(self, text: str) -> str:
        """The text with the places marked where it is split, also at characters that the script put into IFS."""
        separators = self.variables.get("IFS")
        if separators is not None and separators.known:
            for char in separators.text.strip():
                text = text.replace(char, " ")
        return _split(text)

    def _expansion(self, node: Node, *, quoted: bool) -> Value:
        value = self._parameter(node)
        return Value(protect(value.text) if quoted else self._fields(value.text), value.taints)

    def _parameter(self, node: Node) -> Value:
        inner = text_of(node)[1:]
        if not inner.startswith("{"):
            return self.lookup(inner)
        inner = inner[1:].removesuffix("}")
        if inner.startswith("!"):
            pointed = self.lookup(inner[1:])
            return self.lookup(pointed.text) if pointed.known and _NAME.match(pointed.text) else ANYTHING
        length = inner.startswith("#") and len(inner) > 1
        name_match = _NAME.match(inner.lstrip("#") if length else inner)
        name = name_match.group() if name_match else inner[:1]
        rest = inner[len(name) + length :]
        value = self.lookup(name)
        if rest.startswith("["):
            rest = rest.partition("]")[2]
        if length:
            return Value(str(len(value.text))) if value.known else ANYTHING
        if not rest:
            return value
        return apply_operator(value, rest, self._alternative(node), is_set=name in self.variables)

    def _alternative(self, node: Node) -> Value:
        """The word after an operator such as `:-`: every child behind the first operator."""
        parts: list[str] = []
        taints: frozenset[str] = frozenset()
        seen = False
        for child in node.children[1:-1]:
            if seen:
                value = self.value(child) if child.is_named else Value(text_of(child))
                parts.append(value.text)
                taints |= value.taints
            elif not child.is_named and child.type not in ("!", "#"):
                seen = True
        return Value(reveal("".join(parts)), taints)

    def lookup(self, name: str) -> Value:
        """A variable's value; an unset one is unknown, except the positional ones, which are empty in a plain script."""
        if name in self.variables:
            return self.variables[name]
        if name in ("@", "*") or (name.isdigit() and name != "0"):
            return Value("")
        if name in ("?", "#"):
            return Value("0")
        if name == "IFS":
            return Value(" \t\n")
        return Value(UNKNOWN, frozenset({f"env:{name}"}))

    def _tilde(self, text: str) -> str:
        if not text.startswith("~"):
            return text
        head, slash, rest = text.partition("/")
        if head in ("~", "~+"):
            root = self.home if head == "~" else self.lookup("PWD").text
        else:
            root = "/root" if head == "~root" else f"{self.home.rpartition('/')[0]}/{head[1:]}"
        return root + slash + rest

    def _word(self, text: str, taints: frozenset[str]) -> Word:
        text = self._tilde(text)
        if "=~" in text or ":~" in text:
            text = text.replace("=~/", f"={self.home}/").replace(":~/", f":{self.home}/")
        return Word(reveal(text), taints, any(char in text for char in "*?["))


def _literal(source: bytes) -> str:
    text = source.decode("utf-8", "replace")
    if "\\" in text:
        for escaped in ('\\"', "\\$", "\\`", "\\\\", "\\\n"):
            text = text.replace(escaped, escaped[1].replace("\n", ""))
    return protect(text)


def _split(text: str) -> str:
    """Mark the places where an unquoted value is split; its braces and tilde are not active, its globs are."""
    if not set(text) & set(string.whitespace + "{},~"):
        return text
    marked = text.replace("\n", SPLIT).replace("\t", SPLIT).replace(" ", SPLIT)
    for char in "{},~":
        marked = marked.replace(char, protect(char))
    return marked


def _is_quoted(node: Node) -> bool:
    if node.type in ("string", "raw_string", "ansi_c_string", "translated_string"):
        return True
    return node.type == "concatenation" and any(_is_quoted(child) for child in node.children)


def braced(text: str) -> Iterator[str]:
    """Brace expansion, leftmost group first, bounded."""
    pending, made = [text], 0
    while pending:
        current = pending.pop()
        group = _first_group(current) if "{" in current else None
        made += 1
        if group is None or made > _MAX_BRACES:
            yield current
            continue
        start, end, choices = group
        pending.extend(current[:start] + choice + current[end:] for choice in reversed(choices))


def _first_group(text: str) -> tuple[int, int, list[str]] | None:
    start = text.find("{")
    while start != -1:
        if start and text[start - 1] == "$":
            return None
        depth, cuts = 0, [start]
        for position in range(start, len(text)):
            char = text[position]
            depth += (char == "{") - (char == "}")
            if char == "," and depth == 1:
                cuts.append(position)
            if depth == 0:
                choices = _choices(text, [*cuts, position])
                if choices:
                    return start, position + 1, choices
                break
        start = text.find("{", start + 1)
    return None


def _choices(text: str, cuts: list[int]) -> list[str]:
    inner = [text[a + 1 : b] for a, b in pairwise(cuts)]
    if len(inner) > 1:
        return inner
    found = _RANGE.match(inner[0]) if inner else None
    return _sequence(*found.groups()) if found else []


def _sequence(first: str, last: str, step: str | None) -> list[str]:
    numeric = first.lstrip("-").isdigit() and last.lstrip("-").isdigit()
    if not numeric and (len(first) != 1 or len(last) != 1):
        return []
    a, b = (int(first), int(last)) if numeric else (ord(first), ord(last))
    by = abs(int(step)) if step and int(step) else 1
    values = range(a, b + 1, by) if a <= b else range(a, b - 1, -by)
    return [str(value) if numeric else chr(value) for value in list(values)[:_MAX_BRACES]]
