"""Small JavaScript programs with one known answer: in `bad` data of a request reaches a shell, in its near twin `good` it does not."""

from __future__ import annotations

HEAD = "const express = require('express');\nconst cp = require('child_process');\nconst path = require('path');\nconst app = express();\n"

# name -> (bad, good): bodies of a route's handler.
CASES: dict[str, tuple[str, str]] = {
    "direct": ("cp.exec(req.query.x);", "cp.exec('x');"),
    "variable": ("const x = req.query.x; cp.exec(x);", "let x = req.query.x; x = 'a'; cp.exec(x);"),
    "concatenation": ("cp.exec('ls ' + req.query.x);", "cp.exec('ls ' + Number(req.query.x));"),
    "template": ("cp.exec(`ls ${req.query.x}`);", "cp.exec(`ls ${parseInt(req.query.x, 10)}`);"),
    "join": ("cp.exec(['ls', req.query.x].join(' '));", "cp.exec(['ls', 'b'].join(' '));"),
    "concat": ("cp.exec('ls '.concat(req.query.x));", "cp.exec('ls '.concat('a'));"),
    "method": ("cp.exec(req.query.x.trim().toLowerCase());", "cp.exec(String(req.query.x.length));"),
    "object-key": ("const d = {a: 'b', c: req.query.x}; cp.exec(d.c);", "const d = {a: 'b', c: req.query.x}; cp.exec(d.a);"),
    "object-assign": ("const d = {}; d.a = 'b'; d['c'] = req.query.x; cp.exec(d.c);", "const d = {}; d.a = 'b'; d['c'] = req.query.x; cp.exec(d.a);"),
    "overwrite": ("const d = {c: 'x'}; d.c = req.query.x; cp.exec(d.c);", "const d = {c: req.query.x}; d.c = 'x'; cp.exec(d.c);"),
    "list": ("const l = ['a', req.query.x]; cp.exec(l[1]);", "const l = ['a', req.query.x]; cp.exec(l[0]);"),
    "push": ("const l = ['a']; l.push(req.query.x); cp.exec(l[1]);", "const l = ['a']; l.push(req.query.x); cp.exec(l[0]);"),
    "spread": ("const d = {...{c: req.query.x}, e: 1}; cp.exec(d.c);", "const d = {...{c: req.query.x}, c: 'a'}; cp.exec(d.c);"),
    "array-spread": ("const l = ['a', ...[req.query.x]]; cp.exec(l[1]);", "const l = ['a', ...[req.query.x]]; cp.exec(l[0]);"),
    "destructuring": ("const {x} = req.query; cp.exec(x);", "const {x, y = 'a'} = {x: req.query.x}; cp.exec(y);"),
    "renamed": ("const {query: {x: y}} = req; cp.exec(y);", "const {query: {x: y}} = req; const x = 'a'; cp.exec(x);"),
    "array-pattern": ("const [, b] = ['a', req.query.x]; cp.exec(b);", "const [b] = ['a', req.query.x]; cp.exec(b);"),
    "swap": ("let a = 'a', b = req.query.x; [a, b] = [b, a]; cp.exec(a);", "let a = 'a', b = req.query.x; [a, b] = [b, a]; cp.exec(b);"),
    "default": ("const {x = 'a'} = req.query; cp.exec(x);", "const {x = 'a'} = {}; cp.exec(x);"),
    "ternary": ("cp.exec(req.query.x ? req.query.x : 'a');", "cp.exec(req.query.x ? 'a' : 'b');"),
    "or": ("cp.exec(req.query.x || 'a');", "cp.exec('a' || req.query.x);"),
    "nullish": ("cp.exec(req.query.x ?? 'a');", "const y = req.query.x ? 1 : 2; cp.exec('a' + y);"),
    "optional": ("cp.exec(req?.query?.x);", "cp.exec(req?.query?.x ? 'a' : 'b');"),
    "dead-branch": ("let x = 'a'; if (1 + 1 === 2) x = req.query.x; cp.exec(x);", "let x = 'a'; if (1 + 1 === 3) x = req.query.x; cp.exec(x);"),
    "switch": (
        "let x = 'a'; switch ('b') { case 'a': break; case 'b': x = req.query.x; } cp.exec(x);",
        "let x = 'a'; switch ('a') { case 'a': break; case 'b': x = req.query.x; } cp.exec(x);",
    ),
    "for-of": ("for (const x of [req.query.x]) cp.exec(x);", "for (const x of ['a', 'b']) cp.exec(x);"),
    "for": ("let s = ''; for (let i = 0; i < 3; i++) s += req.query.x; cp.exec(s);", "let s = ''; for (let i = 0; i < 3; i++) s += 'a'; cp.exec(s);"),
    "forEach": ("[req.query.x].forEach((x) => cp.exec(x));", "['a'].forEach((x) => cp.exec(x));"),
    "map": ("cp.exec(['a', req.query.x].map((x) => x + '!').join(' '));", "cp.exec([req.query.x].map((x) => Number(x)).join(' '));"),
    "reduce": ("cp.exec([req.query.x].reduce((a, b) => a + b, ''));", "cp.exec(['a'].reduce((a, b) => a + b, ''));"),
    "arrow": ("const g = (v) => 'ls ' + v; cp.exec(g(req.query.x));", "const g = (v) => 'ls'; cp.exec(g(req.query.x));"),
    "closure": ("const x = req.query.x; const g = () => cp.exec(x); g();", "let x = req.query.x; x = 'a'; const g = () => cp.exec(x); g();"),
    "hoisted": ("run(req.query.x); function run(v) { cp.exec(v); }", "run('a'); function run(v) { cp.exec(v); }"),
    "then": ("Promise.resolve(req.query.x).then((v) => cp.exec(v));", "Promise.resolve('a').then((v) => cp.exec(v));"),
    "await": ("cp.exec(await Promise.resolve(req.query.x));", "cp.exec(await Promise.resolve('a'));"),
    "async": ("const g = async (v) => v; cp.exec(await g(req.query.x));", "const g = async (v) => 'a'; cp.exec(await g(req.query.x));"),
    "call": ("const g = function (v) { return v; }; cp.exec(g.call(null, req.query.x));", "const g = function (v) { return 'a'; }; cp.exec(g.call(null, req.query.x));"),
    "json": ("cp.exec(JSON.parse(JSON.stringify({x: req.query.x})).x);", "cp.exec(JSON.stringify({x: 'a'}));"),
    "Map": ("const m = new Map(); m.set('a', req.query.x); cp.exec(m.get('a'));", "const m = new Map(); m.set('a', req.query.x); m.set('b', 'c'); cp.exec(m.get('b'));"),
    "includes": ("if (req.query.x.includes('a')) cp.exec(req.query.x);", "if (['a', 'b'].includes(req.query.x)) cp.exec(req.query.x);"),
    "early-exit": (
        "if (!req.query.x) return res.end(); cp.exec(req.query.x);",
        "if (!['a', 'b'].includes(req.query.x)) return res.end(); cp.exec(req.query.x);",
    ),
    "set": ("const s = new Set([req.query.y]); if (s.has(req.query.x)) cp.exec(req.query.x);", "const s = new Set(['a']); if (s.has(req.query.x)) cp.exec(req.query.x);"),
    "in": ("const d = {a: 1}; if ('a' in d) cp.exec(req.query.x);", "const d = {a: 1}; if (req.query.x in d) cp.exec(req.query.x);"),
    "lookup": ("const d = {a: req.query.x}; cp.exec(d[req.query.y]);", "const d = {a: 'b'}; cp.exec(d[req.query.x]);"),
    "regex": ("const x = req.query.x; if (/[a-z]+/.test(x)) cp.exec(x);", "const x = req.query.x; if (/^[a-z]+$/.test(x)) cp.exec(x);"),
    "match": ("const x = req.query.x; if (x.match(/^a/)) cp.exec(x);", "const x = req.query.x; if (x.match(/^[\\w-]+$/)) cp.exec(x);"),
    "replace": ("cp.exec(req.query.x.replace(/'/g, ''));", "cp.exec(req.query.x.replace(/[^a-z0-9]/g, ''));"),
    "typeof": ("const x = req.query.x; if (typeof x === 'string') cp.exec(x);", "const x = req.query.x; if (typeof x === 'number') cp.exec('a' + x);"),
    "equality": ("const x = req.query.x; if (x !== 'a') cp.exec(x);", "const x = req.query.x; if (x === 'a') cp.exec(x);"),
    "number": ("const x = req.query.x; if (isNaN(1)) return; cp.exec(x);", "const x = req.query.x; if (isNaN(x)) return; cp.exec(x);"),
    "try": ("let x = 'a'; try { x = req.query.x; work(); } catch (e) { cp.exec(x); }", "let x = 'a'; try { x = req.query.x; work(); } catch (e) { x = 'b'; } x = 'c'; cp.exec(x);"),
    "spawn": ("cp.spawn(req.query.x, []);", "cp.spawn('ls', [req.query.x]);"),
    "spawn-shell": ("cp.spawn('ls', [req.query.x], { shell: true });", "cp.spawn('ls', [req.query.x], { shell: false });"),
    "sh-c": ("cp.spawn('sh', ['-c', req.query.x]);", "cp.spawn('sh', ['-c', 'ls']);"),
    "generator": ("function* g() { yield req.query.x; } for (const x of g()) cp.exec(x);", "function* g() { yield 'a'; } for (const x of g()) cp.exec(x);"),
    "cast-guard": ("const n = req.query.n; cp.exec('head -n ' + n);", "const n = +req.query.n; cp.exec('head -n ' + n);"),
}  # fmt: skip

# name -> (definitions before the route, bad, good)
WHOLE: dict[str, tuple[str, str, str]] = {
    "helper": ("function run(v) { cp.exec(v); }\n", "run(req.query.x);", "run('a');"),
    "two helpers": ("const run = (v) => cp.exec(v);\nconst go = (a, b) => run(b);\n", "go('a', req.query.x);", "go(req.query.x, 'a');"),
    "class": (
        "class Runner { constructor(c) { this.c = c; this.d = 'a'; } go() { cp.exec(this.c); } still() { cp.exec(this.d); } }\n",
        "new Runner(req.query.x).go();",
        "new Runner(req.query.x).still();",
    ),
    "private field": (
        "class Box { #v; set(v) { this.#v = v; } get() { return this.#v; } other() { return 'a'; } }\n",
        "const b = new Box(); b.set(req.query.x); cp.exec(b.get());",
        "const b = new Box(); b.set(req.query.x); cp.exec(b.other());",
    ),
    "inheritance": (
        "class A { go(v) { cp.exec(v); } }\nclass B extends A { stop(v) { return v; } }\n",
        "new B().go(req.query.x);",
        "new B().stop(req.query.x);",
    ),
    "super": (
        "class A { constructor(v) { this.v = v; } }\nclass B extends A { constructor(a, b) { super(b); } go() { cp.exec(this.v); } }\n",
        "new B('a', req.query.x).go();",
        "new B(req.query.x, 'a').go();",
    ),
    "static": ("class A { static go(v) { cp.exec(v); } static not(v) { return v; } }\n", "A.go(req.query.x);", "A.not(req.query.x);"),
    "getter": ("class A { constructor(v) { this._v = v; } get v() { return this._v; } get w() { return 'a'; } }\n", "cp.exec(new A(req.query.x).v);", "cp.exec(new A(req.query.x).w);"),
    "prototype": ("function F(v) { this.v = v; }\nF.prototype.go = function () { cp.exec(this.v); };\n", "new F(req.query.x).go();", "new F('a').go();"),
    "constructor function": (
        "function Dao() { this.run = (v) => cp.exec(v); this.not = (v) => v; }\n",
        "new Dao().run(req.query.x);",
        "new Dao().not(req.query.x);",
    ),
    "captured object": (
        "class Dao { run(v) { cp.exec(v); } not(v) { return v; } }\nfunction make(dao) { return { go: (v) => dao.run(v), stop: (v) => dao.not(v) }; }\n",
        "make(new Dao()).go(req.query.x);",
        "make(new Dao()).stop(req.query.x);",
    ),
    "static field": (
        "class C { static dir; static set(v) { C.dir = v; } static run(v) { cp.exec(C.dir); return v; } static bad(v) { cp.exec(C.dir + v); } }\n",
        "C.bad(req.query.x);",
        "C.run(req.query.x);",
    ),
    "callback": ("function each(list, f) { for (const x of list) f(x); }\n", "each([req.query.x], (x) => cp.exec(x));", "each(['a'], (x) => cp.exec(x));"),
    "returned function": ("const make = (v) => () => cp.exec(v);\n", "make(req.query.x)();", "make('a')();"),
    "validator": (
        "const ok = (v) => ['a', 'b'].includes(v);\nconst no = (v) => v.length > 1;\n",
        "if (no(req.query.x)) cp.exec(req.query.x);",
        "if (ok(req.query.x)) cp.exec(req.query.x);",
    ),
    "object of functions": ("const tools = { run(v) { cp.exec(v); }, not: (v) => v };\n", "tools.run(req.query.x);", "tools.not(req.query.x);"),
    "enum": ("const KIND = Object.freeze({ A: 'a' });\n", "cp.exec(KIND.A + req.query.x);", "cp.exec(KIND.A);"),
}  # fmt: skip


def program(definitions: str, body: str) -> str:
    """A whole file with one route."""
    return f"{HEAD}{definitions}app.get('/v', async (req, res) => {{\n  {body}\n}});\n"
