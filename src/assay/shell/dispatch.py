"""One command: what kind of program it is, and which description of it applies."""

from __future__ import annotations

from functools import lru_cache

import re2

from assay.shell.inline_code import look_into
from assay.shell.mentions import host_of, paths_in_text, paths_in_word
from assay.shell.programs import (
    archives,
    builtins,
    cloud,
    containers,
    database,
    files,
    git,
    interpreters,
    network,
    packages,
    remote,
    search,
    system,
)
from assay.shell.protocol import Handler, Shell
from assay.shell.textflow import FILTERS, is_decoder, taints_of
from assay.shell.value import UNKNOWN, Command, Value, Word
from assay.shell.wrappers import Unwrapped, unwrap

_PRODUCTION = re2.compile(r"(?i)(?:^|[^a-z])(?:prod|production|prd|live)(?:[^a-z]|$)")
_LOOKUPS = {"command": {"-v", "-V"}, "exec": set(), "type": set()}
_HELP = frozenset({"--help", "-help", "--usage"})
# Programs that pass their arguments on, so that `--help` among them says nothing of what they do themselves.
_PASSING = frozenset(
    {
        "find",
        "fd",
        "xargs",
        "parallel",
        "ssh",
        "npx",
        "pnpx",
        "bunx",
        "uvx",
        "pipx",
        "docker",
        "podman",
        "make",
        "eval",
        "awk",
    }
)


@lru_cache(maxsize=1)
def _handlers() -> dict[str, Handler]:
    table: dict[str, Handler] = {}
    for module in (
        archives, builtins, cloud, containers, database, files, git, interpreters, network, packages, remote, search, system,
    ):  # fmt: skip
        table.update(module.HANDLERS)
    return table


def perform(command: Command, shell: Shell) -> Value:
    """Record what one command does and return what it prints."""
    for variable, value in command.assigned:
        if command.args or command.name.text:
            shell.emit("env.set", variable, "assigned", detail=value[:200])
        if variable in _INDEXES and "://" in value:
            shell.emit("net.connect", host_of(value), "download", "index", detail=value)
    _on_production(command, shell)
    if not command.name.known:
        return _unknown_program(command, shell)
    name = program_name(command.name.text)
    shell.emit("shell.exec", name, detail=command.line)
    if "decoded" in command.name.taints:
        shell.emit("code.decoded", "shell", "run", detail=f"decodes to: {command.line}")
    if command.name.text.startswith((".", "/", "~")):
        started = _start_file(command, shell)
        if started is not None:
            return started
    if name in _LOOKUPS and any(word.text in _LOOKUPS[name] for word in command.args):
        return Value(UNKNOWN)
    inner = unwrap(command, name)
    if inner is not None:
        return _run_inner(command, name, inner, shell)
    if name in ("sudo", "doas", "run0") and any(
        word.text in ("-i", "-s", "--login", "--shell") for word in command.args
    ):
        shell.emit("privilege.raise", "root", detail=command.line)
        shell.emit("privilege.grant", "a shell as root", detail=command.line)
        return Value(UNKNOWN)
    handler = _handlers().get(name)
    if handler is None:
        return _generic(command, name, shell)
    if name not in _PASSING and _asks_for_help(command.args) and handler not in interpreters.RUNNERS:
        return Value(UNKNOWN)
    if handler.__module__ in _ALSO_READING and name not in _ONLY_NAMING:
        _mentioned(command, shell)
    return handler(command, shell)


_INDEXES = frozenset(
    {"GOPROXY", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "NPM_CONFIG_REGISTRY", "npm_config_registry", "YARN_REGISTRY", "YARN_NPM_REGISTRY_SERVER", "CARGO_REGISTRIES_CRATES_IO_INDEX", "GEM_SOURCE", "BUNDLE_MIRROR"}
)  # fmt: skip
_MIGRATES = (
    "db:",
    "migrate",
    "seed",
    "upgrade head",
    "downgrade",
    "console",
    "dbshell",
    "flush",
    "shell",
    "runner",
    "artisan",
)


def _on_production(command: Command, shell: Shell) -> None:
    """`RAILS_ENV=production rails db:migrate`: a framework's own tool told to work on the production data."""
    pairs = [*command.assigned, *(word.text.split("=", 1) for word in command.args if "=" in word.text[1:])]
    told = any(
        name.upper().rstrip("S").endswith(("_ENV", "_URL", "ENVIRONMENT", "SETTINGS_MODULE", "-ENV"))
        and _PRODUCTION.search(value)
        for name, value in pairs
        if name != "NODE_ENV"
    )
    if told and any(mark in command.line for mark in _MIGRATES):
        shell.emit("database.change", command.line, "production", detail="production")


def _asks_for_help(args: list[Word]) -> bool:
    """`--help` anywhere; `--version` only where nothing follows that it could be given as a value."""
    texts = [word.text for word in args]
    return any(text in _HELP for text in texts) or texts[-1:] == ["--version"] or texts[:1] == ["--version"]


def program_name(text: str) -> str:
    """The program a path names, without a version or `.exe`: `/usr/bin/python3.11` is `python`."""
    name = text.rpartition("/")[2].removesuffix(".exe").removesuffix(".EXE")
    trimmed = name.rstrip("0123456789.")
    if trimmed in interpreters.VERSIONED:
        return trimmed
    return name


# Programs described by what they change may still print any file that they are given.
_ALSO_READING = frozenset(
    f"assay.shell.programs.{name}"
    for name in ("builtins", "database", "network", "packages", "remote", "system")
)
_ONLY_NAMING = frozenset(
    ["echo", "printf", "print", "eval", "trap", "alias", "read", "source", ".", "exit", "return", "test", "unset", "local", "export", "declare", "set", "curl", "curlie", "wget", "wget2", "ssh-keygen", "scp", "rsync", "rclone"]
)  # fmt: skip


def _unknown_program(command: Command, shell: Shell) -> Value:
    taints = command.name.taints
    if "network" in taints:
        shell.emit("code.remote", "shell", detail="the program's name is downloaded")
    elif "decoded" in taints:
        shell.emit("code.decoded", "shell", "run", detail="the program's name is decoded")
    elif (
        taints
        and all(taint.startswith("env:") for taint in taints)
        and command.name.text.strip(UNKNOWN) == ""
    ):
        shell.doubt("which program a variable names: " + command.line.replace(UNKNOWN, "?")[:80])
    else:
        shell.emit(
            "code.dynamic",
            "shell",
            detail="the program's name is computed: " + command.line.replace(UNKNOWN, "?")[:80],
        )
    return _generic(command, "", shell)


def _start_file(command: Command, shell: Shell) -> Value | None:
    """A file that this script itself wrote, started as a program."""
    path = shell.path(command.name.text)
    shell.emit("code.run", path, detail="started")
    if interpreters.is_release_script(path):
        shell.emit("deploy.run", path, detail=command.line)
    written = shell.files.get(path)
    if written is None:
        return None
    return shell.script(written, command.name.text, f"{path}, written just before")


def _is_bare_shell(words: tuple[Word, ...]) -> bool:
    """`sudo bash`, `sudo su -`: not one command with more rights, but all that follow."""
    if not words or program_name(words[0].text) not in ("bash", "sh", "zsh", "dash", "ksh", "fish", "su"):
        return False
    return all(
        (word.text.startswith("-") and "c" not in word.text)
        or (program_name(words[0].text) == "su" and word.text in ("root", "-"))
        for word in words[1:]
    )


_RAISING = frozenset({"sudo", "doas", "pkexec", "run0"})


def _run_inner(command: Command, name: str, inner: Unwrapped, shell: Shell) -> Value:
    if name in _RAISING:
        options = inner.options
        user = (options.first("-u", "--user") if options else "") or "root"
        shell.emit("privilege.raise", user, detail=command.line)
        if _is_bare_shell(inner.words):
            shell.emit("privilege.grant", f"a shell as {user}", detail=command.line)
    if name == "systemd-run" and any(word.text.startswith(("--on-", "--timer")) for word in command.args):
        shell.emit("persist.schedule", "a job for later", detail=command.line)
    if name == "nsenter" and any(word.text in ("-t", "--target", "-a", "-m") for word in command.args):
        shell.emit("privilege.grant", "this machine's own namespaces", detail=command.line)
    if inner.options is not None:
        for word in inner.options.all("--output", "-o", "--log-out"):
            shell.write(word, Value(UNKNOWN))
        for given in inner.options.values.values():
            for word in given:
                for path in paths_in_word(word):
                    shell.read(path, "mention")
    for variable, value in inner.assigned:
        shell.emit("env.set", variable, "assigned", detail=value[:200])
    out = Value()
    for text in inner.strings:
        out = shell.script(Value(text.text, text.taints), name)
    if name in ("nsenter", "chroot"):
        shell.emit("privilege.raise", "root", detail=command.line)
    before, shell.raised = shell.raised, shell.raised or name in _RAISING
    if inner.words:
        out = shell.run(list(inner.words), command.stdin)
    shell.raised = before
    return out


def _generic(command: Command, name: str, shell: Shell) -> Value:
    """A program without a description: every path that its arguments or its known input name may be read."""
    if name in _SENDERS:
        _hands_over(command, name, shell)
    if _publishes(command) or name in _PUBLISHERS:
        shell.emit("deploy.run", name, detail=command.line)
    words = " ".join(word.text for word in command.args)
    if any(word.text in interpreters.LOSING for word in command.args[:2]) or any(
        form in words for form in interpreters.LOSING_PAIRS
    ):
        shell.emit("database.change", "all data of the application", "destructive", detail=command.line)
    if name in _FRAMEWORKS and command.args:
        _framework(command, shell)
    for form in _PRINTED_SECRETS.get(name, ()):
        if words.startswith(form):
            shell.emit("secret.read", name, detail=command.line)
    taints = taints_of(command.args) | _mentioned(command, shell)
    if name == "" or name not in FILTERS:
        _mentions_in_input(command, shell)
    return output_of(command, name, taints)


def _mentioned(command: Command, shell: Shell) -> frozenset[str]:
    taints: frozenset[str] = frozenset()
    for word in command.args:
        for path in paths_in_word(word):
            taints |= shell.read(Word(path, glob=word.glob), "mention").taints
        if any(char in word.text for char in " ('\"!"):
            for path in paths_in_text(word.text):
                shell.read(path, "mention")
    return taints


_FRAMEWORKS = frozenset({"rails", "django-admin", "artisan", "flask"})
_PRINTED_SECRETS: dict[str, tuple[str, ...]] = {
    "rails": ("credentials:show", "credentials:edit", "secrets:show", "encrypted:show"),
    "secret": ("get", "lookup", "search"),
    "aws-sso-util": ("credential-process",),
    "saml2aws": ("script", "exec"),
    "keepassxc-cli": ("show", "export", "clip"),
    "gnome-keyring": ("unlock",),
}


def _framework(command: Command, shell: Shell) -> None:
    """`rails runner CODE`, `django-admin shell -c CODE`."""
    if command.args[0].text in ("runner", "r", "shell", "tinker", "console", "c"):
        for word in command.args[1:]:
            if " " in word.text or "(" in word.text:
                look_into(word.text, "python", command.name.text, shell)


# Programs made to hand files to somebody else.
_SENDERS = frozenset(
    ["croc", "wormhole", "magic-wormhole", "ffsend", "transfer", "wetransfer", "restic", "borg", "duplicity", "duplicacy", "kopia", "rclone-copy", "woof", "qrcp", "onionshare", "onionshare-cli", "gdrive", "dropbox", "megaput", "mega-put", "ipfs"]
)  # fmt: skip
_LOOKS = frozenset(
    ["receive", "recv", "list", "ls", "snapshots", "check", "info", "help", "version", "status", "init", "restore"]
)  # fmt: skip


def _hands_over(command: Command, name: str, shell: Shell) -> None:
    words = [word.text for word in command.args if not word.text.startswith("-")]
    if words and not _LOOKS & set(words[:2]):
        shell.emit("data.send", name, detail=command.line)


_PUBLISHERS = frozenset({"gh-pages", "semantic-release", "np", "release-it", "surge"})
_GRAVE = frozenset(
    ["deploy", "publish", "destroy", "apply", "release", "promote", "rollback", "undeploy", "provision", "teardown", "unpublish", "delete", "remove", "uninstall", "purge", "drop", "gh-deploy", "submit"]
)  # fmt: skip


def _publishes(command: Command) -> bool:
    """`<tool> deploy`, `<tool> role remove`, `make release`: the same few words everywhere, among the first three."""
    if any(word.text in ("-n", "--dry-run", "--just-print", "--recon", "--dryrun") for word in command.args):
        return False
    words = [word.text for word in command.args if not word.text.startswith("-")][:3]
    if any(word.text in ("--delete", "--purge", "--destroy", "--drop") for word in command.args[:3]):
        return True
    return any(
        {word.partition(":")[0], word.rpartition(":")[2], word.partition("_")[0]} & _GRAVE
        or (word.startswith("publish") and word[7:8].isupper())
        for word in words
        if "/" not in word and "." not in word
    )


def _mentions_in_input(command: Command, shell: Shell) -> None:
    stdin = command.stdin
    if stdin is not None and "text" in stdin.taints:
        for path in paths_in_text(stdin.text.replace(UNKNOWN, " ")):
            shell.read(path, "mention")


def output_of(command: Command, name: str, taints: frozenset[str]) -> Value:
    """What a program prints: a known text where it only transforms one, else something tainted by all that went in."""
    stdin = command.stdin
    taints = taints | (stdin.taints if stdin is not None else frozenset())
    if is_decoder(name, command.args):
        taints |= {"decoded"}
    return Value(UNKNOWN, taints)
