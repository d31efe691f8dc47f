"""Private keys: parsed with `cryptography` (loaded only when a key block was met), or proven by the checksum of their text form."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from random import Random

from assay.model.severity import Severity
from assay.secrets.checks.encodings import (
    BASE32,
    base32_bytes,
    base58_bytes,
    base58_text,
    bech32_checksum,
    bech32_is_valid,
    crc16_xmodem,
    double_sha256,
)
from assay.secrets.checks.result import INVALID, NOT_APPLICABLE, Validation, proven_if, unproven, valid

_BODY = re.compile(r"[A-Za-z0-9+/=]{16,}")


def private_key(value: str) -> Validation:
    """A PEM, OpenSSH or PGP private key block, also with `\\n` escapes or indentation. Encrypted ones are of low severity; a block without base64 is text about keys."""
    text = normalised_pem(value)
    body = "".join(_BODY.findall(text))
    if len(body) < 40 or _is_filler(body) or _is_prose(text, body):
        return INVALID
    if "PGP" in text[:40]:
        return unproven("PGP")
    if "ENCRYPTED" in text or "Proc-Type: 4" in text:
        return unproven("encrypted with a passphrase", severity=Severity.LOW)
    return _parsed(text)


def normalised_pem(value: str) -> str:
    """The block with one line of base64 a line, whatever the source made of its line breaks."""
    text = value.replace("\\r", "").replace("\\n", "\n").replace("\\\\", "")
    lines = [
        re.sub(r"^[\s\"'+>#*/|-]*(?=-----)|^[\s\"'>#*|]+|[\s\"'+,;\\]+$", "", line)
        for line in text.splitlines()
    ]
    joined = "\n".join(line for line in lines if line)
    return re.sub(r"(-----BEGIN [A-Z0-9 ]+-----)\s*", r"\1\n", re.sub(r"\s*(-----END)", r"\n\1", joined))


def _is_prose(text: str, body: str) -> bool:
    """Whether most of the block is something else than base64: text that speaks of keys."""
    inner = re.sub(r"-----[A-Z0-9 ]+-----|^[A-Za-z-]+: .*$|\s", "", text, flags=re.MULTILINE)
    return len(body) < 0.7 * len(inner)


def _is_filler(body: str) -> bool:
    return len(set(body)) < 16 or "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" in body


def _parsed(text: str) -> Validation:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    data = text.encode("ascii", "replace")
    is_openssh = "OPENSSH" in text[:40]
    load = serialization.load_ssh_private_key if is_openssh else serialization.load_pem_private_key
    try:
        key = load(data + b"\n", password=None, unsafe_skip_rsa_key_validation=True)
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except TypeError:
        return unproven("encrypted with a passphrase", severity=Severity.LOW)
    except (ValueError, UnsupportedAlgorithm, AttributeError, IndexError):
        return NOT_APPLICABLE  # shortened, damaged, or of a kind that the library does not know
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # a bug in the library's parser must not end a scan
            return NOT_APPLICABLE
        if isinstance(error, Exception) and "password" in str(error).lower():
            return unproven("encrypted with a passphrase", severity=Severity.LOW)
        raise
    return valid(_kind(key), f"public key sha256 {sha256(public).hexdigest()[:16]}")


def _kind(key: object) -> str:
    name = type(key).__name__.removesuffix("PrivateKey").removeprefix("_")
    size = getattr(key, "key_size", 0)
    return f"{name} {size} bits" if size else name


def putty(value: str) -> Validation:
    """A PuTTY key file: the header names the cipher."""
    if "Private-Lines:" not in value:
        return INVALID
    encrypted = not re.search(r"Encryption: *none", value)
    return unproven("PuTTY", "encrypted", severity=Severity.LOW) if encrypted else unproven("PuTTY")


def nats(value: str) -> Validation:
    """An nkey seed: base32 of two prefix bytes, 32 bytes and CRC-16/XMODEM, little-endian."""
    data = base32_bytes(value)
    if data is None or len(data) != 36:
        return INVALID
    kinds = {
        "A": "account",
        "C": "cluster",
        "N": "server",
        "O": "operator",
        "U": "user",
        "X": "curve",
        "P": "key",
    }
    return proven_if(int.from_bytes(data[-2:], "little") == crc16_xmodem(data[:-2]), kinds.get(value[1], ""))


def age(value: str) -> Validation:
    """bech32 with the human-readable part `age-secret-key-`."""
    lower = value.lower()
    return proven_if(bech32_is_valid("age-secret-key-", lower.removeprefix("age-secret-key-1")))


def base58check(value: str) -> Validation:
    """WIF private keys and extended private keys: the last four bytes are of the double SHA-256."""
    data = base58_bytes(value)
    if data is None or len(data) < 37 or double_sha256(data[:-4])[:4] != data[-4:]:
        return INVALID
    return valid("extended private key" if len(data) == 82 else "wallet key")


def mint_private_key(random: Random, variant: str) -> str:
    """A PEM block of a made-up key: `ed25519` (PKCS#8, default), `openssh`, `ec` or `encrypted`."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    key = (
        ec.derive_private_key(random.getrandbits(200) + 2, ec.SECP256R1())
        if variant == "ec"
        else ed25519.Ed25519PrivateKey.from_private_bytes(random.randbytes(32))
    )
    form = (
        serialization.PrivateFormat.OpenSSH
        if variant == "openssh"
        else serialization.PrivateFormat.TraditionalOpenSSL
        if variant == "ec"
        else serialization.PrivateFormat.PKCS8
    )
    cipher = (
        serialization.BestAvailableEncryption(b"sample passphrase")
        if variant == "encrypted"
        else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, form, cipher).decode().strip()


def mint_putty(random: Random, variant: str) -> str:
    """A PuTTY key file with made-up content."""
    body = base64.b64encode(random.randbytes(48)).decode()
    cipher = variant or "none"
    return (
        f"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: {cipher}\nComment: sample\nPublic-Lines: 1\n{body}\n"
        f"Private-Lines: 1\n{body[::-1].replace('=', 'A')}\nPrivate-MAC: {random.randbytes(32).hex()}"
    )


def mint_nats(random: Random, variant: str) -> str:
    """A seed; `variant` is the kind's letter (default U)."""
    kind = BASE32.index(variant or "U") << 3
    seed = BASE32.index("S") << 3
    head = bytes((seed | kind >> 5, (kind & 31) << 3)) + random.randbytes(32)
    return base64.b32encode(head + crc16_xmodem(head).to_bytes(2, "little")).decode().rstrip("=")


def mint_age(random: Random, _variant: str) -> str:
    """A secret key."""
    data = "".join(random.choice("qpzry9x8gf2tvdw0s3jn54khce6mua7l") for _ in range(52))
    return ("age-secret-key-1" + data + bech32_checksum("age-secret-key-", data)).upper()


def mint_base58check(random: Random, variant: str) -> str:
    """A compressed WIF key, or with `xprv` an extended private key."""
    if variant == "xprv":
        data = bytes.fromhex("0488ade4") + bytes(9) + random.randbytes(32) + b"\0" + random.randbytes(32)
    else:
        data = b"\x80" + random.randbytes(32) + b"\x01"
    return base58_text(data + double_sha256(data)[:4])
