"""Each feature of the dataflow in JavaScript with its safe twin, across files in every form of module, and in every framework."""

from __future__ import annotations

import pytest
from javascript_cases import CASES, HEAD, WHOLE, program

from assay.code.project import analyse
from assay.model.finding import VerificationState
from assay.rules.load import load_engine


def findings(files: dict[str, str], rule: str = "command-flow") -> list[int]:
    """Lines where a rule reports something."""
    results = analyse([(uri, text.encode()) for uri, text in files.items()], load_engine("code"))
    assert not any(result.failed or result.partial for result in results), results
    return [
        finding.location.region.start_line
        for result in results
        for finding in result.findings
        if finding.rule_id.endswith("/" + rule)
        and finding.verification.state is VerificationState.CORROBORATED
    ]


ALL_CASES = {name: ("", *pair) for name, pair in CASES.items()} | WHOLE


@pytest.mark.parametrize("uri", ["app.js", "app.ts"])
@pytest.mark.parametrize("name", ALL_CASES)
def test_bad_is_found_and_its_twin_is_not(name: str, uri: str) -> None:
    definitions, bad, good = ALL_CASES[name]
    assert findings({uri: program(definitions, bad)}), program(definitions, bad)
    assert not findings({uri: program(definitions, good)}), program(definitions, good)


RUN = "function run(v) { cp.exec(v); }\nfunction not(v) { return v; }\n"
IMPORT = "const cp = require('child_process');\n"
ROUTE = "const app = require('express')();\napp.get('/v', (req, res) => { USE });\n"
MODULES = {
    "object": (f"{IMPORT}{RUN}module.exports = {{ run, not }};", "const m = require('./lib/run');", "m.F(req.query.x)"),
    "destructured": (f"{IMPORT}{RUN}module.exports = {{ run, not }};", "const { F: f } = require('./lib/run');", "f(req.query.x)"),
    "exports": (f"{IMPORT}exports.run = (v) => cp.exec(v);\nexports.not = (v) => v;", "const m = require('./lib/run.js');", "m.F(req.query.x)"),
    "function": (f"{IMPORT}{RUN}module.exports = F;", "const f = require('./lib/run');", "f(req.query.x)"),
    "class": (f"{IMPORT}class T {{ run(v) {{ cp.exec(v); }} not(v) {{ return v; }} }}\nmodule.exports = T;", "const T = require('./lib/run');", "new T().F(req.query.x)"),
    "instance": (f"{IMPORT}class T {{ run(v) {{ cp.exec(v); }} not(v) {{ return v; }} }}\nmodule.exports = new T();", "const t = require('./lib/run');", "t.F(req.query.x)"),
    "named": ("import cp from 'child_process';\nexport function run(v) { cp.exec(v); }\nexport const not = (v) => v;", "import { F as f } from './lib/run';", "f(req.query.x)"),
    "default": (f"import * as cp from 'child_process';\n{RUN}export default F;", "import f from './lib/run';", "f(req.query.x)"),
    "namespace": ("import { exec } from 'child_process';\nexport const run = (v) => exec(v);\nexport const not = (v) => v;", "import * as m from './lib/run';", "m.F(req.query.x)"),
    "default object": (f"import cp from 'child_process';\n{RUN}export default {{ run, not }};", "import m from './lib/run';", "m.F(req.query.x)"),
    "inline": (f"{IMPORT}{RUN}module.exports = {{ run, not }};", "", "require('./lib/run').F(req.query.x)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_data_crosses_files(name: str) -> None:
    library, load, use = MODULES[name]
    for function, expected in (("run", True), ("not", False)):
        text = load.replace("F", function) + "\n" + ROUTE.replace("USE", use.replace("F", function) + ";")
        files = {"app.js": text, "lib/run.js": library.replace("F", function)}
        assert bool(findings(files)) is expected, files


def test_index_files_and_re_exports_are_followed() -> None:
    files = {
        "lib/run.ts": "import { exec } from 'child_process';\nexport function run(v: string) { exec(v); }\n",
        "lib/index.ts": "export * from './run';\nexport { run as go } from './run';\n",
        "a.ts": "import { run } from './lib';\nimport express from 'express';\nexpress().get('/', (req, res) => { run(req.query.x); });\n",
        "b.ts": "import { go } from './lib/index';\nimport express from 'express';\nexpress().get('/', (req, res) => { go(req.query.x); });\n",
    }
    assert findings({k: v for k, v in files.items() if k != "b.ts"})
    assert findings({k: v for k, v in files.items() if k != "a.ts"})


def test_router_controller_service() -> None:
    files = {
        "routes.js": "const router = require('express').Router();\nconst tools = require('./controller');\nrouter.get('/ping', tools.ping);\nmodule.exports = router;\n",
        "controller.js": "const service = require('./service');\nexports.ping = async (req, res) => {\n  const { host } = req.query;\n  res.json(await service.ping(host));\n};\n",
        "service.js": "const { promisify } = require('util');\nconst exec = promisify(require('child_process').exec);\nmodule.exports.ping = async function (host) {\n  return exec(`ping ${host}`);\n};\n",
    }
    assert findings(files)
    files["controller.js"] = files["controller.js"].replace(
        "service.ping(host)", "service.ping(Number(host))"
    )
    assert not findings(files)


# framework -> (file, program with SINK where data is called X)
FRAMEWORKS = {
    "koa": ("app.js", "const Koa = require('koa');\nconst Router = require('@koa/router');\nconst cp = require('child_process');\nconst router = new Router();\nrouter.get('/', async (ctx) => { SINK(ctx.query.x); });\nnew Koa().use(router.routes());\n"),
    "koa middleware": ("app.js", "const Koa = require('koa');\nconst cp = require('child_process');\nnew Koa().use(async (ctx, next) => { SINK(ctx.request.body.x); });\n"),
    "fastify": ("app.js", "const fastify = require('fastify')();\nconst cp = require('child_process');\nfastify.post('/', async (request, reply) => { SINK(request.body.x); });\n"),
    "nest": ("a.controller.ts", "import { Controller, Post, Body } from '@nestjs/common';\nimport * as cp from 'child_process';\n@Controller()\nexport class A {\n  @Post()\n  make(@Body() dto: Dto) { SINK(dto.x); }\n}\n"),
    "nest service": ("a.controller.ts", "import { Controller, Get, Param, Injectable } from '@nestjs/common';\nimport * as cp from 'child_process';\n@Injectable()\nexport class S { run(v: string) { SINK(v); } }\n@Controller()\nexport class A {\n  constructor(private readonly s: S) {}\n  @Get(':x')\n  get(@Param('x') x: string) { return this.s.run(x); }\n}\n"),
    "next api": ("pages/api/a.ts", "import type { NextApiRequest, NextApiResponse } from 'next';\nimport cp from 'child_process';\nexport default function handler(req: NextApiRequest, res: NextApiResponse) { SINK(req.query.x); }\n"),
    "next route": ("app/api/route.ts", "import { NextRequest } from 'next/server';\nimport cp from 'child_process';\nexport async function POST(request: NextRequest) { const { x } = await request.json(); SINK(x); }\n"),
    "server action": ("app/actions.ts", "'use server';\nimport cp from 'child_process';\nimport { redirect } from 'next/navigation';\nexport async function act(formData: FormData) { SINK(formData.get('x')); }\n"),
    "http": ("app.js", "const http = require('node:http');\nconst cp = require('node:child_process');\nhttp.createServer((req, res) => { const q = new URL(req.url, 'http://h').searchParams; SINK(q.get('x')); });\n"),
    "express error handler": ("app.js", "const app = require('express')();\nconst cp = require('child_process');\napp.use((err, req, res, next) => { SINK(req.body.x); });\n"),
    "typed handler": ("app.ts", "import { Request, Response } from 'express';\nimport cp from 'child_process';\nexport const handler = async (r: Request, s: Response): Promise<void> => { SINK(r.body.x); };\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_frameworks_hand_over_requests(name: str) -> None:
    uri, text = FRAMEWORKS[name]
    assert findings({uri: text.replace("SINK(", "cp.exec(")})
    assert not findings({uri: text.replace("SINK(", "String(")})


SQL = {
    "mysql2": ("const db = require('mysql2').createPool({});", "db.query(`select ${Q}`)", "db.query('select ?', [Q])"),
    "mysql2/promise": ("const mysql = require('mysql2/promise');\nconst db = mysql.createPool({});", "db.execute('select ' + Q)", "db.execute('select ?', [Q])"),
    "pg": ("const { Pool } = require('pg');\nconst db = new Pool();", "db.query('select ' + Q)", "db.query('select $1', [Q])"),
    "better-sqlite3": ("const db = require('better-sqlite3')('a.db');", "db.prepare('select ' + Q).all()", "db.prepare('select ?').all(Q)"),
    "sqlite3": ("const sqlite3 = require('sqlite3').verbose();\nconst db = new sqlite3.Database('a');", "db.all('select ' + Q, () => {})", "db.all('select ?', [Q], () => {})"),
    "sequelize": ("const { Sequelize } = require('sequelize');\nconst s = new Sequelize();", "s.query('select ' + Q)", "s.query('select ?', { replacements: [Q] })"),
    "knex": ("const knex = require('knex')({});", "knex.raw('select ' + Q)", "knex.raw('select ?', [Q])"),
    "prisma": ("const { PrismaClient } = require('@prisma/client');\nconst p = new PrismaClient();", "p.$queryRawUnsafe('select ' + Q)", "p.$queryRaw`select ${Q}`"),
}  # fmt: skip


@pytest.mark.parametrize("name", SQL)
def test_statements_of_every_driver(name: str) -> None:
    load, bad, good = SQL[name]
    for use, expected in ((bad, True), (good, False)):
        use_text = use.replace("${Q}", "${req.query.x}")
        for before, after in (("+ Q", "+ req.query.x"), ("[Q]", "[req.query.x]"), ("(Q)", "(req.query.x)")):
            use_text = use_text.replace(before, after)
        route = ROUTE.replace("USE", use_text + ";")
        assert bool(findings({"app.js": f"{load}\n{route}"}, "sql-flow")) is expected, route


def test_the_head_alone_is_clean() -> None:
    assert not findings({"app.js": HEAD})
