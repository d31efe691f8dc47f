"""Tokens that end in a CRC-32. Formats: section A of the vendors' own descriptions (GitHub 2021-04-05, npm 2021-09-23, Cloudflare "Token formats", GitLab routable tokens)."""

from __future__ import annotations

from random import Random
from zlib import crc32

from assay.secrets.checks.encodings import BASE36, BASE62, base64_bytes, crc32_base62, from_digits, to_digits
from assay.secrets.checks.result import INVALID, NOT_APPLICABLE, Validation, proven_if, valid

_GITHUB_KINDS = {
    "ghp": "personal access token",
    "gho": "OAuth access token",
    "ghu": "user token of a GitHub app",
    "ghs": "installation token of a GitHub app",
    "ghr": "refresh token of a GitHub app",
}


def github(value: str) -> Validation:
    """`ghp_` and its kin: 30 characters and base62(CRC-32 of them); other lengths are newer revisions."""
    prefix, _, body = value.partition("_")
    if len(body) != 36:
        return NOT_APPLICABLE
    return proven_if(crc32_base62(body[:30]) == body[30:], _GITHUB_KINDS.get(prefix, ""))


def npm(value: str) -> Validation:
    """`npm_`: as GitHub's."""
    body = value.partition("_")[2]
    if len(body) != 36:
        return NOT_APPLICABLE
    return proven_if(crc32_base62(body[:30]) == body[30:])


def vercel(value: str) -> Validation:
    """`vcp_` and its kin: base62(CRC-32) at the end. The length is not published: a wrong one is only proof at the known 56."""
    body = value.partition("_")[2]
    if crc32_base62(body[:-6]) == body[-6:]:
        return valid()
    return INVALID if len(body) == 56 else NOT_APPLICABLE


def cloudflare(value: str) -> Validation:
    """`cfut_` and its kin: 40 characters and their CRC-32 in hex."""
    body = value.partition("_")[2]
    if len(body) != 48:
        return NOT_APPLICABLE
    return proven_if(f"{crc32(body[:40].encode()):08x}" == body[40:].lower())


def grafana(value: str) -> Validation:
    """`glsa_` + 32 + `_` + CRC-32 of all before, little-endian in hex."""
    head, _, tail = value.rpartition("_")
    if len(head) != 37 or len(tail) != 8:
        return NOT_APPLICABLE
    return proven_if(crc32(head.encode()).to_bytes(4, "little").hex() == tail.lower())


def atlassian(value: str) -> Validation:
    """`ATATT...=`, `ATCTT...=`, `ATBB`: upper-case hex CRC-32 of all before."""
    head, tail = value[:-8], value[-8:]
    if not (head.endswith("=") or (head.startswith("ATBB") and len(head) == 28)):
        return NOT_APPLICABLE
    return proven_if(f"{crc32(head.encode()):08X}" == tail)


def gitlab(value: str) -> Validation:
    """Routable tokens `<prefix><payload>.01.<length><crc>`; tokens without the dots are the older, unchecked form."""
    payload_text, dot, rest = value.partition(".")
    version, _, tail = rest.partition(".")
    if not dot or version != "01" or len(tail) != 9:
        return NOT_APPLICABLE
    crc = crc32(value[:-7].encode())
    if to_digits(crc, BASE36, 7) != tail[2:]:
        return INVALID
    payload = payload_text.partition("-")[2]
    if from_digits(tail[:2], BASE36) != len(payload):
        return INVALID
    return valid(*_routing_facts(payload))


def _routing_facts(payload: str) -> list[str]:
    data = base64_bytes(payload)
    if data is None or len(data) < 18:
        return []
    lines = data[16:-1].decode("ascii", "replace").split("\n")
    words = {"c": "cell", "g": "group", "o": "organisation", "p": "project", "u": "user", "t": "type"}
    facts = []
    for line in lines:
        key, colon, coded = line.partition(":")
        number = from_digits(coded, BASE36)
        if colon and key in words and number is not None:
            facts.append(f"{words[key]} {number}")
    return facts


def mint_github(random: Random, variant: str) -> str:
    """A made-up token with a right checksum."""
    body = _alnum(random, 30)
    return (variant or "ghp_") + body + crc32_base62(body)


def mint_npm(random: Random, _variant: str) -> str:
    """A made-up token with a right checksum."""
    return mint_github(random, "npm" + "_")


def mint_vercel(random: Random, variant: str) -> str:
    """A made-up token with a right checksum."""
    body = _alnum(random, 50)
    return (variant or "vcp_") + body + crc32_base62(body)


def mint_cloudflare(random: Random, variant: str) -> str:
    """A made-up token with a right checksum."""
    body = _alnum(random, 40)
    return (variant or "cfut_") + body + f"{crc32(body.encode()):08x}"


def mint_grafana(random: Random, _variant: str) -> str:
    """A made-up token with a right checksum."""
    head = "glsa_" + _alnum(random, 32)
    return head + "_" + crc32(head.encode()).to_bytes(4, "little").hex()


def mint_atlassian(random: Random, variant: str) -> str:
    """A made-up token with a right checksum: ATATT (default), ATCTT or ATBB."""
    if variant.startswith("ATBB"):
        head = "ATBB" + _alnum(random, 24)
    else:
        head = (variant or "ATATT") + "3xFfGF0" + _alnum(random, 171) + "="
    return head + f"{crc32(head.encode()):08X}"


def mint_gitlab(random: Random, variant: str) -> str:
    """A made-up routable token that names organisation 1 and user 42."""
    import base64

    routing = b"o:1\nu:16"
    payload = base64.urlsafe_b64encode(random.randbytes(16) + routing + b"\x10").decode().rstrip("=")
    head = f"{variant or 'glpat-'}{payload}.01.{to_digits(len(payload), BASE36, 2)}"
    return head + to_digits(crc32(head.encode()), BASE36, 7)


def _alnum(random: Random, length: int) -> str:
    return "".join(random.choice(BASE62) for _ in range(length))
