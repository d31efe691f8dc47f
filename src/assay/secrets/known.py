"""Values that documentation publishes: never secrets. Kept as beginnings, so that no literal key stands here."""

from __future__ import annotations

# AWS's example ids and secrets, the storage and database emulators' keys, Stripe's documented test key, reCAPTCHA's test keys: their first
# characters are enough, since no issued value begins with the same 60 bits.
_BEGINNINGS = (
    "AKIAIOSFODNN7", "AKIAI44QH8DHB", "ASIAIOSFODNN7", "wJalrXUtnFEMI", "je7MtGbClwBF", "Eby8vdM02x", "C2y6yDjf5", "sk_test_4eC39H", "6LeIxAcT",
)  # fmt: skip
_JWT_SAMPLE_SUBJECT = (
    "eyJzdWIiOiIxMjM0NTY3ODkwIi"  # {"sub":"1234567890", as in jwt.io's sample and all that copy it
)


def is_known_sample(text: str) -> bool:
    """Whether a vendor's documentation publishes this value."""
    return text.startswith(_BEGINNINGS) or _JWT_SAMPLE_SUBJECT in text
