"""Five realistic programs, one a language, each with flows from a request to several sinks, and the ways to write the same thing differently.

A program is a template. `{source}` is where data comes in, `{sinks}` where it goes; a form (`plain`, `helper`, `method`, `other file`, ...) says how these
are written. `findings` are the rules that the plain form must raise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """How one language writes a program and its parts. `sinks`: rule, statement with {v}, the same made safe."""

    path: str
    program: str
    source: str
    constant: str
    sinks: tuple[tuple[str, str, str], ...]
    names: tuple[str, ...]
    helper_of_source: tuple[str, str]  # definition with {source}, call
    helper_of_sink: Callable[[int, str], str]
    call_of_sink: str
    method_of_sink: Callable[[int, str], str]
    call_of_method: str
    other_file: str
    other_head: str
    import_other: str
    call_of_other: str
    dead: str
    comment: str
    guard: str = ""


def indented(text: str, by: str) -> str:
    """Every line of a text further in."""
    return "\n".join(f"{by}{line}" if line else line for line in text.split("\n"))


PYTHON = Language(
    path="shop/views.py",
    program='''"""Orders of a shop."""
import logging
import os
import shlex
import sqlite3
import subprocess

from flask import Blueprint, Flask, abort, jsonify, request

from shop import settings
{imports}
log = logging.getLogger(__name__)
shop = Blueprint("shop", __name__)


class Orders:
    """Orders kept in a database."""

    def __init__(self, path):
        self.connection = sqlite3.connect(path)

    def count(self):
        return self.connection.execute("SELECT count(*) FROM orders").fetchone()[0]


{definitions}
@shop.route("/orders", methods=["GET", "POST"])
def orders():
    kept = Orders(settings.PATH)
    if kept.count() == 0:
        abort(404)
    cursor = kept.connection.cursor()
    wanted = {source}
    label = "order " + wanted
{dead}{sinks}
    return jsonify({{"orders": kept.count()}})


def make():
    app = Flask(__name__)
    app.register_blueprint(shop)
    return app
''',
    source='request.values.get("order", "")',
    constant='"all"',
    sinks=(
        ("python/sql-flow", "cursor.execute(\"SELECT * FROM orders WHERE name = '\" + {v} + \"'\")", 'cursor.execute("SELECT * FROM orders WHERE name = ?", ({v},))'),
        ("python/command-flow", 'subprocess.run(f"lpr {{{v}}}", shell=True, timeout=5)', 'subprocess.run(f"lpr {{shlex.quote({v})}}", shell=True, timeout=5)'),
        ("python/path-flow", 'open("/var/orders/" + {v}).close()', 'open("/var/orders/" + os.path.basename({v})).close()'),
    ),
    names=("wanted", "label", "kept", "cursor"),
    helper_of_source=("def asked_for():\n    value = {source}\n    return value\n\n\n", "asked_for()"),
    helper_of_sink=lambda n, body: f"def act{n}(cursor, value):\n    {body}\n\n\n",
    call_of_sink="act{n}(cursor, {v})",
    method_of_sink=lambda n, body: f"class Actor{n}:\n    def act(self, cursor, value):\n        {body}\n\n\n",
    call_of_method="Actor{n}().act(cursor, {v})",
    other_file="shop/actions.py",
    other_head="import os\nimport shlex\nimport subprocess\n\n\n",
    import_other="from shop import actions\n",
    call_of_other="actions.act{n}(cursor, {v})",
    dead='    unused = [number * 2 for number in range(3)]\n    if False:\n        unused.append(len(label))\n    log.debug("counted")\n',
    comment="    # what the next line is for\n",
)  # fmt: skip

JAVASCRIPT = Language(
    path="src/orders.js",
    program="""const express = require('express');
const fs = require('fs');
const path = require('path');
const {{ exec, execFile }} = require('child_process');
const mysql = require('mysql');
const settings = require('./settings');
{imports}
const router = express.Router();
const connection = mysql.createConnection(settings.database);

class Orders {{
  constructor(all) {{
    this.all = all;
  }}

  count() {{
    return this.all.length;
  }}
}}

{definitions}
router.post('/orders', async (req, res) => {{
  const kept = new Orders([1, 2, 3]);
  if (kept.count() === 0) {{
    return res.sendStatus(404);
  }}
  const wanted = {source};
  const label = 'order ' + wanted;
{dead}{sinks}
  return res.json({{ orders: kept.count() }});
}});

module.exports = router;
""",
    source="req.body.order",
    constant="'all'",
    sinks=(
        ("javascript/sql-flow", "connection.query(\"SELECT * FROM orders WHERE name = '\" + {v} + \"'\");", 'connection.query("SELECT * FROM orders WHERE name = ?", [{v}]);'),
        ("javascript/command-flow", "exec('lpr ' + {v});", "execFile('lpr', ['--', {v}]);"),
        ("javascript/path-flow", "fs.readFileSync('/var/orders/' + {v});", "fs.readFileSync('/var/orders/' + path.basename({v}));"),
    ),
    names=("wanted", "label", "kept"),
    helper_of_source=("function askedFor(req) {{\n  const value = {source};\n  return value;\n}}\n\n", "askedFor(req)"),
    helper_of_sink=lambda n, body: f"function act{n}(connection, value) {{\n  {body}\n}}\n\n",
    call_of_sink="act{n}(connection, {v});",
    method_of_sink=lambda n, body: f"class Actor{n} {{\n  act(connection, value) {{\n    {body}\n  }}\n}}\n\n",
    call_of_method="new Actor{n}().act(connection, {v});",
    other_file="src/actions.js",
    other_head="const fs = require('fs');\nconst path = require('path');\nconst {{ exec, execFile }} = require('child_process');\n\n",
    import_other="const actions = require('./actions');\n",
    call_of_other="actions.act{n}(connection, {v});",
    dead="  const unused = [1, 2].map((number) => number * 2);\n  if (false) {{\n    unused.push(label.length);\n  }}\n",
    comment="  // what the next line is for\n",
)  # fmt: skip

TYPESCRIPT = Language(
    path="src/orders.ts",
    program="""import express, {{ Request, Response }} from 'express';
import fs from 'fs';
import path from 'path';
import {{ exec, execFile }} from 'child_process';
import mysql from 'mysql';
{imports}
const router = express.Router();
const connection = mysql.createConnection({{ host: 'db' }});

interface Order {{
  name: string;
}}

class Orders {{
  constructor(private readonly all: Order[]) {{}}

  count(): number {{
    return this.all.length;
  }}
}}

{definitions}
router.post('/orders', async (req: Request, res: Response): Promise<void> => {{
  const kept = new Orders([]);
  const wanted: string = {source};
  const label: string = `order ${{wanted}}`;
{dead}{sinks}
  res.json({{ orders: kept.count() }});
}});

export default router;
""",
    source="req.body.order as string",
    constant="'all'",
    sinks=(
        ("javascript/sql-flow", "connection.query(`SELECT * FROM orders WHERE name = '${{{v}}}'`);", 'connection.query("SELECT * FROM orders WHERE name = ?", [{v}]);'),
        ("javascript/command-flow", "exec(`lpr ${{{v}}}`);", "execFile('lpr', ['--', {v}]);"),
    ),
    names=("wanted", "label", "kept"),
    helper_of_source=("function askedFor(req: Request): string {{\n  const value = {source};\n  return value;\n}}\n\n", "askedFor(req)"),
    helper_of_sink=lambda n, body: f"function act{n}(connection: mysql.Connection, value: string): void {{\n  {body}\n}}\n\n",
    call_of_sink="act{n}(connection, {v});",
    method_of_sink=lambda n, body: f"class Actor{n} {{\n  act(connection: mysql.Connection, value: string): void {{\n    {body}\n  }}\n}}\n\n",
    call_of_method="new Actor{n}().act(connection, {v});",
    other_file="src/actions.ts",
    other_head="import {{ exec, execFile }} from 'child_process';\nimport mysql from 'mysql';\n\n",
    import_other="import * as actions from './actions';\n",
    call_of_other="actions.act{n}(connection, {v});",
    dead="  const unused: number[] = [1, 2].map((one) => one * 2);\n  if (false) {{\n    unused.push(label.length);\n  }}\n",
    comment="  // what the next line is for\n",
)  # fmt: skip

JAVA = Language(
    path="shop/OrderServlet.java",
    program="""package shop;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

public class OrderServlet extends HttpServlet {{
    private final List<String> orders = new ArrayList<>();
    private Connection connection;

    private int count() {{
        return orders.size();
    }}

{definitions}
    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {{
        if (count() > 100) {{
            response.setStatus(503);
            return;
        }}
        try {{
            String wanted = {source};
            String label = "order " + wanted;
{dead}{sinks}
            response.setStatus(label.isEmpty() ? 204 : 200);
        }} catch (SQLException error) {{
            response.setStatus(500);
        }}
    }}
}}
""",
    source='request.getParameter("order")',
    constant='"all"',
    sinks=(
        ("java/sql-flow", "connection.createStatement().executeQuery(\"SELECT * FROM orders WHERE name = '\" + {v} + \"'\");",
         'PreparedStatement prepared = connection.prepareStatement("SELECT * FROM orders WHERE name = ?"); prepared.setString(1, {v}); prepared.executeQuery();'),
        ("java/path-flow", 'new FileInputStream("/var/orders/" + {v}).close();', 'new FileInputStream("/var/orders/" + new File({v}).getName()).close();'),
    ),
    names=("wanted", "label", "orders"),
    helper_of_source=("    private static String askedFor(HttpServletRequest request) {{\n        String value = {source};\n        return value;\n    }}\n\n", "askedFor(request)"),
    helper_of_sink=lambda n, body: f"    private static void act{n}(Connection connection, String value) throws IOException, SQLException {{\n        {body}\n    }}\n\n",
    call_of_sink="act{n}(connection, {v});",
    method_of_sink=lambda n, body: f"    static class Actor{n} {{\n        void act(Connection connection, String value) throws IOException, SQLException {{\n            {body}\n        }}\n    }}\n\n",
    call_of_method="new Actor{n}().act(connection, {v});",
    other_file="shop/Actions.java",
    other_head="package shop;\n\nimport java.io.*;\nimport java.sql.*;\n\nclass Actions {{\n{body}}}\n",
    import_other="",
    call_of_other="Actions.act{n}(connection, {v});",
    dead="            int unused = 0;\n            for (int i = 0; i < 3; i++) {{\n                unused += i;\n            }}\n            if (false) {{\n                orders.add(\"none\" + unused);\n            }}\n",
    comment="            // what the next line is for\n",
)  # fmt: skip

GO = Language(
    path="shop/orders.go",
    program="""package shop

import (
	"database/sql"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
)

type Orders struct {{
	db    *sql.DB
	known []string
}}

func (o *Orders) count() int {{
	return len(o.known)
}}

{definitions}
func (o *Orders) Handle(w http.ResponseWriter, r *http.Request) {{
	if o.count() > 100 {{
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}}
	db := o.db
	wanted := {source}
	label := "order " + wanted
{dead}{sinks}
	if label == "" {{
		w.WriteHeader(http.StatusNoContent)
	}}
}}
""",
    source='r.FormValue("order")',
    constant='"all"',
    sinks=(
        ("go/sql-flow", "db.Query(\"SELECT * FROM orders WHERE name = '\" + {v} + \"'\")", 'db.Query("SELECT * FROM orders WHERE name = ?", {v})'),
        ("go/command-flow", 'exec.Command("sh", "-c", "lpr "+{v}).Run()', 'exec.Command("lpr", "--", {v}).Run()'),
        ("go/path-flow", 'os.ReadFile("/var/orders/" + {v})', 'os.ReadFile("/var/orders/" + filepath.Base({v}))'),
    ),
    names=("wanted", "label", "known"),
    helper_of_source=("func askedFor(r *http.Request) string {{\n\tvalue := {source}\n\treturn value\n}}\n\n", "askedFor(r)"),
    helper_of_sink=lambda n, body: f"func act{n}(db *sql.DB, value string) {{\n\t{body}\n}}\n\n",
    call_of_sink="act{n}(db, {v})",
    method_of_sink=lambda n, body: f"type Actor{n} struct{{}}\n\nfunc (a Actor{n}) Act(db *sql.DB, value string) {{\n\t{body}\n}}\n\n",
    call_of_method="Actor{n}{{}}.Act(db, {v})",
    other_file="shop/actions.go",
    other_head='package shop\n\nimport (\n\t"database/sql"\n\t"os"\n\t"os/exec"\n\t"path/filepath"\n)\n\n',
    import_other="",
    call_of_other="act{n}(db, {v})",
    dead="\tunused := 0\n\tfor i := 0; i < 3; i++ {{\n\t\tunused += i\n\t}}\n\tif false {{\n\t\to.known = append(o.known, label)\n\t}}\n",
    comment="\t// what the next line is for\n",
)  # fmt: skip

LANGUAGES = {"python": PYTHON, "javascript": JAVASCRIPT, "typescript": TYPESCRIPT, "java": JAVA, "go": GO}
