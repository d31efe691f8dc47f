"""Tokens whose structure can be read but that carry no checksum: a misfit is dropped, a fit is a strong filter and gives facts."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random

from assay.model.severity import Severity
from assay.secrets.checks.encodings import (
    BASE32,
    BASE58,
    BASE62,
    base58_bytes,
    base64_bytes,
    base64_json,
    from_digits,
)
from assay.secrets.checks.result import INVALID, NOT_APPLICABLE, Validation, proven_if, unproven, valid

_SLACK = re.compile(
    r"xox[abp]-(?:\d{9,14}-)(?:\d{9,14}-)?(?:\d{9,14}-)?[0-9A-Za-z]{20,64}|xapp-\d-[A-Z0-9]+-\d+-[0-9a-f]{64}"
    r"|xox[ers](?:\.xox[bp])?-\d-?[0-9A-Za-z-]{20,220}|xox[ors]-[0-9A-Za-z-]{10,220}"
    r"|.{0,60}/services/T[A-Z0-9]{7,12}/B[A-Z0-9]{7,12}/[0-9A-Za-z]{23,25}|.{0,60}/(?:workflows|triggers)/[A-Z0-9].{10,120}"
)


def aws_key_id(value: str) -> Validation:
    """`AKIA` and its kin + 16 of base32; the account id stands in bits 1-40 of the decoded rest (Be'ery, "A short note on AWS KEY ID")."""
    number = from_digits(value[4:], BASE32)
    if number is None or len(value) != 20 or "EXAMPLE" in value:
        return INVALID
    account = (number >> 32 & 0x7FFFFFFFFF80) >> 7
    if account >= 10**12:
        return INVALID
    if value[4] < "I":  # ids of the first generation hold no account
        return unproven()
    return unproven(f"AWS account {account:012d}")


def aws_secret(value: str) -> Validation:
    """40 of base64 without checksum: not a git object id, not the documented example, and of mixed alphabet."""
    if len(value) != 40 or "EXAMPLE" in value.upper() or re.fullmatch(r"[0-9a-fA-F]{40}", value):
        return INVALID
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return INVALID if kinds < 3 or value.count("/") > 6 else unproven()


def jwt(value: str) -> Validation:
    """Three parts, header and claims JSON objects, `alg` present. Issuer, role, names of claims and expiry are facts; the signature is not checked."""
    parts = value.split(".")
    if len(parts) != 3:
        return INVALID
    header, claims = base64_json(parts[0]), base64_json(parts[1])
    if header is None or "alg" not in header or claims is None:
        return INVALID
    expiry, expired = _jwt_expiry(claims.get("exp"))
    facts = (
        _named("algorithm", header["alg"]),
        _named("issuer", claims.get("iss")),
        _named("role", claims.get("role")),
        f"claims {', '.join(sorted(str(name)[:24] for name in claims)[:8])}" if claims else "",
        expiry,
    )
    public = claims.get("role") == "anon" or not parts[2]
    severity = Severity.LOW if expired or public else None
    return unproven(*facts, severity=severity)


def _jwt_expiry(expiry: object) -> tuple[str, bool]:
    if isinstance(expiry, bool) or not isinstance(expiry, int | float) or not 0 < expiry < 10**11:
        return "no expiry", False
    # The result may depend on the bytes alone, so "expired" is against the date when these rules were reviewed.
    moment = datetime.fromtimestamp(expiry, UTC)
    return f"expires {moment:%Y-%m-%d}", moment < datetime(2026, 1, 1, tzinfo=UTC)


def _named(name: str, value: object) -> str:
    return f"{name} {value[:60]}" if isinstance(value, str) and value.isprintable() else ""


def slack(value: str) -> Validation:
    """Segment counts and digit lengths; segments of one repeated character are placeholders."""
    if not _SLACK.fullmatch(value):
        return INVALID
    segments = re.split(r"[-/.]", value)
    repeated = any(len(part) >= 8 and len(set(part.lower())) == 1 for part in segments)
    return INVALID if repeated else unproven()


def stripe(value: str) -> Validation:
    """`sk_live_`, `sk_test_`, `rk_`, `whsec_`; keys of 99 to 107 characters name their account."""
    if value.startswith(("pk_", "sk_test_4eC39H")):
        return INVALID
    mode = "test mode" if "_test_" in value else "live mode" if "_live_" in value else ""
    body = value.rpartition("_")[2]
    account = f"account acct_1{body[2:16]}" if len(value) >= 99 and body.startswith("51") else ""
    return unproven(mode, account, severity=Severity.LOW if mode == "test mode" else None)


def anthropic(value: str) -> Validation:
    """`sk-ant-api03-` and its kin: 93 characters and `AA`; 108 in all for API keys."""
    match = re.fullmatch(r"sk-ant-(?:api|admin|oat|ort|sid)\d\d-([0-9A-Za-z_-]+)", value)
    if not match:
        return NOT_APPLICABLE
    body = match[1]
    if len(body) == 95:
        return proven_if(body.endswith("AA"))
    return NOT_APPLICABLE


def openai(value: str) -> Validation:
    """The mark `T3BlbkFJ`, base64 of "OpenAI", in the middle."""
    return proven_if("T3BlbkFJ" in value)


def huggingface(value: str) -> Validation:
    """34 letters after the prefix."""
    body = value.removeprefix("hf_").removeprefix("api_org_")
    return unproven() if len(body) == 34 and body.isalpha() and body.isascii() else INVALID


def sendgrid(value: str) -> Validation:
    """`SG.` 16 bytes `.` 32 bytes, each URL-safe base64."""
    parts = value.split(".")
    sizes = [len(base64_bytes(part) or b"") for part in parts[1:]]
    return proven_if(len(parts) == 3 and sizes == [16, 32])


def docker_hub(value: str) -> Validation:
    """`dckr_pat_` + 27: 20 bytes of URL-safe base64."""
    body = value.removeprefix("dckr_pat_").removeprefix("dckr_oat_")
    if len(body) != 27:
        return NOT_APPLICABLE
    return proven_if(base64_bytes(body) is not None)


def vault(value: str) -> Validation:
    """`hvs.` + URL-safe base64 of a protobuf; the older `s.` + 24 has no structure."""
    prefix, _, body = value.partition(".")
    if len(body) < 60:
        return NOT_APPLICABLE
    kind = {"hvs": "service token", "hvb": "batch token", "hvr": "recovery token"}.get(prefix, "")
    return unproven(kind) if base64_bytes(body) is not None or len(body) % 4 == 1 else INVALID


def sentry(value: str) -> Validation:
    """`sntrys_` base64 of JSON {iat, url, org} `_` 43: organisation and region are facts."""
    if not value.startswith("sntrys_"):
        return NOT_APPLICABLE
    document = base64_json(value.removeprefix("sntrys_").rpartition("_")[0])
    if document is None:
        return INVALID
    return valid(_named("organisation", document.get("org")), _named("region", document.get("region_url")))


def grafana_cloud(value: str) -> Validation:
    """`glc_` base64 of JSON {o, n, k, m}."""
    document = base64_json(value.removeprefix("glc_"))
    if document is None or not {"o", "k"} <= set(document):
        return INVALID
    return valid(_named("organisation", document.get("o")), _named("name", document.get("n")))


def grafana_legacy(value: str) -> Validation:
    """base64 of JSON {k, n, id}."""
    document = base64_json(value)
    if document is None or not {"k", "n", "id"} <= set(document):
        return INVALID
    return valid(_named("name", document.get("n")))


def jfrog_reference(value: str) -> Validation:
    """base64 of `reftkn:01:<expiry>:<secret>`."""
    data = base64_bytes(value)
    parts = (data or b"").split(b":")
    if len(parts) != 4 or parts[0] != b"reftkn" or not parts[2].isdigit():
        return INVALID
    expiry = int(parts[2])
    when = f"expires {datetime.fromtimestamp(expiry, UTC):%Y-%m-%d}" if 0 < expiry < 10**11 else "no expiry"
    return valid(when)


def jfrog_key(value: str) -> Validation:
    """`AKCp` and base58 of 54 bytes in all."""
    data = base58_bytes(value)
    return proven_if(data is not None and len(data) in (53, 54))


def discord(value: str) -> Validation:
    """base64 of the bot's id (a snowflake) `.` time `.` signature."""
    identifier = base64_bytes(value.partition(".")[0])
    if identifier is None or not identifier.isdigit() or not 15 <= len(identifier) <= 20:
        return INVALID
    return valid(f"bot {identifier.decode()}")


def atlassian_dc(value: str) -> Validation:
    """base64 of `<integer of 1000 or more>:<bytes>`."""
    number, colon, rest = (base64_bytes(value.removeprefix("BBDC-")) or b"").partition(b":")
    plausible = number.isdigit() and len(number) < 20 and int(number or b"0") >= 1000 and len(rest) >= 16
    return proven_if(bool(colon) and plausible)


def onepassword(value: str) -> Validation:
    """`ops_` base64 of JSON with signInAddress and secretKey."""
    document = base64_json(value.removeprefix("ops_"))
    if document is None or "secretKey" not in document:
        return INVALID
    return valid(_named("account", document.get("signInAddress")))


def pypi(value: str) -> Validation:
    """A macaroon of version 2 in URL-safe base64 that must be read to its last byte: location, identifier, caveats, 32-byte signature."""
    data = base64_bytes(value.removeprefix("pypi-"))
    if data is None or data[:1] != b"\x02":
        return INVALID
    fields = _macaroon_fields(data)
    return proven_if(fields is not None and fields[-1] == (6, 32))


def _macaroon_fields(data: bytes) -> list[tuple[int, int]] | None:
    """(type, length) of every field, or None if the bytes do not end where the last field does."""
    place, fields = 1, list[tuple[int, int]]()
    while place < len(data):
        kind = data[place]
        place += 1
        if kind == 0:  # end of a section
            continue
        length, place = _varint(data, place)
        place += length
        fields.append((kind, length))
    return fields if place == len(data) and fields else None


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 35:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            break
    return value, place


def gcp_service_account(value: str) -> Validation:
    """The JSON object of a service account: type, project, e-mail and a PEM key."""
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return NOT_APPLICABLE
    if not isinstance(document, dict) or document.get("type") != "service_account":
        return INVALID
    key = document.get("private_key")
    if not isinstance(key, str) or "PRIVATE KEY" not in key:
        return INVALID
    return unproven(
        _named("project", document.get("project_id")), _named("account", document.get("client_email"))
    )


def base64_text(value: str) -> Validation:
    """Base64 that can be decoded."""
    return unproven() if base64_bytes(value) is not None else INVALID


def uuid(value: str) -> Validation:
    """A UUID that is not all zeros or one repeated digit."""
    digits = value.replace("-", "").lower()
    return unproven() if len(digits) == 32 and len(set(digits)) > 4 else INVALID


# What follows makes up values of these structures, for examples, canaries and benchmarks.


def mint_aws_key_id(random: Random, variant: str) -> str:
    """An id that names a made-up account."""
    account = random.randrange(10**10, 10**12)
    number = 1 << 79 | account << 39 | random.getrandbits(39)
    return (variant or "AKIA") + "".join(BASE32[number >> 5 * (15 - place) & 31] for place in range(16))


def mint_aws_secret(random: Random, _variant: str) -> str:
    """40 characters of base64."""
    return _chars(random, BASE62 + "/+", 40)


def mint_jwt(random: Random, variant: str) -> str:
    """A token of a made-up issuer; `variant` is the role."""
    header = _json_base64({"alg": "HS256", "typ": "JWT"})
    claims: dict[str, object] = {
        "iss": "sample-issuer",
        "sub": str(random.randrange(10**9)),
        "iat": 1760000000,
    }
    if variant:
        claims["role"] = variant
    return f"{header}.{_json_base64(claims)}.{_urlsafe(random.randbytes(32))}"


def mint_slack(random: Random, variant: str) -> str:
    """A bot token; `xoxp` a user token; `xapp` an app token."""
    digits = "0123456789"
    if variant.startswith("xapp"):
        return f"xapp-1-A{_chars(random, 'ABCDEFGHJK0123456789', 10)}-{_chars(random, digits, 13)}-{random.randbytes(32).hex()}"
    if variant.startswith("xoxp"):
        return (
            "xoxp-"
            + "".join(_chars(random, "123456789", 12) + "-" for _ in range(3))
            + random.randbytes(16).hex()
        )
    return f"xoxb-{_chars(random, '123456789', 12)}-{_chars(random, '123456789', 13)}-{_chars(random, BASE62, 24)}"


def mint_stripe(random: Random, variant: str) -> str:
    """A live secret key of 107 characters, or `variant` + 24."""
    if variant:
        return variant + _chars(random, BASE62, 24)
    return "sk_" + "live_51" + _chars(random, BASE62, 97)


def mint_anthropic(random: Random, variant: str) -> str:
    """An API key of 108 characters."""
    return (variant or "sk-ant-api03-") + _chars(random, BASE62 + "-_", 93) + "AA"


def mint_openai(random: Random, variant: str) -> str:
    """A key in the form of 2023, or of projects with `sk-proj-`."""
    side = 20 if not variant else 74
    return (variant or "sk-") + _chars(random, BASE62, side) + "T3Blbk" + "FJ" + _chars(random, BASE62, side)


def mint_huggingface(random: Random, variant: str) -> str:
    """A user token."""
    return (variant or "hf_") + _chars(random, BASE62[10:], 34)


def mint_sendgrid(random: Random, _variant: str) -> str:
    """A key of 16 and 32 bytes."""
    return f"SG.{_urlsafe(random.randbytes(16))}.{_urlsafe(random.randbytes(32))}"


def mint_docker_hub(random: Random, variant: str) -> str:
    """A token of 20 bytes."""
    return (variant or "dckr_pat_") + _urlsafe(random.randbytes(20))


def mint_vault(random: Random, variant: str) -> str:
    """A service token."""
    return (variant or "hvs.") + "CAES" + _urlsafe(random.randbytes(69))


def mint_sentry(random: Random, _variant: str) -> str:
    """An organisation token."""
    document = {
        "iat": 1760000000.5,
        "url": "https://sentry.io",
        "region_url": "https://us.sentry.io",
        "org": "acme",
    }
    return f"sntrys_{_json_base64(document)}_{_chars(random, BASE62, 43)}"


def mint_grafana_cloud(random: Random, _variant: str) -> str:
    """A cloud access policy token."""
    document = {"o": "12345", "n": "ci-token", "k": _chars(random, BASE62, 24), "m": {"r": "eu"}}
    return "glc_" + base64.b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()


def mint_grafana_legacy(random: Random, _variant: str) -> str:
    """An API key of old."""
    document = {"k": _chars(random, BASE62, 32), "n": "deploy", "id": 1}
    return base64.b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()


def mint_jfrog_reference(random: Random, _variant: str) -> str:
    """A reference token without expiry."""
    return (
        base64.b64encode(f"reftkn:01:0000000000:{_chars(random, BASE62, 32)}".encode()).decode().rstrip("=")
    )


def mint_jfrog_key(random: Random, _variant: str) -> str:
    """`AKCp` + 69."""
    return "AKCp" + _chars(random, "58", 1) + _chars(random, BASE58, 68)


def mint_discord(random: Random, _variant: str) -> str:
    """A bot token."""
    identifier = str(random.randrange(10**17, 9 * 10**17))
    return f"{_urlsafe(identifier.encode())}.{_chars(random, BASE62, 6)}.{_chars(random, BASE62 + '-_', 38)}"


def mint_atlassian_dc(random: Random, variant: str) -> str:
    """A personal access token of Jira, Confluence or (`BBDC-`) Bitbucket Data Center."""
    number = random.randrange(10**11, 10**12)
    return variant + base64.b64encode(f"{number}:".encode() + random.randbytes(20)).decode().rstrip("=")


def mint_onepassword(random: Random, _variant: str) -> str:
    """A service account token."""
    document = {
        "signInAddress": "acme.1password.com",
        "userAuth": {"method": "SRPg-4096"},
        "secretKey": "A3-" + _chars(random, BASE32, 26),
    }
    return "ops_" + _json_base64({**document, "throttleSecret": {"seed": random.randbytes(32).hex()}})


def mint_pypi(random: Random, variant: str) -> str:
    """A macaroon; `variant` is the index's host name, by default the one that the published prefix encodes."""
    location = variant.encode() or base64.b64decode("cHlwaS5vcmc=")
    parts = b"\x02" + _field(1, location) + _field(2, str(random.getrandbits(60)).encode()) + b"\0"
    parts += _field(2, b'[0,1,"user"]') + b"\0\0" + _field(6, random.randbytes(32))
    return "pypi-" + _urlsafe(parts)


def _field(kind: int, content: bytes) -> bytes:
    return bytes((kind, len(content))) + content


def _chars(random: Random, alphabet: str, length: int) -> str:
    return "".join(random.choice(alphabet) for _ in range(length))


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _json_base64(document: Mapping[str, object]) -> str:
    return _urlsafe(json.dumps(document, separators=(",", ":")).encode())
