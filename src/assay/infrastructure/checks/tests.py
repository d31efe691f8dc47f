"""The tests that a condition makes on values: three-valued, because what is not known is neither true nor false."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from typing import TypeAlias

from assay.infrastructure.credentials import is_literal_secret
from assay.infrastructure.node import HOLE, Node, Unknown
from assay.model.errors import RuleError

Truth: TypeAlias = "bool | None"
Test: TypeAlias = "Callable[[Node], Truth]"


def equals(expected: object) -> Test:
    """The value is this scalar. Texts and numbers are compared by what they say: `"443"` is 443, `"true"` is true."""
    wanted = _words(expected)

    def test(node: Node) -> Truth:
        if isinstance(node.value, Unknown):
            return None
        return not isinstance(node.value, (dict, list)) and _words(node.value) == wanted

    return test


def one_of(expected: object) -> Test:
    """The value is one of these scalars."""
    wanted = frozenset(_words(each) for each in _list(expected, "in"))

    def test(node: Node) -> Truth:
        if isinstance(node.value, Unknown):
            return None
        return not isinstance(node.value, (dict, list)) and _words(node.value) in wanted

    return test


def matches(pattern: object) -> Test:
    """The pattern (RE2) is found in the text."""
    import re2

    try:
        expression = re2.compile(str(pattern))
    except re2.error as error:
        raise RuleError(
            f"not a pattern: {pattern!r}: {error}", "patterns are RE2, without lookaround"
        ) from error

    def test(node: Node) -> Truth:
        if isinstance(node.value, Unknown):
            return None
        if isinstance(node.value, (dict, list)) or node.value is None:
            return False
        return expression.search(_words(node.value)) is not None

    return test


def contains(expected: object) -> Test:
    """One of these texts is part of the text; also known when only a piece of the text is."""
    wanted = tuple(str(each) for each in _list(expected, "contains"))

    def test(node: Node) -> Truth:
        if isinstance(node.value, Unknown):
            return True if any(each in node.value.text for each in wanted) else None
        return not isinstance(node.value, (dict, list)) and any(each in _words(node.value) for each in wanted)

    return test


def starts(expected: object) -> Test:
    """The text starts with one of these; also known when only its beginning is."""
    wanted = tuple(str(each) for each in _list(expected, "starts"))

    def test(node: Node) -> Truth:
        if isinstance(node.value, Unknown):
            head = node.value.text.split(HOLE)[0]
            return True if head.startswith(wanted) else None
        return not isinstance(node.value, (dict, list)) and _words(node.value).startswith(wanted)

    return test


def has(expected: object) -> Test:
    """A list holds one of these scalars, or the scalar is one of them."""
    test_one = one_of(expected if isinstance(expected, list) else [expected])
    return _over_elements(test_one)


def has_match(pattern: object) -> Test:
    """An element of a list, or the scalar itself, fits the pattern."""
    return _over_elements(matches(pattern))


def compared(holds: Callable[[float, float], bool], limit: object) -> Test:
    """The value is a number (or says one) and compares so."""
    if not isinstance(limit, (int, float)):
        raise RuleError(f"not a number: {limit!r}", "less, more, at_least and at_most compare numbers")

    def test(node: Node) -> Truth:
        if isinstance(node.value, Unknown):
            return None
        number = _number(node)
        return number is not None and holds(number, limit)

    return test


def cidr(kind: object) -> Test:
    """A network that is `any` (all addresses), `public` (not only private ones), or wider than `/<n>` says."""
    if kind not in ("any", "public"):
        raise RuleError(f"cidr is any or public, not {kind!r}", "")

    def test(node: Node) -> Truth:
        if isinstance(node.value, Unknown):
            return None
        try:
            network = ip_network(_words(node.value).strip(), strict=False)
        except ValueError:
            return False
        return network.prefixlen == 0 if kind == "any" else not network.is_private

    return _over_elements(test)


def secret(expected: object) -> Test:
    """A text that is a credential in clear: no reference, placeholder or ordinary word."""

    def test(node: Node) -> Truth:
        if isinstance(node.value, Unknown):
            return False
        return isinstance(node.value, str) and is_literal_secret(node.value) is bool(expected)

    return test


def size(node: Node) -> Node:
    """The number of elements of a list or mapping, of characters of a text."""
    value = node.value
    if isinstance(value, Unknown) or node.is_open:
        return node
    return Node(len(value) if isinstance(value, (dict, list, str)) else 0, node.span)


def is_empty(node: Node) -> Truth:
    """Null, an empty text, list or mapping."""
    value = node.value
    if isinstance(value, Unknown):
        return None
    return value is None or (isinstance(value, (str, list, dict)) and len(value) == 0)


def _over_elements(test: Test) -> Test:
    def over(node: Node) -> Truth:
        if not isinstance(node.value, list):
            return test(node)
        results = [test(element) for element in node.value]
        return True if True in results else None if None in results else False

    return over


def _number(node: Node) -> float | None:
    value = node.value
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _words(value: object) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    return str(value) if value is not None else "null"


def _list(value: object, operator: str) -> list[object]:
    if isinstance(value, dict):
        raise RuleError(f"{operator} takes a text or a list, not a mapping", "")
    return value if isinstance(value, list) else [value]
