"""Hosts in disguise."""

from __future__ import annotations

import pytest

from assay.gateway.actions.hosts import (
    canonical,
    carries_data,
    has_userinfo,
    host_in,
    inner_addresses,
    kinds_of,
)


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::ffff:169.254.169.254]", "169.254.169.254.nip.io", "a9fea9fe.nip.io",
     "metadata.google.internal", "METADATA.google.internal.", "\uff11\uff16\uff19.254.169.254", "169\u3002254\u3002169\u3002254"],
)  # fmt: skip
def test_the_metadata_service_by_any_name(host: str) -> None:
    assert "metadata" in kinds_of(host)


@pytest.mark.parametrize(("host", "kind"), [("localhost", "loopback"), ("127.1", "loopback"), ("[::1]", "loopback"), ("0", "loopback"), ("10.0.0.1", "private"), ("x.local", "private"),
                                            ("gith\u00fcb.com", "idn"), ("8.8.8.8", "literal"), ("", "unknown")])  # fmt: skip
def test_kinds(host: str, kind: str) -> None:
    assert kind in kinds_of(host)


def test_plain_names_are_plain() -> None:
    assert kinds_of("github.com") == frozenset()
    assert canonical("GitHub.com.") == "github.com"


def test_parts_of_addresses() -> None:
    assert host_in("https://user:pw@[::1]:8080/x") == "::1"
    assert host_in("https://github.com\\@evil.example/") == "github.com"
    assert host_in("http://ex%61mple.com:80/a?b=c") == "example.com"
    assert has_userinfo("https://github.com@evil.example/")
    assert list(inner_addresses("https://a.example/?next=https%3A%2F%2Fb.example%2F&x=1")) == [
        "https://b.example/"
    ]


def test_data_in_an_address() -> None:
    assert carries_data("https://example.com/?q=c2VjcmV0IGRhdGEgdGhhdCBsZWF2ZXMgdGhlIG1hY2hpbmU=")
    assert carries_data("https://example.com/?password=hunter2")
    assert not carries_data("https://github.com/a/b/commit/0123456789abcdef0123456789abcdef01234567")
    assert not carries_data("https://docs.python.org/3/library/urllib.parse.html#urllib.parse.urlencode")
