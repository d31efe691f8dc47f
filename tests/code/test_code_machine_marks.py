"""Marks of machine-written code beyond the rules' own examples: what counts as existing, and tests weakened in a change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from assay.code.project import analyse, compare_tests
from assay.entrypoints.cli.main import run
from assay.rules.load import load_engine

RULES = [rule for rule in load_engine("code") if "missing" in rule.match or "change" in rule.match]


def missing(files: dict[str, str]) -> set[tuple[str, int]]:
    results = analyse([(uri, text.encode()) for uri, text in files.items()], RULES)
    return {(f.location.uri, f.location.region.start_line) for result in results for f in result.findings}


PACKAGE = {"app/__init__.py": "", "app/security.py": "def check(user):\n    return user\n"}
EXISTING = {
    "a name of a third module": {**PACKAGE, "app/views.py": "from app.other import x\n", "app/other.py": "from app.security import check as x\n"},
    "a star import that leads outside": {**PACKAGE, "app/views.py": "from app.other import anything\n", "app/other.py": "from elsewhere import *\n"},
    "a submodule": {**PACKAGE, "app/views.py": "from app import security\nsecurity.check(1)\n"},
    "a module of the language": {**PACKAGE, "app/json.py": "", "app/views.py": "import json\njson.dumps(1)\n"},
    "a local variable of the same name": {**PACKAGE, "app/views.py": "from app import security\ndef f(security):\n    return security.other\n"},
    "a global that a function sets": {**PACKAGE, "app/views.py": "from app.state import LATE\n", "app/state.py": "def start():\n    global LATE\n    LATE = 1\n"},
    "a package beside, not of the project": {**PACKAGE, "app/views.py": "from appium import webdriver\n"},
    "a built file": {**PACKAGE, "app/views.py": "from app._version import version\nfrom app.api_pb2 import Request\n"},
    "an index file": {"src/a.ts": "import { x } from './lib2'\n", "src/lib2/index.ts": "export const x = 1\n"},
    "a script's suffix": {"src/a.ts": "import { x } from './b.js'\n", "src/b.ts": "export const x = 1\n"},
    "CommonJS": {"a.js": "const { x } = require('./b')\n", "b.js": "module.exports = Object.assign({}, other)\n"},
}  # fmt: skip


@pytest.mark.parametrize("name", EXISTING)
def test_what_exists_is_not_reported(name: str) -> None:
    assert missing(EXISTING[name]) == set()


def test_what_does_not_exist_is_reported_where_it_is_named() -> None:
    files = {
        **PACKAGE,
        "app/views.py": "from app.security import check_owner\nfrom app.guards import admin\nfrom . import security\nsecurity.verify(1)\n",
        "app/deep/__init__.py": "",
        "app/deep/more.py": "from ..security import check_all\nfrom ..nothing import x\n",
    }
    assert missing(files) == {
        ("app/views.py", 1),
        ("app/views.py", 2),
        ("app/views.py", 4),
        ("app/deep/more.py", 1),
        ("app/deep/more.py", 2),
    }


def compared(uri: str, before: str, after: str) -> set[str]:
    return {
        f.rule_id.rsplit("/", 1)[-1] for f in compare_tests([(uri, before.encode(), after.encode())], RULES)
    }


def test_a_stronger_or_a_moved_test_is_not_reported() -> None:
    before = "class TestA:\n    def test_a(self):\n        self.assertEqual(f(1), 2)\n"
    after = "class TestA:\n    def test_b(self):\n        pass\n\n    def test_a(self):\n        self.assertEqual(f(1), 3)\n        self.assertEqual(f(2), 4)\n"
    assert compared("test_a.py", before, after) == set()


def test_half_written_files_are_compared_without_a_word() -> None:
    assert compared("test_a.py", "def test_a(:\n  assert", "\x00def test_a():\n") == set()
    assert compared("notes.txt", "a", "b") == set()


def test_a_scan_against_a_base_reports_weakened_tests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def git(*args: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@t.invalid", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *identity, *args], cwd=tmp_path, check=True, capture_output=True)

    test = tmp_path / "tests" / "test_api.py"
    test.parent.mkdir()
    test.write_text("def test_stranger(client):\n    assert client.get('/admin').status_code == 403\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    test.write_text("def test_stranger(client):\n    assert client.get('/admin').status_code == 200\n")
    run(
        [
            "scan",
            str(tmp_path),
            "--type",
            "sast",
            "--base",
            "HEAD",
            "--no-cache",
            "--format",
            "json",
            "--fail-on",
            "none",
        ]
    )
    said = capsys.readouterr().out
    assert "code/general/test-expects-no-refusal" in said
    assert "expected 403 and expects it no more" in said
