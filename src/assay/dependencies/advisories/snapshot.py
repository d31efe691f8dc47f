"""A store in one signed file, for machines without network: a zip with the store, a statement about it, and an Ed25519 signature."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from assay.dependencies.advisories.store import Store, StoreStatus
from assay.model.errors import ConfigError, UsageError

_STORE, _STATEMENT, _SIGNATURE = "advisories.sqlite", "statement.json", "statement.sig"
_MAX_STORE = 16 * 1024**3
_MAX_STATEMENT = 1 << 20
_CHUNK = 1 << 20


def export(store: Path, out: Path, private_key: bytes) -> dict[str, Any]:
    """Write a snapshot of the store, signed with an Ed25519 key in PEM; returns the statement that was signed.

    Raises:
        ConfigError: there is no store, or it is damaged.
        UsageError: the key is no Ed25519 private key.
    """
    key = _private_key(private_key)
    with closing(Store(store)) as opened:
        if not opened.verify():
            raise ConfigError(f"{store} is damaged", "run `assay db update` to build it anew")
        status = opened.status()
    statement = {
        "type": "assay-advisory-snapshot/1",
        "created": status.created,
        "exported": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "sha256": _digest(store),
        "advisories": status.advisories,
        "coverage": status.coverage,
        "key": _key_id(key.public_key()),
    }
    data = json.dumps(statement, sort_keys=True, indent=1).encode()
    temporary = out.with_name(f".{out.name}.new")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr(_STATEMENT, data)
        archive.writestr(_SIGNATURE, key.sign(data))
        archive.write(store, _STORE)
    temporary.replace(out)
    return statement


def import_snapshot(snapshot: Path, store: Path, public_key: bytes, allow_older: bool = False) -> StoreStatus:
    """Check a snapshot's signature and content and put it in place of the store.

    Raises:
        ConfigError: not a snapshot, signed by another key, changed, damaged, or older than the store that is there.
        UsageError: the key is no Ed25519 public key.
    """
    key = _public_key(public_key)
    temporary = store.with_name(f".{store.name}.{os.getpid()}.import")
    store.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(snapshot) as archive:
            data = _read_small(archive, _STATEMENT)
            key.verify(_read_small(archive, _SIGNATURE), data)
            _unpack(archive, temporary)
        statement = json.loads(data)
        if _digest(temporary) != statement.get("sha256"):
            raise ConfigError(f"{snapshot}: the store in it is not the one that was signed")
        _check_newer(temporary, store, allow_older)
        temporary.replace(store)
    except InvalidSignature as error:
        raise ConfigError(
            f"{snapshot} is not signed by this key", "check which public key belongs to its sender"
        ) from error
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError, OSError, EOFError) as error:
        raise ConfigError(f"{snapshot} is no snapshot of an advisory store: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    with closing(Store(store)) as opened:
        return opened.status()


def _check_newer(new: Path, old: Path, allow_older: bool) -> None:
    with closing(Store(new)) as opened:
        if not opened.verify():
            raise ConfigError("the store in the snapshot is damaged")
        created = opened.meta("created")
    if not old.exists() or allow_older:
        return
    try:
        with closing(Store(old)) as opened:
            before = opened.meta("created")
    except ConfigError:
        return
    if created < before:
        raise ConfigError(
            f"the snapshot is of {created}, older than the store of {before}",
            "use --allow-older if that is meant",
        )


def _unpack(archive: zipfile.ZipFile, target: Path) -> None:
    entry = archive.getinfo(_STORE)
    if entry.file_size > _MAX_STORE:
        raise ConfigError(f"the store in the snapshot has {entry.file_size} bytes, more than is allowed")
    free = shutil.disk_usage(target.parent).free
    if entry.file_size > free:
        raise ConfigError(f"the store needs {entry.file_size} bytes and {free} are free")
    written = 0
    with archive.open(entry) as source, target.open("wb") as stream:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > entry.file_size:
                raise ConfigError("the store in the snapshot unpacks to more than it says")
            stream.write(chunk)


def _read_small(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as stream:
        return stream.read(_MAX_STATEMENT)


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _private_key(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError("the key is no private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("the key is no Ed25519 key")
    return key


def _public_key(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError("the key is no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError("the key is no Ed25519 key")
    return key


def _key_id(key: Ed25519PublicKey) -> str:
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]
