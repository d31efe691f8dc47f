"""What never returns ends its branch: a check that aborts proves what follows; without the check, or where the call may return, nothing is proved."""

from __future__ import annotations

import pytest

from assay.code.project import analyse
from assay.rules.load import load_engine

_RULES = [rule for rule in load_engine("code") if rule.id.endswith("/command-flow")]
HEAD = "from flask import Flask, request, abort\nimport sys, subprocess\napp = Flask(__name__)\nOK = ('a', 'b')\n"
VIEW = "@app.route('/v')\ndef view():\n    name = request.args['n']\n"
USE = "    subprocess.run('echo ' + name, shell=True)\n"
DENY = "def deny():\n    abort(403)\n"
MAY = "def deny():\n    if request.args.get('strict'):\n        abort(403)\n"


@pytest.mark.parametrize(
    ("middle", "before", "flawed"),
    [
        ("    if name not in OK:\n        abort(404)\n", "", False),
        ("    if name not in OK:\n        sys.exit(1)\n", "", False),
        ("    if name not in OK:\n        deny()\n", DENY, False),
        ("    if name not in OK:\n        deny()\n", MAY, True),
        ("    if name not in OK:\n        print('odd')\n", "", True),
        ("    if name in OK:\n        abort(404)\n", "", True),
        (
            "    try:\n        if name not in OK:\n            abort(404)\n    except Exception:\n        pass\n",
            "",
            True,
        ),
    ],
)
def test_python(middle: str, before: str, flawed: bool) -> None:
    assert reported("app.py", HEAD + before + VIEW + middle + USE) is flawed


GO = """package m
import ("log"; "net/http"; "os"; "os/exec")
func H(w http.ResponseWriter, r *http.Request) {
    p := r.FormValue("p")
    BODY
    exec.Command("sh", "-c", "ls " + p).Run()
}
"""
JAVA = """import javax.servlet.http.*;
public class A extends HttpServlet {
  public void doGet(HttpServletRequest q, HttpServletResponse r) throws Exception {
    String p = q.getParameter("p");
    BODY
    Runtime.getRuntime().exec("ls " + p);
  }
}
"""
NODE = """const cp = require('child_process');
const app = require('express')();
app.get('/v', (req, res) => {
  const p = req.query.p;
  BODY
  cp.exec('ls ' + p);
});
"""


@pytest.mark.parametrize(
    ("path", "program", "body", "flawed"),
    [
        ("a.go", GO, 'if p != "a" { os.Exit(1) }', False),
        ("a.go", GO, 'if p != "a" { log.Fatalf("no %s", "x") }', False),
        ("a.go", GO, 'if p != "a" { log.Printf("no") }', True),
        ("A.java", JAVA, 'if (!p.equals("a")) { System.exit(1); }', False),
        ("A.java", JAVA, 'if (!p.equals("a")) { System.gc(); }', True),
        ("app.js", NODE, "if (p !== 'a') { process.exit(1); }", False),
        ("app.js", NODE, "if (p !== 'a') { console.log(1); }", True),
    ],
)
def test_other_languages(path: str, program: str, body: str, flawed: bool) -> None:
    assert reported(path, program.replace("BODY", body)) is flawed


def reported(path: str, text: str) -> bool:
    return any(result.findings for result in analyse([(path, text.encode())], _RULES))
