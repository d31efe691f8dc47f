"""Decoding and the line index, against the naive way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.scan.target import encoding
from assay.scan.target.encoding import LineIndex, decode, is_binary

SAMPLE = "name = 'Zoë'\r\npassword = \"x\"\n"


@pytest.mark.parametrize(
    "name",
    ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "latin-1"],
)
def test_every_encoding_of_a_text_reads_the_same(name: str) -> None:
    content = SAMPLE.encode(name)
    assert decode(content).text == SAMPLE
    assert not is_binary(content)


def test_bytes_that_a_mark_promises_wrongly_are_replaced_and_said_to_be() -> None:
    decoded = decode(b"\xff\xfeA\x00\x00\xd8")
    assert decoded.text.startswith("A")
    assert decoded.lossy


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_decode_and_is_binary_take_any_bytes(content: bytes) -> None:
    assert isinstance(decode(content).text, str)
    assert is_binary(content) in (True, False)


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 40,
        b"\x7fELF\x02\x01\x01" + bytes(60),
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"PK\x03\x04" + bytes(26),
    ],
)
def test_binary_formats_are_binary(content: bytes) -> None:
    assert is_binary(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"a = 1\n" * 30 + b"\0", b"GIF89a;<?php system($_GET['c']); ?>\n", b"\x1b[31mred\x1b[0m\n"],
)
def test_text_with_one_strange_byte_is_not_hidden(content: bytes) -> None:
    assert not is_binary(content)


def naive(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


TEXTS = st.text(alphabet=st.sampled_from("ab\n\ré€😀\u2028\x0b"), max_size=60)


@pytest.mark.parametrize("size", [2, 3, 1 << 15])
@settings(max_examples=150, deadline=None)
@given(text=TEXTS, mark=st.booleans())
def test_positions_agree_with_the_naive_way_in_text_and_in_bytes(size: int, text: str, mark: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "_BLOCK", size)
        content = text.encode("utf-8-sig" if mark else "utf-8")
        in_text, in_bytes = LineIndex(text), LineIndex(content)
        for offset in range(len(text) + 1):
            at = len(text[:offset].encode()) + 3 * mark
            assert in_text.position(offset) == naive(text, offset)
            assert in_bytes.position(at) == naive(text, offset)
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            assert in_text.line(number) == line.removesuffix("\r")
        assert in_text.line_count == max(1, len(lines) - (lines[-1] == ""))


def test_bytes_that_are_no_utf8_count_one_column_each() -> None:
    content = "é = 'ß'\nü!".encode("latin-1")
    index = LineIndex(content)
    assert index.position(content.index(b"!")) == naive(decode(content).text, len(content) - 1)


def test_a_region_ends_one_past_its_last_character() -> None:
    content = "a\n€uro = 1\n".encode()
    region = LineIndex(content).region(2, 2 + len("€uro".encode()))
    assert (region.start_line, region.start_column, region.end_line, region.end_column) == (2, 1, 2, 5)


@pytest.mark.parametrize("offset", [-1, 3])
def test_an_offset_outside_is_refused(offset: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        LineIndex(b"ab").position(offset)
    with pytest.raises(ValueError, match="outside"):
        LineIndex("a").line_span(2 if offset > 0 else 0)
