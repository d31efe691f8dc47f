"""Near twins in Python: each form of data flow of the language and its library, vulnerable and safe, and the parts of a request."""

from __future__ import annotations

import pytest
from code_cases import HEAD
from python_twins import HARMLESS, SOURCES, TWINS

from assay.code.project import analyse
from assay.rules.load import load_engine

_RULES = [rule for rule in load_engine("code") if rule.id.endswith("python/command-flow")]


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
