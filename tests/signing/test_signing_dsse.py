"""DSSE envelopes: what was signed comes out again, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.signing.dsse import EnvelopeError, encoding, opened, seal
from assay.signing.keys import KeyFolder

TYPE = "application/vnd.example+json"


def test_the_encoding_is_the_specified_one() -> None:
    assert encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_a_sealed_payload_opens(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    envelope = seal(b'{"a":1}', TYPE, keys.signing())
    assert set(json.loads(envelope)) == {"payload", "payloadType", "signatures"}
    assert opened(envelope, TYPE, keys.public()) == b'{"a":1}'


@pytest.mark.parametrize("change", ["payload", "type", "key", "signature", "none", "text"])
def test_anything_else_does_not(tmp_path: Path, change: str) -> None:
    keys, others = KeyFolder(tmp_path / "a"), KeyFolder(tmp_path / "b")
    data = json.loads(seal(b'{"a":1}', TYPE, keys.signing()))
    if change == "payload":
        data["payload"] = "eyJhIjoyfQ=="
    elif change == "signature":
        data["signatures"][0]["sig"] = "AAAA"
    elif change == "none":
        data["signatures"] = []
    text = "[" if change == "text" else json.dumps(data)
    with pytest.raises(EnvelopeError):
        opened(
            text,
            "application/other" if change == "type" else TYPE,
            (others if change == "key" else keys).public(),
        )
