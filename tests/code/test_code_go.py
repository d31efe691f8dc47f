"""Go: each form in the intermediate representation, each feature of the dataflow with its safe twin, and bad input."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.code.frontends.go import lower
from assay.code.print import print_module
from assay.code.project import analyse
from assay.rules.load import load_engine

FORMS = [
    ("x := 1; x = y", ["x = move", "outer y"]),
    ("a.b.c()", ["field %1 b", "method %2 c"]),
    ("v, err := f(); use(v, err)", ["item %2 0", "item %2 1", "err = move"]),
    ("v, ok := m[k]; use(v, ok)", ["item %1 %2", "v = move"]),
    ("s := x.(string); use(s)", ["typed"]),
    ("b := []byte(s); use(b)", ["typed %1 Array[byte]"]),
    ("p := &T{Name: \"x\", a: []string{\"a\", `r`}}; use(p)", ["dict", "'Name': 'x'", "build list ('a', 'r')", "envelop"]),
    ("m := map[string]T{\"a\": {Name: \"b\"}}; use(m)", ["dict %", "'Name': 'b'"]),
    ("xs := []int{1, 2}; xs[0] = 3; xs = xs[1:]", ["build list (1, 2)", "setitem xs 0", "slice xs 1 - -"]),
    ("for i := 0; i < 3; i++ { continue }", ["loop", "continue"]),
    ("for k, v := range xs { use(k, v) }", ["for", "items", "k = move", "v = move"]),
    ("for range xs { }", ["for"]),
    ("L: for { break L }", ["loop", "break L"]),
    ("if x := f(); x > 1 { g() } else if x > 0 { h() } else { i() }", ["if", "op >"]),
    ("switch x { case 1, 2: a(); fallthrough; default: b() }", ["switch", "break"]),
    ("switch { case x > 1: a(); default: b() }", ["op >", "if"]),
    ("switch v := x.(type) { case string: use(v); case *T, error: default: }", ["op instanceof", "typed %1 string"]),
    ("select { case v := <-ch: use(v); case ch <- 1: default: }", ["<select>", "add"]),
    ("defer f.Close(); go run(x)", ["method %1 Close", "call"]),
    ("f := func(a string) string { return a }; f(\"x\")", ["lambda 2", "return a"]),
    ("f(xs...)", ["{*="]),
    ("panic(\"x\")", ["raise 'x'"]),
    ("x += 1; *p = 2; x.y = 3", ["op +", "setfield"]),
    ("y := new(T); z := make(map[string]int); use(y, z)", ["dict"]),
    ("x := a && !b || c == 'x'; use(x)", ["logic and", "logic or", "unary not", "120"]),
    ("var a, b = 1, \"x\"; const c = 0x1f; use(a, b, c)", ["a = move 1", "c = move 31"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), FORMS, ids=[form[0][:24] for form in FORMS])
def test_form(code: str, expected: list[str]) -> None:
    module = lower(f"package m\nfunc t() {{ {code} }}\n".encode(), "m/a.go")
    text = print_module(module)
    assert not module.partial, text
    for part in expected:
        assert part in text, text


def test_declarations() -> None:
    module = lower(b"""package m
import ("fmt"; h "net/http"; "a.b/c/v2"; . "x/y"; _ "z")
type T struct { Name string; *Base; h.Handler; m map[string][]int }
type I interface { M(a int) string; Other }
type G[K comparable] struct { k K }
func (t *T) M(a, b string, c ...int) (x string, err error) { return a, nil }
func F[K any](k K) K { return k }
var v = F[int](1)
""", "m/a.go")  # fmt: skip
    text = print_module(module)
    for part in (
        "import net/http  as h",
        "import a.b/c/v2  as c",
        "import x/y * as",
        "class T(Base, h.Handler)",
        "'M': [",
        "T.M(t: T, a: string, b: string, *c)",
    ):
        assert part in text, text
    assert module.classes[0].fields["m"] == "map[string,Array[int]]"
    assert module.package == "m"


HEAD = 'package main\nimport (\n"fmt"\n"net/http"\n"os/exec"\n"regexp"\n"slices"\n"strconv"\n"strings"\n)\nfunc run(v string) { exec.Command("sh", "-c", v).Run() }\n'

CASES: dict[str, tuple[str, str, str]] = {
    "direct": ("", "run(p)", 'run("a")'),
    "format": ("", 'run(fmt.Sprintf("ls %s", p))', 'n, _ := strconv.Atoi(p); run(fmt.Sprintf("ls %d", n))'),
    "concatenation": ("", 'run("ls " + strings.TrimSpace(p))', 'run("ls " + strings.TrimSpace("a"))'),
    "constant-condition": ("", 'n := 5; v := "a"; if n*2 > 9 { v = p }; run(v)', 'n := 4; v := "a"; if n*2 > 9 { v = p }; run(v)'),
    "switch": ("", 'v := "a"; switch "x" { case "x": v = p; default: v = "b" }; run(v)', 'v := "a"; switch "y" { case "x": v = p; default: v = "b" }; run(v)'),
    "fallthrough": ("", 'v := "a"; switch 1 { case 1: fallthrough; case 2: v = p }; run(v)', 'v := "a"; switch 1 { case 1: v = "b"; case 2: v = p }; run(v)'),
    "map": ("", 'm := map[string]string{"a": "x"}; m["b"] = p; run(m["b"])', 'm := map[string]string{"a": "x"}; m["b"] = p; run(m["a"])'),
    "slice": ("", 's := []string{"a", p}; run(s[1])', 's := []string{"a", p}; run(s[0])'),
    "append": ("", 's := []string{"a"}; s = append(s, p); run(s[1])', 's := []string{"a"}; s = append(s, "b"); run(s[1])'),
    "struct-field": ("type T struct { a, b string }\n", 't := T{a: p, b: "x"}; run(t.a)', 't := T{a: p, b: "x"}; run(t.b)'),
    "method": (
        "type T struct { v string }\nfunc (t *T) Set(v string) { t.v = v }\nfunc (t *T) Get() string { return t.v }\n",
        "t := &T{}; t.Set(p); run(t.Get())",
        't := &T{}; t.Set(p); t.Set("a"); run(t.Get())',
    ),
    "several-results": (
        "func two(v string) (string, string) { return v, \"a\" }\n",
        "a, _ := two(p); run(a)",
        "_, b := two(p); run(b)",
    ),
    "embedded": (
        "type B struct { v string }\nfunc (b *B) Run() { run(b.v) }\nfunc (b *B) Idle() { run(\"a\") }\ntype T struct { B }\n",
        "t := &T{}; t.v = p; t.Run()",
        "t := &T{}; t.v = p; t.Idle()",
    ),
    "interface": (
        "type D interface { Do(v string) string }\ntype S struct{}\nfunc (s S) Do(v string) string { return v }\ntype F struct{}\nfunc (f F) Do(v string) string { return \"a\" }\n",
        "var d D = S{}; run(d.Do(p))",
        "var d D = F{}; run(d.Do(p))",
    ),
    "closure": ("", "f := func() { run(p) }; f()", 'f := func() { run("a") }; f()'),
    "function-value": ("", "f := func(v string) string { return v }; run(f(p))", 'f := func(v string) string { return "a" }; run(f(p))'),
    "deferred": ("", "defer run(p)", 'defer run("a")'),
    "goroutine": ("", "go func(v string) { run(v) }(p)", 'go func(v string) { run(v) }("a")'),
    "range": ("", "for _, v := range r.URL.Query()[\"x\"] { run(v) }", 'for _, v := range []string{"a"} { run(v) }'),
    "error-check": ("", 'v, err := lookup(p); if err != nil { return }; run(v)', 'v, err := strconv.Atoi(p); if err != nil { return }; run(strconv.Itoa(v))'),
    "allow-list": ("var allowed = []string{\"a\", \"b\"}\n", "if slices.Contains(allowed, p) { fmt.Println() }; run(p)", "if !slices.Contains(allowed, p) { return }; run(p)"),
    "pointer": ("func fill(s *string, v string) { *s = v }\n", "q := &p; run(*q)", 's := "a"; q := &s; run(*q)'),
    "type-switch": ("", "var x any = p; switch v := x.(type) { case string: run(v) }", "var x any = p; switch v := x.(type) { case int: run(strconv.Itoa(v)) }"),
    "builder": ("", "var b strings.Builder; b.WriteString(p); run(b.String())", 'var b strings.Builder; b.WriteString("a"); run(b.String())'),
    "swap": ("", 'a, b := p, "x"; a, b = b, a; run(b)', 'a, b := p, "x"; a, b = b, a; run(a)'),
    "runes": ("", "var b strings.Builder; for _, c := range p { b.WriteRune(c) }; run(b.String())", "var b strings.Builder; for range p { b.WriteRune('x') }; run(b.String())"),
    "pattern": ("var word = regexp.MustCompile(`[a-z]`)\n", "if !word.MatchString(p) { return }; run(p)", "if !regexp.MustCompile(`^[a-z0-9]+$`).MatchString(p) { return }; run(p)"),
    "named-results": (
        'func kept(v string) (out string, err error) { out = v; return }\nfunc fixed(v string) (out string, err error) { out = "a"; return }\n',
        "v, _ := kept(p); run(v)",
        "v, _ := fixed(p); run(v)",
    ),
    "iota": ("const (\n Safe = iota\n Raw\n)\n", 'm := Raw; v := "a"; if m == Raw { v = p }; run(v)', 'm := Safe; v := "a"; if m == Raw { v = p }; run(v)'),
    "delete": ("", 'm := map[string]string{"a": p, "b": "x"}; delete(m, "b"); run(m["a"])', 'm := map[string]string{"a": p}; delete(m, "a"); run(m["a"])'),
    "append-order": ("", 's := []string{"a"}; s = append(s, "b", p); run(s[2])', 's := []string{"a"}; s = append(s, "b", p); run(s[1])'),
    "append-in-a-loop": ("", 's := []string{}; for i := 0; i < 9; i++ { s = append(s, p) }; run(s[3])', 's := []string{}; for i := 0; i < 9; i++ { s = append(s, "a") }; run(s[3])'),
    "number-check": ("", 'if _, err := strconv.Atoi(p); err == nil { return }; run(p)', "if _, err := strconv.Atoi(p); err != nil { return }; run(p)"),
    "number-check-of-another": ("", 'if _, err := strconv.Atoi("5"); err != nil { return }; run(p)', "_, err := strconv.ParseInt(p, 10, 64); if err == nil { run(p) }"),
    "allow-map": ('var allowed = map[string]bool{"a": true}\n', "if allowed[p] { return }; run(p)", "if !allowed[p] { return }; run(p)"),
    "allow-map-ok": ('var allowed = map[string]int{"a": 1}\n', "if _, ok := allowed[p]; ok { return }; run(p)", "if _, ok := allowed[p]; !ok { return }; run(p)"),
    "allow-map-of-the-request": ("", 'm := map[string]string{p: p}; if _, ok := m[p]; !ok { return }; run(p)', 'm := map[string]string{"a": "b"}; _, found := m[p]; if !found { return }; run(p)'),
    "map-filled-at-run-time": (
        'var seen = map[string]bool{}\nvar fixed = map[string]bool{"a": true}\n',
        "seen[p] = true; if _, ok := seen[p]; ok { run(p) }",
        "if _, ok := fixed[p]; ok { run(p) }",
    ),
    "allow-loop": (
        'var allowed = []string{"a", "b"}\nfunc okay(v string) bool { for _, one := range allowed { if one == v { return true } }; return false }\n'
        "func long(v string) bool { for range allowed { if len(v) > 2 { return true } }; return false }\n",
        "if !long(p) { return }; run(p)",
        "if !okay(p) { return }; run(p)",
    ),
    "allow-switch": ("", 'switch p { case "a": return; default: run(p) }', 'switch p { case "a", "b": run(p); default: return }'),
    "switch-on-the-request": ("", 'q := r.FormValue("q"); switch p { case q: run(p) }', 'q := "a"; switch p { case q: run(p) }'),
    "allow-switch-function": (
        'func okay(v string) bool { switch v { case "a", "b": return true }; return false }\n',
        "if okay(p) { return }; run(p)",
        "if !okay(p) { return }; run(p)",
    ),
    "pattern-with-two-results": ("", "if ok, _ := regexp.MatchString(`[a-z]`, p); !ok { return }; run(p)", "if ok, _ := regexp.MatchString(`^[a-z]+$`, p); !ok { return }; run(p)"),
    "argument-list": ("", 'exec.Command("bash", "-c", "ls "+p)', 'exec.Command("ls", p)'),
}  # fmt: skip


# name -> (rule, declarations, bad body, good body)
OTHERS: dict[str, tuple[str, str, str, str]] = {
    "first-result": ("sql", "", 'db, _ := gorm.Open(nil); db.Raw("select " + p)', 'db, _ := gorm.Open(nil); db.Raw("select ?", p)'),
    "joined-path": ("path", "", 'f := "/srv/" + p; if !strings.HasPrefix(f, "/srv/") { return }; os.Open(f)', 'f := filepath.Join("/srv", p); if !strings.HasPrefix(f, "/srv/") { return }; os.Open(f)'),
    "dots": ("path", "", 'os.Open("/srv/" + p)', 'if strings.Contains(p, "..") { return }; os.Open("/srv/" + p)'),
    "relative": (
        "path",
        "",
        'f := filepath.Join("/srv", p); rel, err := filepath.Rel("/srv", f); if err != nil { return }; fmt.Println(rel); os.Open(f)',
        'f := filepath.Join("/srv", p); rel, err := filepath.Rel("/srv", f); if err != nil || strings.HasPrefix(rel, "..") { return }; os.Open(f)',
    ),
    "host": ("ssrf", "", 'u, err := url.Parse(p); if err != nil || u.Path != "a" { return }; http.Get(u.String())', 'u, err := url.Parse(p); if err != nil || u.Host != "a.example" { return }; http.Get(u.String())'),
    "host-name": ("ssrf", "", 'u, _ := url.Parse(p); if u.Hostname() == "a.example" { return }; http.Get(u.String())', 'u, _ := url.Parse(p); if u.Hostname() != "a.example" { return }; http.Get(u.String())'),
    "quoted-log": ("log", "", 'log.Printf("user %q %s", "a", p)', 'log.Printf("%d user %q", 1, p)'),
    "database-of-the-package": ("sql", "var store *sql.DB\n", 'store.Query("select " + p)', 'store.Query("select ?", p)'),
    "random-text": ("weak-random", "", "token := strconv.Itoa(rand.Int()); fmt.Println(token)", "row := strconv.Itoa(rand.Int()); fmt.Println(row)"),
    "content-type": ("xss", "", 'w.Header().Set("Content-Type", "text/html"); w.Write([]byte(p))', 'w.Header().Set("Content-Type", "application/json"); w.Write([]byte(p))'),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_kinds(name: str) -> None:
    rule, declarations, bad, good = OTHERS[name]
    for body, expected in ((bad, True), (good, False)):
        text = program(declarations, body).replace(
            '"fmt"\n',
            '"fmt"\n"os"\n"path/filepath"\n"gorm.io/gorm"\n"database/sql"\n"log"\n"math/rand"\n"net/url"\n',
        )
        (result,) = analyse([("cmd/main.go", text.encode())], load_engine("code"))
        rules = {f.rule_id.rsplit("/", 1)[-1].removesuffix("-flow") for f in result.findings}
        assert (rule in rules) == expected, (body, rules)


BINDINGS = {
    "gin": ("github.com/gin-gonic/gin", "c *gin.Context", "c.ShouldBindJSON(&in)"),
    "gin-bind": ("github.com/gin-gonic/gin", "c *gin.Context", "c.Bind(&in)"),
    "echo": ("github.com/labstack/echo/v4", "c echo.Context", "c.Bind(&in)"),
    "fiber": ("github.com/gofiber/fiber/v2", "c *fiber.Ctx", "c.BodyParser(&in)"),
    "json": ("encoding/json", "c *http.Request", "json.NewDecoder(c.Body).Decode(&in)"),
}


@pytest.mark.parametrize("name", BINDINGS)
def test_a_struct_is_filled_from_the_request(name: str) -> None:
    package, parameter, call = BINDINGS[name]
    head = HEAD.replace('"fmt"\n', f'"fmt"\n"{package}"\n') + "type In struct { Name string; Age int }\n"
    for value, expected in (("in.Name", True), ("strconv.Itoa(in.Age)", False)):
        body = f"var in In\nif err := {call}; err != nil {{ return }}\nrun({value})"
        assert bool(commands({"cmd/main.go": f"{head}func handle({parameter}) {{\n{body}\n}}\n"})) == expected


def program(declarations: str, body: str) -> str:
    return f'{HEAD}{declarations}func handle(w http.ResponseWriter, r *http.Request) {{\np := r.FormValue("p")\n{body}\n}}\n'


def commands(files: dict[str, str]) -> list[str]:
    results = analyse([(uri, text.encode()) for uri, text in files.items()], load_engine("code"))
    assert not any(result.failed or result.partial for result in results), results
    return [f.rule_id for r in results for f in r.findings if f.rule_id == "code/go/command-flow"]


@pytest.mark.parametrize("name", CASES)
def test_bad_is_found_and_its_twin_is_not(name: str) -> None:
    declarations, bad, good = CASES[name]
    assert commands({"cmd/main.go": program(declarations, bad)}), program(declarations, bad)
    assert not commands({"cmd/main.go": program(declarations, good)}), program(declarations, good)


def test_packages_of_the_module_and_files_of_a_package() -> None:
    other = (
        'package text\nfunc Same(v string) string { return v }\nfunc Fixed(v string) string { return "a" }\n'
    )
    more = "package text\nfunc Another() {}\n"
    for body, expected in (("run(text.Same(p))", True), ("run(text.Fixed(p))", False)):
        app = program("", body).replace('"fmt"\n', '"fmt"\n"example.com/app/internal/text"\n')
        files = {"cmd/main.go": app, "internal/text/a.go": more, "internal/text/b.go": other}
        assert bool(commands(files)) == expected
    for body, expected in (("run(Same(p))", True), ("run(Fixed(p))", False)):
        assert bool(commands({"cmd/main.go": program("", body), "cmd/b.go": other})) == expected


def test_code_around_a_syntax_error_is_kept() -> None:
    module = lower(b"package m\nfunc f() { g() }\nfunc broken( {\n}\nfunc h() { i() }\n", "a.go")
    assert module.partial
    assert "f" in {function.name for function in module.functions}


@pytest.mark.parametrize(
    "code",
    [b"var x = " + b"(" * 5000, b"var x = " + b"f(" * 3000 + b")" * 3000, b"\xff\xfe\x00func \xc3", b"func f() {" + b"if x {" * 2000, b"type T struct {" * 500],
    ids=["open", "calls", "bytes", "ifs", "structs"],
)  # fmt: skip
def test_hostile_text_is_bounded(code: bytes) -> None:
    assert lower(b"package m\n" + code, "a.go").functions


def test_long_chains_are_not_deep() -> None:
    sums = b" + ".join(b'"a%d"' % i for i in range(3000))
    branches = b"if a { b() }" + b"".join(b" else if a == %d { b() }" % i for i in range(2000))
    calls = b"x" + b"".join(b".F(%d)" % i for i in range(3000))
    for body in (b"y := " + sums, branches, calls):
        assert not lower(b"package m\nfunc f() { " + body + b" }\n", "a.go").notes


SAMPLE = program(
    CASES["method"][0] + CASES["embedded"][0].replace("type T struct { B }\n", ""),
    "; ".join(CASES[name][1] for name in ("map", "type-switch", "goroutine")),
).encode()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SAMPLE)), st.integers(0, 40), st.binary(max_size=12))
def test_mutated_source_never_raises(at: int, cut: int, new: bytes) -> None:
    module = lower(SAMPLE[:at] + new + SAMPLE[at + cut :], "a.go")
    assert module.functions
    assert print_module(module)
