"""Version orders: known comparisons of each ecosystem, and the laws of a total order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.dependencies.versions.order import is_major_step, is_prerelease, key_of

CHAINS = {
    "PyPI": ["1.0.dev1", "1.0a1", "1.0b1", "1.0rc1", "1.0", "1.0.post1", "1.0.1", "1.10", "1!0.1"],
    "npm": [
        "0.0.1",
        "0.1.0",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.2.0",
        "1.10.0",
        "2.0.0",
    ],
    "Go": [
        "v0.0.0-20200101000000-aaaaaaaaaaaa",
        "v0.0.0-20220101000000-000000000000",
        "v0.1.0",
        "v1.0.0-rc.1",
        "v1.0.0",
        "v1.2.3",
    ],
    "crates.io": ["0.1.0-alpha.1", "0.1.0", "0.2.0", "1.0.0"],
    "RubyGems": ["0.9", "1.0.a", "1.0.a.2", "1.0.b1", "1.0.rc1", "1.0", "1.0.1", "1.9", "1.10"],
    "Packagist": [
        "1.0.0-dev",
        "1.0.0-alpha1",
        "1.0.0-alpha2",
        "1.0.0-beta1",
        "1.0.0-RC1",
        "1.0.0",
        "1.0.0-patch1",
        "1.0.1",
        "v1.10.0",
    ],
    "Maven": [
        "1.0-alpha-1",
        "1.0-beta-1",
        "1.0-rc1",
        "1.0-SNAPSHOT",
        "1.0",
        "1.0-sp",
        "1.0.1",
        "1.10",
        "2.0",
    ],
    "NuGet": ["1.0.0-alpha", "1.0.0-beta", "1.0.0", "1.0.0.1", "1.2.0", "1.10.0"],
    "Debian": ["1.0~rc1", "1.0", "1.0-1", "1.0-1+deb12u1", "1.0-2", "1:0.1"],
    "Alpine": ["1.0_alpha1", "1.0_rc1", "1.0", "1.0-r1", "1.0.1"],
}
EQUAL = [
    ("PyPI", "1.0", "1.0.0"),
    ("PyPI", "1.0.0-alpha.1", "1.0a1"),
    ("npm", "v1.0.0", "1.0.0"),
    ("npm", "1.0.0+build.5", "1.0.0"),
    ("RubyGems", "1.0", "1.0.0"),
    ("RubyGems", "1.0.0", "1"),
    ("Packagist", "1.0", "v1.0.0.0"),
    ("Maven", "1.0", "1.0.0"),
    ("NuGet", "1.0", "1.0.0"),
]
TEXTS = {
    "PyPI": st.from_regex(r"\A[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\.post[0-9])?(\.dev[0-9])?\Z"),
    "npm": st.from_regex(
        r"\A[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(-[a-z0-9]{1,3}(\.[0-9a-z]{1,2}){0,2})?(\+[a-z0-9]{1,3})?\Z"
    ),
    "RubyGems": st.from_regex(r"\A[0-9]{1,3}(\.[0-9]{1,3}){0,3}(\.(a|b|pre|rc[0-9]))?(\.[0-9])?\Z"),
    "Packagist": st.from_regex(
        r"\Av?[0-9]{1,3}(\.[0-9]{1,3}){1,3}(-(alpha|beta|RC|patch)[0-9]{0,2}|-dev)?\Z"
    ),
    "Maven": st.from_regex(
        r"\A[0-9]{1,3}(\.[0-9]{1,3}){0,3}(-(alpha|beta|rc|SNAPSHOT|final|sp)(-[0-9])?)?\Z"
    ),
    "NuGet": st.from_regex(r"\A[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(-[a-z]{1,4}(\.[0-9])?)?\Z"),
    "Debian": st.from_regex(r"\A[0-9]{1,2}(\.[0-9]{1,3}){0,2}(~rc[0-9])?(-[0-9]{1,2})?\Z"),
    "Alpine": st.from_regex(r"\A[1-9]{1,2}(\.[1-9]{1,3}){0,2}(_rc[0-9])?(-r[0-9]{1,2})?\Z"),
}


@pytest.mark.parametrize(("ecosystem", "chain"), CHAINS.items(), ids=CHAINS)
def test_chains_ascend(ecosystem: str, chain: list[str]) -> None:
    keys = [key_of(ecosystem, version) for version in chain]
    assert None not in keys
    for (first, low), (second, high) in itertools.combinations(zip(chain, keys, strict=True), 2):
        assert low < high, f"{first} < {second}"
        assert not high < low


@pytest.mark.parametrize(("ecosystem", "first", "second"), EQUAL)
def test_other_spellings_are_equal(ecosystem: str, first: str, second: str) -> None:
    assert key_of(ecosystem, first) == key_of(ecosystem, second)


@pytest.mark.parametrize("ecosystem", TEXTS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_total_order(ecosystem: str, data: st.DataObject) -> None:
    a, b, c = (key_of(ecosystem, data.draw(TEXTS[ecosystem])) for _ in range(3))
    assert None not in {id(key) if key is not None else None for key in (a, b, c)}
    assert (a < b) + (b < a) + (a == b) == 1
    if a <= b and b <= c:
        assert a <= c
    assert sorted([a, b, c]) == sorted([c, b, a])


@pytest.mark.parametrize("ecosystem", [*CHAINS, "Hex", "Pub", "unheard-of"])
@given(text=st.text(max_size=300))
@settings(max_examples=40, deadline=None)
def test_no_text_raises(ecosystem: str, text: str) -> None:
    key = key_of(ecosystem, text)
    assert key is None or key == key_of(ecosystem, text)


def test_absurd_versions_have_no_key() -> None:
    for ecosystem in CHAINS:
        assert key_of(ecosystem, "9" * 10_000) is None
        assert key_of(ecosystem, "not a version at all") is None or ecosystem in {"Maven", "Debian"}


@pytest.mark.parametrize(
    ("old", "new", "major"),
    [
        ("1.2.3", "1.9.0", False),
        ("1.2.3", "2.0.0", True),
        ("0.1.0", "0.2.0", True),
        ("0.1.0", "0.1.9", False),
        ("v1.0.0", "1.4.0", False),
        ("x", "1", True),
    ],
)
def test_major_steps(old: str, new: str, major: bool) -> None:
    assert is_major_step(old, new) is major


def test_prereleases() -> None:
    assert is_prerelease("PyPI", "1.0rc1")
    assert not is_prerelease("PyPI", "1.0.post1")
    assert is_prerelease("npm", "1.0.0-beta.1")
    assert not is_prerelease("Maven", "33.0.0-jre")
