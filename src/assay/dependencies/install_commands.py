"""Which packages a command line would install: pip, uv, poetry, pdm, pipx, conda, npm, pnpm, yarn, bun, deno, cargo, go, gem, composer, apt, apk."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import re2

from assay.dependencies.manifests.npm_names import exact_version, origin_of, split_descriptor, unalias
from assay.dependencies.manifests.python_requirement import parse_requirement
from assay.dependencies.purl import clean_url
from assay.model.component import Origin, Scope

_MAX_COMMAND = 20_000
_SEPARATORS = re2.compile(r"&&|\|\||[;|&\n]")
_ASSIGNMENT = re2.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")
_WRAPPERS = frozenset(
    {
        "sudo",
        "env",
        "time",
        "nice",
        "nohup",
        "command",
        "exec",
        "doas",
        "!",
        "if",
        "then",
        "else",
        "do",
        "RUN",
    }
)
# Options whose value is the next word, by client family: their values are no packages.
_VALUED = {
    "pip": {"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix", "--root", "-d",
            "--python", "--timeout", "--retries", "--trusted-host", "--proxy", "--platform", "--python-version", "--abi",
            "--implementation", "--only-binary", "--no-binary", "--src", "--progress-bar", "--group", "-p", "--cache-dir",
            "--log", "--upgrade-strategy", "--config-settings", "-C", "--report", "--index", "--default-index", "--optional",
            "--extra", "--package", "--with-requirements", "--cert", "--client-cert", "--exists-action", "--source", "-G", "-E", "--refresh-package"},
    "npm": {"--registry", "--prefix", "-C", "--dir", "--cwd", "-w", "--workspace", "--tag", "--cache", "--filter", "-F",
            "--loglevel", "--omit", "--include", "--userconfig", "--otp", "-c", "--call"},
    "cargo": {"--git", "--path", "--version", "--vers", "--registry", "--root", "--features", "-F", "--branch", "--tag", "--rev",
              "--target", "--index", "--manifest-path", "--package", "-p", "--rename", "--bin", "--example", "-j", "--jobs", "--profile"},
    "gem": {"-v", "--version", "-i", "--install-dir", "-n", "--bindir", "-s", "--source", "--platform", "-P", "--trust-policy", "--group", "-g", "--git"},
    "apt": {"-t", "--target-release", "-o", "--option", "-c", "-a"},
    "apk": {"--repository", "-X", "-t", "--virtual", "-p", "--root", "--cache-dir"},
    "conda": {"-n", "--name", "-p", "--prefix", "-c", "--channel", "-f", "--file"},
    "go": {"-C", "-mod", "-tags", "-ldflags", "-o"},
    "composer": {"-d", "--working-dir", "--stability"},
}  # fmt: skip
# Client -> family, and the subcommands (none: every word is a package) that install.
_CLIENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "pip": ("pip", ("install", "download", "wheel")), "pip3": ("pip", ("install", "download", "wheel")),
    "uv": ("pip", ("add", "pip install", "tool install", "tool run", "run")), "uvx": ("pip", ("",)),
    "poetry": ("pip", ("add",)), "pdm": ("pip", ("add",)), "pipenv": ("pip", ("install",)), "rye": ("pip", ("add",)), "hatch": ("pip", ()),
    "pipx": ("pip", ("install", "run", "inject")), "easy_install": ("pip", ("",)),
    "conda": ("conda", ("install", "create")), "mamba": ("conda", ("install", "create")), "micromamba": ("conda", ("install", "create")),
    "npm": ("npm", ("install", "i", "add", "in", "ins", "isntall", "exec", "x")), "npx": ("npm", ("",)),
    "pnpm": ("npm", ("add", "install", "i", "dlx")), "pnpx": ("npm", ("",)),
    "yarn": ("npm", ("add", "global add", "dlx")), "bun": ("npm", ("add", "install", "i", "a", "x")), "bunx": ("npm", ("",)),
    "deno": ("npm", ("add", "install")),
    "cargo": ("cargo", ("install", "add", "binstall")), "go": ("go", ("get", "install", "run")),
    "gem": ("gem", ("install", "i")), "bundle": ("gem", ("add",)),
    "composer": ("composer", ("require", "global require")),
    "apt-get": ("apt", ("install",)), "apt": ("apt", ("install",)), "apk": ("apk", ("add",)),
}  # fmt: skip
_RUNNERS = frozenset({"npx", "pnpx", "bunx", "uvx"})
_RUN_COMMANDS = frozenset({"exec", "x", "dlx", "tool run", "run"})
_ECOSYSTEM = {
    "pip": "PyPI", "conda": "conda", "npm": "npm", "cargo": "crates.io", "go": "Go", "gem": "RubyGems", "composer": "Packagist",
    "apt": "Debian", "apk": "Alpine",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One package that a command asks for. `index` is an index that the command itself names, cleaned of credentials."""

    ecosystem: str
    name: str
    version: str = ""
    requirement: str = ""
    origin: Origin = Origin.REGISTRY
    scope: Scope = Scope.RUNTIME
    client: str = ""
    index: str = ""


def requests_in(script: str) -> Iterator[tuple[int, Request]]:
    """(line, request) for every install command in a shell script or one command line; `bash -c '...'` is opened too.

    A best reading: what is built from variables is not known and left out.
    """
    for line, command in _commands(script[:1_000_000]):
        for words in _unwrapped(command, depth=0):
            yield from ((line, request) for request in requests_of(words))


def requests_of(words: list[str]) -> list[Request]:
    """The packages that one command (as its words) would install."""
    words = _client_first(words)
    if not words:
        return []
    client = words[0].rpartition("/")[2].removesuffix(".exe").removesuffix(".cmd")
    if client.startswith(("pip3.", "pip2")):
        client = "pip"
    family, subcommands = _CLIENTS.get(client, ("", ()))
    for subcommand in subcommands:
        parts = subcommand.split()
        arguments = _after(words[1:], parts, _VALUED.get(family, set()))
        if arguments is not None:
            return _packages(client, family, subcommand, arguments)
    return []


def _commands(script: str) -> Iterator[tuple[int, str]]:
    joined, started = "", 1
    for number, raw in enumerate(script.splitlines(), 1):
        if raw.lstrip().startswith("#"):
            continue
        if not joined:
            started = number
        if raw.rstrip().endswith("\\"):
            joined += raw.rstrip()[:-1] + " "
            continue
        command = (joined + raw).strip()
        joined = ""
        if command and len(command) <= _MAX_COMMAND:
            yield started, command
    if joined.strip():
        yield started, joined


def _unwrapped(command: str, depth: int) -> Iterator[list[str]]:
    for part in _split(command):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            words = part.split()
        words = [word for word in words if word not in {"(", ")", "{", "}"}]
        name = words[0].rpartition("/")[2] if words else ""
        inner = [words[index + 1] for index in range(len(words) - 1) if words[index] in {"-c", "-lc", "-ec"}]
        if name in {"sh", "bash", "zsh", "dash", "eval"} and depth < 4 and (inner or name == "eval"):
            for script in inner or [" ".join(words[1:])]:
                yield from _unwrapped(script, depth + 1)
            continue
        yield words


def _split(command: str) -> list[str]:
    """Parts between `&&`, `||`, `;`, `|`, outside of quotes."""
    parts, quote, start, index = [], "", 0, 0
    while index < len(command):
        char = command[index]
        if quote:
            if char == "\\" and quote == '"':
                index += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "\\":
            index += 1
        elif char in ";|&\n" and not (char == "&" and ">" in command[max(index - 1, 0) : index + 2]):
            # `2>&1` and `&>` are redirections.
            parts.append(command[start:index])
            start = index + 1
        index += 1
    parts.append(command[start:])
    return [part.strip() for part in parts if part.strip()]


def _client_first(words: list[str]) -> list[str]:
    """Without assignments, wrappers and their options, and `python -m` in front of a client."""
    index = 0
    while index < len(words) and (
        words[index] in _WRAPPERS
        or _ASSIGNMENT.match(words[index])
        or (index and words[index].startswith("-"))
    ):
        index += 1
    words = words[index:]
    if words and words[0].rpartition("/")[2].startswith(("python", "py")) and "-m" in words[1:4]:
        return words[words.index("-m") + 1 :]
    if words[:1] == ["corepack"]:
        return words[1:]
    return words


def _after(words: list[str], subcommand: list[str], valued: set[str]) -> list[str] | None:
    """The words behind the subcommand, options in front of it passed over; None where it is another."""
    index = 0
    while index < len(words) and words[index].startswith("-") and subcommand:
        index += 2 if words[index] in valued else 1
    if words[index : index + len(subcommand)] == subcommand:
        return words[index + len(subcommand) :]
    return None


def _packages(client: str, family: str, subcommand: str, arguments: list[str]) -> list[Request]:
    runs = client in _RUNNERS or subcommand in _RUN_COMMANDS
    # `-w` names a workspace for npm, and means the workspace's root for the others.
    valued = _VALUED[family] - {"-w"} if client in {"pnpm", "yarn", "bun"} else _VALUED[family]
    names, options = _positional(arguments, valued, runs and client != "go")
    if runs and family == "npm" and (asked := options.get("-p", []) + options.get("--package", [])):
        names = asked
    elif runs and family == "pip":
        asked = options.get("--from", []) + options.get("--with", []) + options.get("--spec", [])
        names = (
            asked
            if options.get("--from") or options.get("--spec") or (subcommand == "run" and client == "uv")
            else names + asked
        )
    index = next(
        (values[0] for name, values in options.items() if "index" in name or name in {"-i", "--registry"}), ""
    )
    dev = bool({"-D", "--save-dev", "--dev", "-d"} & set(options)) and family in {
        "npm",
        "pip",
        "cargo",
        "composer",
    }
    if options.keys() & {"--git", "--path"} and family in {"cargo", "gem"}:
        return []
    version = next(
        (values[0] for name, values in options.items() if name in {"-v", "--version", "--vers"} and values),
        "",
    )
    found = (_request(family, name, version) for name in names)
    return [
        Request(
            request.ecosystem, request.name, request.version, request.requirement, request.origin,
            Scope.DEVELOPMENT if dev else Scope.RUNTIME, client, clean_url(index),
        )
        for request in found
        if request is not None
    ]  # fmt: skip


def _positional(
    arguments: list[str], valued: set[str], first_only: bool
) -> tuple[list[str], dict[str, list[str]]]:
    names: list[str] = []
    options: dict[str, list[str]] = {}
    valued = valued | {
        "--from",
        "--with",
        "--spec",
        "-r",
        "--requirement",
        "-c",
        "--constraint",
        "-e",
        "--editable",
    }
    if first_only:
        valued = valued | {"-p", "--package"}
    index = 0
    while index < len(arguments):
        word = arguments[index]
        index += 1
        if word in {">", ">>", "<", "2>", "&>"}:
            index += 1
        elif word.startswith((">", "2>", "<")):
            continue
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            if not equals and name in valued and index < len(arguments):
                value, index = arguments[index], index + 1
            options.setdefault(name, []).append(value)
        else:
            names.append(word)
            if first_only:
                break
    return names, options


def _request(family: str, word: str, version: str) -> Request | None:
    if (
        not word
        or "$" in word
        or "`" in word
        or ("*" in word.strip("*") and family in {"apt", "apk"})
        or word == "."
    ):
        return None
    if family == "pip":
        return _python(word)
    if family == "npm":
        return _javascript(word)
    ecosystem = _ECOSYSTEM[family]
    if family == "go":
        name, _, wanted = word.partition("@")
        if word.startswith((".", "/")) or word.endswith(".go") or "." not in name.partition("/")[0]:
            return None
        return Request(ecosystem, name, wanted if wanted.startswith("v") else "", wanted)
    if word.startswith((".", "/")) or "://" in word:
        return None
    for separator in ("==", "=", ":", "@"):
        name, found, wanted = word.partition(separator)
        if found and name:
            exact = wanted if wanted[:1].isdigit() or family in {"apt", "apk"} else ""
            return Request(ecosystem, name.strip("<>~"), exact, wanted)
    return Request(ecosystem, word, version if version[:1].isdigit() else "", version)


def _python(word: str) -> Request | None:
    # `uv tool run ruff@0.4` and `poetry add flask@^2` put the version behind an `@`.
    name, at, wanted = word.partition("@")
    if at and "://" not in word and " " not in word and "[" not in wanted:
        return Request(
            "PyPI", name, wanted.removeprefix("==") if wanted.removeprefix("==")[:1].isdigit() else "", wanted
        )
    entry = parse_requirement(word, 1)
    if entry is None or word.endswith(".py"):
        return None
    return Request("PyPI", entry.name, entry.version, entry.requirement, entry.origin)


def _javascript(word: str) -> Request | None:
    word = word.removeprefix("npm:")
    if word.startswith("jsr:"):
        return None
    origin = origin_of(word) if not word.startswith("@") else Origin.REGISTRY
    if origin is not Origin.REGISTRY:
        return Request("npm", word, origin=origin)
    name, wanted = unalias(*split_descriptor(word))
    return Request(
        "npm", name, exact_version(wanted), wanted, origin_of(wanted) if wanted else Origin.REGISTRY
    )
