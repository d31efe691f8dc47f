"""Checksums and structures: what is minted is accepted, what is spoilt is refused, and any text is answered without an error."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.model.errors import RuleError
from assay.model.severity import Severity
from assay.secrets.checks.encodings import bech32_is_valid, crc16_xmodem, crc32_base62, marvin32
from assay.secrets.checks.registry import NAMES, check_named, mint_named
from assay.secrets.checks.result import State
from assay.secrets.specimen import expand

PROVEN = {
    "github-crc32", "npm-crc32", "vercel-crc32", "cloudflare-crc32", "grafana-crc32", "atlassian-crc32", "gitlab-routable", "azure-key",
    "azure-cask", "pypi-macaroon", "nats-nkey", "age-bech32", "base58check", "sendgrid", "sentry", "grafana-cloud", "grafana-legacy",
    "jfrog-reference", "jfrog-key", "discord", "atlassian-dc", "onepassword", "openai", "anthropic", "docker-hub", "private-key",
}  # fmt: skip
MINTED = sorted(NAMES - {"base64-text", "uuid", "gcp-service-account"})


@pytest.mark.parametrize("name", MINTED)
def test_minted_values_are_accepted(name: str) -> None:
    for seed in range(5):
        result = check_named(name)(mint_named(name)(Random(seed), ""))
        assert result.state is (State.VALID if name in PROVEN else State.NOT_APPLICABLE), (name, seed)


@pytest.mark.parametrize(
    "name",
    ["github-crc32", "npm-crc32", "vercel-crc32", "cloudflare-crc32", "grafana-crc32", "atlassian-crc32", "gitlab-routable", "azure-key",
     "azure-cask", "nats-nkey", "age-bech32", "base58check"],
)  # fmt: skip
def test_one_wrong_character_is_refused(name: str) -> None:
    for seed in range(5):
        assert check_named(name)(expand(f"<<!{name}>>", str(seed))).state is State.INVALID


@pytest.mark.parametrize("name", sorted(NAMES))
@given(text=st.text(max_size=120))
@settings(max_examples=30, deadline=None)
def test_any_text_has_an_answer(name: str, text: str) -> None:
    assert check_named(name)(text).state in State


def test_unknown_lengths_are_not_judged() -> None:
    assert check_named("github-crc32")("ghs_" + "a1" * 30).state is State.NOT_APPLICABLE
    assert check_named("gitlab-routable")("glpat-" + "a1" * 10).state is State.NOT_APPLICABLE


def test_published_vectors() -> None:
    # CRC-16/XMODEM check value; Marvin32 of no bytes under the seed of the published vectors (0x30ed35c1 ^ 0x00cd3c7d); BIP-173 sample.
    assert crc16_xmodem(b"123456789") == 0x31C3
    assert marvin32(b"", 0x004FB61A001BDBCC) == 0x30ED35C1 ^ 0x00CD3C7D
    assert bech32_is_valid("a", "2uel5l")
    assert crc32_base62("") == "000000"


def test_facts() -> None:
    account = check_named("aws-key-id")("ASIA" + "Y34FZKBOKMUTVV7A")
    assert account.facts == ("AWS account 609629065308",)
    assert check_named("aws-key-id")("AKIA" + "IOSFODNN7EXAMPLE").state is State.INVALID
    claims = check_named("jwt")(expand("<<jwt:service_role>>", "x"))
    assert "role service_role" in claims.facts
    assert "issuer sample-issuer" in claims.facts
    for kind, word in (("ed25519", "Ed25519"), ("ec", "EC 256 bits"), ("openssh", "Ed25519")):
        assert word in check_named("private-key")(expand(f"<<private-key:{kind}>>", "x")).facts
    encrypted = check_named("private-key")(expand("<<private-key:encrypted>>", "x"))
    assert encrypted.severity is Severity.LOW


def test_unknown_names_are_told() -> None:
    with pytest.raises(RuleError, match="no check is named"):
        check_named("crc-of-nothing")
    with pytest.raises(RuleError, match="no kind of characters"):
        expand("<<wobble:3>>", "x")


def test_specimens_are_the_same_every_time() -> None:
    text = "<<k=alnum:20>> <<k>> <<base64(a:<<hex:8>>)>> <<github-crc32:gho_>>"
    assert expand(text, "s") == expand(text, "s")
    assert expand(text, "s") != expand(text, "t")
    first, second, *_ = expand(text, "s").split()
    assert first == second
