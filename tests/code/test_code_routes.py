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


NEST = """
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
@Controller({ path: 'users', version: '1' })
@UseGuards(AuthGuard('jwt'), RolesGuard)
export class UsersController {
  @Get(':id') one() { return 1; }
  @Public() @Post('login') login() { return 1; }
}
"""
NEST_MODULE = """
import { MiddlewareConsumer, RequestMethod } from '@nestjs/common';
export class ItemsModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(AuthMiddleware).forRoutes({ path: 'items/:id', method: RequestMethod.PUT });
  }
}
"""
NEST_ITEMS = """
import { Controller, Get, Put } from '@nestjs/common';
@Controller('items')
export class ItemsController {
  @Get(':id') one() { return 1; }
  @Put(':id') change() { return 1; }
}
"""
SPRING = """
package a;
import org.springframework.web.bind.annotation.*;
@RestController
@RequestMapping("/articles")
class Articles {
    @GetMapping("/{id}") String one() { return ""; }
    @RequestMapping(path = "/{id}", method = RequestMethod.DELETE) String remove() { return ""; }
}
class Config {
    void configure(HttpSecurity http) throws Exception {
        http.authorizeRequests().antMatchers(HttpMethod.GET, "/articles/**").permitAll().anyRequest().hasRole("EDITOR");
    }
}
"""
JAXRS = """
package a;
import jakarta.ws.rs.*;
@Path("items")
@RolesAllowed("user")
public class Items {
    @GET @PermitAll public String all() { return ""; }
    @POST @Path("/{id}") public String change() { return ""; }
}
"""
GIN = """
package main
import "github.com/gin-gonic/gin"
func main() {
	r := gin.Default()
	v1 := r.Group("/v1")
	open(v1.Group("/open"))
	v1.Use(AuthMiddleware())
	closed(v1.Group("/closed"))
}
func open(g *gin.RouterGroup)   { g.GET("/a", list) }
func closed(g *gin.RouterGroup) { g.POST("/b", add) }
"""
ECHO = """
package main
import "github.com/labstack/echo/v4"
func routes(e *echo.Echo, h *Handler) {
	g := e.Group("/admin", middleware.JWT(key))
	g.GET("/a", h.List)
	e.POST("/b", h.Add, RequireLogin)
	e.GET("/c", h.List)
}
"""
CHI = """
package main
import "github.com/go-chi/chi/v5"
func main() {
	r := chi.NewRouter()
	r.Get("/", home)
	r.Route("/items", func(r chi.Router) {
		r.With(RequireUser).Post("/", add)
		r.Get("/{id}", one)
	})
	r.Mount("/admin", admin())
}
func admin() chi.Router {
	r := chi.NewRouter()
	r.Use(AdminOnly)
	r.Get("/", home)
	return r
}
"""
REST = """
from django.urls import path
from rest_framework import viewsets
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.routers import DefaultRouter
class Notes(viewsets.ModelViewSet):
    permission_classes = [IsAuthenticatedOrReadOnly]
    def list(self, request): return None
    def destroy(self, request, pk): return None
router = DefaultRouter()
router.register("notes", Notes)
"""
MORE = {
    "nestjs": (
        [("users.controller.ts", NEST)],
        {("GET", "/users/:id", "yes"), ("POST", "/users/login", "public")},
    ),
    "nestjs middleware": (
        [("items.controller.ts", NEST_ITEMS), ("items.module.ts", NEST_MODULE)],
        {("GET", "/items/:id", "no"), ("PUT", "/items/:id", "yes")},
    ),
    "spring chain": (
        [("Articles.java", SPRING)],
        {("GET", "/articles/{id}", "public"), ("DELETE", "/articles/{id}", "yes")},
    ),
    "jax-rs": ([("Items.java", JAXRS)], {("GET", "/items", "public"), ("POST", "/items/{id}", "yes")}),
    "gin groups in order": ([("main.go", GIN)], {("GET", "/v1/open/a", "no"), ("POST", "/v1/closed/b", "yes")}),
    "echo": ([("main.go", ECHO)], {("GET", "/admin/a", "yes"), ("POST", "/b", "yes"), ("GET", "/c", "no")}),
    "chi": (
        [("main.go", CHI)],
        {("GET", "/", "no"), ("POST", "/items", "yes"), ("GET", "/items/{id}", "no"), ("GET", "/admin", "yes")},
    ),
    "rest framework": (
        [("views.py", REST)],
        {("GET", "/notes", "no"), ("DELETE", "/notes", "yes"), ("POST", "/notes", "yes"), ("PUT", "/notes", "yes"), ("PATCH", "/notes", "yes")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_routes_of_other_frameworks(name: str) -> None:
    files, expected = MORE[name]
    assert {(r.method, r.path, r.auth) for r in inventory([(u, t.encode()) for u, t in files])} == expected


def test_a_destructured_handler_is_found_through_its_wrapper() -> None:
    routes = b"const { add } = require('./c')\nconst router = require('express').Router()\nrouter.route('/a').post(add)\nmodule.exports = router\n"
    controller = b"const wrap = require('./wrap')\nexports.add = wrap(async (req, res) => res.json(1))\n"
    (found,) = inventory([("r.js", routes), ("c.js", controller)])
    assert found.handler_info is not None
    assert found.handler_info.module.uri == "c.js"


def test_a_router_of_another_file_keeps_its_prefix_and_guards() -> None:
    app = b"const express = require('express')\nconst users = require('./users')\nconst app = express()\napp.use('/api/users', requireLogin, users)\n"
    users = b"const router = require('express').Router()\nconst c = require('./controller')\nrouter.route('/:id').get(c.show).delete(requireAdmin, c.remove)\nmodule.exports = router\n"
    controller = b"exports.show = async (req, res) => res.json(1)\nexports.remove = wrap(async (req, res) => res.json(1))\n"
    found = inventory([("app.js", app), ("users.js", users), ("controller.js", controller)])
    assert {(r.method, r.path, r.reason, r.role) for r in found} == {
        ("GET", "/api/users/:id", "router requireLogin", ""),
        ("DELETE", "/api/users/:id", "middleware requireAdmin", "middleware requireAdmin"),
    }
    assert all(r.handler_info is not None and r.handler_info.module.uri == "controller.js" for r in found)
