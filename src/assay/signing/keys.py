"""Ed25519 keys in a folder: one signs, older ones still verify. Private halves are readable by their owner only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from assay.model.errors import ConfigError


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and its id: the first 16 hexadecimal digits of SHA-256 over the raw public key."""

    id: str
    private: Ed25519PrivateKey

    def sign(self, data: bytes) -> bytes:
        """The signature (64 bytes, RFC 8032) over `data`."""
        return self.private.sign(data)


def key_id(public: Ed25519PublicKey) -> str:
    """The id of a key."""
    return sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


class KeyFolder:
    """Keys as `<id>.pem` files; `current` names the one that signs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def signing(self) -> SigningKey:
        """The key that signs now; the first one is made when there is none.

        Raises:
            ConfigError: the folder cannot be used, or a key file is broken.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            mark = self.folder / "current"
            if not mark.exists():
                self.rotate()
            return self._load(mark.read_text(encoding="ascii").strip())
        except OSError as error:
            raise ConfigError(
                f"{self.folder}: keys cannot be read or made: {error.strerror}",
                "check the folder's owner and rights",
            ) from error

    def rotate(self) -> str:
        """Make a new signing key; the old ones go on verifying. Returns its id."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private = Ed25519PrivateKey.generate()
        name = key_id(private.public_key())
        data = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write_private(self.folder / f"{name}.pem", data)
        _write_private(self.folder / "current", name.encode())
        return name

    def public(self) -> dict[str, Ed25519PublicKey]:
        """Every key's public half by id."""
        self.signing()
        return {
            path.stem: self._load(path.stem).private.public_key()
            for path in sorted(self.folder.glob("*.pem"))
        }

    def secret(self, name: str) -> bytes:
        """32 random bytes kept under a name, made when first asked for (for message authentication codes)."""
        path = self.folder / f"{name}.secret"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _write_private(path, os.urandom(32))
        return path.read_bytes()

    def _load(self, name: str) -> SigningKey:
        path = self.folder / f"{name}.pem"
        try:
            private = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(
                f"{path}: not a private key in PEM form", "restore the file, or rotate to a new key"
            ) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise ConfigError(f"{path}: not an Ed25519 key", "restore the file, or rotate to a new key")
        return SigningKey(name, private)


def verifies(public: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether a signature over `data` is the key's."""
    try:
        public.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _write_private(path: Path, data: bytes) -> None:
    """Write so that nobody else ever sees it, and that a crash leaves the old file or the new one."""
    temporary = path.with_suffix(path.suffix + f".{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
