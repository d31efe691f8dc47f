"""Hyperscan and google-re2 name the same lines, and the scanner finds the same with either; the cached database heals itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.rules.load import PACK, load_folder
from assay.secrets.database import open_database
from assay.secrets.detector import detector_of
from assay.secrets.scan import Scanner, build_scanner, scan_bytes
from assay.secrets.specimen import expand

hyperscan = pytest.importorskip("hyperscan")

RULES = load_folder(PACK / "secrets", "secrets/")
PIECES = [
    "password", "PASSWORD=", "secret", "token: ", ' = "', "'", '"', "\n", "\r\n", "://", "user:", "@host", " ", "api_key", ": ", ",", "(", ")",
    "value: ", "- name: DB_PASSWORD\n", "<password>", "</password>", "--token ", "identified by '", "Basic ", "Bearer ", "curl -u a:", "{", "}",
    "\\n", "%3D", "AKIA", "eyJ", "-----BEGIN PRIVATE KEY-----\n", "kind: Secret\ndata:\n  password: ", "\x00", "\xff", "# gitleaks:allow",
]  # fmt: skip
SPECIMENS = [
    "<<github-crc32:ghp_>>", "<<!github-crc32:ghp_>>", "<<aws-key-id>>", "<<aws-secret>>", "<<alnum:32>>", "<<hex:40>>", "<<password:12>>",
    "<<base64(password: <<alnum:24>>)>>", "<<jwt>>", "<<uuid>>", "hunter2", "<<stripe>>", "<<slack>>", "<<npm-crc32>>",
]  # fmt: skip


@cache
def scanner(fast: bool) -> Scanner:
    return build_scanner(RULES, fast=fast)


def same(content: bytes, uri: str) -> None:
    fast, slow = scanner(True).prefilter.hits(content), scanner(False).prefilter.hits(content)
    assert fast.lines == slow.lines
    assert fast.encoded == slow.encoded
    assert scan_bytes(content, uri, scanner(True)) == scan_bytes(content, uri, scanner(False))


@given(
    st.lists(st.sampled_from(PIECES + SPECIMENS), max_size=24),
    st.sampled_from(["a.py", "b.yaml", ".env", "c.md", "d.json"]),
)
@settings(max_examples=250, deadline=None)
def test_same_on_texts_of_telling_pieces(pieces: list[str], uri: str) -> None:
    text = "".join(expand(piece, f"{place}") for place, piece in enumerate(pieces))
    same(text.encode("latin-1", "replace"), uri)


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_same_on_any_bytes(content: bytes) -> None:
    same(content, "file.bin")


def test_same_on_a_long_varied_text() -> None:
    random = Random(7)
    lines = [
        "".join(
            expand(random.choice(PIECES + SPECIMENS), f"{number}/{piece}")
            for piece in range(random.randrange(1, 9))
        )
        for number in range(400)
    ]
    same("\n".join(lines).encode(), "long.py")
    same("".join(line.replace("\n", " ") for line in lines).encode(), "long.min.js")


def test_a_database_is_cached_and_rebuilt_when_damaged(tmp_path: Path) -> None:
    detectors = [detector_of(rule) for rule in RULES[:20]]
    first = open_database(detectors, tmp_path)
    assert first is not None
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    for damaged in (b"", data[:100], data[:-1000] + bytes(1000), bytes(len(data))):
        file.write_bytes(damaged)
        again = open_database(detectors, tmp_path)
        assert again is not None
        assert again[1] == first[1]
        assert file.read_bytes()[:64] == data[:64]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_cache_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert open_database([detector_of(rule) for rule in RULES[:3]], blocked / "below") is not None
