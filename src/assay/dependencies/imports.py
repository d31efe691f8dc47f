"""Imports found in source text by light scanning, and how they join with packages: used, unused, undeclared, of the wrong scope."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import re2

from assay.dependencies.purl import canonical_name
from assay.model.component import Component, Origin, Scope

_MAX_TEXT = 2_000_000
_PYTHON = re2.compile(
    r"(?m)^[ \t]*(?:import[ \t]+([A-Za-z_][\w., \t]*)|from[ \t]+([A-Za-z_][\w.]*)[ \t]+import[ \t]+([^\n#]*))"
)
_PYTHON_DYNAMIC = re2.compile(r"""(?:import_module|__import__)\(\s*['"]([A-Za-z_][\w.]*)['"]""")
_SCRIPT = re2.compile(
    r"""(?m)(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire(?:\.resolve)?\s*\(\s*|^\s*export\b[^'"\n;]*\bfrom\s*)(?:'([^'\n]{1,200})'|"([^"\n]{1,200})")"""
)
_GO_BLOCK = re2.compile(r"(?ms)^import\s*\((.*?)^\)")
_GO_LINE = re2.compile(r'(?m)^import\s+(?:[A-Za-z_.][\w]*\s+)?"([^"\n]+)"')
_GO_QUOTED = re2.compile(r'(?m)^\s*(?:[A-Za-z_.][\w]*\s+)?"([^"\n]+)"')
_RUBY = re2.compile(r"""(?m)^\s*require\s*\(?\s*['"]([^'"\n]+)['"]""")
_RUST = re2.compile(
    r"(?m)^\s*(?:pub(?:\([^)]*\))?\s+)?(?:use|extern\s+crate)\s+(?:::)?([a-z_][\w]*)|\b([a-z_][\w]*)::"
)
_JAVA = re2.compile(r"(?m)^\s*import\s+(?:static\s+)?([A-Za-z_][\w.]*)")
_PHP = re2.compile(r"(?m)^\s*use\s+(?:function\s+|const\s+)?\\?([A-Za-z_][\w\\]*)")
_LANGUAGES = {
    "python": "PyPI", "javascript": "npm", "typescript": "npm", "tsx": "npm", "jsx": "npm", "vue": "npm", "svelte": "npm", "go": "Go",
    "ruby": "RubyGems", "rust": "crates.io", "java": "Maven", "kotlin": "Maven", "scala": "Maven", "php": "Packagist",
}  # fmt: skip
# Distributions whose modules have another name: facts of these packages, canonical name -> top-level modules.
_MODULES: dict[str, tuple[str, ...]] = {
    "pyyaml": ("yaml",), "pillow": ("PIL",), "scikit-learn": ("sklearn",), "scikit-image": ("skimage",), "beautifulsoup4": ("bs4",),
    "opencv-python": ("cv2",), "opencv-python-headless": ("cv2",), "opencv-contrib-python": ("cv2",), "python-dateutil": ("dateutil",),
    "protobuf": ("google.protobuf", "google"), "pyjwt": ("jwt",), "python-jose": ("jose",), "python-dotenv": ("dotenv",),
    "python-multipart": ("multipart", "python_multipart"), "msgpack-python": ("msgpack",), "attrs": ("attr", "attrs"), "pyopenssl": ("OpenSSL",),
    "pycryptodome": ("Crypto",), "pycryptodomex": ("Cryptodome",), "pynacl": ("nacl",), "mysqlclient": ("MySQLdb",),
    "psycopg2-binary": ("psycopg2",), "psycopg-binary": ("psycopg",), "python-ldap": ("ldap",), "pyserial": ("serial",), "pyzmq": ("zmq",),
    "setuptools": ("setuptools", "pkg_resources"), "gitpython": ("git",), "pygithub": ("github",), "pymongo": ("pymongo", "bson", "gridfs"),
    "djangorestframework": ("rest_framework",), "django-cors-headers": ("corsheaders",), "django-filter": ("django_filters",),
    "flask-sqlalchemy": ("flask_sqlalchemy",), "google-cloud-storage": ("google.cloud.storage", "google"), "google-api-python-client": ("googleapiclient",),
    "google-auth": ("google.auth", "google"), "grpcio": ("grpc",), "grpcio-tools": ("grpc_tools",), "faiss-cpu": ("faiss",), "torch": ("torch",),
    "tensorflow-cpu": ("tensorflow",), "sentence-transformers": ("sentence_transformers",), "discord-py": ("discord",), "pytelegrambotapi": ("telebot",),
    "python-telegram-bot": ("telegram",), "slack-sdk": ("slack_sdk", "slack"), "kafka-python": ("kafka",), "confluent-kafka": ("confluent_kafka",),
    "mysql-connector-python": ("mysql",), "pymysql": ("pymysql",), "ruamel-yaml": ("ruamel.yaml", "ruamel"), "websocket-client": ("websocket",),
    "typing-extensions": ("typing_extensions",), "tree-sitter": ("tree_sitter",), "google-re2": ("re2",), "packageurl-python": ("packageurl",),
    "cyclonedx-python-lib": ("cyclonedx",), "sqlalchemy": ("sqlalchemy",), "email-validator": ("email_validator",), "oauthlib": ("oauthlib",),
    "ipython": ("IPython",), "jupyter-client": ("jupyter_client",), "pywin32": ("win32api", "win32con", "win32com", "pythoncom"), "wxpython": ("wx",),
    "pyside6": ("PySide6",), "pyqt5": ("PyQt5",), "biopython": ("Bio",), "python-magic": ("magic",), "dnspython": ("dns",), "markdown": ("markdown",),
    "marshmallow-sqlalchemy": ("marshmallow_sqlalchemy",), "lxml": ("lxml",), "simplejson": ("simplejson",), "unidecode": ("unidecode",),
    "python-slugify": ("slugify",), "zope-interface": ("zope.interface", "zope"), "factory-boy": ("factory",), "faker": ("faker",), "pytest-cov": ("pytest_cov",),
    "azure-storage-blob": ("azure.storage.blob", "azure"), "azure-identity": ("azure.identity", "azure"), "langchain-openai": ("langchain_openai",),
}  # fmt: skip
# What nothing imports and yet is used: tools, plugins, stubs, type packages, servers that a command line starts.
_TOOL_WORDS = (
    "pytest",
    "types-",
    "stubs",
    "mypy",
    "ruff",
    "black",
    "flake8",
    "isort",
    "pre-commit",
    "tox",
    "nox",
    "coverage",
    "pylint",
    "bandit",
)
_TOOLS = frozenset({
    "gunicorn", "uvicorn", "hypercorn", "wheel", "setuptools", "pip", "build", "twine", "hatchling", "psycopg2-binary", "psycopg-binary", "tzdata",
    "whitenoise", "ipython", "jupyter", "notebook", "jupyterlab", "mkdocs", "sphinx", "debugpy", "typescript", "eslint", "prettier", "jest", "vitest",
    "webpack", "vite", "rollup", "esbuild", "nodemon", "ts-node", "tsx", "husky", "lint-staged", "postcss", "autoprefixer", "tailwindcss", "sass",
    "rimraf", "concurrently", "cross-env", "npm-run-all", "turbo", "nx", "lerna", "react-dom", "react-scripts", "serve", "mocha", "karma", "nyc", "c8",
    "certifi", "email-validator", "python-multipart", "itsdangerous", "greenlet", "asyncpg", "aiosqlite", "mysqlclient", "cryptography",
})  # fmt: skip

Scanner = Callable[[str], Iterator[tuple[str, tuple[str, ...], int]]]


@dataclass(frozen=True, slots=True)
class Import:
    """One module that a file imports. `names` are what it takes out of it, where the language says so."""

    ecosystem: str
    module: str
    uri: str
    line: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """How packages and imports of a project join."""

    used: dict[str, tuple[Import, ...]]
    unused: tuple[Component, ...]
    undeclared: tuple[Import, ...]
    dev_in_runtime: tuple[tuple[Component, Import], ...]


def ecosystem_of_language(language: str) -> str:
    """The ecosystem whose packages a language's imports name, empty if none is known here."""
    return _LANGUAGES.get(language, "")


def imports_of(uri: str, source: str, language: str) -> list[Import]:
    """Modules that the text imports; the first place of each. Comments and strings may fool it, which errs towards "used"."""
    ecosystem = ecosystem_of_language(language)
    if not ecosystem or len(source) > _MAX_TEXT:
        return []
    starts: list[int] | None = None
    found: dict[str, Import] = {}
    for module, names, offset in _SCANNERS[ecosystem](source):
        known = found.get(module)
        if known is not None and not set(names) - set(known.names):
            continue
        starts = _line_starts(source) if starts is None else starts
        line = known.line if known else _line_at(starts, offset)
        merged = tuple(dict.fromkeys([*(known.names if known else ()), *names]))
        found[module] = Import(ecosystem, module, uri, line, merged)
    return list(found.values())


def modules_of(component: Component) -> tuple[str, ...]:
    """Top-level modules that a package is imported by, as far as its name or our table says."""
    name = canonical_name(component.ecosystem, component.name)
    if component.ecosystem == "PyPI":
        stem = name.removeprefix("python-") if name.startswith("python-") and name not in _MODULES else name
        return _MODULES.get(name, ()) or tuple(
            dict.fromkeys((name.replace("-", "_"), stem.replace("-", "_"), name.replace("-", ".")))
        )
    if component.ecosystem == "RubyGems":
        return tuple(
            dict.fromkeys(
                (component.name, component.name.replace("-", "/"), component.name.replace("-", "_"))
            )
        )
    if component.ecosystem == "crates.io":
        return (component.name.replace("-", "_"),)
    if component.ecosystem == "Maven":
        return (component.name.partition(":")[0],)
    return (component.name,)


def provides(component: Component, item: Import) -> bool:
    """Whether an import may be of this package."""
    if component.ecosystem != item.ecosystem:
        return False
    if item.ecosystem == "Packagist":
        vendor = component.name.partition("/")[0].replace("-", "").lower()
        return item.module.split("\\")[0].lower().replace("_", "") in {
            vendor,
            component.name.rpartition("/")[2].replace("-", "").lower(),
        }
    separators = {"PyPI": ".", "Maven": "."}
    separator = separators.get(item.ecosystem, "/")
    for module in modules_of(component):
        own, wanted = (
            (module.lower(), item.module.lower()) if item.ecosystem == "PyPI" else (module, item.module)
        )
        if wanted == own or wanted.startswith(own + separator):
            return True
    return False


def join(
    components: Iterable[Component],
    imports: Iterable[Import],
    own_modules: frozenset[str],
    read: frozenset[str],
) -> Usage:
    """Join packages with imports. `own_modules` are the project's own top-level modules, `read` the ecosystems whose sources were read."""
    components = [component for component in components if component.ecosystem in read]
    by_top: dict[tuple[str, str], list[Component]] = {}
    for component in components:
        for module in modules_of(component):
            by_top.setdefault((component.ecosystem, _top(component.ecosystem, module)), []).append(component)
    used: dict[str, list[Import]] = {}
    undeclared: list[Import] = []
    dev_in_runtime: list[tuple[Component, Import]] = []
    for item in imports:
        candidates = by_top.get((item.ecosystem, _top(item.ecosystem, item.module)), [])
        givers = [component for component in candidates if provides(component, item)]
        for component in givers:
            used.setdefault(component.purl, []).append(item)
        if givers:
            dev = givers[0] if all(giver.scope is Scope.DEVELOPMENT for giver in givers) else None
            if dev is not None and not is_development_file(item.uri):
                dev_in_runtime.append((dev, item))
        elif (
            not is_builtin(item)
            and _top(item.ecosystem, item.module) not in own_modules
            and item.ecosystem in {"PyPI", "npm"}
        ):
            undeclared.append(item)
    unused = tuple(
        c
        for c in components
        if c.direct and c.purl not in used and not is_tool(c) and c.origin is Origin.REGISTRY
    )
    return Usage(
        {purl: tuple(items) for purl, items in used.items()}, unused, tuple(undeclared), tuple(dev_in_runtime)
    )


def is_builtin(item: Import) -> bool:
    """Whether the language itself brings the module."""
    if item.ecosystem == "PyPI":
        return item.module.partition(".")[0] in sys.stdlib_module_names or item.module.startswith("_")
    return item.module.startswith("node:") or item.module.partition("/")[0] in _NODE_MODULES


def is_tool(component: Component) -> bool:
    """Whether a package is one that nothing needs to import: tools, plugins, type stubs, what only a command line starts."""
    name = canonical_name(component.ecosystem, component.name)
    plugin = any(
        word in name for word in ("plugin", "-config", "preset", "loader", "-cli", "adapter", "types")
    )
    return (
        name in _TOOLS
        or name.startswith(("@types/", *_TOOL_WORDS))
        or plugin
        or component.scope in {Scope.BUILD, Scope.DEVELOPMENT}
    )


def is_development_file(uri: str) -> bool:
    """Whether a file is of tests, docs or the build, where development packages belong."""
    parts = uri.lower().split("/")
    name = parts[-1]
    folders = {
        "test",
        "tests",
        "__tests__",
        "spec",
        "docs",
        "doc",
        "examples",
        "bench",
        "benchmarks",
        "scripts",
        "e2e",
        "cypress",
        "tools",
        "tasks",
    }
    return (
        bool(folders & set(parts[:-1]))
        or name.startswith(("test_", "conftest", "setup.", "noxfile", "tasks."))
        or ".test." in name
        or ".spec." in name
        or ".config." in name
        or name.endswith("_test.py")
    )


def _python(source: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
    for match in _PYTHON.finditer(source):
        if match.group(1) is not None:
            for part in str(match.group(1)).split(","):
                module = part.strip().partition(" ")[0].partition("\t")[0].strip(".")
                if module:
                    yield module, (), match.start()
        else:
            names = tuple(
                word
                for part in str(match.group(3)).strip("() \\").split(",")
                if (word := part.strip().partition(" ")[0]).isidentifier()
            )
            yield str(match.group(2)), names, match.start()
    for match in _PYTHON_DYNAMIC.finditer(source):
        yield str(match.group(1)), (), match.start()


def _javascript(source: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
    for match in _SCRIPT.finditer(source):
        module = str(match.group(1) or match.group(2))
        # Relative paths and the aliases of bundlers name no package.
        if module.startswith(
            (".", "/", "~", "#", "@/", "http:", "https:", "file:", "virtual:", "data:")
        ) or module in {"", "@"}:
            continue
        module = module.removeprefix("npm:")
        yield module, (), match.start()


def _go(source: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
    for match in _GO_LINE.finditer(source):
        yield str(match.group(1)), (), match.start()
    for block in _GO_BLOCK.finditer(source):
        for match in _GO_QUOTED.finditer(str(block.group(1))):
            yield str(match.group(1)), (), block.start(1) + match.start(1)


def _simple(pattern: Any) -> Scanner:
    def scan(source: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
        for match in pattern.finditer(source):
            module = next((group for group in match.groups() if group), "")
            if module:
                yield str(module), (), match.start()

    return scan


_SCANNERS: dict[str, Scanner] = {
    "PyPI": _python, "npm": _javascript, "Go": _go, "RubyGems": _simple(_RUBY), "crates.io": _simple(_RUST), "Maven": _simple(_JAVA),
    "Packagist": _simple(_PHP),
}  # fmt: skip


def _top(ecosystem: str, module: str) -> str:
    """What modules are looked up by: the first part, or two where names have two (`@scope/name`), or three for Go's hosts."""
    if ecosystem == "PyPI":
        return module.partition(".")[0].lower()
    if ecosystem == "npm":
        return "/".join(module.split("/")[: 2 if module.startswith("@") else 1])
    if ecosystem == "Go":
        return "/".join(module.split("/")[:2])
    if ecosystem == "Maven":
        return ".".join(module.split(".")[:2])
    if ecosystem == "Packagist":
        return module.split("\\")[0].split("/")[0].lower().replace("-", "").replace("_", "")
    return module.partition("/")[0]


def _line_starts(source: str) -> list[int]:
    starts = [0]
    offset = source.find("\n")
    while offset >= 0:
        starts.append(offset + 1)
        offset = source.find("\n", offset + 1)
    return starts


def _line_at(starts: list[int], offset: int) -> int:
    from bisect import bisect_right

    return bisect_right(starts, offset)


_NODE_MODULES = frozenset({
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram", "diagnostics_channel", "dns", "domain",
    "events", "fs", "http", "http2", "https", "inspector", "module", "net", "os", "path", "perf_hooks", "process", "punycode", "querystring",
    "readline", "repl", "sea", "sqlite", "stream", "string_decoder", "sys", "test", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm",
    "wasi", "worker_threads", "zlib", "bun", "bun:test", "electron", "vscode",
})  # fmt: skip
