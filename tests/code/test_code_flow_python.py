"""Each feature of the dataflow with its safe twin, and changes of a program that must not change the answer."""

from __future__ import annotations

import re

import pytest
from code_cases import CASES, HEAD, WHOLE, program
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.code.project import analyse
from assay.model.finding import VerificationState
from assay.model.severity import Confidence
from assay.rules.load import load_engine


def commands(files: dict[str, str]) -> list[int]:
    """Lines where a command injection is reported."""
    results = analyse([(uri, text.encode()) for uri, text in files.items()], load_engine("code"))
    assert not any(result.failed for result in results)
    return [
        finding.location.region.start_line
        for result in results
        for finding in result.findings
        if finding.rule_id.endswith("command-flow")
        and finding.verification.state is VerificationState.CORROBORATED
    ]


ALL_CASES = {name: ("", *pair) for name, pair in CASES.items()} | WHOLE


@pytest.mark.parametrize("name", ALL_CASES)
def test_bad_is_found_and_its_twin_is_not(name: str) -> None:
    definitions, bad, good = ALL_CASES[name]
    assert commands({"app.py": program(definitions, bad)}), program(definitions, bad)
    assert not commands({"app.py": program(definitions, good)}), program(definitions, good)


def changes(definitions: str, body: str) -> dict[str, dict[str, str]]:
    """The same program, written differently."""
    text = program(definitions, body)
    other = f"{HEAD}{definitions}def work():\n" + "".join(f"    {line}\n" for line in body.splitlines())
    inner = "".join(f"        {line}\n" for line in body.splitlines())
    return {
        "renamed": {"app.py": re.sub(r"\bx\b(?!['=])", "renamed_value", text)},
        "dead code": {"app.py": text.replace("def view():\n", "def view():\n    unused = 3\n    if unused > 5:\n        return 'never'\n")},
        "blank lines": {"app.py": text.replace("\n", "\n\n")},
        "other file": {"lib/work.py": other, "app.py": f"{HEAD}from lib.work import work\n@app.route('/v')\ndef view():\n    work()\n"},
        "in a class": {"app.py": f"{HEAD}{definitions}class Service:\n    def work(self):\n{inner}\n@app.route('/v')\ndef view():\n    Service().work()\n"},
    }  # fmt: skip


@pytest.mark.parametrize("name", [n for n in ALL_CASES if n != "with"])
def test_the_answer_survives_rewriting(name: str) -> None:
    definitions, bad, good = ALL_CASES[name]
    for how, files in changes(definitions, bad).items():
        assert commands(files), (how, files)
    for how, files in changes(definitions, good).items():
        assert not commands(files), (how, files)


def test_the_path_names_lines_and_variables() -> None:
    text = "import os\nfrom flask import request\ndef run(cmd):\n    os.system(cmd)\ndef view():\n    host = request.args['h']\n    run('ping ' + host)\n"
    (result,) = analyse([("a.py", text.encode())], load_engine("code"))
    (finding,) = result.findings
    steps = [(step.location.region.start_line, step.variable) for step in finding.code_flow]
    assert steps[0] == (6, "flask.request.args")
    assert (6, "host") in steps
    assert (7, "cmd") in steps
    assert steps[-1] == (4, "os.system")


def test_cyclic_imports_and_self_reference_end() -> None:
    files = {
        "a.py": "from b import g\nimport a\ndef f(v):\n    return g(v)\n",
        "b.py": "from a import f\nimport os\nfrom flask import request\ndef g(v):\n    os.system(v)\n    return f(v)\ndef view():\n    f(request.args['x'])\n",
    }
    assert commands(files)


UNCALLED = """import sqlite3
def remove(name):
    sqlite3.connect("a.db").execute("delete from u where n = '%s'" % name)
"""


def test_what_a_function_that_nobody_calls_is_given_is_a_suspicion() -> None:
    (result,) = analyse([("store.py", UNCALLED.encode())], load_engine("code"))
    (finding,) = [f for f in result.findings if f.rule_id == "code/python/sql-flow"]
    assert finding.verification.state is VerificationState.SUSPECTED
    assert finding.confidence is Confidence.LOW


@pytest.mark.parametrize(
    "text",
    [
        UNCALLED + 'remove("a")\n',
        UNCALLED.replace("name):", "name: int):"),
        UNCALLED.replace("'%s'\" % name", '?", (name,)'),
        UNCALLED.replace(
            "    sqlite3", "    if name not in ('a', 'b'):\n        raise ValueError(name)\n    sqlite3"
        ),
    ],
    ids=["called with a constant", "a number", "a parameter of the statement", "checked"],
)
def test_no_suspicion_where_it_is_known_or_harmless(text: str) -> None:
    (result,) = analyse([("store.py", text.encode())], load_engine("code"))
    assert not [f for f in result.findings if f.rule_id == "code/python/sql-flow"]


def test_a_handler_may_see_any_value_of_the_body() -> None:
    body = "try:\n    x = request.args['x']\n    x = int(x)\nexcept ValueError:\n    os.system(x)"
    assert commands({"app.py": program("", body)})


def _chain(length: int) -> str:
    links = "".join(f"def f{i}(a):\n    return f{i + 1}(a)\n" for i in range(length))
    return f"{HEAD}{links}def f{length}(a):\n    os.system(a)\ndef v():\n    f0(request.args['x'])\n"


def test_a_chain_of_calls_is_followed_and_giving_up_is_told() -> None:
    assert commands({"app.py": _chain(40)})
    (result,) = analyse([("app.py", _chain(300).encode())], load_engine("code"))
    assert result.partial == "gave-up"
    assert any("nest deeper" in note for note in result.notes)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "x = 'a'\n" * 30_000,
        HEAD + "d = {" + ",".join(f"'k{i}': request.args['x']" for i in range(5_000)) + "}\n",
        HEAD + "os.system(" + " + ".join("'a'" for _ in range(5_000)) + ")\n",
        HEAD + "def f(x):\n" + "".join("    " * (i + 1) + f"for a{i} in x:\n" for i in range(30)) + "    " * 32 + "x = x + 'a'\n",
    ],
    ids=["long", "wide", "joined", "nested loops"],
)  # fmt: skip
def test_large_files_end(text: str) -> None:
    (result,) = analyse([("app.py", text.encode())], load_engine("code"))
    assert not result.failed


PIECES = ["(", ")", "[", "}", ":", "\n", "    ", "def ", "class ", "*", "**", "lambda x:", "yield ", 'f"{', "import ", "@", "else:\n", "match x:\n    case ", " := ", "async "]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(ALL_CASES)), st.data())
def test_mutated_programs_never_raise(name: str, data: st.DataObject) -> None:
    definitions, bad, _ = ALL_CASES[name]
    text = program(definitions, bad)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[start + cut :]
    analyse([("app.py", text.encode())], load_engine("code"))


def test_a_module_inside_a_package_does_not_hide_one_of_the_language() -> None:
    view = "import subprocess\nfrom flask import request\n\ndef view():\n    subprocess.run('ls ' + request.args['x'], shell=True)\n"
    files = {
        "app/__init__.py": "",
        "app/views.py": view,
        "app/tools/subprocess.py": "def other():\n    return 1\n",
    }
    results = analyse([(uri, text.encode()) for uri, text in files.items()], load_engine("code"))
    assert "code/python/command-flow" in {f.rule_id for result in results for f in result.findings}
