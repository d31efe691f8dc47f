"""Near twins in Python: each form of data flow of the language and its library, vulnerable and safe, and the parts of a request."""

from __future__ import annotations

import pytest
from code_cases import HEAD
from python_sinks import SINKS
from python_twins import HARMLESS, SOURCES, TWINS

from assay.code.project import analyse
from assay.rules.load import load_engine

_ALL = load_engine("code")
_RULES = [rule for rule in _ALL if rule.id.endswith("python/command-flow")]


def _is_found(definitions: str, body: str) -> bool:
    inner = "".join(f"    {line}\n" for line in f"{body}\nos.system('ls ' + str(bar))".splitlines())
    text = f"{HEAD}from flask import session\nimport flask\nimport urllib.parse\n{definitions}@app.route('/v')\ndef view():\n{inner}    return ''\n"
    return bool(analyse([("app.py", text.encode())], _RULES)[0].findings)


@pytest.mark.parametrize("name", TWINS)
def test_the_vulnerable_twin_is_found_and_the_safe_one_is_not(name: str) -> None:
    definitions, bad, good = TWINS[name]
    assert _is_found(definitions, f"p = request.args.get('p')\n{bad}"), bad
    assert not _is_found(definitions, f"p = request.args.get('p')\n{good}"), good


@pytest.mark.parametrize("source", SOURCES)
def test_every_part_of_a_request_is_a_source(source: str) -> None:
    assert _is_found("", f"bar = {source}")


@pytest.mark.parametrize("source", HARMLESS)
def test_what_nobody_can_choose_is_none(source: str) -> None:
    assert not _is_found("", f"bar = {source}")


def _reported(rule: str, definitions: str, body: str) -> bool:
    inner = "".join(f"    {line}\n" for line in f"bar = request.args.get('p')\n{body}".splitlines())
    head = f"{HEAD}from flask import make_response, redirect, render_template_string, session\nimport flask\nimport urllib.parse\n"
    text = f"{head}{definitions}@app.route('/v')\ndef view():\n{inner}    return 'ok'\n"
    return bool(
        analyse([("app.py", text.encode())], [one for one in _ALL if one.id == f"code/python/{rule}"])[
            0
        ].findings
    )


@pytest.mark.parametrize("case", SINKS, ids=str)
def test_a_sink_is_reported_and_its_safe_twin_is_not(case: tuple[int, str]) -> None:
    rule, definitions, bad, good = SINKS[case]
    assert _reported(rule, definitions, bad), bad
    assert not _reported(rule, definitions, good), good
