"""Each form of JavaScript and TypeScript in the intermediate representation, and that no text makes the front ends fall."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.code.frontends import javascript, typescript
from assay.code.ir import Module
from assay.code.print import print_module

FORMS = [
    ("let x = 1; let y = x", ["x = move 1", "y = move x"]),
    ("a.b?.c", ["outer a", "field %1 b", "field %2 c"]),
    ("a['b']; a['b-c']; a[k]", ["field %1 b", "item %3 'b-c'", "item %6 %7"]),
    ("f(1, ...a)", ["call %1 (1) {*="]),
    ("a.m(1); a?.m?.(2)", ["method %1 m (1) {}", "m (2)"]),
    ("new T(x); new a.T(x); new T", ["call %1 (%2)", "method %4 T (%5)", "call %7 ()"]),
    ("x.k = v", ["setfield %2 k %1"]),
    ("x['k'] = v; x[k] = v; delete x.k", ["setfield", "setitem", "delete"]),
    ("const {a, b: {c = 1}, ...d} = v", ["field %1 a", "field %1 b", "field %3 c", "logic ?? ", "d = move %1"]),
    ("const [a, , b, ...c] = v", ["item %1 0", "item %1 2", "slice %1 3 - -"]),
    ("({a, b: [c]} = v); [a, b] = [b, a]", ["field %1 a", "build list (%6, a)"]),
    ("x = `${a}b${c}`", ["build str (%1, 'b', "]),
    ("x = `plain`; y = 'a\\x41\\u{42}\\n'", ["x = move 'plain'", r"'aAB\n'"]),
    ("sql`a ${b} c`", ["outer sql", "build list ('a ', ' c')", "call %1 (%5, "]),
    ("x = /a+/gi", ["Regex(pattern='a+', flags='gi')"]),
    ("x = 0x1f + 1_000 + 017 + 1.5 + 10n", ["31", "1000", "15", "1.5", "10"]),
    ("x = [1, ...y]; x = {...y, k: 1, [z]: 2, m() {}, 'q': 3}", ["build list ()", "extend", "dict - {-: ", "'k': 1", "'q': 3"]),
    ("a ? b : c", ["select"]),
    ("a && b || c ?? d", ["logic and", "logic or", "logic ??"]),
    ("x ||= a; x &&= b; x ??= c; x += d", ["logic or", "logic and", "logic ??", "op +"]),
    ("!x; typeof x; -x; void x", ["unary not", "unary typeof", "unary -"]),
    ("a === b; a !== b; a >>> b; a instanceof b; k in a", ["op ==", "op !=", "op >>", "op instanceof", "op in"]),
    ("let i = 0; i++; ++i", ["op + i 1", "i = move"]),
    ("f(a), g(b)", ["outer f", "outer g"]),
    ("function f(a, b = 1, {c, d: [e]}, ...r) { return a }", ["return a", "{1=1}", "*r", "field {c, d: [e]} c"]),
    ("g(); function g() { return 1 }", ["g = move %1", "call g"]),
    ("const f = async (x) => await x, g = y => { return y }", ["await x", "return y"]),
    ("function* f() { yield 1; yield* g() }", ["yield 1 False", "yield %4 True"]),
    ("(function () { var x = 1; { let x = 2; use(x) } use(x) })()", ["x = move 1", "x = move 2", "call %5 (x)"]),
    ("function f() { use(x); var x = 1 }", ["call %1 (x)"]),
    ("class A extends B { #p = 1; q; static s = 2; constructor(a) { super(a); this.a = a } m() { return super.m() } get g() { return 1 } set g(v) {} static t() { } h = () => this }",
     ["class A(B)", "setfield this #p 1", "s = move 2", "method %3 constructor (a)", "setfield this a a", "outer property", "static 6 A.t()", "method 7 A.h(this)"]),
    ("class A { x = 1 } class B extends A { y = 2 }", ["constructor 2 A.constructor(this)", "setfield this x 1", "constructor 4 B.constructor(this, *args)"]),
    ("function F(a) { this.a = a } F.prototype.m = function () { return this.a }", ["class F()", "constructor 2 F.constructor(this, a)", "method 3 F.m(this)"]),
    ("function F(a) { this.a = a; this.m = () => this.a }", ["class F()", "constructor 2 F.constructor(this, a)", "setfield this m"]),
    ("import merge from 'lodash/merge'; const set = require('lodash-es/set'), {get} = require('lodash-es')", ["import lodash merge", "import lodash set", "import lodash get"]),
    ("if (a) b(); else if (c) d(); else e()", ["if", "outer e"]),
    ("for (const x of xs) { f(x); continue } for (k in o) g(k)", ["for %1 values", "continue", "keys"]),
    ("for (let i = 0, j; i < 9; i++) f(i)", ["loop", "op <", "%6 = move i", "op + %6 1"]),
    ("l: while (a) { do { break l } while (b) }", ["loop", "break l"]),
    ("l: { f(); break l }", ["block", "break l"]),
    ("switch (a) { case 1: case 2: b(); break; default: c() }", ["switch", "break"]),
    ("try { a() } catch ({message}) { b(message) } finally { c() }", ["try", "field <error> message"]),
    ("try { a() } catch { }", ["try"]),
    ("throw new Error(x)", ["raise"]),
    ("const a = require('m'), {b, c: d} = require('node:fs'), e = require('x').y", ["import m  as a", "import fs b as b", "import fs c as d", "import x y as e"]),
    ("require('m')(1); require(name); import(name); import('q')", ["import m ", "outer require", "outer import", "import q "]),
    ("import a, {b as c, default as d} from 'm'; import * as n from 'm'; import 'side'", ["import m default as a", "import m b as c", "import m default as d", "import m  as n", "import side"]),
    ("new Foo(import.meta.url)", ["outer import.meta"]),
    ("x = <A.B href={u} {...p} on>text {v}<br/></A.B>", ["call %11 () {href=%1, **=%2, on=True, children="]),
    ("x = <a href={u} dangerouslySetInnerHTML={{__html: h}}>t</a>; y = <><i/></>", ["React.createElement", "('a', 't') {href=%1, dangerouslySetInnerHTML="]),
]  # fmt: skip
TYPED_FORMS = [
    ("let x = y as Foo<Bar>; let z = <Q[]>y; let w = y!; let v: string[] = y as any", ["typed %1 Foo[Bar]", "typed %3 Array[Q]", "typed %6 Array[string]"]),
    ("enum E { A, B = 'x' }", ["A = move 0", "B = move 'x'", "E = move"]),
    ("interface I extends J<K> { a: string; b(): void } type T = {c: number}", ["class I(J)", "class T()"]),
    ("@C('x') class A { constructor(private readonly b: B, @Inject() public c?: D) {} @Get(':id') m(@Param('id') id: string): Promise<X> { return this.b.f(id) } }",
     ["setfield this b b", "setfield this c c", "(this, id: string)", "{1=", "outer Get", "outer C"]),
    ("abstract class A<T> implements I { abstract k(): void; private q: Map<string, T> = new Map() }", ["class A(I)", "setfield this q"]),
    ("namespace N { export function f(a: string) { return a } }", ["class N()", "N.f(a: string)"]),
    ("import x = require('y'); export = x", ["import y  as x"]),
    ("function g(this: Foo, a?: number, ...r: string[]): a is string { return a }", ["g(a: number, *r: Array[string])"]),
    ("import type {H} from 'h'; export type {Q} from 'r'; declare const y: string; declare module 'q' { }", ["import h H as H"]),
    ("f<T>(x); let e = f satisfies G", ["call %1 (%2)", "typed"]),
]  # fmt: skip


def lowered(code: str, uri: str = "a.js") -> Module:
    lower = javascript.lower if uri.endswith("js") else typescript.lower
    return lower(code.encode(), uri)


@pytest.mark.parametrize(("code", "expected"), FORMS, ids=[form[0][:24] for form in FORMS])
def test_form(code: str, expected: list[str]) -> None:
    for uri in ("a.js", "a.tsx"):
        module = lowered(code, uri)
        text = print_module(module)
        assert not module.partial, module.errors
        for part in expected:
            assert part in text, text


@pytest.mark.parametrize(("code", "expected"), TYPED_FORMS, ids=[form[0][:24] for form in TYPED_FORMS])
def test_typed_form(code: str, expected: list[str]) -> None:
    module = lowered(code, "a.ts")
    text = print_module(module)
    assert not module.partial, module.errors
    for part in expected:
        assert part in text, text


EXPORTS = [
    ("export const a = 1, {b, c: [d]} = x", {"a": "a", "b": "b", "d": "d"}),
    ("export function f() {} export class G {}", {"f": "f", "G": "G"}),
    ("export default function h() {}", {"default": "h"}),
    ("export default class {}", {"default": "default"}),
    ("export default { a: 1 }", {"default": "default"}),
    ("const x = 1; export { x as y, x as default }", {"y": "x", "default": "x"}),
    ("export { a as b, c } from './m'; export * as n from './k'", {"b": "b", "c": "c", "n": "n"}),
    ("function f() {} module.exports = f", {"default": "f"}),
    (
        "const a = 1; module.exports = { a, b: 2, c() {}, ['d']: 3, ...e }",
        {"default": "default", "a": "a", "b": "b", "c": "c"},
    ),
    ("exports.a = function () {}; module.exports.b = 1", {"a": "a", "b": "b"}),
    ("const a = 1; exports.a = 2", {"a": "exports.a"}),
    ("let x = exports = module.exports = {}", {"default": "default"}),
]


@pytest.mark.parametrize(("code", "expected"), EXPORTS, ids=[form[0][:24] for form in EXPORTS])
def test_exports(code: str, expected: dict[str, str]) -> None:
    module = lowered(code)
    assert module.exports == expected
    for variable in expected.values():
        assert variable in module.functions[0].variables


def test_fields_and_returns_have_types() -> None:
    code = "class A { a: Map<string, B[]>; constructor(private db: pg.Pool) {} f(): Promise<User> { } }"
    module = lowered(code, "a.ts")
    assert module.classes[0].fields == {"a": "Map[string,Array[B]]", "db": "pg.Pool"}
    assert next(f for f in module.functions if f.name == "f").returns == "Promise[User]"


def test_types_of_tagged_templates_do_not_lose_the_file() -> None:
    code = (
        "const A = styled.div<{ wide?: Array<string>;\n on: () => void }>`a ${(p) => p.on}`;\nf(`<b>x<i>`);\n"
    )
    module = lowered(code, "a.tsx")
    assert not module.partial
    assert "method %1 div" in print_module(module)
    assert "'<b>x<i>'" in print_module(module)


def test_only_variables_name_functions_of_the_module() -> None:
    """A callback or property called `fetch` is not what the global name `fetch` means."""
    module = lowered("const f = () => 1; const o = { fetch: () => 2, get() {} }; on(function exec() {})")
    kinds = {function.name: function.kind for function in module.functions}
    assert kinds["f"] == "function"
    assert (kinds["fetch"], kinds["get"], kinds["exec"]) == ("lambda", "lambda", "lambda")


def test_code_around_a_syntax_error_is_kept() -> None:
    module = lowered("function f(a) { g(a) }\n\nfunction broken( { ]\n\nfunction h(b) { i(b) }\n")
    assert module.partial
    assert "f" in {function.name for function in module.functions}


@pytest.mark.parametrize(
    "code",
    [b"(" * 5000, b"f(" * 3000 + b"x" + b")" * 3000, b"[" * 2000 + b"]" * 2000, b"\xff\xfe\x00x = \xc3", b"if(x){" * 300, b"`${" * 500,
     b"x = " * 2000 + b"1", b"a ? " * 1000, b"<a>" * 800, b"({a:" * 900],
    ids=["open", "calls", "lists", "bytes", "ifs", "templates", "assigns", "ternaries", "jsx", "objects"],
)  # fmt: skip
def test_hostile_text_is_bounded(code: bytes) -> None:
    assert javascript.lower(code, "a.js").functions
    assert typescript.lower(code, "a.ts").functions


def test_long_chains_are_not_deep() -> None:
    assert not lowered("x = " + " + ".join(f"'a{i}'" for i in range(3000))).notes
    assert not lowered("x" + "".join(f".then(f{i})" for i in range(2000))).notes
    assert not lowered("if (a) b\n" + "".join(f"else if (a == {i}) b\n" for i in range(100))).notes


_SEED = "\n".join(code for code, _ in (*FORMS, *TYPED_FORMS, *EXPORTS)).encode()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_source_never_raises(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(_SEED) - 1))
    length = data.draw(st.integers(0, 40))
    insert = data.draw(
        st.one_of(
            st.binary(max_size=8), st.sampled_from([b"(", b"]", b"`${", b"\n  ", b"...", b"=> {", b"<a "])
        )
    )
    mutated = _SEED[:start] + insert + _SEED[start + length :]
    print_module(javascript.lower(mutated, "a.js"))
    print_module(typescript.lower(mutated, "a.ts"))
