"""Near twins in Express: each form of data flow of the language, and each kind of sink, vulnerable and safe."""

from __future__ import annotations

import pytest
from javascript_cases import program
from javascript_sinks import SINKS
from javascript_twins import TWINS

from assay.code.project import analyse
from assay.rules.load import load_engine

_ALL = load_engine("code")
_EXPRESS = "const app = require('express')();\n"


def _reported(rule: str, text: str) -> bool:
    rules = [one for one in _ALL if one.id == f"code/javascript/{rule}"]
    result = analyse([("app.js", text.encode())], rules)[0]
    assert rules
    assert not result.failed, result
    assert not result.partial, result
    return bool(result.findings)


@pytest.mark.parametrize("name", TWINS)
def test_the_vulnerable_twin_is_found_and_the_safe_one_is_not(name: str) -> None:
    definitions, bad, good = TWINS[name]
    for body, expected in ((bad, True), (good, False)):
        text = program(definitions, f"const p = req.query.p; {body} cp.exec('ls ' + bar);")
        assert _reported("command-flow", text) == expected, text


@pytest.mark.parametrize("name", SINKS)
def test_a_sink_is_reported_and_its_safe_twin_is_not(name: str) -> None:
    rule, definitions, bad, good = SINKS[name]
    for body, expected in ((bad, True), (good, False)):
        text = f"{_EXPRESS}{definitions}app.post('/v', async (req, res) => {{\n  const p = req.query.p;\n  {body}\n}});\n"
        assert _reported(rule, text) == expected, text
