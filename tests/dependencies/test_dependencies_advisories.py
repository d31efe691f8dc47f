"""Advisories: records, range evaluation, the store, updates over loopback, signed snapshots, the starter set."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.dependencies.advisories.cvss import score_of_vector
from assay.dependencies.advisories.download import check_url, fetch
from assay.dependencies.advisories.evaluate import is_affected, may_be_affected
from assay.dependencies.advisories.match import match_components
from assay.dependencies.advisories.record import Affected, Range, read_record, severity_of
from assay.dependencies.advisories.snapshot import export, import_snapshot
from assay.dependencies.advisories.starter import Starter
from assay.dependencies.advisories.store import Builder, Store
from assay.dependencies.advisories.update import Plan, read_epss, read_export, read_kev, read_names, update
from assay.model.component import Component
from assay.model.errors import ConfigError, TargetError, UsageError
from assay.model.severity import Severity

CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def record(
    name: str = "TEST-1", package: str = "thing", ecosystem: str = "PyPI", **more: Any
) -> dict[str, Any]:
    affected = {
        "package": {"ecosystem": ecosystem, "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
    }
    return {"id": name, "modified": "2026-01-01T00:00:00Z", "affected": [affected], **more}


def zipped(*records: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for item in records:
            archive.writestr(f"{item['id']}.json", json.dumps(item))
    return buffer.getvalue()


def ranged(*events: tuple[str, str], versions: str = "") -> Affected:
    return Affected((Range("ECOSYSTEM", events),) if events else (), versions)


@pytest.mark.parametrize(
    ("events", "version", "affected"),
    [
        ([("introduced", "0"), ("fixed", "2.0")], "1.9", True),
        ([("introduced", "0"), ("fixed", "2.0")], "2.0", False),
        ([("introduced", "0"), ("fixed", "2.0")], "2.0rc1", True),
        ([("introduced", "1.0"), ("last_affected", "1.5")], "1.5", True),
        ([("introduced", "1.0"), ("last_affected", "1.5")], "1.5.1", False),
        ([("introduced", "1.0"), ("last_affected", "1.5")], "0.9", False),
        ([("introduced", "0"), ("fixed", "1.0"), ("introduced", "2.0"), ("fixed", "2.5")], "1.5", False),
        ([("introduced", "2.0"), ("fixed", "2.5"), ("introduced", "0"), ("fixed", "1.0")], "2.1", True),
        ([("introduced", "0"), ("fixed", "2.0"), ("introduced", "2.0"), ("fixed", "2.5")], "2.0", True),
        ([("introduced", "2.0"), ("fixed", "2.0")], "2.0", False),
        ([("introduced", "0")], "99", True),
        ([("introduced", "0"), ("limit", "*")], "99", True),
        ([("introduced", "0"), ("limit", "3")], "3", False),
    ],
)
def test_ranges(events: list[tuple[str, str]], version: str, affected: bool) -> None:
    assert is_affected(ranged(*events), "PyPI", version) is affected


def test_enumerated_versions_hold_whatever_the_ranges_say() -> None:
    assert is_affected(ranged(("introduced", "0"), ("fixed", "1"), versions="\n5.0\n"), "PyPI", "5.0")
    assert is_affected(ranged(versions="\n1.0\n1.1\n"), "PyPI", "1.0.0")
    assert not is_affected(ranged(versions="\n1.0\n1.1\n"), "PyPI", "1.2")
    assert is_affected(ranged(versions="\nold-style\n"), "PyPI", "old-style")


def test_a_bound_that_is_no_version_is_apart() -> None:
    odd = ranged(("introduced", "0"), ("last_affected", "2.6.0-cu124"))
    assert not is_affected(odd, "PyPI", "1.0")
    assert may_be_affected(odd, "PyPI", "1.0")
    assert not may_be_affected(odd, "PyPI", "3.0")


@given(
    st.lists(
        st.tuples(st.sampled_from(["introduced", "fixed", "last_affected", "limit"]), st.text(max_size=8)),
        max_size=6,
    ),
    st.text(max_size=8),
)
@settings(max_examples=100, deadline=None)
def test_evaluation_never_raises(events: list[tuple[str, str]], version: str) -> None:
    for ecosystem in ("PyPI", "npm", "Maven", "RubyGems"):
        is_affected(ranged(*events), ecosystem, version)
        may_be_affected(ranged(*events), ecosystem, version)


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        (CRITICAL, 9.8),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0),
        ("CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 8.1),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0),
        ("AV:L/AC:H/Au:M/C:N/I:N/A:P", 0.8),
        (CRITICAL + "/E:U/RL:O", 9.8),
        (CRITICAL + "/AV:N", None),
        (CRITICAL + "/", None),
        (CRITICAL.removesuffix("/A:H"), None),
        ("CVSS:3.1/AV:X", None),
        ("nonsense", None),
    ],
)
def test_scores(vector: str, score: float | None) -> None:
    assert score_of_vector(vector) == score


def test_severity_has_one_rule() -> None:
    def of(**more: Any) -> Severity:
        found = read_record(record(**more))
        assert found is not None
        return severity_of(found[0])[0]

    assert of() is Severity.UNKNOWN
    assert of(severity=[{"type": "CVSS_V3", "score": CRITICAL}]) is Severity.CRITICAL
    assert (
        of(
            severity=[
                {"type": "CVSS_V3", "score": CRITICAL},
                {
                    "type": "CVSS_V4",
                    "score": "CVSS:4.0/AV:L/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
                },
            ]
        )
        is Severity.LOW
    )
    assert of(database_specific={"severity": "MODERATE"}) is Severity.MEDIUM
    assert of(database_specific={"cvss_v3_score": 7.5}) is Severity.HIGH
    assert of(name="MAL-2026-1") is Severity.CRITICAL
    assert of(summary="Two versions published containing malware") is Severity.CRITICAL
    assert of(database_specific={"severity": "whatever"}) is Severity.UNKNOWN


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "affected",
                    "package",
                    "ecosystem",
                    "name",
                    "ranges",
                    "events",
                    "severity",
                    "database_specific",
                    "imports",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(values)
@settings(max_examples=100, deadline=None)
def test_no_record_shape_raises(value: Any) -> None:
    read_record(
        {"id": "X-1", "affected": [value], "severity": value, "database_specific": value, "aliases": value}
        if value is not None
        else {}
    )


def test_symbols_of_go_and_rust() -> None:
    go = record(ecosystem="Go", package="example.org/m")
    go["affected"][0]["ecosystem_specific"] = {
        "imports": [{"path": "example.org/m/p", "symbols": ["Do", "T.Run"]}]
    }
    found = read_record(go)
    assert found is not None
    assert found[1][0][2].symbols == ("example.org/m/p.Do", "example.org/m/p.T.Run")
    assert found[1][0][2].modules == ("example.org/m/p",)


def build(path: Path, *records: dict[str, Any], created: datetime | None = None) -> Path:
    builder = Builder(path)
    builder.replace_source("test", records)
    builder.finish(created)
    return path


def test_the_store_finds_by_canonical_name_and_verifies(tmp_path: Path) -> None:
    path = build(tmp_path / "s.sqlite", record(package="My_Thing"), record("TEST-2", "a/b", "Packagist"))
    with closing(Store(path)) as store:
        assert [name for name, _ in store.affected("PyPI", "my-thing")] == ["TEST-1"]
        assert store.verify()
        assert store.status().coverage == {"PyPI": 1, "Packagist": 1}
    data = bytearray(path.read_bytes())
    index = data.find(b"TEST-2")
    data[index : index + 6] = b"TEST-9"
    path.write_bytes(bytes(data))
    with closing(Store(path)) as store:
        assert not store.verify()


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(b"not a database at all, really")
    with pytest.raises(ConfigError, match="no advisory store"):
        Store(path)


def test_a_record_in_two_sources_survives_the_loss_of_one(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    builder = Builder(path)
    builder.replace_source("first", [record()])
    builder.replace_source("second", [record()])
    builder.finish()
    builder = Builder(path, previous=path)
    builder.replace_source("second", [record("TEST-3", "other")])
    builder.finish()
    with closing(Store(path)) as store:
        assert [name for name, _ in store.affected("PyPI", "thing")] == ["TEST-1"]
        assert store.advisory("TEST-1") is not None


class Server:
    """Serves bytes by path, with ETags and ranges, and counts what it sent."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.cut = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                data = outer.files.get(self.path)
                outer.requests.append((self.path, self.headers.get("Range", "")))
                if data is None:
                    self.send_error(404)
                    return
                tag = f'"{len(data)}-{hash(data)}"'
                if self.headers.get("If-None-Match") == tag:
                    self.send_response(304)
                    self.end_headers()
                    return
                start = 0
                if self.headers.get("Range") and self.headers.get("If-Range") == tag:
                    start = int(self.headers["Range"][6:-1])
                self.send_response(206 if start else 200)
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                body = data[start:]
                if outer.cut:
                    body, outer.cut = body[: outer.cut], 0
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.server.shutdown()
    running.server.server_close()


def quiet(*_: object) -> None:
    pass


def plan(server: Server, **more: Any) -> Plan:
    return Plan(
        osv=server.url,
        ecosystems=("PyPI", "npm"),
        kev=f"{server.url}/kev",
        epss=f"{server.url}/epss",
        names=(("PyPI", f"{server.url}/names"),),
        **more,
    )


def fill(server: Server) -> None:
    kev = {
        "vulnerabilities": [
            {
                "cveID": "CVE-2026-1",
                "dateAdded": "2026-02-01",
                "knownRansomwareCampaignUse": "Known",
                "vulnerabilityName": "Thing",
            }
        ]
    }
    server.files = {
        "/PyPI/all.zip": zipped(record(aliases=["CVE-2026-1"])),
        "/npm/all.zip": zipped(record("TEST-9", "lodash", "npm")),
        "/kev": json.dumps(kev).encode(),
        "/epss": b"#model\ncve,epss,percentile\nCVE-2026-1,0.5,0.97\n",
        "/names": b"# source\nRequests\t1\nflask\t2\n",
    }


def test_update_fetches_everything_then_only_what_changed(server: Server, tmp_path: Path) -> None:
    fill(server)
    path = tmp_path / "s.sqlite"
    first = update(path, plan(server), quiet)
    assert len(first.renewed) == 5
    assert first.failed == ()
    with closing(Store(path)) as store:
        assert store.kev("CVE-2026-1") == ("2026-02-01", True, "Thing")
        assert store.epss("CVE-2026-1") == (0.5, 0.97)
        assert store.names("PyPI") == {"requests": 1, "flask": 2}
    assert update(path, plan(server), quiet).renewed == ()
    server.files["/npm/all.zip"] = zipped(record("TEST-10", "lodash", "npm"))
    assert update(path, plan(server), quiet).renewed == ("osv:npm",)
    with closing(Store(path)) as store:
        assert [name for name, _ in store.affected("npm", "lodash")] == ["TEST-10"]
        assert [name for name, _ in store.affected("PyPI", "thing")] == ["TEST-1"]


def test_a_source_that_fails_keeps_what_it_had(server: Server, tmp_path: Path) -> None:
    fill(server)
    path = tmp_path / "s.sqlite"
    update(path, plan(server), quiet)
    del server.files["/npm/all.zip"]
    outcome = update(path, plan(server), quiet)
    assert [source for source, _ in outcome.failed] == ["osv:npm"]
    with closing(Store(path)) as store:
        assert list(store.affected("npm", "lodash"))


def test_a_broken_download_leaves_the_store_alone(server: Server, tmp_path: Path) -> None:
    fill(server)
    path = tmp_path / "s.sqlite"
    update(path, plan(server), quiet)
    before = path.read_bytes()
    server.files["/npm/all.zip"] = b"PK broken"
    with pytest.raises(ConfigError, match="osv:npm"):
        update(path, plan(server), quiet)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob(".*.new"))


def test_a_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.files["/f"] = bytes(range(256)) * 2000
    server.cut = 100_000
    target = tmp_path / "f"
    with pytest.raises(TargetError, match="goes on"):
        fetch(f"{server.url}/f", target, "", 10**9, quiet)
    fetched = fetch(f"{server.url}/f", target, "", 10**9, quiet)
    assert target.read_bytes() == server.files["/f"]
    assert fetched.fresh
    assert server.requests[-1][1].startswith("bytes=")


def test_downloads_are_bounded_and_go_to_https_only(server: Server, tmp_path: Path) -> None:
    server.files["/f"] = b"x" * 5000
    with pytest.raises(TargetError, match="more than the 1000"):
        fetch(f"{server.url}/f", tmp_path / "f", "", 1000, quiet)
    for url in ("http://example.org/x", "file:///etc/passwd", "ftp://example.org", "https://", "nonsense"):
        with pytest.raises(UsageError):
            check_url(url)


def test_exports_are_read_within_bounds(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b"0" * (17 * 1024 * 1024))
    with pytest.raises(ConfigError, match="unpacks to more"):
        list(read_export(bomb, 10**9))
    nested = tmp_path / "nested.zip"
    with zipfile.ZipFile(nested, "w") as archive:
        archive.writestr("a.json", "[" * 100_000)
    with pytest.raises(ConfigError):
        list(read_export(nested, 10**9))


def test_other_sources_that_are_broken_are_said() -> None:
    with pytest.raises(ConfigError):
        read_kev(b"{}")
    with pytest.raises(ConfigError):
        list(read_epss(b"\x1f\x8bnot gzip"))
    assert read_names(b'{"rows": [{"project": "Flask_X"}]}', "PyPI") == [("flask-x", 1)]


def keys() -> tuple[bytes, bytes]:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_snapshots_go_from_machine_to_machine(tmp_path: Path) -> None:
    private, public = keys()
    store = build(tmp_path / "s.sqlite", record())
    statement = export(store, tmp_path / "snap.zip", private)
    assert statement["advisories"] == 1
    status = import_snapshot(tmp_path / "snap.zip", tmp_path / "there" / "s.sqlite", public)
    assert status.advisories == 1


def test_snapshots_of_others_changed_or_older_are_refused(tmp_path: Path) -> None:
    private, public = keys()
    _, stranger = keys()
    old = build(tmp_path / "old.sqlite", record(), created=datetime(2026, 1, 1, tzinfo=UTC))
    new = build(tmp_path / "new.sqlite", record(), created=datetime(2026, 2, 1, tzinfo=UTC))
    snap = tmp_path / "snap.zip"
    export(old, snap, private)
    with pytest.raises(ConfigError, match="not signed by this key"):
        import_snapshot(snap, tmp_path / "x.sqlite", stranger)
    with pytest.raises(ConfigError, match="older"):
        import_snapshot(snap, new, public)
    import_snapshot(snap, new, public, allow_older=True)
    with zipfile.ZipFile(snap) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(snap, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data + b"\0" if name.endswith(".sqlite") else data)
    with pytest.raises(ConfigError, match="not the one that was signed"):
        import_snapshot(snap, tmp_path / "x.sqlite", public)
    (tmp_path / "junk").write_bytes(b"junk")
    with pytest.raises(ConfigError, match="no snapshot"):
        import_snapshot(tmp_path / "junk", tmp_path / "x.sqlite", public)
    rsa = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for key in (b"no key", rsa):
        with pytest.raises(UsageError):
            export(old, snap, key)


def test_the_starter_set_has_its_breadth() -> None:
    starter = Starter()
    status = starter.status()
    assert status.advisories >= 300
    assert {"PyPI", "npm", "Maven", "Go"} <= set(status.coverage)
    assert status.kind == "starter"
    for entry in starter.file.entries:
        assert entry.packages
        assert entry.advisory.summary
        assert all(affected.ranges or affected.versions for _, _, affected in entry.packages)


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "cve"),
    [
        ("Maven", "org.apache.logging.log4j:log4j-core", "2.14.1", "CVE-2021-44228"),
        ("PyPI", "urllib3", "1.26.15", "CVE-2023-43804"),
        ("npm", "lodash", "4.17.15", "CVE-2020-8203"),
        ("npm", "next", "14.2.0", "CVE-2025-29927"),
        ("PyPI", "jinja2", "3.1.2", "CVE-2024-22195"),
    ],
)
def test_the_starter_set_knows(ecosystem: str, name: str, version: str, cve: str) -> None:
    component = Component(f"pkg:{ecosystem.lower()}/{name}@{version}", name, ecosystem, version)
    matches = match_components([component], Starter())
    ids = {known for match in matches for known in (match.id, *match.aliases)}
    assert cve in ids
