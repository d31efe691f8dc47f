"""Each form of Python in the intermediate representation, and that no text makes the front end fall."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.code.frontends.python import lower
from assay.code.print import print_module

FORMS = [
    ("x = 1\ny = x", ["x = move 1", "y = move x"]),
    ("a.b.c", ["outer a", "field %1 b", "field %2 c"]),
    ("f(1, k=2, *a, **b)", ["call %1 (1) {k=2, *="]),
    ("a.m(1)", ["method %1 m (1) {}"]),
    ("x[1:]", ["slice %1 1 - -"]),
    ("x[:1]", ["slice %1 - 1 -"]),
    ("x['k'] = v", ["setitem"]),
    ("x.k = v", ["setfield"]),
    ("a, *b = v", ["item %1 0", "slice %1 1 - -"]),
    ("x = f'{a}b{c!r}'", ["unary repr", "build str (%1, 'b', "]),
    ("x = 'a' 'b'", ["'ab'"]),
    ("x = 'a\\x41\\n'", [r"'aA\n'"]),
    ("x = [i for i in y if i]", ["build list ()", "for", "add"]),
    ("x = {k: v for k, v in y}", ["setitem"]),
    ("a if b else c", ["select"]),
    ("a and b or c", ["logic and", "logic or"]),
    ("a < b < c", ["op <", "logic and"]),
    ("not x", ["unary not"]),
    ("a not in b", ["op not in"]),
    ("with open(f) as g: g.read()", ["enter", "g = move"]),
    ("import a.b as c", ["import a.b  0"]),
    ("from ..m import n as o", ["import m n 2"]),
    ("def f(a, b=1, *c, d, **e): return a", ["return a", "{1=1}"]),
    ("async def f():\n await g()", ["await"]),
    ("lambda x: x", ["lambda 1 <lambda>(x)"]),
    ("@d(1)\ndef f(): pass", ["func 1 (%3)"]),
    ("class A(B, metaclass=M):\n x: int = 1\n def m(self): self.y = 1", ["class 0", "typed", "setfield self y 1"]),
    ("try:\n a()\nexcept E as e:\n b()\nelse:\n c()\nfinally:\n d()", ["try"]),
    ("for x in y:\n  break\nelse:\n  z()", ["for", "break"]),
    ("while x:\n  continue", ["loop", "continue"]),
    ("match v:\n case {'k': [a, *_]}: f(a)\n case P(x=1) | None: g()\n case _: h()", ["'k'", "isinstance", "op == %1 None"]),
    ("def f():\n global g\n g = 1", ["setouter g 1"]),
    ("if (n := f()): n", ["n = move"]),
    ("assert x, 'm'", ["assert"]),
    ("del x[1]", ["delete"]),
    ("raise E from f", ["raise"]),
    ("x = yield y", ["yield"]),
    ("x: int = y", ["typed"]),
    ("x += 1", ["op +"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), FORMS, ids=[form[0][:20] for form in FORMS])
def test_form(code: str, expected: list[str]) -> None:
    module = lower(code.encode(), "a.py")
    text = print_module(module)
    assert not module.partial
    for part in expected:
        assert part in text, text


def test_a_name_read_before_its_binding_in_a_loop_is_the_local() -> None:
    text = print_module(lower(b"def f():\n  while c():\n    use(x)\n    x = 1\n", "a.py"))
    assert "outer x" not in text


def test_code_around_a_syntax_error_is_kept() -> None:
    module = lower(b"def f(a):\n  g(a)\n\ndef broken(:\n\ndef h(b):\n  i(b)\n", "a.py")
    assert module.partial
    assert {"f", "h"} <= {function.name for function in module.functions}


@pytest.mark.parametrize(
    "code",
    [b"(" * 5000, b"f(" * 3000 + b"x" + b")" * 3000, b"[" * 2000 + b"]" * 2000, b"\xff\xfe\x00x = \xc3", b"if x:\n" * 300],
    ids=["open", "calls", "lists", "bytes", "ifs"],
)  # fmt: skip
def test_hostile_text_is_bounded(code: bytes) -> None:
    assert lower(code, "a.py").functions


def test_long_chains_are_not_deep() -> None:
    chain = lower(b"x = " + b" + ".join(b"'a%d'" % i for i in range(3000)), "a.py")
    assert not chain.notes
    branches = b"if a:\n  b\n" + b"".join(b"elif a == %d:\n  b\n" % i for i in range(3000))
    assert not lower(branches, "a.py").notes


_SEED = "\n".join(code for code, _ in FORMS).encode()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_source_never_raises(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(_SEED) - 1))
    length = data.draw(st.integers(0, 40))
    insert = data.draw(
        st.one_of(st.binary(max_size=8), st.sampled_from([b"(", b"]", b'f"{', b"\n  ", b"*", b"match "]))
    )
    print_module(lower(_SEED[:start] + insert + _SEED[start + length :], "a.py"))
