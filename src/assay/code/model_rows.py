"""Models: what library functions do, as rows by qualified name. The format is docs/models.md; the sources are YAML, packed into one JSON file."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec

from assay.code.kinds import BIT, mask_of

FOLDER = Path(__file__).parent / "models"
PACKED = Path(__file__).parent / "models.json"


class RowFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """One row as written."""

    names: list[str]
    hint: list[str] = []
    source: str = ""
    sink: str = ""
    args: list[int | str] = []
    context: str = ""
    when: dict[str, Any] = {}
    unless: dict[str, Any] = {}
    sanitizer: list[str] | str = []
    propagator: dict[str, Any] | str = {}
    guard: dict[str, Any] = {}
    entry: dict[str, Any] = {}
    callback: dict[str, Any] = {}
    auth: str = ""
    returns: str = ""
    constant: Any = ...
    bases: list[str] = []
    does: str = ""
    parameter: str = ""
    state: bool = False
    note: str = ""


class ModelFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One model file as written."""

    framework: str
    language: str
    triggers: list[str]
    rows: list[dict[str, Any]]


class PackedModels(msgspec.Struct, frozen=True):
    """Every model file, with a digest of what it was made from."""

    digest: str
    files: list[ModelFile]


class Row:
    """A row ready for use: kinds as masks, everything that is asked often as a plain attribute."""

    __slots__ = ("clears", "framework", "guard_mask", "raw", "sink_bit")

    def __init__(self, raw: RowFile, framework: str) -> None:
        self.raw = raw
        self.framework = framework
        self.sink_bit = BIT[raw.sink] if raw.sink else 0
        self.clears = mask_of(raw.sanitizer) if raw.sanitizer else 0
        self.guard_mask = mask_of(raw.guard.get("kinds", "all")) if raw.guard else 0


class Models:
    """The rows that apply to one project and language, by name and by `*.name`."""

    def __init__(self, files: list[ModelFile]) -> None:
        self.by_name: dict[str, list[Row]] = {}
        self.by_member: dict[str, list[Row]] = {}
        self.bases: dict[str, tuple[str, ...]] = {}
        self.parameters: dict[str, tuple[str, ...]] = {}
        self.members: set[str] = set()
        for file in files:
            for raw in rows_of(file):
                self._add(Row(raw, file.framework))

    def _add(self, row: Row) -> None:
        for name in row.raw.names:
            if row.raw.parameter:
                self.parameters[name] = (*self.parameters.get(name, ()), row.raw.parameter)
                continue
            if name.startswith("*."):
                self.by_member.setdefault(name[2:], []).append(row)
            else:
                self.by_name.setdefault(name, []).append(row)
            self.members.add(name.rsplit(".", 1)[-1])
            if row.raw.bases:
                self.bases[name] = (*self.bases.get(name, ()), *row.raw.bases)

    def typed_parameters(self) -> list[tuple[str, str]]:
        """Parameter names with each type that they may mean."""
        return [(name, kind) for name, kinds in self.parameters.items() for kind in kinds]

    def lineage(self, name: str) -> tuple[str, ...]:
        """A type and everything that it extends, as far as models know, nearest first."""
        bases = self.bases.get(name)
        if not bases:
            return (name,)
        found = [name]
        for base in found:
            if len(found) > 20:
                break
            found.extend(b for b in self.bases.get(base, ()) if b not in found)
        return tuple(found)


def rows_of(file: ModelFile) -> list[RowFile]:
    """The checked rows of a file."""
    return [msgspec.convert(row, RowFile) for row in file.rows]


def models_for(language: str, mentions: frozenset[str]) -> Models:
    """The models of a language whose triggers are among `mentions` (see `triggers`)."""
    return _models(language, mentions & triggers(language))


@lru_cache(maxsize=16)
def _models(language: str, mentions: frozenset[str]) -> Models:
    names = _served(language)
    files = [file for file in packed().files if file.language in names]
    return Models([f for f in files if not f.triggers or not mentions.isdisjoint(f.triggers)])


@cache
def triggers(language: str) -> frozenset[str]:
    """Every trigger of a language's models."""
    names = _served(language)
    return frozenset(t for file in packed().files if file.language in names for t in file.triggers)


@cache
def owners(language: str) -> frozenset[str]:
    """Every type or package that a model of the language mentions: all that stands before a dot in a name, and bases."""
    found: set[str] = set()
    for file in packed().files:
        if file.language in _served(language):
            for row in file.rows:
                for name in (*row["names"], *row.get("bases", ())):
                    found.add(name)
                    while "." in name:
                        name = name.rpartition(".")[0]
                        found.add(name)
    return frozenset(found)


def _served(language: str) -> tuple[str, ...]:
    return ("javascript", "typescript") if language in ("javascript", "typescript") else (language,)


@lru_cache(maxsize=1)
def packed() -> PackedModels:
    """All models, from the packed file, which is made again in a checkout when a source is newer."""
    if PACKED.exists() and not _is_stale():
        return msgspec.json.decode(PACKED.read_bytes(), type=PackedModels)
    from assay.code.model_files import pack

    return pack(FOLDER, PACKED)


def _is_stale() -> bool:
    if not (Path(__file__).parents[3] / ".git").exists():
        return False
    packed_at = PACKED.stat().st_mtime_ns
    return any(entry.stat().st_mtime_ns > packed_at for entry in (FOLDER, *FOLDER.rglob("*")))
