"""Filling the store: OSV's export per ecosystem, CISA's KEV, FIRST's EPSS, lists of package names."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from assay.dependencies.advisories.download import Fetched, Progress, fetch
from assay.dependencies.advisories.store import Builder, StoreStatus
from assay.dependencies.purl import match_key
from assay.dependencies.shapes import mapping, sequence, text
from assay.model.errors import AssayError, ConfigError

# The public export of OSV, one zip for each ecosystem (https://google.github.io/osv.dev/data/).
OSV_EXPORT = "https://osv-vulnerabilities.storage.googleapis.com"
KEV_URL = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
EPSS_URL = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
# Lists of names, most used first; further ones are given with --names-url.
NAME_LISTS = (("PyPI", "https://hugovk.github.io/top-pypi-packages/top-pypi-packages.min.json"),)
ECOSYSTEMS = (
    "PyPI", "npm", "Go", "Maven", "crates.io", "RubyGems", "Packagist", "NuGet", "Hex", "Pub", "GitHub Actions",
)  # fmt: skip
_MAX_RECORD = 16 * 1024 * 1024
_MAX_ENTRIES = 5_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What to fetch. Empty addresses are left out. `names` maps an ecosystem to a list of names, most used first."""

    osv: str = OSV_EXPORT
    ecosystems: tuple[str, ...] = ECOSYSTEMS
    kev: str = KEV_URL
    epss: str = EPSS_URL
    names: tuple[tuple[str, str], ...] = NAME_LISTS
    max_bytes: int = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Outcome:
    """The store after an update, which sources were renewed, and which failed and why (those keep what they had)."""

    status: StoreStatus
    renewed: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


def update(path: Path, plan: Plan, progress: Progress) -> Outcome:
    """Fetch what changed and build the next store. Sources that fail keep their records of before.

    Raises:
        ConfigError: nothing at all could be fetched, or the result is not sound.
    """
    downloads = path.parent / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    known = _known_tags(path)
    fetched: dict[str, Fetched] = {}
    failed: list[tuple[str, str]] = []
    for source, url, name in _sources(plan):
        try:
            fetched[source] = fetch(url, downloads / name, known.get(source, ""), plan.max_bytes, progress)
        except AssayError as error:
            failed.append((source, error.message))
    if not fetched:
        reasons = "; ".join(f"{source}: {message}" for source, message in failed) or "nothing to fetch"
        raise ConfigError(f"nothing could be fetched: {reasons}", "what was there before stays")
    return _build(path, fetched, known, failed, plan)


def read_export(path: Path, max_bytes: int) -> Iterator[dict[str, Any]]:
    """The records of an export, one JSON file each. Entries are read one by one; none is written to disk.

    Raises:
        ConfigError: no zip file, damaged, or larger unpacked than allowed.
    """
    decode = msgspec.json.Decoder().decode
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(".json")]
            if len(entries) > _MAX_ENTRIES:
                raise ConfigError(f"{path.name} has {len(entries)} entries, more than {_MAX_ENTRIES}")
            for entry in entries:
                total += entry.file_size
                if entry.file_size > _MAX_RECORD or total > 4 * max_bytes:
                    raise ConfigError(f"{path.name}: {entry.filename[:100]} unpacks to more than is allowed")
                with archive.open(entry) as stream:
                    data = stream.read(_MAX_RECORD + 1)
                if len(data) > _MAX_RECORD:
                    raise ConfigError(f"{path.name}: {entry.filename[:100]} unpacks to more than it says")
                record = decode(data)
                if isinstance(record, dict):
                    yield record
    except (
        zipfile.BadZipFile,
        msgspec.DecodeError,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise ConfigError(
            f"{path.name} cannot be read: {error}", "it is fetched anew by the next `assay db update`"
        ) from error
    except RecursionError as error:
        raise ConfigError(f"{path.name} holds a record that is nested too deeply") from error


def read_kev(data: bytes) -> list[tuple[str, str, bool, str]]:
    """(CVE, date added, known ransomware use, title) of CISA's catalogue.

    Raises:
        ConfigError: not the catalogue.
    """
    try:
        catalogue = mapping(msgspec.json.decode(data))
    except msgspec.DecodeError as error:
        raise ConfigError(f"the KEV catalogue is not JSON: {error}") from error
    rows = [mapping(item) for item in sequence(catalogue.get("vulnerabilities"))]
    if not rows:
        raise ConfigError("the KEV catalogue lists nothing")
    return [
        (
            text(row.get("cveID")),
            text(row.get("dateAdded")),
            text(row.get("knownRansomwareCampaignUse")).lower() == "known",
            text(row.get("vulnerabilityName"))[:200],
        )
        for row in rows
        if text(row.get("cveID"))
    ]


def read_epss(data: bytes) -> Iterator[tuple[str, float, float]]:
    """(CVE, probability, percentile) of the daily CSV, gzip or plain.

    Raises:
        ConfigError: not the CSV.
    """
    try:
        if data[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(512 * 1024 * 1024)
        for row in csv.reader(data.decode().splitlines()):
            if len(row) == 3 and row[0].startswith("CVE-"):
                yield row[0], float(row[1]), float(row[2])
    except (OSError, EOFError, ValueError, csv.Error) as error:
        raise ConfigError(f"the EPSS scores cannot be read: {error}") from error


def read_names(data: bytes, ecosystem: str) -> list[tuple[str, int]]:
    """(canonical name, rank) from a list with one name a line (more columns behind a tab or comma), or the JSON of top-pypi-packages."""
    source = data.decode("utf-8", "replace")
    if source.lstrip()[:1] in "{[":
        found = json.loads(source)
        rows = sequence(mapping(found).get("rows")) if isinstance(found, dict) else sequence(found)
        names = [
            text(mapping(row).get("project") or mapping(row).get("name"))
            if isinstance(row, dict)
            else text(row)
            for row in rows
        ]
    else:
        lines = (line.strip() for line in source.splitlines())
        names = [line.split("\t")[0].split(",")[0] for line in lines if line and not line.startswith("#")]
    ranked = dict.fromkeys(match_key(ecosystem, name) for name in names if 0 < len(name) <= 214)
    return [(name, rank) for rank, name in enumerate(ranked, 1)]


def _sources(plan: Plan) -> Iterator[tuple[str, str, str]]:
    for ecosystem in plan.ecosystems if plan.osv else ():
        yield (
            f"osv:{ecosystem}",
            f"{plan.osv.rstrip('/')}/{quote(ecosystem)}/all.zip",
            f"osv-{ecosystem.replace(' ', '-')}.zip",
        )
    if plan.kev:
        yield "kev", plan.kev, "kev.json"
    if plan.epss:
        yield "epss", plan.epss, "epss.csv.gz"
    for ecosystem, url in plan.names:
        yield f"names:{ecosystem}", url, f"names-{ecosystem}.txt"


def _known_tags(path: Path) -> dict[str, str]:
    from assay.dependencies.advisories.store import Store

    if not path.exists():
        return {}
    try:
        store = Store(path)
    except ConfigError:
        return {}
    tags = dict(store.status().sources)
    store.close()
    return tags


def _build(
    path: Path, fetched: dict[str, Fetched], known: dict[str, str], failed: list[tuple[str, str]], plan: Plan
) -> Outcome:
    # Without a store to go on from, unchanged downloads must be read again as well.
    builder = Builder(path, previous=path if known else None)
    renewed: list[str] = []
    try:
        for source, file in fetched.items():
            if not file.fresh and source in known:
                continue
            try:
                _load(builder, source, file.path, plan.max_bytes)
            except AssayError as error:
                file.path.unlink(missing_ok=True)
                raise ConfigError(
                    f"{source}: {error.message}", "the old store stays; run `assay db update` again"
                ) from error
            builder.note(f"source:{source}", file.tag or "untagged")
            renewed.append(source)
        return Outcome(builder.finish(), tuple(renewed), tuple(failed))
    except BaseException:
        builder.discard()
        raise


def _load(builder: Builder, source: str, path: Path, max_bytes: int) -> None:
    kind, _, ecosystem = source.partition(":")
    if kind == "osv":
        if not builder.replace_source(source, read_export(path, max_bytes)):
            raise ConfigError(f"{path.name} holds no advisory")
    elif kind == "kev":
        builder.replace_kev(read_kev(path.read_bytes()))
    elif kind == "epss":
        builder.replace_epss(read_epss(path.read_bytes()))
    else:
        builder.replace_names(ecosystem, read_names(path.read_bytes(), ecosystem))
