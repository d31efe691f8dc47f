"""How the files of a language name each other: from a path to a module's key, and from an import to the keys it may mean."""

from __future__ import annotations

from assay.code.ir import Module

_JS_SUFFIXES = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts")

# First elements of the import paths of Go's standard library.
_GO_LIBRARY = frozenset(
    ("archive", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug", "embed", "encoding", "errors",
     "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "io", "iter", "log", "maps", "math", "mime", "net", "os", "path",
     "plugin", "reflect", "regexp", "runtime", "slices", "sort", "strconv", "strings", "sync", "syscall", "testing", "text", "time",
     "unicode", "unsafe"),
)  # fmt: skip


def module_key(module: Module) -> str:
    """The name under which others import this file: dotted for Python and Java, the path without suffix for JavaScript, the folder for Go."""
    stem = module.uri.rsplit(".", 1)[0]
    if module.language == "python":
        return stem.removesuffix("/__init__").replace("/", ".")
    if module.language in ("javascript", "typescript"):
        return stem.removesuffix(".d")
    if module.language == "java":
        name = stem.rsplit("/", 1)[-1]
        return module.package or name
    return module.uri.rpartition("/")[0]


def resolve_module(origin: Module, key: str, module: str, level: int) -> list[str]:
    """Keys that an import may mean, best first."""
    if origin.language == "python":
        return _python(origin.uri, key, module, level)
    if origin.language in ("javascript", "typescript"):
        return _javascript(origin.uri, module)
    if origin.language == "go":
        parts = module.split("/")
        if parts[0] in _GO_LIBRARY:
            return [module]
        return ["/".join(parts[start:]) for start in range(len(parts))]
    return [module]


def _python(uri: str, key: str, module: str, level: int) -> list[str]:
    if not level:
        return [module]
    parts = key.split(".")
    drop = level - 1 if uri.endswith("/__init__.py") else level
    parts = parts[: len(parts) - drop] if drop else parts
    return [".".join([*parts, *([module] if module else [])])]


def _javascript(uri: str, module: str) -> list[str]:
    if not module.startswith("."):
        if module.startswith(("@/", "~/")):
            return [f"src/{module[2:]}", module[2:], f"src/{module[2:]}/index"]
        last = module.rpartition("/")[2]
        folders = (f"{folder}/{last}" for folder in ("packages", "libs"))
        inside = [f"{folder}/{file}" for folder in folders for file in ("src/index", "index", "lib/index")]
        return [module, f"{module}/index", f"src/{module}", *inside] if "/" in module else inside
    parts = uri.split("/")[:-1]
    for part in module.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    path = "/".join(parts)
    for suffix in _JS_SUFFIXES:
        if path.endswith(suffix):
            path = path[: -len(suffix)]
            break
    return [path, f"{path}/index"]
