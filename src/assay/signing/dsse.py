"""DSSE envelopes (Dead Simple Signing Envelope, v1): what is signed, with its type, and by which keys.

The signature is over the pre-authentication encoding `DSSEv1 <len(type)> <type> <len(body)> <body>`, so that a body can never be taken
for one of another type. Envelopes are JSON: `{"payload": base64, "payloadType": type, "signatures": [{"keyid", "sig"}]}`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from assay.model.errors import AssayError
from assay.signing.keys import SigningKey, verifies


class EnvelopeError(AssayError):
    """A text is no envelope, or none of its signatures is good."""

    exit_code = 1


def encoding(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, payload_type: str, key: SigningKey) -> str:
    """An envelope with one Ed25519 signature, as JSON in one line."""
    signature = key.sign(encoding(payload_type, payload))
    return json.dumps(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": payload_type,
            "signatures": [{"keyid": key.id, "sig": base64.b64encode(signature).decode()}],
        },
        separators=(",", ":"),
    )


def opened(envelope: str, payload_type: str, keys: Mapping[str, Ed25519PublicKey]) -> bytes:
    """The payload of an envelope of that type that one of `keys` signed.

    Raises:
        EnvelopeError: it is no envelope, of another type, or not signed by a known key.
    """
    try:
        data = json.loads(envelope)
        kind, payload = data["payloadType"], base64.b64decode(data["payload"], validate=True)
        signatures = [(str(each["keyid"]), base64.b64decode(each["sig"])) for each in data["signatures"]]
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise EnvelopeError("this is no DSSE envelope", "it was cut or changed") from error
    if kind != payload_type:
        raise EnvelopeError(f"the envelope is of type {kind!r}, not {payload_type!r}", "take the right file")
    signed = encoding(payload_type, payload)
    if not any(name in keys and verifies(keys[name], signature, signed) for name, signature in signatures):
        raise EnvelopeError("the envelope is not signed by a known key", "check which keys are trusted here")
    return payload
