"""Java: each form in the intermediate representation, each feature of the dataflow with its safe twin, and bad input."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.code.frontends.java import lower
from assay.code.print import print_module
from assay.code.project import analyse
from assay.model.finding import VerificationState
from assay.rules.load import load_engine

FORMS = [
    ("int x = 1; x = y;", ["x = move", "outer y"]),
    ("a.b.c();", ["field %1 b", "method %2 c"]),
    ("int[] a = {1, 2}; a[0] = 3; f(a[1]);", ["build list (1, 2)", "setitem a 0", "item a 1"]),
    ("String s = c ? \"a\" : \"b\";", ["select"]),
    ("x += 1; x++;", ["op +"]),
    ("Object o = (String) p;", ["typed"]),
    ("if (o instanceof String t && t.isEmpty()) f(t);", ["op instanceof", "t = move", "logic and", "method t isEmpty"]),
    ("switch (x) { case 1: a(); case 2: b(); break; default: c(); }", ["switch", "break"]),
    ("String s = switch (x) { case \"A\", \"B\" -> \"c\"; default -> { yield \"d\"; } };", ["<switch> = move 'c'", "<switch> = move 'd'"]),
    ("Object s = switch (x) { case Foo f when f.y > 1 -> f; default -> null; };", ["op instanceof", "logic and", "break switch"]),
    ("if (x instanceof P(int a, var b)) f(b);", ["op instanceof", "b = move"]),
    ("try (var r = open()) { g(r); } catch (A | B e) { h(e); } finally { i(); }", ["enter", "note catch", "try"]),
    ("outer: for (int i = 0; i < 3; i++) { continue outer; }", ["loop", "continue outer"]),
    ("for (String s : xs) f(s);", ["for", "s = move"]),
    ("do { f(); } while (x);", ["loop"]),
    ("Runnable r = () -> { f(); }; F g = (a, b) -> a + b; F h = String::valueOf;", ["lambda", "op + a b", "field %"]),
    ("new T(1) { void m() { f(); } };", ["class A.m.T$", "(T)"]),
    ("class L { } new L();", ["class A.m.L"]),
    ("String t = \"\"\"\n    a\n      b\n    \"\"\";", [r"'a\n  b\n'"]),
    ("throw new E(\"x\");", ["raise"]),
    ("assert x : \"m\";", ["assert"]),
    ("synchronized (x) { f(); }", ["method"]),
    ("char c = 'a'; long l = 0x1FL; double d = 1.5f;", ["'a'", "31", "1.5"]),
    ("super.m(); A.this.m();", ["outer super", "method this m"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), FORMS, ids=[form[0][:24] for form in FORMS])
def test_form(code: str, expected: list[str]) -> None:
    module = lower(f"class A {{ void m(Object p, Object o, int x) {{ {code} }} }}".encode(), "A.java")
    text = print_module(module)
    assert not module.partial, text
    for part in expected:
        assert part in text, text


def test_declarations() -> None:
    text = print_module(lower(b"""package a.b;
import java.util.*;
import static c.D.e;
@Path("/x") class A extends B implements C { static final String S = "s"; int n = 3; A(int v) { super(v); n = v; } String f(@P("q") String q, int... r) { return e(S + n + q); } }
record R(String x, int y) { R { check(x); } }
enum E { ONE(1), TWO(2); int v; E(int v) { this.v = v; } }
interface I { int K = 1; default void d() { } }
""", "A.java"))  # fmt: skip
    for part in (
        "import java.util *", "import c D as static D", "S = move", "setfield this n", "A.f(this, q: String, *r)",
        "R.<init>(this, x: String, y: int)", "R.x(this)", "E.valueOf(name)", "method %1 e (", "class I",
    ):  # fmt: skip
        assert part in text, text


HEAD = "package app;\nimport java.util.*;\nimport javax.servlet.http.*;\n"

# name -> (members, bad body, good body)
CASES: dict[str, tuple[str, str, str]] = {
    "direct": ("", "run(p);", "run(\"a\");"),
    "concatenation": ("", "run(\"ls \" + p);", "run(\"ls \" + \"a\");"),
    "arithmetic": ("", "int n = 106; String b; if (7 * 18 - n > 200) b = \"s\"; else b = p; run(b);", "int n = 106; String b; if (7 * 18 + n > 200) b = \"s\"; else b = p; run(b);"),
    "ternary": ("", "int n = 5; run(n > 9 ? \"s\" : p);", "int n = 5; run(n < 9 ? \"s\" : p);"),
    "switch-on-character": (
        "",
        "String g = \"ABC\"; char t = g.charAt(0); String b; switch (t) { case 'A': b = p; break; case 'B': b = \"x\"; break; default: b = \"y\"; } run(b);",
        "String g = \"ABC\"; char t = g.charAt(1); String b; switch (t) { case 'A': b = p; break; case 'B': b = \"x\"; break; case 'C': case 'D': b = p; break; default: b = \"y\"; } run(b);",
    ),
    "arrow-switch": ("", "run(switch (2) { case 1 -> \"a\"; default -> p; });", "run(switch (1) { case 1 -> \"a\"; default -> p; });"),
    "map-keys": (
        "",
        "HashMap<String, Object> m = new HashMap<>(); m.put(\"a\", \"x\"); m.put(\"b\", p); m.put(\"c\", \"y\"); String b = (String) m.get(\"a\"); b = (String) m.get(\"b\"); run(b);",
        "HashMap<String, Object> m = new HashMap<>(); m.put(\"a\", \"x\"); m.put(\"b\", p); m.put(\"c\", \"y\"); String b = (String) m.get(\"b\"); b = (String) m.get(\"a\"); run(b);",
    ),
    "list-removal": (
        "",
        "List<String> l = new ArrayList<String>(); l.add(\"s\"); l.add(p); l.add(\"t\"); l.remove(0); run(l.get(0));",
        "List<String> l = new ArrayList<String>(); l.add(\"s\"); l.add(p); l.add(\"t\"); l.remove(0); run(l.get(1));",
    ),
    "array": ("", "String[] a = {\"x\", p}; run(a[1]);", "String[] a = {\"x\", p}; run(a[0]);"),
    "builder": ("", "StringBuilder s = new StringBuilder(\"a\"); s.append(p); run(s.toString());", "StringBuilder s = new StringBuilder(\"a\"); s.append(\"b\"); run(s.toString());"),
    "builder-chain": ("", "run(new StringBuilder().append(\"a\").append(p).toString());", "run(new StringBuilder().append(\"a\").append(1).toString());"),
    "format": ("", "run(String.format(\"ls %s\", p));", "run(String.format(\"ls %d\", Integer.parseInt(p)));"),
    "number": ("", "run(p.trim().substring(1));", "run(\"a\" + Integer.parseInt(p));"),
    "set-get": (
        "static class T { private String v = \"d\"; private String w; void set(String x) { v = x; } String get() { return v; } String other() { return w; } }",
        "T t = new T(); t.set(p); run(t.get());",
        "T t = new T(); t.set(p); t.set(\"a\"); run(t.get());",
    ),
    "other-field": (
        "static class T { private String v; private String w = \"d\"; void set(String x) { v = x; } String get() { return v; } String other() { return w; } }",
        "T t = new T(); t.set(p); run(t.get());",
        "T t = new T(); t.set(p); run(t.other());",
    ),
    "constructor": (
        "static class T { final String v; final String w; T(String a, String b) { this.v = a; this.w = b; } }",
        "run(new T(p, \"a\").v);",
        "run(new T(p, \"a\").w);",
    ),
    "inner-class": (
        "String go(String v) { return new In().same(v); } class In { String same(String v) { return v; } String fixed(String v) { return \"a\"; } }",
        "run(go(p));",
        "run(new In().fixed(p));",
    ),
    "wrapper": (
        "static class W { private HttpServletRequest r; W(HttpServletRequest r) { this.r = r; } String value(String n) { return r.getParameter(n); } String fixed(String n) { return \"bar\"; } }",
        "run(new W(request).value(\"x\"));",
        "run(new W(request).fixed(\"x\"));",
    ),
    "interface": (
        "interface D { String work(String v); } static class Same implements D { public String work(String v) { return v; } } static class Fixed implements D { public String work(String v) { return \"a\"; } }",
        "D d = new Same(); run(d.work(p));",
        "D d = new Fixed(); run(d.work(p));",
    ),
    "static-helper": ("static String pick(String a, String b) { return b; }", "run(pick(\"a\", p));", "run(pick(p, \"a\"));"),
    "overloads": ("String o(String a) { return \"s\"; } String o(String a, String b) { return b; }", "run(o(\"a\", p));", "run(o(p));"),
    "inheritance": (
        "static class Base { String v; String get() { return v; } } static class Sub extends Base { Sub(String x) { v = x; } }",
        "run(new Sub(p).get());",
        "run(new Sub(\"a\").get());",
    ),
    "lambda": ("", "java.util.function.Function<String, String> f = v -> v; run(f.apply(p));", "java.util.function.Function<String, String> f = v -> \"a\"; run(f.apply(p));"),
    "captured": ("", "Runnable r = () -> run(p); r.run();", "Runnable r = () -> run(\"a\"); r.run();"),
    "anonymous": (
        "",
        "Runnable r = new Runnable() { public void run() { App.run(p); } }; r.run();",
        "Runnable r = new Runnable() { public void run() { App.run(\"a\"); } }; r.run();",
    ),
    "loop": ("", "for (String v : request.getParameterValues(\"x\")) run(v);", "for (String v : new String[] {\"a\", \"b\"}) run(v);"),
    "iterator": (
        "",
        "List<String> l = new LinkedList<>(); l.add(p); Iterator<String> i = l.iterator(); while (i.hasNext()) run(i.next());",
        "List<String> l = new LinkedList<>(); l.add(\"a\"); Iterator<String> i = l.iterator(); while (i.hasNext()) run(i.next());",
    ),
    "entries": (
        "",
        "Map<String, String> m = new HashMap<>(); m.put(\"a\", p); for (Map.Entry<String, String> e : m.entrySet()) run(e.getValue());",
        "Map<String, String> m = new HashMap<>(); m.put(\"a\", p); for (Map.Entry<String, String> e : m.entrySet()) run(e.getKey());",
    ),
    "cookie": (
        "",
        "for (Cookie c : request.getCookies()) { if (c.getName().equals(\"a\")) run(c.getValue()); }",
        "for (Cookie c : request.getCookies()) { String v = c.getValue(); if (v.equals(\"a\")) run(v); }",
    ),
    "headers": ("", "Enumeration<String> e = request.getHeaders(\"x\"); run(e.nextElement());", "Enumeration<String> e = request.getHeaders(\"x\"); run(\"a\" + e.hasMoreElements());"),
    "allow-list": (
        "static final Set<String> ALLOWED = Set.of(\"a\", \"b\");",
        "if (ALLOWED.contains(p)) { log(); } run(p);",
        "if (!ALLOWED.contains(p)) { return; } run(p);",
    ),
    "pattern": ("", "if (!p.matches(\".*\")) return; run(p);", "if (!p.matches(\"[a-z0-9]+\")) return; run(p);"),
    "exception": ("", "String b = \"a\"; try { b = p; work(); } catch (Exception e) { run(b); }", "String b = \"a\"; try { work(); } catch (Exception e) { run(b); }"),
    "static-field": ("static String kept; static String other = \"a\";", "kept = p; run(kept);", "kept = p; run(other);"),
    "enum": ("enum K { ONE, TWO }", "run(p);", "run(K.valueOf(p).name());"),
    "record": ("record Pair(String a, String b) { }", "run(new Pair(p, \"x\").a());", "run(new Pair(p, \"x\").b());"),
    "url-decoded": ("", "run(java.net.URLDecoder.decode(p, \"UTF-8\"));", "run(java.net.URLDecoder.decode(\"a\", \"UTF-8\"));"),
    "wrong-sanitizer": ("", "run(org.owasp.encoder.Encode.forHtml(p));", "run(org.owasp.esapi.ESAPI.encoder().encodeForOS(null, \"a\"));"),
    "argument-list": ("", "new ProcessBuilder(\"sh\", \"-c\", p).start();", "new ProcessBuilder(\"ls\", p).start();"),
    "argument-array": ("", "Runtime.getRuntime().exec(new String[] {\"sh\", \"-c\", \"ls \" + p});", "Runtime.getRuntime().exec(new String[] {\"ls\", p});"),
    "list-of-arguments": (
        "",
        "List<String> a = new ArrayList<>(); a.add(\"sh\"); a.add(\"-c\"); a.add(p); new ProcessBuilder(a).start();",
        "List<String> a = new ArrayList<>(); a.add(\"ls\"); a.add(p); new ProcessBuilder(a).start();",
    ),
}  # fmt: skip


# name -> (bad body, good body) for the rules that the second column names
OTHERS: dict[str, tuple[str, str, str]] = {
    "canonical-path": (
        "path",
        "java.io.File f = new java.io.File(\"/srv\", p); String c = f.getCanonicalPath(); new java.io.FileInputStream(f);",
        "java.io.File f = new java.io.File(\"/srv\", p); String c = f.getCanonicalPath(); if (!c.startsWith(\"/srv/\")) return; new java.io.FileInputStream(f);",
    ),
    "normalized-path": (
        "path",
        "java.nio.file.Path b = java.nio.file.Paths.get(\"/srv\"); java.nio.file.Path t = b.resolve(p).normalize(); java.nio.file.Files.readString(t);",
        "java.nio.file.Path b = java.nio.file.Paths.get(\"/srv\"); java.nio.file.Path t = b.resolve(p).normalize(); if (!t.startsWith(b)) return; java.nio.file.Files.readString(t);",
    ),
    "host": (
        "ssrf",
        "java.net.URL u = new java.net.URL(p); u.openStream();",
        "java.net.URL u = new java.net.URL(p); if (!u.getHost().equals(\"a.example\")) return; u.openStream();",
    ),
    "writer": (
        "xss",
        "java.io.PrintWriter w = response.getWriter(); w.println(p);",
        "java.io.PrintWriter w = new java.io.PrintWriter(\"a.txt\"); w.println(p);",
    ),
    "written-in-full": ("weak-hash", "java.security.MessageDigest.getInstance(\"MD5\");", "java.security.MessageDigest.getInstance(\"SHA-256\");"),
    "declared-type": ("sql", "java.sql.Statement s = Pool.statement(); s.executeQuery(\"x\" + p);", "java.sql.Statement s = Pool.statement(); s.executeQuery(\"x\" + Integer.parseInt(p));"),
    "default-value": (
        "weak-cipher",
        "Properties q = new Properties(); q.load(in()); javax.crypto.Cipher.getInstance(q.getProperty(\"c\", \"DES/ECB/PKCS5Padding\"));",
        "Properties q = new Properties(); q.load(in()); javax.crypto.Cipher.getInstance(q.getProperty(\"c\", \"AES/GCM/NoPadding\"));",
    ),
    "language-package": ("command", "java.lang.Runtime.getRuntime().exec(p);", "java.lang.Runtime.getRuntime().exec(\"a\"); run(\"a\");"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_kinds(name: str) -> None:
    rule, bad, good = OTHERS[name]
    for body, expected in ((bad, True), (good, False)):
        (result,) = analyse([("src/App.java", program("", body).encode())], load_engine("code"))
        rules = {f.rule_id.rsplit("/", 1)[-1].removesuffix("-flow") for f in result.findings}
        assert (rule in rules) == expected, (body, rules)


def program(members: str, body: str) -> str:
    return (
        f"{HEAD}public class App extends HttpServlet {{\n  {members}\n"
        "  static void run(String v) throws Exception { Runtime.getRuntime().exec(v); }\n"
        "  public void doPost(HttpServletRequest request, HttpServletResponse response) throws Exception {\n"
        f'    String p = request.getParameter("p");\n    {body}\n  }}\n}}\n'
    )


def commands(files: dict[str, str]) -> list[str]:
    results = analyse([(uri, text.encode()) for uri, text in files.items()], load_engine("code"))
    assert not any(result.failed or result.partial for result in results), results
    return [
        f.rule_id
        for r in results
        for f in r.findings
        if f.rule_id == "code/java/command-flow" and f.verification.state is VerificationState.CORROBORATED
    ]


@pytest.mark.parametrize("name", CASES)
def test_bad_is_found_and_its_twin_is_not(name: str) -> None:
    members, bad, good = CASES[name]
    assert commands({"src/App.java": program(members, bad)}), program(members, bad)
    assert not commands({"src/App.java": program(members, good)}), program(members, good)


HELPER = 'package {package};\npublic class Helper {{\n  public static String same(String v) {{ return v; }}\n  public String fixed(String v) {{ return "a"; }}\n}}\n'


@pytest.mark.parametrize(
    ("package", "imported"),
    [("app", ""), ("lib.text", "import lib.text.Helper;\n"), ("lib.text", "import lib.text.*;\n")],
    ids=["same package", "import", "wildcard"],
)
def test_types_of_other_files_are_found(package: str, imported: str) -> None:
    other = HELPER.format(package=package)
    extra = "package lib.text;\npublic class Another { }\n"
    for body, expected in (("run(Helper.same(p));", True), ("run(new Helper().fixed(p));", False)):
        text = program("", body).replace("import java.util.*;\n", f"import java.util.*;\n{imported}")
        assert (
            bool(commands({"a/App.java": text, "a/Another.java": extra, "b/Helper.java": other})) == expected
        )


def test_controllers_and_services_in_their_own_files() -> None:
    controller = """package x;
import org.springframework.web.bind.annotation.*;
@RestController class Controller {
  private final Service service;
  Controller(Service service) { this.service = service; }
  @GetMapping("/a/{id}") Object text(@PathVariable String id) { return service.METHOD(id); }
  @GetMapping("/b/{id}") Object number(@PathVariable long id) { return service.plain(String.valueOf(id)); }
}
"""
    service = """package x;
import java.util.*;
import org.springframework.jdbc.core.JdbcTemplate;
class Service {
  private JdbcTemplate jdbc;
  private static final Set<String> COLUMNS = Set.of("id", "name");
  Object plain(String id) { return jdbc.queryForList("select * from u where id = " + id); }
  Object sorted(String id) { if (!COLUMNS.contains(id)) { throw new IllegalArgumentException(); } return jdbc.queryForList("select * from u order by " + id); }
}
"""
    for method, expected in (("plain", True), ("sorted", False)):
        texts = {"a/Controller.java": controller.replace("METHOD", method), "a/Service.java": service}
        results = analyse([(uri, text.encode()) for uri, text in texts.items()], load_engine("code"))
        assert ("code/java/sql-flow" in {f.rule_id for r in results for f in r.findings}) == expected


def test_static_imports_and_the_default_package() -> None:
    helper = "public class Helper { public static String same(String v) { return v; } }"
    app = program("", "run(Helper.same(p));").replace("package app;\n", "")
    assert commands({"a/App.java": app, "a/Helper.java": helper})
    app = program("", "run(same(p));").replace(
        "import java.util.*;", "import static lib.Helper.same;\nimport java.util.*;"
    )
    assert commands({"a/App.java": app, "b/Helper.java": f"package lib;\n{helper}"})


def test_code_around_a_syntax_error_is_kept() -> None:
    module = lower(b"class A { void f() { g(); } void broken( { } void h() { i(); } }", "A.java")
    assert module.partial
    assert {"f", "h"} <= {function.name for function in module.functions}


@pytest.mark.parametrize(
    "code",
    [
        b"class A { Object x = " + b"(" * 5000,
        b"class A { Object x = " + b"f(" * 3000 + b"x" + b")" * 3000 + b"; }",
        b"class A {" * 500,
        b"\xff\xfe\x00class \xc3 {",
        b"class A { void f() { " + b"if (x) {" * 2000,
        b"class A extends A { class A extends A.A { } }",
    ],
    ids=["open", "calls", "classes", "bytes", "ifs", "cyclic"],
)
def test_hostile_text_is_bounded(code: bytes) -> None:
    assert lower(code, "A.java").functions


def test_long_chains_are_not_deep() -> None:
    sums = b" + ".join(b'"a%d"' % i for i in range(3000))
    calls = b"".join(b".append(%d)" % i for i in range(3000))
    branches = b"if (a) b();" + b"".join(b" else if (a == %d) b();" % i for i in range(2000))
    for body in (b"Object x = " + sums + b";", b"new B()" + calls + b";", branches):
        assert not lower(b"class A { void f() { " + body + b" } }", "A.java").notes


SAMPLE = program(
    CASES["wrapper"][0],
    " ".join(CASES[name][1] for name in ("map-keys", "arrow-switch", "anonymous", "captured")),
).encode()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SAMPLE)), st.integers(0, 40), st.binary(max_size=12))
def test_mutated_source_never_raises(at: int, cut: int, new: bytes) -> None:
    module = lower(SAMPLE[:at] + new + SAMPLE[at + cut :], "A.java")
    assert module.functions
    assert print_module(module)
