"""assay.toml (or [tool.assay] of pyproject.toml) to values. Only the spines and the doors read settings; rooms take values."""

from __future__ import annotations

import hashlib
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from assay.model.errors import ConfigError
from assay.model.scan import GatePolicy, ScanType
from assay.model.severity import Severity

_MAX_BYTES = 1 << 20
_MAX_EXTENDS = 5


class ScanSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """[scan]: what is looked at, by whom, and within which limits."""

    types: tuple[ScanType, ...] = (ScanType.FULL,)
    severity: str = "all"
    exclude: list[str] = []
    engines: list[str] = []
    required: list[str] = []
    optional: list[str] = []
    hygiene: bool = False
    offline: bool = True
    external: bool | list[str] = False
    jobs: int = 0
    cache: bool = True
    max_file_size: int = 0
    file_seconds: float = 30.0
    engine_seconds: float = 1800.0


class ToolSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """[tools.NAME]: a rules file or folder that is given to a program of others, from the settings' folder."""

    config: str = ""


class GateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """[gate]: what blocks. `types` overrides `fail-on` for one scan type; "none" never blocks.

    `new-only`: unless it is set, only what is new blocks where a scan compares with git (--base, --mode diff, --mode staged). A baseline file
    has to be trusted expressly: whoever writes code could write one, too.
    """

    fail_on: str = "high"
    new_only: bool | None = None
    types: dict[str, str] = {}


class ReportSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """[report]: files written after every scan, as on the command line: FORMAT=PATH."""

    output: list[str] = []


class SettingsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The whole file."""

    extends: str = ""
    scan: ScanSettings = ScanSettings()
    gate: GateSettings = GateSettings()
    report: ReportSettings = ReportSettings()
    tools: dict[str, ToolSettings] = {}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force and the file they came from ("" for the defaults)."""

    file: str
    values: SettingsFile


def load(root: str, explicit: str = "") -> Settings:
    """The settings for a root: an explicit file, else assay.toml, else [tool.assay] of pyproject.toml, else the defaults.

    Raises:
        ConfigError: two files claim to be the settings, or one does not load; the text says which key, where, and what is allowed.
    """
    path = Path(explicit) if explicit else _find(Path(root))
    if path is None:
        return Settings("", SettingsFile())
    table = _with_bases(path, _read(path), 0)
    try:
        values = msgspec.convert(table, SettingsFile)
    except msgspec.ValidationError as error:
        raise ConfigError(*_explain(path, str(error))) from error
    _check_words(path, values)
    return Settings(str(path), values)


def severity_threshold(word: str) -> Severity:
    """The least severity that is reported: `all` is everything, UNKNOWN included.

    Raises:
        ConfigError: not one of critical, high, medium, low, all.
    """
    if word == "all":
        return Severity.UNKNOWN
    if word in ("critical", "high", "medium", "low"):
        return Severity(word)
    raise ConfigError(f"{word!r} is not a severity", "one of: critical, high, medium, low, all")


def gate_threshold(word: str) -> Severity | None:
    """The least severity that blocks, None for `none`.

    Raises:
        ConfigError: not one of critical, high, medium, low, all, none.
    """
    if word == "none":
        return None
    try:
        return severity_threshold(word)
    except ConfigError as error:
        raise ConfigError(error.message, "one of: critical, high, medium, low, all, none") from error


def gate_policy(values: SettingsFile, *, compares: bool = False) -> GatePolicy:
    """The gate's policy as the settings state it; `compares`: the scan knows from git what is new."""
    new_only = values.gate.new_only
    by_type = tuple(
        (ScanType(name), gate_threshold(word)) for name, word in sorted(values.gate.types.items())
    )
    return GatePolicy(
        fail_on=gate_threshold(values.gate.fail_on),
        fail_on_type=by_type,
        new_only=compares if new_only is None else new_only,
        required=tuple(values.scan.required),
    )


def cache_folder() -> Path:
    """Where caches go: ASSAY_CACHE_DIR, else the user's cache folder of this platform."""
    override = os.environ.get("ASSAY_CACHE_DIR")
    if override:
        return Path(override)
    from platformdirs import user_cache_path

    return user_cache_path("assay", appauthor=False)


def _find(root: Path) -> Path | None:
    folder = root if root.is_dir() else root.parent
    own, shared = folder / "assay.toml", folder / "pyproject.toml"
    in_pyproject = shared.is_file() and b"[tool.assay" in _bytes(shared) and "assay" in _tool_table(shared)
    if own.is_file() and in_pyproject:
        raise ConfigError(f"both {own} and [tool.assay] in {shared} hold settings", "keep one of them")
    if own.is_file():
        return own
    return shared if in_pyproject else None


def _tool_table(path: Path) -> dict[str, Any]:
    tool = _parse(path).get("tool", {})
    return tool if isinstance(tool, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    if path.name == "pyproject.toml":
        table = _tool_table(path).get("assay", {})
        return table if isinstance(table, dict) else {}
    return _parse(path)


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}", "give a readable file with --config"
        ) from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(
            f"{path}: {len(data)} bytes is too large for settings", f"the limit is {_MAX_BYTES} bytes"
        )
    return data


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_bytes(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not TOML: {error}", "see https://toml.io for the syntax") from error


def _with_bases(path: Path, table: dict[str, Any], depth: int) -> dict[str, Any]:
    """Lay the table over the file that it extends. A base is pinned: `extends = "PATH@sha256:HEX"`."""
    reference = table.get("extends")
    if not reference:
        return table
    if depth >= _MAX_EXTENDS:
        raise ConfigError(
            f"{path}: more than {_MAX_EXTENDS} files extend one another",
            "shorten the chain, or break the loop",
        )
    name, _, digest = str(reference).partition("@sha256:")
    base = (path.parent / name).resolve()
    actual = hashlib.sha256(_bytes(base)).hexdigest()
    if digest != actual:
        raise ConfigError(
            f"{path}: extends {name}, whose content is not the pinned one",
            f'read the file; if you trust it, write: extends = "{name}@sha256:{actual}"',
        )
    return _overlay(_with_bases(base, _read(base), depth + 1), table)


def _overlay(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = _overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _explain(path: Path, problem: str) -> tuple[str, str]:
    """Msgspec's complaint with the line of the key and what is allowed there."""
    what, _, where = problem.partition(" - at ")
    section = where.strip("`").removeprefix("$").strip(".").split("[")[0]
    key = what.split("`")[1] if "unknown field" in what else section.rpartition(".")[2]
    line = _line_of(path, key)
    table = section if "unknown field" in what else section.rpartition(".")[0]
    allowed = _allowed(table)
    advice = (
        f"allowed in {'[' + table + ']' if table else 'the file'}: {', '.join(allowed)}"
        if allowed
        else "see `assay scan --help`"
    )
    if "unknown field" in what:
        what = f"unknown key {key!r}" + (f" in [{section}]" if section else "")
    elif section:
        what = f"{section}: {what[0].lower()}{what[1:]}"
    return f"{path}:{line}: {what}", advice


def _line_of(path: Path, key: str) -> int:
    for number, line in enumerate(_bytes(path).decode("utf-8", "replace").splitlines(), 1):
        stripped = line.strip().lstrip("[").strip("\"'")
        if key and stripped.startswith(key):
            return number
    return 1


def _allowed(table: str) -> tuple[str, ...]:
    structs: dict[str, type[msgspec.Struct]] = {
        "": SettingsFile,
        "scan": ScanSettings,
        "gate": GateSettings,
        "report": ReportSettings,
    }
    struct = structs.get(table)
    return struct.__struct_encode_fields__ if struct else ()


def _check_words(path: Path, values: SettingsFile) -> None:
    """Words that msgspec cannot check: severities and scan types as keys."""
    try:
        severity_threshold(values.scan.severity)
        for name, word in values.gate.types.items():
            if name not in {scan_type.value for scan_type in ScanType}:
                raise ConfigError(
                    f"{name!r} is not a scan type", f"one of: {', '.join(t.value for t in ScanType)}"
                )
            gate_threshold(word)
        gate_threshold(values.gate.fail_on)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", error.advice) from error
