from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.scan.triage.line_hash import line_hashes


def rolling(content: bytes) -> dict[int, str]:
    """The definition, told as a stream with a window that rolls: another way to the same numbers."""
    text = content.decode("utf-8", "replace")
    data = text.encode("utf-16-le")
    units = [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2)]
    stream: list[int] = []
    after_return = False
    for unit in units:
        if unit in (32, 9) or (after_return and unit == 10):
            after_return = False
            continue
        after_return = unit == 13
        stream.append(10 if unit == 13 else unit)
    stream.append(65535)
    starts = [0, *(at + 1 for at, unit in enumerate(stream[:-1]) if unit == 10)]
    padded = stream + [0] * 100
    seen: dict[int, int] = {}
    result: dict[int, str] = {}
    for line, start in enumerate(starts, 1):
        value = 0
        for unit in padded[start : start + 100]:
            value = (value * 37 + unit) % 2**64
        seen[value] = seen.get(value, 0) + 1
        result[line] = f"{value:x}:{seen[value]}"
    return result


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        # Published values of the upload action's own algorithm.
        (b"", 1, "c129715d7a2bc9a3:1"),
        (b" a\nb\n  \t\tc\n d", 1, "271789c17abda88f:1"),
        (b" a\nb\n  \t\tc\n d", 4, "a23a3dc5e078b07b:1"),
        (b"Lorem ipsum dolor sit amet.\n" * 10, 6, "a7f2ff13bc495cf2:6"),
        (b"Lorem ipsum dolor sit amet.\n" * 10, 7, "a7f2ff1481e87703:1"),
    ],
)
def test_known_pairs(content: bytes, line: int, expected: str) -> None:
    assert line_hashes(content, {line}) == {line: expected}


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab \t\r\n{}\U0001f600é", max_size=400).map(str.encode) | st.binary(max_size=200))
def test_equals_the_definition(content: bytes) -> None:
    expected = rolling(content)
    assert line_hashes(content, set(expected)) == expected


def test_line_ends_and_white_space_do_not_matter() -> None:
    unix = b"def f(x):\n    return x\n"
    windows = b"def f( x ):\r\n\treturn x\r\n"
    assert line_hashes(unix, {1, 2}) == line_hashes(windows, {1, 2})


def test_a_line_that_is_not_there_has_no_hash() -> None:
    assert line_hashes(b"a\n", {7}) == {}
    assert line_hashes(b"a\n", set()) == {}
