"""A guard's result held in a variable: it proves what the condition proves, until the variable or the checked value changes."""

from __future__ import annotations

import pytest

from assay.code.project import analyse
from assay.rules.load import load_engine

_RULES = [rule for rule in load_engine("code") if rule.id.endswith("/command-flow")]
# By language: the file, the program around the statements.
PROGRAMS = {
    "python": ("app.py", """import os, re
from flask import Flask, request
app = Flask(__name__)
def valid(v):
    return re.fullmatch("[a-z]+", v) is not None
@app.route('/v')
def view():
    p = request.args.get('p')
    q = request.args.get('q')
    BODY
    os.system('ls ' + p)
    return ''
"""),
    "javascript": ("app.js", """const cp = require('child_process');
const app = require('express')();
function valid(v) { return /^[a-z]+$/.test(v); }
app.get('/v', (req, res) => {
  let p = req.query.p; let q = req.query.q;
  BODY
  cp.exec('ls ' + p);
});
"""),
    "go": ("m/a.go", """package m
import ("net/http"; "os/exec"; "regexp")
var word = regexp.MustCompile("^[a-z]+$")
func valid(v string) bool { return word.MatchString(v) }
func H(w http.ResponseWriter, r *http.Request) {
    p := r.FormValue("p"); q := r.FormValue("q"); _ = q
    BODY
    exec.Command("sh", "-c", "ls " + p).Run()
}
"""),
    "java": ("App.java", """import java.util.List;
import java.util.regex.*;
import javax.servlet.http.*;
public class App extends HttpServlet {
  private static final Pattern WORD = Pattern.compile("^[a-z]+$");
  static boolean valid(String v) { return v.matches("[a-z]+"); }
  public void doPost(HttpServletRequest request, HttpServletResponse response) throws Exception {
    String p = request.getParameter("p"); String q = request.getParameter("q");
    BODY
    Runtime.getRuntime().exec("sh -c " + p);
  }
}
"""),
}  # fmt: skip
SAFE = {
    "python": [
        "ok = valid(p)|if not ok: return ''",
        "ok = re.fullmatch('[a-z]+', p) is not None|if not ok: return ''",
        "m = re.fullmatch('[a-z]+', p)|if m is None: return ''",
        "bad = not valid(p)|if bad: return ''",
        "ok = p in ('a', 'b')|if not ok: return ''",
        "ok = p.isalnum()|if not ok: raise ValueError",
        "ok = bool(p) and valid(p)|if not ok: return ''",
        "ok = valid(p)|good = ok|if not good: return ''",
        "if re.fullmatch('[a-z]+', p) is None: return ''",
    ],
    "javascript": [
        "const ok = valid(p); if (!ok) return;",
        "const bad = !valid(p); if (bad) return;",
        "const m = p.match(/^[a-z]+$/); if (null === m) return;",
        "const ok = ['a', 'b'].includes(p); if (!ok) return;",
        "const ok = p === 'a' || p === 'b'; if (!ok) return;",
        "const ok = typeof p === 'number'; if (!ok) return;",
    ],
    "go": [
        "ok := valid(p); if !ok { return }",
        "if ok := valid(p); !ok { return }",
        "bad := !word.MatchString(p); if bad { return }",
        'ok := p == "a" || p == "b"; if !ok { return }',
    ],
    "java": [
        "boolean ok = valid(p); if (!ok) return;",
        "boolean ok = WORD.matcher(p).matches(); if (!ok) return;",
        'boolean bad = !p.matches("[a-z]+"); if (bad) return;',
        'boolean ok = p.equals("a") || p.equals("b"); if (!ok) return;',
        'boolean ok = List.of("a", "b").contains(p); if (!ok) return;',
    ],
}  # fmt: skip
REPORTED = {
    "python": [
        "ok = valid(p)",
        "ok = valid(p)|if ok: return ''",
        "bad = not valid(p)|if not bad: return ''",
        "ok = valid(p)|p = q|if not ok: return ''",
        "ok = valid(p)|p += q|if not ok: return ''",
        "ok = valid(p)|if q: p = q|if not ok: return ''",
        "ok = valid(p)|for x in q: p += x|if not ok: return ''",
        "ok = p in ('a', 'b')|p = q|if not ok: return ''",
        "ok = valid(p)|ok = valid(q)|if not ok: return ''",
        "ok = valid(p)|if q: ok = True|if not ok: return ''",
        "if q: ok = len(q) > 2|else: ok = valid(p)|if not ok: return ''",
        "ok = valid(p)|if not ok: return ''|p = q",
        "ok = bool(p) or valid(p)|if not ok: return ''",
        "if re.fullmatch('[a-z]+', p) is not None: return ''",
    ],
    "javascript": [
        "const ok = valid(p);",
        "const ok = valid(p); if (ok) return;",
        "if (null !== p.match(/^[a-z]+$/)) return;",
        "const bad = !valid(p); if (!bad) return;",
        "const ok = valid(p); p = q; if (!ok) return;",
        "const ok = ['a', 'b'].includes(p); p += q; if (!ok) return;",
        "let ok = valid(p); ok = valid(q); if (!ok) return;",
        "let ok = q; if (req.query.z) { ok = q.length > 2; } else { ok = valid(p); } if (!ok) return;",
    ],
    "go": [
        "ok := valid(p); _ = ok",
        "ok := valid(p); if ok { return }",
        "bad := !word.MatchString(p); if !bad { return }",
        "ok := valid(p); p = q; if !ok { return }",
        'ok := p == "a" || p == "b"; p += q; if !ok { return }',
        "ok := valid(p); ok = valid(q); if !ok { return }",
    ],
    "java": [
        "boolean ok = valid(p);",
        "boolean ok = valid(p); if (ok) return;",
        'boolean bad = !p.matches("[a-z]+"); if (!bad) return;',
        "boolean ok = valid(p); p = q; if (!ok) return;",
        "boolean ok = WORD.matcher(p).matches(); p += q; if (!ok) return;",
        "Matcher m = WORD.matcher(p); boolean ok = m.matches(); p = q; if (!ok) return;",
        "boolean ok = valid(p); ok = valid(q); if (!ok) return;",
        "boolean ok; if (q == null) { ok = valid(p); } else { ok = q.isEmpty(); } if (!ok) return;",
    ],
}  # fmt: skip


def _is_reported(language: str, body: str) -> bool:
    uri, program = PROGRAMS[language]
    text = program.replace("BODY", body.replace("|", "\n    ") if language == "python" else body)
    results = analyse([(uri, text.encode())], _RULES)
    assert not any(result.failed or result.partial for result in results), text
    return any(result.findings for result in results)


@pytest.mark.parametrize(("language", "body"), [(one, body) for one in SAFE for body in SAFE[one]])
def test_a_kept_condition_proves_what_it_tests(language: str, body: str) -> None:
    assert not _is_reported(language, body)


@pytest.mark.parametrize(("language", "body"), [(one, body) for one in REPORTED for body in REPORTED[one]])
def test_it_proves_nothing_once_anything_changed(language: str, body: str) -> None:
    assert _is_reported(language, body)
