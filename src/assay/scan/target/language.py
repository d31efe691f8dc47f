"""Language of a file: by name, extension, shebang and first bytes. Tables only; patterns compile on first use."""

from __future__ import annotations

import re
from functools import lru_cache

# Whole names, lower case.
_NAMES = {
    "dockerfile": "dockerfile", "containerfile": "dockerfile",
    "makefile": "makefile", "gnumakefile": "makefile", "bsdmakefile": "makefile", "justfile": "makefile",
    "cmakelists.txt": "cmake", "jenkinsfile": "groovy", "vagrantfile": "ruby", "gemfile": "ruby", "rakefile": "ruby",
    "podfile": "ruby", "brewfile": "ruby", "fastfile": "ruby", "capfile": "ruby", "guardfile": "ruby", "berksfile": "ruby",
    "dangerfile": "ruby", "tiltfile": "starlark", "build": "starlark", "build.bazel": "starlark", "workspace": "starlark",
    "module.bazel": "starlark", "snakefile": "python", "sconstruct": "python", "sconscript": "python", "wscript": "python",
    ".env": "dotenv", ".flaskenv": "dotenv", ".envrc": "shell",
    ".bashrc": "shell", ".bash_profile": "shell", ".bash_aliases": "shell", ".bash_history": "shell", ".profile": "shell",
    ".zshrc": "shell", ".zshenv": "shell", ".zprofile": "shell", ".zsh_history": "shell", ".kshrc": "shell", "pkgbuild": "shell",
    "apkbuild": "shell", "gradlew": "shell", "mvnw": "shell",
    ".babelrc": "json", ".eslintrc": "json", ".jshintrc": "json", ".swcrc": "json", ".prettierrc": "json", ".stylelintrc": "json",
    ".dockerconfigjson": "json", ".arcconfig": "json", "composer.lock": "json", "pipfile.lock": "json", "flake.lock": "json",
    ".watchmanconfig": "json", "bun.lock": "json", "deno.lock": "json",
    "pipfile": "toml", "cargo.lock": "toml", "poetry.lock": "toml", "uv.lock": "toml", "pdm.lock": "toml", "gopkg.lock": "toml",
    ".clang-format": "yaml", ".clang-tidy": "yaml", ".yamllint": "yaml", ".gemrc": "yaml", "pubspec.lock": "yaml",
    ".gitconfig": "ini", ".gitmodules": "ini", ".npmrc": "ini", ".yarnrc": "ini", ".pypirc": "ini", ".editorconfig": "ini",
    ".pylintrc": "ini", ".flake8": "ini", ".coveragerc": "ini", ".hgrc": "ini", ".my.cnf": "ini", ".s3cfg": "ini", ".boto": "ini",
    ".netrc": "text", "_netrc": "text", ".pgpass": "text", ".htpasswd": "text", ".htaccess": "text", "license": "text",
    "licence": "text", "copying": "text", "authors": "text", "notice": "text", "yarn.lock": "text", "gemfile.lock": "text",
    "codeowners": "text", "go.mod": "text", "go.sum": "text", "go.work": "text", "go.work.sum": "text", "procfile": "yaml",
    ".gitignore": "text", ".dockerignore": "text", ".npmignore": "text", ".assayignore": "text", ".gitattributes": "text",
    ".cursorrules": "markdown", ".windsurfrules": "markdown", ".clinerules": "markdown", "kubeconfig": "yaml",
}  # fmt: skip

# What follows a dot, lower case; the longest that fits wins ("tf.json" before "json").
_EXTENSIONS = {
    "py": "python", "pyi": "python", "pyw": "python", "pyx": "python", "pxd": "python", "bzl": "starlark", "star": "starlark",
    "js": "javascript", "mjs": "javascript", "cjs": "javascript", "es6": "javascript", "jsx": "javascript",
    "ts": "typescript", "mts": "typescript", "cts": "typescript", "tsx": "tsx",
    "vue": "vue", "svelte": "svelte", "astro": "astro",
    "java": "java", "kt": "kotlin", "kts": "kotlin", "scala": "scala", "sc": "scala", "sbt": "scala",
    "groovy": "groovy", "gradle": "groovy", "clj": "clojure", "cljs": "clojure", "cljc": "clojure", "edn": "clojure",
    "go": "go", "rb": "ruby", "rake": "ruby", "gemspec": "ruby", "ru": "ruby", "podspec": "ruby", "erb": "erb",
    "php": "php", "phtml": "php", "php3": "php", "php4": "php", "php5": "php", "php7": "php", "phps": "php", "inc": "php",
    "cs": "csharp", "csx": "csharp", "cshtml": "razor", "razor": "razor", "fs": "fsharp", "fsx": "fsharp", "vb": "vb", "vbs": "vb",
    "c": "c", "h": "c", "cc": "cpp", "cpp": "cpp", "cxx": "cpp", "c++": "cpp", "hh": "cpp", "hpp": "cpp", "hxx": "cpp", "ipp": "cpp",
    "inl": "cpp", "cu": "cpp", "cuh": "cpp", "ino": "cpp", "m": "objc", "mm": "objc",
    "rs": "rust", "swift": "swift", "dart": "dart", "zig": "zig", "nim": "nim", "d": "d", "lua": "lua", "r": "r", "jl": "julia",
    "pl": "perl", "pm": "perl", "t": "perl", "hs": "haskell", "ml": "ocaml", "mli": "ocaml", "ex": "elixir", "exs": "elixir",
    "erl": "erlang", "hrl": "erlang", "elm": "elm", "cr": "crystal", "v": "verilog", "sv": "verilog", "vhd": "vhdl", "vhdl": "vhdl",
    "f90": "fortran", "f": "fortran", "pas": "pascal", "cob": "cobol", "cbl": "cobol", "cls": "apex", "trigger": "apex",
    "sol": "solidity", "vy": "vyper", "move": "move", "cairo": "cairo", "asm": "assembly", "s": "assembly", "wat": "wat",
    "sh": "shell", "bash": "shell", "zsh": "shell", "ksh": "shell", "dash": "shell", "ash": "shell", "bats": "shell", "command": "shell",
    "fish": "fish", "ps1": "powershell", "psm1": "powershell", "psd1": "powershell", "bat": "batch", "cmd": "batch", "awk": "awk",
    "sql": "sql", "ddl": "sql", "dml": "sql", "psql": "sql", "pgsql": "sql", "plsql": "sql", "tsql": "sql", "prc": "sql",
    "html": "html", "htm": "html", "xhtml": "html", "hbs": "handlebars", "handlebars": "handlebars", "mustache": "handlebars",
    "ejs": "ejs", "pug": "pug", "jade": "pug", "haml": "haml", "slim": "slim", "twig": "twig", "jinja": "jinja", "jinja2": "jinja",
    "j2": "jinja", "liquid": "liquid", "jsp": "jsp", "jspx": "jsp", "asp": "asp", "aspx": "asp", "cfm": "coldfusion", "tmpl": "template",
    "tpl": "template", "gotmpl": "template", "mako": "template",
    "css": "css", "scss": "css", "sass": "css", "less": "css", "styl": "css",
    "xml": "xml", "xsd": "xml", "xsl": "xml", "xslt": "xml", "wsdl": "xml", "pom": "xml", "csproj": "xml", "vbproj": "xml", "fsproj": "xml",
    "props": "xml", "targets": "xml", "nuspec": "xml", "plist": "xml", "svg": "xml", "xaml": "xml", "rss": "xml", "atom": "xml",
    "resx": "xml", "config": "xml", "storyboard": "xml", "xib": "xml", "iml": "xml", "kml": "xml", "jnlp": "xml", "tld": "xml", "wsdd": "xml",
    "json": "json", "jsonc": "json", "json5": "json", "webmanifest": "json", "geojson": "json", "har": "json", "avsc": "json", "map": "json",
    "tfstate": "json", "tfstate.backup": "json", "code-workspace": "json", "sarif": "json", "cdx": "json", "topojson": "json",
    "jsonl": "jsonl", "ndjson": "jsonl", "ipynb": "notebook",
    "yaml": "yaml", "yml": "yaml", "eyaml": "yaml", "sls": "yaml", "cff": "yaml", "raml": "yaml", "template": "yaml",
    "toml": "toml", "ini": "ini", "cfg": "ini", "cnf": "ini", "conf": "ini", "inf": "ini", "service": "ini", "desktop": "ini", "timer": "ini",
    "properties": "properties", "env": "dotenv", "envrc": "shell",
    "tf": "terraform", "tfvars": "terraform", "tofu": "terraform", "tf.json": "terraform-json", "tfvars.json": "terraform-json",
    "tofu.json": "terraform-json", "hcl": "hcl", "nomad": "hcl", "pkr.hcl": "hcl", "tftest.hcl": "terraform", "bicep": "bicep",
    "bicepparam": "bicep", "rego": "rego", "cue": "cue", "jsonnet": "jsonnet", "libsonnet": "jsonnet", "nix": "nix", "dhall": "dhall", "pp": "puppet",
    "dockerfile": "dockerfile", "containerfile": "dockerfile", "mk": "makefile", "mak": "makefile", "cmake": "cmake",
    "graphql": "graphql", "gql": "graphql", "graphqls": "graphql", "proto": "protobuf", "thrift": "thrift", "avdl": "avro", "prisma": "prisma",
    "md": "markdown", "markdown": "markdown", "mdx": "markdown", "mdc": "markdown", "rst": "text", "adoc": "text", "asciidoc": "text",
    "txt": "text", "text": "text", "log": "text", "csv": "csv", "tsv": "csv", "tex": "tex", "po": "text", "pot": "text", "patch": "diff",
    "diff": "diff", "http": "text", "rest": "text", "ovpn": "text", "pem": "pem", "key": "pem", "crt": "pem", "cer": "pem", "pub": "text",
    "asc": "pem", "ppk": "text", "vim": "vim", "el": "lisp", "lisp": "lisp", "scm": "scheme", "rkt": "scheme", "tcl": "tcl", "wiki": "text",
}  # fmt: skip

_NAME_PATTERNS = (
    (r"(?:docker|container)file[._-].+", "dockerfile"),
    (r".+[._-](?:docker|container)file", "dockerfile"),
    (r"\.env[._-].+", "dotenv"),
    (r"(?:gnu)?makefile\..+", "makefile"),
    (r"jenkinsfile[._-].+", "groovy"),
    (r"requirements.*\.(?:txt|in)", "text"),
    (r"\.(?:babel|eslint|prettier|stylelint)rc\.json", "json"),
)
# One of these stands in every name that a pattern fits.
_NAME_PARTS = ("file", ".env", "requirements", "rc.json")

# Interpreter names after a shebang, without version digits.
_INTERPRETERS = {
    "python": "python", "pypy": "python", "uv": "python", "node": "javascript", "nodejs": "javascript", "deno": "typescript",
    "bun": "typescript", "ts-node": "typescript", "tsx": "typescript", "sh": "shell", "bash": "shell", "dash": "shell", "ash": "shell",
    "zsh": "shell", "ksh": "shell", "mksh": "shell", "busybox": "shell", "openrc-run": "shell", "bats": "shell", "fish": "fish",
    "ruby": "ruby", "jruby": "ruby", "perl": "perl", "php": "php", "lua": "lua", "luajit": "lua", "rscript": "r", "groovy": "groovy",
    "pwsh": "powershell", "powershell": "powershell", "osascript": "applescript", "awk": "awk", "gawk": "awk", "make": "makefile",
    "escript": "erlang", "elixir": "elixir", "swift": "swift", "scala": "scala", "kotlin": "kotlin", "julia": "julia", "tclsh": "tcl",
    "runghc": "haskell", "runhaskell": "haskell", "ansible-playbook": "yaml", "terraform": "terraform",
}  # fmt: skip

_HEAD_BYTES = 1024
# First bytes, for names that say nothing; all anchored at the start, no overlap between quantifiers.
_HEADS = (
    (rb"<\?php\b", "php"),
    (rb"<\?xml\b", "xml"),
    (rb"<!doctype html\b", "html"),
    (rb"<html\b", "html"),
    (rb"-----BEGIN ", "pem"),
    (rb"PuTTY-User-Key-File-", "text"),
    (rb"%YAML ", "yaml"),
    (rb"---\r?\n", "yaml"),
    (rb"apiVersion: ", "yaml"),
    (rb"\{\s{0,64}\"", "json"),
    (rb"\[\s{0,64}[\[{\"]", "json"),
    (rb"diff --git ", "diff"),
    (rb"#compdef ", "shell"),
)
# Words that only C++ headers hold, at the start of a line.
_CPP_HEADER = rb"(?m)^\s{0,64}(?:class\s+\w|namespace\s|template\s{0,8}<|using\s+\w|public:|private:|#include <(?:string|vector|memory|map)>)"
_MATLAB = rb"(?m)^\s{0,64}(?:function\b|%)"


@lru_cache(maxsize=1)
def _name_patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), language) for pattern, language in _NAME_PATTERNS)


@lru_cache(maxsize=1)
def _head_patterns() -> tuple[tuple[re.Pattern[bytes], str], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), language) for pattern, language in _HEADS)


@lru_cache(maxsize=2)
def _pattern(source: bytes) -> re.Pattern[bytes]:
    return re.compile(source)


def language_of(uri: str, content: bytes = b"") -> str:
    """Language of a file, lower case; "" if neither name nor first bytes tell. Looks at no more than the first KiB."""
    head = content[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf")
    by_name = language_of_name(uri)
    if by_name:
        return _corrected(by_name, uri, head) if head else by_name
    return _by_shebang(head) or _by_head(head)


@lru_cache(maxsize=4096)
def language_of_name(uri: str) -> str:
    """Language by name and extension alone; "" if they do not tell."""
    name = uri.rpartition("/")[2].lower()
    known = _NAMES.get(name)
    if known:
        return known
    if name == "config" and uri.endswith((".kube/config", ".ssh/config", ".git/config", ".aws/config")):
        return "yaml" if uri.endswith(".kube/config") else "ini"
    if name == "credentials" and uri.endswith((".aws/credentials", ".cargo/credentials", ".gem/credentials")):
        return "ini"
    if any(part in name for part in _NAME_PARTS):
        for pattern, language in _name_patterns():
            if pattern.fullmatch(name):
                return language
    return _by_extension(name)


def _by_extension(name: str) -> str:
    parts = name.split(".")[-2:] if name.count(".") > 1 else name.split(".")[1:]
    if len(parts) == 2 and ".".join(parts) in _EXTENSIONS:
        return _EXTENSIONS[".".join(parts)]
    if not parts:
        return ""
    found = _EXTENSIONS.get(parts[-1], "")
    if (
        not found
        and parts[-1] in ("example", "sample", "dist", "bak", "orig", "old", "local", "in", "default", "swp")
        and len(parts) == 2
    ):
        return _EXTENSIONS.get(parts[0], "")
    return found


def _corrected(language: str, uri: str, head: bytes) -> str:
    """The extensions that several languages share, told apart by content."""
    if language == "c" and uri.endswith(".h"):
        return "cpp" if _pattern(_CPP_HEADER).search(head) else "c"
    if language == "typescript" and head.lstrip().startswith(b"<?xml"):
        return "xml"  # Qt translations are .ts too
    if language == "objc" and _pattern(_MATLAB).match(head):
        return "matlab"
    if language == "xml" and uri.endswith(".config") and not head.lstrip().startswith(b"<"):
        return _by_head(head) or "ini"
    if language in ("perl", "yaml") and uri.endswith((".t", ".template")):
        return _by_shebang(head) or _by_head(head) or language
    if language == "php" and uri.endswith(".inc") and b"<?" not in head:
        return ""
    return language


def _by_shebang(head: bytes) -> str:
    if not head.startswith(b"#!"):
        return ""
    line = head[2:].partition(b"\n")[0].decode("latin-1")
    words = line.replace("\\", "/").split()
    if words and words[0].rpartition("/")[2] == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if not words:
        return ""
    program = words[0].rpartition("/")[2].lower().removesuffix(".exe")
    return _INTERPRETERS.get(program) or _INTERPRETERS.get(program.rstrip("0123456789.-"), "")


def _by_head(head: bytes) -> str:
    start = head.lstrip()
    for pattern, language in _head_patterns():
        if pattern.match(start):
            return language
    return ""
