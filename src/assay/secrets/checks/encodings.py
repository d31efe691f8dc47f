"""Number systems and checksums that token formats use. Every decoder answers None for text that it cannot read."""

from __future__ import annotations

import base64
import binascii
import json
from hashlib import sha256
from zlib import crc32

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_MASK = 0xFFFFFFFF


def to_digits(number: int, alphabet: str, width: int) -> str:
    """A number in the base of `alphabet`, left-padded with its first character."""
    digits = ""
    while number:
        number, rest = divmod(number, len(alphabet))
        digits = alphabet[rest] + digits
    return digits.rjust(width, alphabet[0])


def from_digits(text: str, alphabet: str) -> int | None:
    """The number that `text` writes in the base of `alphabet`."""
    number = 0
    for character in text:
        place = alphabet.find(character)
        if place < 0:
            return None
        number = number * len(alphabet) + place
    return number


def crc32_base62(text: str) -> str:
    """CRC-32 (IEEE) as six base-62 digits, as GitHub and npm append it."""
    return to_digits(crc32(text.encode()), BASE62, 6)


def base64_bytes(text: str) -> bytes | None:
    """Bytes of standard or URL-safe base64, padded or not."""
    body = text.rstrip("=").replace("-", "+").replace("_", "/")
    if len(body) % 4 == 1 or not body.isascii():
        return None
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def base64_json(text: str) -> dict[str, object] | None:
    """The JSON object that base64 text holds."""
    data = base64_bytes(text)
    if data is None or len(data) > 65536:
        return None
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def base32_bytes(text: str) -> bytes | None:
    """Bytes of upper-case base32, padded or not."""
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None


def base58_bytes(text: str) -> bytes | None:
    """Bytes of base58 (Bitcoin's alphabet)."""
    number = from_digits(text, BASE58)
    if number is None:
        return None
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base58_text(data: bytes) -> str:
    """Base58 of bytes."""
    zeros = len(data) - len(data.lstrip(b"\0"))
    number = int.from_bytes(data, "big")
    return "1" * zeros + (to_digits(number, BASE58, 0) if number else "")


def double_sha256(data: bytes) -> bytes:
    """SHA-256 of SHA-256, as base58check uses it."""
    return sha256(sha256(data).digest()).digest()


def crc16_xmodem(data: bytes) -> int:
    """CRC-16/XMODEM: polynomial 0x1021, start 0."""
    return binascii.crc_hqx(data, 0)


def bech32_is_valid(hrp: str, data: str) -> bool:
    """Whether `data` ends in the bech32 checksum (BIP-173) for this human-readable part. Lower case."""
    values = [_BECH32.find(character) for character in data]
    return min(values, default=-1) >= 0 and _bech32_polymod(_hrp_values(hrp) + values) == 1


def bech32_checksum(hrp: str, data: str) -> str:
    """The six characters that make `data` valid bech32."""
    values = _hrp_values(hrp) + [_BECH32.index(character) for character in data] + [0] * 6
    remainder = _bech32_polymod(values) ^ 1
    return "".join(_BECH32[(remainder >> 5 * (5 - place)) & 31] for place in range(6))


def _hrp_values(hrp: str) -> list[int]:
    return [ord(character) >> 5 for character in hrp] + [0] + [ord(character) & 31 for character in hrp]


def _bech32_polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for place, term in enumerate(_BECH32_GENERATOR):
            checksum ^= term if top >> place & 1 else 0
    return checksum


def marvin32(data: bytes, seed: int) -> int:
    """Marvin32, folded to 32 bits, as Microsoft's identifiable secrets use it (seed: 64 bits)."""
    low, high = seed & _MASK, seed >> 32
    whole = len(data) - len(data) % 4
    for place in range(0, whole, 4):
        low = (low + int.from_bytes(data[place : place + 4], "little")) & _MASK
        low, high = _marvin_block(low, high)
    low = (low + int.from_bytes(data[whole:] + b"\x80", "little")) & _MASK
    low, high = _marvin_block(*_marvin_block(low, high))
    return low ^ high


def _marvin_block(low: int, high: int) -> tuple[int, int]:
    high ^= low
    low = (_rotate(low, 20) + high) & _MASK
    high = _rotate(high, 9) ^ low
    low = (_rotate(low, 27) + high) & _MASK
    return low, _rotate(high, 19)


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & _MASK
