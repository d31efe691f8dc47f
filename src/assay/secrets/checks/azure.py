"""Azure keys that carry a provider's mark and a Marvin32 checksum (facts of microsoft/security-utilities: signatures, seeds, offsets)."""

from __future__ import annotations

import base64
from random import Random

from assay.secrets.checks.encodings import BASE62, base64_bytes, marvin32
from assay.secrets.checks.result import INVALID, NOT_APPLICABLE, Validation, proven_if, valid

_MESSAGING = (b"Send0000", b"Manage00", b"Listen00", b"System00", b"Unknown0")
# Signature -> what it is for, and the eight ASCII bytes that are each seed (read as a big-endian number).
_PROVIDERS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "+ASt": ("Azure Storage", (b"Default0",)),
    "ACDb": (
        "Azure Cosmos DB",
        (b"MastRO00", b"MastRW00", b"SysAll00", b"Resour00", b"SystRO00", b"Encryp00", b"SystRW00"),
    ),
    "+ASb": ("Azure Service Bus", _MESSAGING),
    "+AEh": ("Azure Event Hubs", _MESSAGING),
    "+ARm": ("Azure Relay", _MESSAGING),
    "+ABa": ("Azure Batch", (b"AbAcct00",)),
    "AzFu": ("Azure Functions", (b"Master00", b"System00", b"Functi00")),
    "AzCa": ("Azure Cache for Redis", (b"Access00",)),
    "AzSe": ("Azure AI Search", (b"Query000", b"PAdmin00")),
    "+AMC": ("Azure Machine Learning", (b"Classic0",)),
    "+ACR": ("Azure Container Registry", (b"ACRDflt0",)),
    "AIoT": ("Azure IoT", (b"IoTHub00", b"DpsKey00", b"Device00")),
    "APIM": ("Azure API Management", (b"Tenant00", b"IoTHub00", b"Gateway0", b"GitKey00")),
}
_EXACT_SEEDS = {"+ASt", "+ABa", "+AMC", "+ACR", "ACDb"}
_DEFAULT_SEED = int.from_bytes(b"Default0", "big")


def identifiable_key(value: str) -> Validation:
    """A base64 key whose last bytes are a 4-character signature and Marvin32 of all before; keys without a signature are legacy."""
    text = value.replace("-", "+").replace("_", "/")
    data = base64_bytes(text)
    if data is None or len(data) < 32:
        return INVALID
    signature = text.rstrip("=")[-10:-6]
    provider = _PROVIDERS.get(signature)
    if provider is None:
        return NOT_APPLICABLE
    name, seeds = provider
    checksum = int.from_bytes(data[-4:], "little")
    if any(marvin32(data[:-4], int.from_bytes(seed, "big")) == checksum for seed in seeds):
        return valid(f"{name}, checksum right")
    return INVALID if signature in _EXACT_SEEDS else NOT_APPLICABLE


def cask(value: str) -> Validation:
    """A common annotated security key: `JQQJ9` mark at 52, date, provider signature at 76, Marvin32 in the last bytes."""
    data = base64_bytes(value[:84])
    if data is None or len(value) < 84 or value[52:57] != "JQQJ9":
        return INVALID
    checksum = marvin32(data[:60], _DEFAULT_SEED).to_bytes(4, "little")
    if value[57] == "D":  # derived keys write the checksum in an unpublished base-62 order
        return NOT_APPLICABLE
    return proven_if(data[60:63] == checksum[:3], f"provider {value[76:80]}", _cask_date(value[58:60]))


def _cask_date(code: str) -> str:
    year, month = 2024 + ord(code[0]) - 65, ord(code[1]) - 64
    return f"made {year}-{month:02d}" if 1 <= month <= 12 and 2024 <= year <= 2049 else ""


def mint_identifiable_key(random: Random, variant: str) -> str:
    """A made-up 64-byte key; `variant` is the signature, `+ASt` by default."""
    signature = variant or "+ASt"
    seed = int.from_bytes(_PROVIDERS[signature][1][0], "big")
    length = 32 if signature == "+ASb" else 64
    body = base64.b64encode(random.randbytes(length)).decode().rstrip("=")
    data = base64_bytes(body[:-10] + signature + "A" * 6)
    assert data is not None
    checksummed = data[:-4] + marvin32(data[:-4], seed).to_bytes(4, "little")
    return base64.b64encode(checksummed).decode()


def mint_cask(random: Random, variant: str) -> str:
    """A made-up 84-character key of a provider (default `AZDO`) with a right checksum."""
    while True:
        body = "".join(random.choice(BASE62) for _ in range(52))
        head = body + "JQQJ99BA" + "A" * 16 + (variant or "AZDO")
        data = base64.b64decode(head)
        text = head + base64.b64encode(marvin32(data, _DEFAULT_SEED).to_bytes(4, "little")[:3]).decode()
        if "+" not in text and "/" not in text:
            return text
