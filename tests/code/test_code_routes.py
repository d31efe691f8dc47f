"""The route inventory, by framework: method, path, and where protection was seen."""

from __future__ import annotations

import pytest

from assay.code.project import inventory

FLASK = """
from flask import Blueprint, Flask, abort, session
from functools import wraps
app = Flask(__name__)
def login_required(f):
    @wraps(f)
    def inner(*a, **k):
        return f(*a, **k)
    return inner
@app.route("/a", methods=["GET", "POST"])
@login_required
def a(): return ""
@app.route("/b")
def b(): return ""
@app.post("/c")
def c():
    if not current_user.is_authenticated:
        abort(401)
    return ""
"""
HOOK = """
from flask import Flask, abort, session
app = Flask(__name__)
@app.before_request
def check_user():
    if not is_authenticated(session):
        abort(401)
@app.post("/a")
def a(): return ""
"""
FASTAPI = """
from fastapi import APIRouter, Depends
router = APIRouter()
def get_current_user(): return 1
@router.get("/a")
def a(): return 1
@router.post("/b")
def b(user=Depends(get_current_user)): return 1
@router.delete("/c", dependencies=[Depends(get_current_user)])
def c(): return 1
@router.put("/d")
def d(db=Depends(get_db)): return 1
"""
EXPRESS = """
const express = require('express')
const app = express()
function requireAuth(req, res, next) { next() }
app.get('/a', (req, res) => res.send(''))
app.post('/b', requireAuth, (req, res) => res.send(''))
app.delete('/c', (req, res) => res.send(''))
"""
CASES = [
    (
        "app.py",
        FLASK,
        {("GET", "/a", "yes"), ("POST", "/a", "yes"), ("GET", "/b", "no"), ("POST", "/c", "yes")},
    ),
    ("app.py", HOOK, {("POST", "/a", "yes")}),
    (
        "main.py",
        FASTAPI,
        {("GET", "/a", "no"), ("POST", "/b", "yes"), ("DELETE", "/c", "yes"), ("PUT", "/d", "no")},
    ),
    ("app.js", EXPRESS, {("GET", "/a", "no"), ("POST", "/b", "yes"), ("DELETE", "/c", "no")}),
]


@pytest.mark.parametrize(
    ("uri", "text", "expected"), CASES, ids=["flask", "flask-hook", "fastapi", "express"]
)
def test_routes(uri: str, text: str, expected: set[tuple[str, str, str]]) -> None:
    assert {(r.method, r.path, r.auth) for r in inventory([(uri, text.encode())])} == expected


def test_where_protection_was_seen_is_told() -> None:
    reasons = {r.path: r.reason for r in inventory([("main.py", FASTAPI.encode())])}
    assert reasons["/b"] == "dependency get_current_user"
    assert reasons["/a"] == ""
