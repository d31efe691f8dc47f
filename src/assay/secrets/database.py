"""The compiled Hyperscan database, kept in the user's cache folder.

Key: our layout version, Hyperscan's version, the machine, and a digest of all that expressions are made of. Hyperscan's own CRC and its mark of the processor
are checked when it reads the database; a file that does not fit is rebuilt.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

from assay.secrets.detector import Detector, digest_of
from assay.secrets.triggers import EXPRESSIONS

_LAYOUT = b"assay-secrets-database-6"


def open_database(detectors: Sequence[Detector], folder: Path | None = None) -> tuple[Any, list[int]] | None:
    """The database and, for each of its detector expressions, the place of its detector; None where Hyperscan is not installed."""
    try:
        import hyperscan
    except ImportError:
        return None
    path = _path(folder, hyperscan, digest_of(detectors))
    opened = _load(path, hyperscan)
    if opened is None:
        opened = _compile(hyperscan, detectors)
        _save(path, hyperscan.dumpb(opened[0]), opened[1])
    return opened


def _path(folder: Path | None, hyperscan: Any, detectors: bytes) -> Path:
    digest = sha256(_LAYOUT + detectors)
    for text in (
        hyperscan.__version__ if hasattr(hyperscan, "__version__") else "",
        os.uname().machine if hasattr(os, "uname") else sys.platform,
        *EXPRESSIONS,
    ):
        digest.update(text.encode() + b"\0")
    return (folder or _cache_folder()) / f"{digest.hexdigest()[:32]}.hsdb"


def _cache_folder() -> Path:
    """The user's cache folder. On Linux it is the XDG one, whose rule fits in a line: the package that knows all platforms loads slowly."""
    platform: str = sys.platform  # a plain text: the type checker would call the other way unreachable
    if platform == "linux":
        given = os.environ.get("XDG_CACHE_HOME", "").strip()
        return (Path(given) if given else Path.home() / ".cache") / "assay" / "secrets"
    import platformdirs

    return Path(platformdirs.user_cache_dir("assay")) / "secrets"


def _load(path: Path, hyperscan: Any) -> tuple[Any, list[int]] | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    count = int.from_bytes(data[:4], "little")
    if len(data) < 4 * count + 8 or crc32(data[: 4 * count + 4]) != int.from_bytes(
        data[4 * count + 4 : 4 * count + 8], "little"
    ):
        return None
    owners = [int.from_bytes(data[4 + 4 * n : 8 + 4 * n], "little") for n in range(count)]
    try:
        return hyperscan.loadb(data[4 * count + 8 :], hyperscan.HS_MODE_BLOCK), owners
    except hyperscan.error:
        return None


def _save(path: Path, database: bytes, owners: list[int]) -> None:
    """Atomically, and silently without a cache folder that can be written: the cache is a convenience."""
    import tempfile

    head = len(owners).to_bytes(4, "little") + b"".join(n.to_bytes(4, "little") for n in owners)
    body = head + crc32(head).to_bytes(4, "little") + database
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(body)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
    except OSError:
        return


def _compile(hyperscan: Any, detectors: Sequence[Detector]) -> tuple[Any, list[int]]:
    every = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_PREFILTER
    expressions = [text.encode() for text in EXPRESSIONS]
    flags = [0] * len(expressions)
    owners: list[int] = []
    for place, detector in enumerate(detectors):
        if detector.part.generic:
            continue
        for expression, caseless in _accepted(hyperscan, detector, every):
            expressions.append(expression)
            flags.append(every | (hyperscan.HS_FLAG_CASELESS if caseless else 0))
            owners.append(place)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=expressions, ids=list(range(len(expressions))), elements=len(expressions), flags=flags
    )
    return database, owners


def _accepted(hyperscan: Any, detector: Detector, flags: int) -> list[tuple[bytes, bool]]:
    """The pattern itself, or its keywords where Hyperscan does not take it, the pattern is long and open, or the words are its name.

    The patterns of named values made nine tenths of the compile time of the whole database and scanned no faster than their words alone.
    """
    expression = detector.expression.encode()
    if (
        not detector.part.named
        and "[\\s\\S]" not in detector.expression
        and "[^-]" not in detector.expression
    ):
        try:
            hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK).compile(expressions=[expression], flags=[flags])
            return [(expression, False)]
        except hyperscan.error:
            pass
    return [(_literal(word), True) for word in detector.keywords]


def _literal(word: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in word)
