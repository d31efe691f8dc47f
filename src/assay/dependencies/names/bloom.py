"""A Bloom filter over names: says "never seen" for sure and "seen" with a known small error. Fixed layout, read from a data file."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Bloom:
    """`bits` is the bit array, `hashes` how many positions a name has (double hashing over one 128-bit digest)."""

    bits: bytes
    hashes: int

    def __contains__(self, name: str) -> bool:
        size = len(self.bits) * 8
        return size > 0 and all(self.bits[p >> 3] >> (p & 7) & 1 for p in positions(name, size, self.hashes))


def build(names: Iterable[str], error: float) -> Bloom:
    """A filter for the names with about the given rate of false "seen" answers."""
    unique = sorted(set(names))
    size = max(64, math.ceil(-len(unique) * math.log(error) / math.log(2) ** 2))
    size = (size + 7) // 8 * 8
    hashes = max(1, round(size / max(len(unique), 1) * math.log(2)))
    bits = bytearray(size // 8)
    for name in unique:
        for position in positions(name, size, hashes):
            bits[position >> 3] |= 1 << (position & 7)
    return Bloom(bytes(bits), hashes)


def positions(name: str, size: int, hashes: int) -> list[int]:
    """The bit positions of a name."""
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    first, second = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big") | 1
    return [(first + index * second) % size for index in range(hashes)]
