"""What is analysed: only where a rule of the language may look, each state freed when its function is done, in an order that is fixed."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from assay.code.analysis import Analysis
from assay.code.frame import Frame
from assay.code.ir import Module
from assay.code.project import lower_file
from assay.code.structure import Matches
from assay.code.world import World
from assay.rules.load import load_engine


def matched(text: str, uri: str = "app.py") -> tuple[World, Matches]:
    """A file as the rules on structure see it."""
    content = text.encode()
    module = lower_file(uri, content)
    assert isinstance(module, Module)
    world = World([(module, content)])
    return world, Matches(world, load_engine("code"))


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("session_key = make()", True),
        ("self.session_key = make()", True),
        ("make(session_key=1)", True),
        ("return {'session_key': 1}", True),
        ("return self.session_key", False),
        ("return session_key(1)", False),
    ],
)
def test_a_rule_on_names_asks_for_functions_that_write_them(body: str, asked: bool) -> None:
    _, matches = matched(f"def f(self, make):\n    {body}\n")
    assert bool(matches.wanted().functions) == asked


def test_rules_of_another_language_ask_for_nothing() -> None:
    # A rule on this name exists for JavaScript.
    _, matches = matched("def f(make):\n    rejectUnauthorized = make()\n")
    assert not matches.wanted().functions


def test_no_frame_outlives_the_analysis() -> None:
    """The collector is off during a scan: a cycle through a frame would keep every state of every function."""
    calls = "\n".join(f"def f{n}():\n    return g(flask.request.args['x'])\n" for n in range(20))
    world, matches = matched(f"import os, flask\ndef g(x):\n    os.system(x)\n    return x\n{calls}")
    gc.collect()
    before = sum(isinstance(one, Frame) for one in gc.get_objects())
    gc.disable()
    try:
        analysis = Analysis(world, matches.wanted())
        analysis.run()
        assert len(analysis.summaries) > 1
        assert sum(isinstance(one, Frame) for one in gc.get_objects()) == before
    finally:
        gc.enable()


PROGRAM = """
import sys
from assay.code.project import analyse
from assay.rules.load import load_engine
text = b'''
import os, flask
class C: pass
def run(): os.system(C.a)
def keep(): C.a = flask.request.args['x']
def other(a): os.popen(a)
def call(): other(C.a)
'''
for result in analyse([("a.py", text)], load_engine("code")):
    print(result)
"""


def test_the_result_does_not_depend_on_the_order_of_sets() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert b"command-flow" in outputs.pop()
