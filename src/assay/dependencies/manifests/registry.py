"""Which file is which manifest, by name; the reader of a format is loaded when the first such file is met."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import re2

from assay.dependencies.document import (
    Document,
    Manifest,
    ManifestError,
    Parsed,
    Problem,
    Sibling,
    conflict_line,
    decode,
)

_ROOM = "assay.dependencies.manifests."
# Format -> module and function.
READERS: dict[str, tuple[str, str]] = {
    "requirements.txt": ("requirements", "parse"),
    "pyproject.toml": ("pyproject", "parse"),
    "poetry.lock": ("python_locks", "parse_poetry"),
    "uv.lock": ("python_locks", "parse_uv"),
    "pdm.lock": ("python_locks", "parse_pdm"),
    "pylock.toml": ("python_locks", "parse_pylock"),
    "Pipfile.lock": ("python_locks", "parse_pipfile_lock"),
    "Pipfile": ("python_manifests", "parse_pipfile"),
    "setup.cfg": ("python_manifests", "parse_setup_cfg"),
    "setup.py": ("python_manifests", "parse_setup_py"),
    "script.py": ("python_manifests", "parse_script"),
    "environment.yml": ("conda", "parse"),
    "package.json": ("package_json", "parse"),
    "package-lock.json": ("package_lock", "parse"),
    "yarn.lock": ("yarn_lock", "parse"),
    "pnpm-lock.yaml": ("pnpm_lock", "parse"),
    "bun.lock": ("bun_lock", "parse"),
    "deno.lock": ("deno_lock", "parse"),
    "go.mod": ("go_modules", "parse_mod"),
    "go.sum": ("go_modules", "parse_sum"),
    "Cargo.toml": ("cargo", "parse_manifest"),
    "Cargo.lock": ("cargo", "parse_lock"),
    "pom.xml": ("maven", "parse"),
    "gradle.lockfile": ("gradle", "parse_lock"),
    "libs.versions.toml": ("gradle", "parse_catalog"),
    "Gemfile": ("ruby", "parse_gemfile"),
    "Gemfile.lock": ("ruby", "parse_lock"),
    "composer.json": ("composer", "parse_manifest"),
    "composer.lock": ("composer", "parse_lock"),
    "packages.lock.json": ("nuget", "parse_lock"),
    "csproj": ("nuget", "parse_project"),
    "mix.lock": ("elixir", "parse_lock"),
    "pubspec.lock": ("dart", "parse_lock"),
    "Dockerfile": ("commands", "parse_dockerfile"),
    "shell": ("commands", "parse_script"),
    "workflow": ("workflows", "parse"),
    "mcp.json": ("mcp_servers", "parse"),
}
_EXACT: dict[str, str] = {
    **{
        name.lower(): name
        for name in READERS
        if name not in {"script.py", "csproj", "shell", "workflow", "Dockerfile"}
    },
    "bun.lockb": "bun.lockb",
    "npm-shrinkwrap.json": "package-lock.json",
    ".package-lock.json": "package-lock.json",
    "environment.yaml": "environment.yml",
    "conda.yml": "environment.yml",
    "conda.yaml": "environment.yml",
    "gems.locked": "Gemfile.lock",
    "gems.rb": "Gemfile",
    "buildscript-gradle.lockfile": "gradle.lockfile",
    "packages.config": "csproj",
    "directory.packages.props": "csproj",
    "dockerfile": "Dockerfile",
    "containerfile": "Dockerfile",
    ".mcp.json": "mcp.json",
    "claude_desktop_config.json": "mcp.json",
    "mcp_config.json": "mcp.json",
    "mcp_settings.json": "mcp.json",
    "cline_mcp_settings.json": "mcp.json",
    "gomod": "go.mod",
    "action.yml": "workflow",
    "action.yaml": "workflow",
}
_PATTERNS: tuple[tuple[Any, str], ...] = tuple(
    (re2.compile(pattern), name)
    for pattern, name in (
        (r"(?:^|/)[^/]*requirements?[^/]*\.(?:txt|in|pip)$", "requirements.txt"),
        (r"(?:^|/)(?:requirements|reqs)/[^/]+\.(?:txt|in)$", "requirements.txt"),
        (r"(?:^|/)constraints[^/]*\.txt$", "requirements.txt"),
        (r"(?:^|/)pylock\.[^/.]+\.toml$", "pylock.toml"),
        (r"(?:^|/)(?:environment|conda)[-_.][^/]*\.ya?ml$", "environment.yml"),
        (r"(?:^|/)[^/]+\.versions\.toml$", "libs.versions.toml"),
        (r"(?:^|/)[^/]+\.(?:cs|fs|vb)proj$", "csproj"),
        (r"(?:^|/)[^/]+\.gemspec$", "Gemfile"),
        (r"(?:^|/)[^/]+\.pom$", "pom.xml"),
        (r"(?:^|/)gradle/dependency-locks/[^/]+\.lockfile$", "gradle.lockfile"),
        (r"(?:^|/)(?:dockerfile|containerfile)[.-][^/]*$|\.(?:dockerfile|containerfile)$", "Dockerfile"),
        (r"(?:^|/)\.(?:github|forgejo|gitea)/workflows/[^/]+\.ya?ml$", "workflow"),
        (
            r"(?:^|/)\.(?:cursor|vscode|gemini|kiro|windsurf|roo|amazonq)/(?:settings/)?(?:mcp|settings)\.json$",
            "mcp.json",
        ),
        (r"\.(?:sh|bash)$", "shell"),
    )
)
# Formats that name components only if something inside says so; a file without any is no manifest at all.
SOFT_FORMATS = frozenset({"script.py", "Dockerfile", "shell", "workflow", "mcp.json"})


def format_of(uri: str) -> str:
    """The format that a path's name promises, empty if it is no manifest. PEP 723 scripts are known by content, not here."""
    name = posixpath.basename(uri).lower()
    found = _EXACT.get(name)
    if found:
        return found
    lowered = uri.lower()
    return next((form for pattern, form in _PATTERNS if pattern.search(lowered)), "")


def read_manifest(uri: str, data: bytes, sibling: Sibling = lambda _uri: None, form: str = "") -> Manifest:
    """What a manifest states; anything wrong with it is in its problems, never an exception."""
    form = form or format_of(uri)
    if form == "bun.lockb":
        message = "Bun's binary lockfile is not read: `bun install --save-text-lockfile` writes a bun.lock"
        return _failed(uri, form, message)
    if form not in READERS:
        return _failed(uri, form, "a file that is no manifest we know")
    try:
        document = Document(uri, decode(data), sibling)
    except ManifestError as error:
        return _failed(uri, form, str(error))
    if line := conflict_line(document.text):
        return _failed(uri, form, f"a merge conflict is unresolved in line {line}", line)
    try:
        parsed = _reader(form)(document)
    except ManifestError as error:
        return _failed(uri, form, str(error))
    except RecursionError:
        return _failed(uri, form, "nested too deeply")
    if form == "requirements.txt" and posixpath.basename(uri).lower().startswith("constraints"):
        # Constraints pin what others ask for; on their own they install nothing.
        parsed = replace(parsed, components=())
    return Manifest(uri, form, parsed)


def _reader(form: str) -> Callable[[Document], Parsed]:
    module, function = READERS[form]
    found: Callable[[Document], Parsed] = getattr(import_module(_ROOM + module), function)
    return found


def _failed(uri: str, form: str, message: str, line: int = 0) -> Manifest:
    return Manifest(uri, form, Parsed((), (Problem(message, line),)), failed=True)
