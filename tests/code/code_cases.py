"""Small programs with one known answer. In each, `bad` reaches a shell with data of a request; its near twin `good` does not."""

from __future__ import annotations

HEAD = "from flask import Flask, request\nimport os\nimport subprocess\napp = Flask(__name__)\n"

# name -> (bad, good)
CASES: dict[str, tuple[str, str]] = {
    "direct": ("os.system(request.args['x'])", "os.system('x')"),
    "variable": ("x = request.args['x']\nos.system(x)", "x = request.args['x']\nx = 'a'\nos.system(x)"),
    "concatenation": ("os.system('ls ' + request.args['x'])", "os.system('ls ' + str(int(request.args['x'])))"),
    "f-string": ("os.system(f\"ls {request.args['x']}\")", "os.system(f\"ls {request.args['x']:d}\")"),
    "format": ("os.system('ls {}'.format(request.args['x']))", "y = 'ls {}'.format('a')\nos.system(y)"),
    "percent": ("os.system('ls %s' % request.args['x'])", "os.system('ls %d' % request.args['x'])"),
    "join": ("os.system(' '.join(['ls', request.args['x']]))", "os.system(' '.join(['ls', 'b']))"),
    "method": ("os.system(request.args['x'].strip().lower())", "os.system(str(len(request.args['x'])))"),
    "default-get": ("os.system(request.args.get('x', ''))", "d = {'x': 'a'}\nos.system(d.get('x', ''))"),
    "dict-key": (
        "d = {'a': 'b', 'c': request.args['x']}\nos.system(d['c'])",
        "d = {'a': 'b', 'c': request.args['x']}\nos.system(d['a'])",
    ),
    "dict-assign": (
        "d = {}\nd['a'] = 'b'\nd['c'] = request.args['x']\nos.system(d['c'])",
        "d = {}\nd['a'] = 'b'\nd['c'] = request.args['x']\nos.system(d['a'])",
    ),
    "dict-alias": (
        "d = {}\ne = d\ne['c'] = request.args['x']\nos.system(d['c'])",
        "d = {}\ne = dict(d)\ne['c'] = request.args['x']\nd['c'] = 'x'\nos.system(d['c'])",
    ),
    "dict-overwrite": (
        "d = {'c': 'x'}\nd['c'] = request.args['x']\nos.system(d['c'])",
        "d = {'c': request.args['x']}\nd['c'] = 'x'\nos.system(d['c'])",
    ),
    "list-index": (
        "l = ['a', request.args['x']]\nos.system(l[1])",
        "l = ['a', request.args['x']]\nos.system(l[0])",
    ),
    "list-append-remove": (
        "l = []\nl.append('a')\nl.append(request.args['x'])\nl.append('b')\nl.pop(0)\nos.system(l[0])",
        "l = []\nl.append('a')\nl.append(request.args['x'])\nl.append('b')\nl.pop(0)\nos.system(l[1])",
    ),
    "tuple": ("a, b = 'x', request.args['x']\nos.system(b)", "a, b = 'x', request.args['x']\nos.system(a)"),
    "star": ("a, *b = 'x', request.args['x']\nos.system(b[0])", "a, *b = 'x', request.args['x']\nos.system(a)"),
    "iteration": (
        "for x in request.args.getlist('x'):\n    os.system(x)",
        "for x in ['a', 'b']:\n    os.system(x)",
    ),
    "comprehension": (
        "os.system(' '.join([x for x in [request.args['x']]]))",
        "os.system(' '.join([str(int(x)) for x in [request.args['x']]]))",
    ),
    "branch": (
        "x = 'a'\nif request.args['y']:\n    x = request.args['x']\nos.system(x)",
        "x = request.args['x']\nif request.args['y']:\n    x = 'b'\nelse:\n    x = 'c'\nos.system(x)",
    ),
    "dead-branch": (
        "x = request.args['x']\nn = 20\nif 7 * 18 + n > 200:\n    x = 'a'\nos.system(x)",
        "x = request.args['x']\nn = 106\nif 7 * 18 + n > 200:\n    x = 'a'\nos.system(x)",
    ),
    "ternary": (
        "n = 1\nx = 'a' if n > 3 else request.args['x']\nos.system(x)",
        "n = 5\nx = 'a' if n > 3 else request.args['x']\nos.system(x)",
    ),
    "match": (
        "c = 'ABC'[0]\nmatch c:\n    case 'A':\n        x = request.args['x']\n    case _:\n        x = 'b'\nos.system(x)",
        "c = 'ABC'[1]\nmatch c:\n    case 'A':\n        x = request.args['x']\n    case _:\n        x = 'b'\nos.system(x)",
    ),
    "allow-list": (
        "x = request.args['x']\nif x in ('a', 'b'):\n    y = 1\nos.system(x)",
        "x = request.args['x']\nif x in ('a', 'b'):\n    os.system(x)",
    ),
    "early-exit": (
        "x = request.args['x']\nif x not in ('a', 'b'):\n    print('bad')\nos.system(x)",
        "x = request.args['x']\nif x not in ('a', 'b'):\n    return 'bad'\nos.system(x)",
    ),
    "isdigit": (
        "x = request.args['x']\nif not x:\n    return ''\nos.system(x)",
        "x = request.args['x']\nif not x.isdigit():\n    return ''\nos.system(x)",
    ),
    "both-conditions": (
        "x = request.args['x']\nif x or x in ('a',):\n    os.system(x)",
        "x = request.args['x']\nif x and x in ('a',):\n    os.system(x)",
    ),
    "equality": (
        "x = request.args['x']\nif x != 'a':\n    os.system(x)",
        "x = request.args['x']\nif x == 'a':\n    os.system(x)",
    ),
    "sanitizer": (
        "import html\nos.system(html.escape(request.args['x']))",
        "import shlex\nos.system('ls ' + shlex.quote(request.args['x']))",
    ),
    "argv": (
        "subprocess.run([request.args['x'], '-l'])",
        "subprocess.run(['ls', request.args['x']])",
    ),
    "argv-shell": (
        "subprocess.run(['sh', '-c', request.args['x']])",
        "subprocess.run(['sh', 'run.sh', request.args['x']])",
    ),
    "shell-flag": (
        "s = True\nsubprocess.run(['ls ' + request.args['x']], shell=s)",
        "s = False\nsubprocess.run(['ls', request.args['x']], shell=s)",
    ),
    "exception": (
        "x = 'a'\ntry:\n    x = request.args['x']\n    f(x)\nexcept ValueError:\n    os.system(x)",
        "x = 'a'\ntry:\n    f(x)\nexcept ValueError:\n    os.system(x)",
    ),
    "conversion-fails": (
        "x = request.args['x']\ntry:\n    y = len(x)\nexcept ValueError:\n    return ''\nos.system(x)",
        "x = request.args['x']\ntry:\n    x = int(x)\nexcept ValueError:\n    return ''\nos.system('a %s' % x)",
    ),
    "while": (
        "x = 'a'\nwhile f():\n    os.system(x)\n    x = request.args['x']",
        "x = 'a'\nwhile f():\n    os.system(x)\n    x = 'b'",
    ),
    "walrus": ("if (x := request.args['x']):\n    os.system(x)", "if (x := len(request.args['x'])):\n    os.system(str(x))"),
    "with": ("with open(request.args['x']) as g:\n    os.system(g.name + request.args['y'])", "with open('x') as g:\n    pass\nos.system('a')"),
    "lambda": ("g = lambda v: v\nos.system(g(request.args['x']))", "g = lambda v: 'a'\nos.system(g(request.args['x']))"),
    "closure": (
        "x = request.args['x']\ndef g():\n    os.system(x)\ng()",
        "x = request.args['x']\ndef g():\n    os.system(y)\ny = 'a'\ng()",
    ),
    "callback": (
        "def g(h, v):\n    h(v)\ng(os.system, request.args['x'])\ng(lambda v: os.system(v), request.args['x'])",
        "def g(h, v):\n    h(v)\ng(lambda v: os.system('a'), request.args['x'])",
    ),
    "generator": (
        "def g():\n    yield request.args['x']\nfor v in g():\n    os.system(v)",
        "def g():\n    yield 'a'\nfor v in g():\n    os.system(v)",
    ),
    "nested-dict": (
        "d = {'a': {'b': request.args['x'], 'c': 'y'}}\nos.system(d['a']['b'])",
        "d = {'a': {'b': request.args['x'], 'c': 'y'}}\nos.system(d['a']['c'])",
    ),
    "augmented": ("x = 'ls '\nx += request.args['x']\nos.system(x)", "x = 'ls '\nx += 'a'\nos.system(x)"),
    "slice": ("os.system(request.args['x'][1:5])", "os.system('abc'[1:2])"),
    "items": (
        "for k, v in {'a': request.args['x']}.items():\n    os.system(v)",
        "for k, v in {'a': request.args['x']}.items():\n    os.system(k)",
    ),
    "unpacked-keywords": (
        "def g(a, b):\n    os.system(a)\nkw = {'a': request.args['x'], 'b': 'c'}\ng(**kw)",
        "def g(a, b):\n    os.system(b)\nkw = {'a': request.args['x'], 'b': 'c'}\ng(**kw)",
    ),
    "map": (
        "for v in map(lambda s: s, [request.args['x']]):\n    os.system(v)",
        "for v in map(lambda s: 'a', [request.args['x']]):\n    os.system(v)",
    ),
}  # fmt: skip

# name -> (definitions above the view, bad body, good body)
WHOLE: dict[str, tuple[str, str, str]] = {
    "helper": ("def h(v):\n    return v.strip()\n", "os.system(h(request.args['x']))", "os.system(h('a'))"),
    "helper-sink": ("def h(v):\n    os.system('a ' + v)\n", "h(request.args['x'])", "h('a')"),
    "helper-second-parameter": ("def h(a, b):\n    os.system(b)\n", "h('a', request.args['x'])", "h(request.args['x'], 'a')"),
    "helper-keyword": ("def h(a=None, b=None):\n    os.system(b or '')\n", "h(b=request.args['x'])", "h(a=request.args['x'])"),
    "helper-constant": (
        "def h(v, safe):\n    if safe:\n        return 'a'\n    return v\n",
        "os.system(h(request.args['x'], False))",
        "os.system(h(request.args['x'], True))",
    ),
    "validator": (
        "def ok(v):\n    return len(v) < 5\ndef sure(v):\n    return v in ('a', 'b')\n",
        "x = request.args['x']\nif ok(x):\n    os.system(x)",
        "x = request.args['x']\nif sure(x):\n    os.system(x)",
    ),
    "raising-validator": (
        "def note(v):\n    if v not in ('a', 'b'):\n        print(v)\ndef check(v):\n    if v not in ('a', 'b'):\n        raise ValueError(v)\n",
        "x = request.args['x']\nnote(x)\nos.system(x)",
        "x = request.args['x']\ncheck(x)\nos.system(x)",
    ),
    "object-field": (
        "class C:\n    def __init__(self, v):\n        self.v = v\n        self.w = 'a'\n    def run(self):\n        os.system(self.v)\n    def idle(self):\n        os.system(self.w)\n",
        "C(request.args['x']).run()",
        "C(request.args['x']).idle()",
    ),
    "setter": (
        "class C:\n    def put(self, v):\n        self.v = v\n    def get(self):\n        return self.v\n",
        "c = C()\nc.put(request.args['x'])\nos.system(c.get())",
        "c = C()\nc.put(request.args['x'])\nc.put('a')\nos.system(c.get())",
    ),
    "keyed-store": (
        "class Conf:\n    def __init__(self):\n        self.data = {}\n    def set(self, k, v):\n        self.data[k] = v\n    def get(self, k):\n        return self.data[k]\n",
        "c = Conf()\nc.set('a', 'b')\nc.set('c', request.args['x'])\nos.system(c.get('c'))",
        "c = Conf()\nc.set('a', 'b')\nc.set('c', request.args['x'])\nos.system(c.get('a'))",
    ),
    "inheritance": (
        "class A:\n    def run(self, v):\n        self.do(v)\nclass B(A):\n    def do(self, v):\n        os.system(v)\nclass D(A):\n    def do(self, v):\n        print(v)\n",
        "B().run(request.args['x'])",
        "D().run(request.args['x'])",
    ),
    "wrapped-request": (
        "class W:\n    def __init__(self, r):\n        self.r = r\n    def value(self):\n        return self.r.args.get('x')\n    def fixed(self):\n        return 'bar'\n",
        "os.system(W(request).value())",
        "os.system(W(request).fixed())",
    ),
    "decorator": (
        "import functools\ndef d(f):\n    @functools.wraps(f)\n    def inner(*a, **k):\n        return f(*a, **k)\n    return inner\n@d\ndef h(v):\n    os.system(v)\n@d\ndef g(v):\n    print(v)\n",
        "h(request.args['x'])",
        "g(request.args['x'])",
    ),
    "recursion": (
        "def h(v, n):\n    if n == 0:\n        return v\n    return h(v + 'a', n - 1)\n",
        "os.system(h(request.args['x'], 3))",
        "os.system(h('b', 3))",
    ),
    "global": ("G = {}\n", "G['x'] = request.args['x']\nos.system(G['x'])", "G['y'] = request.args['x']\nos.system('a')"),
    "static-method": (
        "class S:\n    @staticmethod\n    def same(v):\n        return v\n    @classmethod\n    def other(cls, v):\n        return 'a'\n",
        "os.system(S.same(request.args['x']))",
        "os.system(S.other(request.args['x']))",
    ),
    "dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    a: str\n    b: str\n",
        "os.system(P(request.args['x'], 'b').a)",
        "os.system(P(request.args['x'], 'b').b)",
    ),
    "dispatch": (
        "def run(v):\n    os.system(v)\ndef idle(v):\n    print(v)\nT = {'run': run, 'idle': idle}\n",
        "T['run'](request.args['x'])",
        "T['idle'](request.args['x'])",
    ),
    "property": (
        "class R:\n    def __init__(self, v):\n        self._v = v\n    @property\n    def v(self):\n        return self._v\n    @property\n    def w(self):\n        return 'a'\n",
        "os.system(R(request.args['x']).v)",
        "os.system(R(request.args['x']).w)",
    ),
    "mutated-argument": (
        "def fill(l, v):\n    l.append(v)\n",
        "l = []\nfill(l, request.args['x'])\nos.system(l[0])",
        "l = []\nfill(l, 'a')\nos.system(l[0])",
    ),
}  # fmt: skip


def program(definitions: str, body: str) -> str:
    inner = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{HEAD}{definitions}@app.route('/v')\ndef view():\n{inner}    return ''\n"
