"""Settings: one file, checked whole, with errors that say which key, where, and what is allowed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from assay.model.errors import ConfigError
from assay.model.scan import ScanType
from assay.model.severity import Severity
from assay.settings import gate_policy, gate_threshold, load, severity_threshold


def write(folder: Path, text: str, name: str = "assay.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def complaint(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(str(folder))
    return str(caught.value)


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    settings = load(str(tmp_path))
    assert (settings.file, settings.values.gate.fail_on, settings.values.scan.types) == (
        "",
        "high",
        (ScanType.FULL,),
    )


def test_a_file_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[scan]\ntypes = ["secrets", "iac"]\nmax-file-size = 10\n[gate]\nfail-on = "none"\ntypes = {secrets = "medium"}\n',
    )
    settings = load(str(tmp_path))
    assert settings.values.scan.types == (ScanType.SECRETS, ScanType.IAC)
    policy = gate_policy(settings.values)
    assert policy.fail_on is None
    assert policy.fail_on_type == ((ScanType.SECRETS, Severity.MEDIUM),)


def test_pyproject_serves_as_well(tmp_path: Path) -> None:
    write(tmp_path, '[tool.assay.gate]\nfail-on = "low"\n', "pyproject.toml")
    assert load(str(tmp_path)).values.gate.fail_on == "low"


def test_a_pyproject_without_a_section_is_not_ours(tmp_path: Path) -> None:
    write(tmp_path, "[tool.other]\nx = 1 # [tool.assay\n", "pyproject.toml")
    assert load(str(tmp_path)).file == ""


def test_two_files_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, "")
    write(tmp_path, "[tool.assay.scan]\njobs = 1\n", "pyproject.toml")
    assert "keep one of them" in complaint(tmp_path)


def test_an_unknown_key_is_named_with_its_line_and_the_allowed_ones(tmp_path: Path) -> None:
    write(tmp_path, '[gate]\nnew-only = true\nfail_on = "high"\n')
    text = complaint(tmp_path)
    assert "assay.toml:3: unknown key 'fail_on' in [gate]" in text
    assert "allowed in [gate]: fail-on, new-only, types" in text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[scan]\njobs = 'many'\n", "assay.toml:2: scan.jobs: expected `int`, got `str`"),
        ("[scan]\ntypes = ['sast', 'magic']\n", "scan.types: invalid enum value 'magic'"),
        ("[gate]\nfail-on = 'severe'\n", "'severe' is not a severity"),
        ("[gate.types]\nmagic = 'high'\n", "'magic' is not a scan type"),
        ("[gate\n", "not TOML"),
        ("[typo]\n", "assay.toml:1: unknown key 'typo'"),
    ],
)
def test_bad_values_are_explained(tmp_path: Path, body: str, expected: str) -> None:
    write(tmp_path, body)
    assert expected in complaint(tmp_path)


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    (tmp_path / "assay.toml").write_bytes(b"\xff\xfe[")
    assert "not TOML" in complaint(tmp_path)


def test_a_base_is_laid_under_when_its_digest_is_pinned(tmp_path: Path) -> None:
    base = write(tmp_path, '[gate]\nfail-on = "medium"\nnew-only = true\n', "organisation.toml")
    digest = hashlib.sha256(base.read_bytes()).hexdigest()
    write(tmp_path, f'extends = "organisation.toml@sha256:{digest}"\n[gate]\nfail-on = "low"\n')
    gate = load(str(tmp_path)).values.gate
    assert (gate.fail_on, gate.new_only) == ("low", True)


def test_a_base_that_changed_is_refused_with_the_new_pin(tmp_path: Path) -> None:
    base = write(tmp_path, "", "organisation.toml")
    write(tmp_path, 'extends = "organisation.toml@sha256:00"\n')
    assert hashlib.sha256(base.read_bytes()).hexdigest() in complaint(tmp_path)


def test_words_of_thresholds() -> None:
    assert severity_threshold("all") is Severity.UNKNOWN
    assert gate_threshold("none") is None
    assert gate_threshold("critical") is Severity.CRITICAL
