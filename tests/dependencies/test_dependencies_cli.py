"""The commands: deps, db, sbom. Exit codes, JSON, messages."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from assay.dependencies.advisories.store import Builder
from assay.entrypoints.cli import db, deps, sbom
from assay.model.errors import ConfigError, TargetError, UsageError

LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "app", "dependencies": {"a": "^1"}},
        "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "^1"}, "license": "MIT"},
        "node_modules/b": {"version": "2.0.0"},
    },
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSAY_DATA", str(tmp_path / "data"))
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "package-lock.json").write_text(json.dumps(LOCK))
    (folder / "requirements.txt").write_text("flask==3.1.0\nunused-thing==1.0\n")
    (folder / "src" / "app.py").write_text("import flask\nimport missing_thing\nimport json\n")
    return folder


def run(module: ModuleType, *argv: object) -> int:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args([str(word) for word in argv]))
    return code


def test_list_tree_and_why(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(deps, "list", project) == 0
    assert "flask 3.1.0" in capsys.readouterr().out
    assert run(deps, "list", project, "--json") == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)["components"]} >= {"a", "b", "flask"}
    assert run(deps, "tree", project) == 0
    assert "  a 1.0.0\n    b 2.0.0" in capsys.readouterr().out
    assert run(deps, "why", "b", project) == 0
    assert "a 1.0.0 > b 2.0.0" in capsys.readouterr().out
    assert run(deps, "why", "nowhere", project) == 1


def test_unused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(deps, "unused", project, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert "pkg:pypi/unused-thing@1.0" in found["unused"]
    assert "pkg:pypi/flask@3.1.0" not in found["unused"]
    assert [item["module"] for item in found["undeclared"]] == ["missing_thing"]


def test_problems_make_an_incomplete_exit(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "poetry.lock").write_text("broken [")
    assert run(deps, "list", project) == 3
    assert "poetry.lock: not TOML" in capsys.readouterr().err
    assert run(deps, "list", project / "src") == 4


def test_paths_that_are_wrong(project: Path) -> None:
    with pytest.raises(TargetError):
        run(deps, "list", project / "nothing")
    with pytest.raises(UsageError):
        run(deps, "list", project / "src" / "app.py")


def test_names(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(deps, "names", "PyPI:requests") == 0
    assert run(deps, "names", "pypi:reqeusts") == 1
    assert "requests is a popular package" in capsys.readouterr().out
    assert run(deps, "names", "npm:surely-no-such-package") == 3
    with pytest.raises(UsageError):
        run(deps, "names", "requests")


def test_licences_inspect_formats_policy(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(deps, "licences", project, "--json") == 0
    rows = {row["purl"]: row["licence"] for row in json.loads(capsys.readouterr().out)}
    assert rows == {
        "pkg:npm/a@1.0.0": "MIT",
        "pkg:npm/b@2.0.0": None,
        "pkg:pypi/flask@3.1.0": None,
        "pkg:pypi/unused-thing@1.0": None,
    }
    assert run(deps, "inspect", project) == 0
    (project / "evil.pth").write_text("import os; exec('')\n")
    assert run(deps, "inspect", project, "--json") == 1
    capsys.readouterr()
    assert run(deps, "formats") == 0
    assert "uv.lock" in capsys.readouterr().out
    assert run(deps, "policy") == 0
    assert "minimum-release-age-days" in capsys.readouterr().out


def test_vex_draft(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "requirements.txt").write_text("urllib3==1.26.15\n")
    assert run(deps, "vex", project, "--author", "me") == 0
    statements = json.loads(capsys.readouterr().out)["statements"]
    assert {statement["status"] for statement in statements} == {"under_investigation"}


def test_sbom_of_a_folder_and_of_a_file(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(sbom, project) == 0
    assert len(json.loads(capsys.readouterr().out)["components"]) == 4
    assert run(sbom, project / "package-lock.json", "--format", "spdx-2.3") == 0
    assert json.loads(capsys.readouterr().out)["spdxVersion"] == "SPDX-2.3"
    assert run(sbom, project, "--output", tmp_path / "a.json", "--format", "cyclonedx-1.7", "--vex") == 0
    assert capsys.readouterr().out == ""
    (project / "requirements.txt").write_text("flask==3.2.0\n")
    assert run(sbom, "diff", tmp_path / "a.json", project) == 0
    assert run(sbom, "diff", project / "requirements.txt", project, "--max-new", "1") == 1
    assert run(sbom, "diff", project, project, "--max-new", "0") == 0
    capsys.readouterr()
    assert run(sbom, "diff", tmp_path / "a.json", project) == 0
    out = capsys.readouterr().out
    assert "~ flask 3.1.0 -> 3.2.0" in out
    assert "- unused-thing 1.0" in out
    with pytest.raises(UsageError):
        run(sbom, project, "--format", "spdx-2.3", "--vex")


def test_db_status_verify_export_import(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(db, "status") == 0
    assert "starter set" in capsys.readouterr().out
    assert run(db, "status", "--max-age-days", "3") == 3
    with pytest.raises(ConfigError):
        run(db, "verify")
    path = tmp_path / "data" / "advisories.sqlite"
    builder = Builder(path)
    builder.replace_source(
        "t",
        [
            {
                "id": "X-1",
                "affected": [
                    {
                        "package": {"ecosystem": "npm", "name": "b"},
                        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
                    }
                ],
            }
        ],
    )
    builder.finish()
    assert run(db, "status", "--max-age-days", "3", "--json") == 0
    assert run(db, "verify") == 0
    key = Ed25519PrivateKey.generate()
    (tmp_path / "k").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "p").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    assert run(db, "export", tmp_path / "snap", "--key", tmp_path / "k") == 0
    assert (
        run(
            db,
            "--store",
            tmp_path / "other.sqlite",
            "import",
            tmp_path / "snap",
            "--public-key",
            tmp_path / "p",
        )
        == 0
    )
    with pytest.raises(UsageError):
        run(db, "export", tmp_path / "snap", "--key", tmp_path / "nothing")


def test_an_sbom_is_read_like_a_lockfile(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sbom, project, "--output", tmp_path / "a.json") == 0
    assert run(deps, "why", "b", tmp_path / "a.json") == 0
    assert "a 1.0.0 > b 2.0.0" in capsys.readouterr().out
    assert run(deps, "list", tmp_path / "a.json") == 0
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(UsageError, match="no SBOM"):
        run(deps, "list", tmp_path / "x.json")
