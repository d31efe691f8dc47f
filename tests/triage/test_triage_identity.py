from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from triage_sample import finding, sources

from assay.scan.triage.identity import fingerprints, key
from assay.scan.triage.structure import enclosing

CODE = """import db


class Users:
    def find(self, name):
        if name:
            rows = db.execute("SELECT * FROM users WHERE name = '" + name + "'")
            return rows
"""


def key_of(text: str, line: int, uri: str = "app/db.py") -> str:
    length = len(text.splitlines()[line - 1])
    start = length - len(text.splitlines()[line - 1].lstrip()) + 1
    return key(finding(uri=uri, line=line, columns=(start, length + 1)), sources({uri: text}))


ORIGINAL = key_of(CODE, 7)


def test_the_published_algorithm_does_not_change_by_accident() -> None:
    assert ORIGINAL == "8e00dc0985ec8db327cb56d8bbcc6e9c"
    assert key(finding(identity="x"), sources({})) == "a3ed5e7379adaf5691fc1e0b348aac06"


@pytest.mark.parametrize(
    ("change", "text", "line"),
    [
        ("lines above", "# a\n# b\n" + CODE, 9),
        ("reindented", CODE.replace("    ", "\t"), 7),
        ("two spaces", CODE.replace("    ", "  "), 7),
        ("other quotes", CODE.replace('"', "`").replace("'", '"').replace("`", "'"), 7),
        ("spaces", CODE.replace("name + ", "name  +"), 7),
        ("parameters", CODE.replace("(self, name)", "(self, name, *, limit=3)"), 7),
        ("parameters on lines", CODE.replace("(self, name)", "(\n        self,\n        name,\n    )"), 10),
        ("condition changed", CODE.replace("if name:", "if name and len(name) < 9:"), 7),
        ("another line in the function", CODE.replace("        if", "        log()\n        if"), 8),
    ],
)
def test_the_same_flaw_keeps_its_fingerprint(change: str, text: str, line: int) -> None:
    assert key_of(text, line) == ORIGINAL, change


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("the code", CODE.replace("users WHERE", "people WHERE")),
        ("the function", CODE.replace("def find", "def search")),
        ("the class", CODE.replace("class Users", "class People")),
    ],
)
def test_another_flaw_has_another(change: str, text: str) -> None:
    assert key_of(text, 7) != ORIGINAL, change


def test_a_renamed_file_keeps_it() -> None:
    assert key_of(CODE, 7, uri="src/store/users.py") == ORIGINAL


def test_identical_ones_are_numbered_by_place_in_any_order() -> None:
    text = "a(x)\n" * 3
    found = [finding(line=line, columns=(1, 5)) for line in (3, 1, 2)]
    third, first, second = fingerprints(found, sources({"app/db.py": text}))
    assert second == f"{first}:2"
    assert third == f"{first}:3"


def test_identity_is_the_key() -> None:
    here = finding(identity="table users|execute", uri="a.py", line=1)
    there = finding(identity="table users|execute", uri="b.py", line=99)
    assert key(here, sources({})) == key(there, sources({}))
    assert key(here, sources({})) != key(finding(identity="other"), sources({}))


def test_a_secret_is_its_value_whichever_detector_saw_it() -> None:
    one = finding(rule_id="secrets/github-token", identity="k:abc", cwe=("CWE-798",))
    two = finding(rule_id="secrets/generic-password", identity="k:abc", cwe=("CWE-798",))
    assert key(one, sources({})) == key(two, sources({}))


def test_a_password_in_code_is_no_part_of_the_fingerprint() -> None:
    keys = {
        key(
            finding(cwe=("CWE-259",), line=1, columns=(1, 5)),
            sources({"app/db.py": f"password = '{word}'\n"}),
        )
        for word in ("hunter2", "letmein")
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("func (s *Server) Get(w http.ResponseWriter) {\n\tif x {\n\t\tq()\n\t}\n}\n", 3, ("func Get",)),
        ("class A\n{\n    void f(int x)\n    {\n        q();\n    }\n}\n", 5, ("class A",)),
        ("[a]\nx = 1\n[b]\ny = 2\n", 4, ("[b]",)),
        ("FROM debian\nRUN a\nFROM alpine\nRUN b\n", 4, ("FROM alpine",)),
        ("spec:\n  containers:\n    - name: a\n", 3, ("spec", "containers")),
        ('resource "aws_s3_bucket" "b" {\n  acl = "public"\n}\n', 2, ('resource "aws_s3_bucket" "b"',)),
        ("x = 1\n", 1, ()),
        ("", 5, ()),
    ],
)
def test_enclosing(text: str, line: int, expected: tuple[str, ...]) -> None:
    assert enclosing(text.split("\n"), line) == expected


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet="ab {}()[]:\tdef", max_size=12), max_size=30), st.integers(1, 40))
def test_any_text_has_a_fingerprint(lines: list[str], line: int) -> None:
    text = "\n".join(lines)
    found = finding(line=line, columns=(5, 9))
    value = key(found, sources({"app/db.py": text}))
    assert len(value) == 32
    assert key(found, sources({"app/db.py": text})) == value
