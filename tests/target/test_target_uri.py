"""Uris of paths: one for each path, whatever bytes it holds."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from assay.scan.target.uri import uri_of, uri_of_bytes

NAMES = st.lists(
    st.sampled_from([b"%", b"2", b"5", b"F", b"f", b"8", b"a", b"\xff", b"\xc3\xa9", b"\xe9"]), max_size=6
).map(b"".join)


@given(NAMES, NAMES)
@settings(max_examples=500, deadline=None)
def test_two_paths_never_have_one_uri(one: bytes, other: bytes) -> None:
    assert (uri_of_bytes(one) == uri_of_bytes(other)) == (one == other)


def test_ordinary_names_stay_readable() -> None:
    assert uri_of("100% sure/50%off.txt") == "100% sure/50%off.txt"
    assert uri_of(os.fsdecode(b"caf\xe9")) == "caf%E9"
    assert uri_of("%FF") == "%25FF"
