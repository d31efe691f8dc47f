"""Rules from YAML files (a pack, or a user's own folder) and from the packed file that a build makes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

import msgspec

from assay.model.rule import Rule
from assay.rules.quality import FILE as QUALITY
from assay.rules.quality import with_measured_confidence
from assay.rules.schema import RuleFile, to_rule

PACK = Path(__file__).parent / "pack"
PACKED = Path(__file__).parent / "packed.json"


class PackedRule(msgspec.Struct, frozen=True):
    """A rule without its examples, under its id."""

    id: str
    rule: RuleFile


class Packed(msgspec.Struct, frozen=True):
    """The whole pack by engine, with a digest of the YAML files that it was made from."""

    digest: str
    engines: dict[str, list[PackedRule]]


def load_folder(folder: Path, prefix: str = "") -> tuple[Rule, ...]:
    """Every rule below `folder`, sorted by id, with examples. The path without `.yaml` is the id, after `prefix`.

    Raises:
        RuleError: a file does not parse, or does not fit the schema.
    """
    return tuple(
        load_file(path, prefix + path.relative_to(folder).with_suffix("").as_posix())
        for path in _files(folder)
    )


def load_file(path: Path, rule_id: str) -> Rule:
    """One rule, with its examples.

    Raises:
        RuleError: the file does not parse, or does not fit the schema.
    """
    return with_measured_confidence(to_rule(rule_id, _read(path)))


@cache
def load_engine(engine: str) -> tuple[Rule, ...]:
    """The built-in rules of one engine, sorted by id, without examples."""
    rules = (to_rule(packed.id, packed.rule) for packed in _packed().engines.get(engine, []))
    return tuple(with_measured_confidence(rule) for rule in rules)


def builtin_rules() -> tuple[Rule, ...]:
    """Every built-in rule with its examples, from the YAML files."""
    return load_folder(PACK)


def pack_digest() -> str:
    """Digest of the built-in rules and of what was measured of them: what a cached result depends on."""
    return sha256(bytes.fromhex(_packed().digest) + QUALITY.read_bytes()).hexdigest()


def pack(folder: Path, out: Path) -> Packed:
    """Read every YAML file below `folder` and write the packed file, examples left out.

    Raises:
        RuleError: a file does not parse, or does not fit the schema.
    """
    engines: dict[str, list[PackedRule]] = {}
    for path in _files(folder):
        raw = msgspec.structs.replace(_read(path), bad=[], good=[])
        rule_id = path.relative_to(folder).with_suffix("").as_posix()
        engines.setdefault(raw.engine, []).append(PackedRule(rule_id, raw))
    packed = Packed(_digest(folder), engines)
    # A name of this process's own: several may find the packed file stale at once.
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    temporary.write_bytes(msgspec.json.encode(packed))
    temporary.replace(out)
    return packed


@lru_cache(maxsize=1)
def _packed() -> Packed:
    if PACKED.exists() and not _is_stale():
        return msgspec.json.decode(PACKED.read_bytes(), type=Packed)
    return pack(PACK, PACKED)


def _is_stale() -> bool:
    """In a checkout (known by its .git) a YAML file newer than the packed file makes it stale; a wheel's is never."""
    if not (Path(__file__).parents[3] / ".git").exists():
        return False
    packed_at = PACKED.stat().st_mtime_ns
    entries = [PACK, *PACK.rglob("*")]
    return any(entry.stat().st_mtime_ns > packed_at for entry in entries)


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*.yaml") if path.is_file())


def _digest(folder: Path) -> str:
    digest = sha256()
    for path in _files(folder):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read(path: Path) -> RuleFile:
    from assay.rules.file import read_rule_file

    return read_rule_file(path)
