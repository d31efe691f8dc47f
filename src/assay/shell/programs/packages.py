"""Package managers: what is added, from where, what is published, and what they run."""

from __future__ import annotations

from dataclasses import dataclass

from assay.shell.inline_code import look_into
from assay.shell.mentions import host_of
from assay.shell.options import parse
from assay.shell.programs.interpreters import LOSING, LOSING_PAIRS, is_release_script, run_deno
from assay.shell.protocol import Handler, Shell
from assay.shell.value import UNKNOWN, Command, Value, Word


@dataclass(frozen=True, slots=True)
class Manager:
    """One package manager: its ecosystem, the words that add, publish and remove, its options with a value, and whether it is the system's."""

    ecosystem: str
    adds: str
    publishes: str = ""
    removes: str = ""
    valued: str = ""
    runs: str = ""
    system: bool = False
    inner: str = ""


_NPM_VALUED = "--registry --prefix -w --workspace --tag --cache --userconfig --otp --loglevel -C --dir --filter -F --cwd --access"
_PIP_VALUED = (
    "-r --requirement -c --constraint -e --editable -t --target -i --index-url --extra-index-url -f --find-links --prefix --root --src --python"
    " --platform --python-version --implementation --abi --no-binary --only-binary --proxy --trusted-host --timeout --retries --cert"
    " --log --cache-dir --report --extra --group -p --config-settings -d --dest"
)
_MANAGERS: dict[str, Manager] = {
    "pip": Manager("pypi", "install download wheel", "", "uninstall", _PIP_VALUED),
    "uv": Manager("pypi", "add", "publish", "remove", _PIP_VALUED, inner="pip"),
    "poetry": Manager("pypi", "add", "publish", "remove", "--group -G --source -E --extras -C --directory -P --project"),
    "pdm": Manager("pypi", "add", "publish", "remove", "-G --group -p"),
    "pipenv": Manager("pypi", "install", "", "uninstall", "--python --index -r"),
    "rye": Manager("pypi", "add", "publish", "remove", ""),
    "hatch": Manager("pypi", "", "publish", "", ""),
    "pipx": Manager("pypi", "install inject upgrade", "", "uninstall", "--python --pip-args --spec --index-url", runs="run"),
    "uvx": Manager("pypi", "", "", "", "--from --with --python -p --index-url", runs="*"),
    "easy_install": Manager("pypi", "*", "", "", "-i --index-url"),
    "twine": Manager("pypi", "", "upload register", "", "-r --repository -u -p --repository-url"),
    "flit": Manager("pypi", "", "publish", "", ""),
    "conda": Manager("conda", "install create", "", "remove uninstall", "-n --name -c --channel -p --prefix -f --file"),
    "mamba": Manager("conda", "install create", "", "remove", "-n --name -c --channel -p -f --file"),
    "npm": Manager("npm", "install i add in isntall update-dep", "publish unpublish deprecate owner dist-tag access", "uninstall remove rm un r", _NPM_VALUED, runs="exec x init create"),
    "pnpm": Manager("npm", "add install i", "publish", "remove rm uninstall un", _NPM_VALUED.replace(" -w ", " "), runs="dlx create"),
    "yarn": Manager("npm", "add", "publish npm", "remove", _NPM_VALUED, runs="dlx create"),
    "bun": Manager("npm", "add a install i", "publish", "remove rm", _NPM_VALUED, runs="x create"),
    "npx": Manager("npm", "", "", "", "-p --package -c --call -w", runs="*"),
    "pnpx": Manager("npm", "", "", "", "", runs="*"),
    "bunx": Manager("npm", "", "", "", "-p --package", runs="*"),
    "cargo": Manager(
        "cargo", "add install", "publish yank owner login logout", "remove uninstall", "--manifest-path --features -F -p --package --target --version --vers --git --branch --tag --rev"
        " --path --registry --index --root --jobs -j --bin --example --test --profile"
    ),
    "go": Manager("golang", "get install", "", "", "-C -o -ldflags -tags -run -count -timeout -mod"),
    "gem": Manager("gem", "install update", "push yank owner", "uninstall", "-v --version -s --source -i --install-dir"),
    "bundle": Manager("gem", "add", "", "remove", "-v --version --group --source"),
    "composer": Manager("composer", "require", "", "remove", "-d --working-dir"),
    "dotnet": Manager("nuget", "", "", "", "-v --version -s --source -c --configuration -o"),
    "nuget": Manager("nuget", "install", "push delete", "", "-Source -Version -OutputDirectory"),
    "scoop": Manager("scoop", "install update", "", "uninstall", "", system=True),
    "deno": Manager("deno", "add install", "publish", "remove uninstall", ""),
    "stack": Manager("hackage", "install", "upload", "", "--resolver"),
    "rustup": Manager("rustup", "install", "", "uninstall", "--toolchain"),
    "nvm": Manager("nvm", "install", "", "uninstall", ""),
    "fnm": Manager("nvm", "install", "", "uninstall", ""),
    "volta": Manager("npm", "install", "", "uninstall", ""),
    "pyenv": Manager("pyenv", "install", "", "uninstall", ""),
    "rbenv": Manager("rbenv", "install", "", "uninstall", ""),
    "asdf": Manager("asdf", "install plugin-add", "", "uninstall", ""),
    "sdk": Manager("sdkman", "install", "", "uninstall", ""),
    "pod": Manager("cocoapods", "", "trunk", "", ""),
    "jsr": Manager("jsr", "add", "publish", "remove", ""),
    "vsce": Manager("vscode", "", "publish unpublish", "", ""),
    "ovsx": Manager("vscode", "", "publish", "", ""),
    "mix": Manager("hex", "archive.install", "hex.publish", "", ""),
    "luarocks": Manager("luarocks", "install", "upload", "remove", ""),
    "cabal": Manager("hackage", "install", "upload", "", ""),
    "opam": Manager("opam", "install", "publish", "remove", ""),
    "pub": Manager("pub", "add", "publish", "remove", ""),
    "cpan": Manager("cpan", "*", "", "", ""),
    "cpanm": Manager("cpan", "*", "", "", ""),
    "code": Manager("vscode", "", "", "", ""),
    **dict.fromkeys(
        ("apt", "apt-get", "aptitude"),
        Manager("deb", "install reinstall upgrade full-upgrade dist-upgrade", "", "remove purge autoremove", "-t -o -c --target-release --option", system=True),
    ),
    "dpkg": Manager("deb", "-i --install", "", "-r -P --remove --purge", "", system=True),
    "rpm": Manager("rpm", "-i -U -ivh -Uvh --install --upgrade", "", "-e --erase", "", system=True),
    **dict.fromkeys(("yum", "dnf", "microdnf", "zypper"), Manager("rpm", "install in upgrade update localinstall", "", "remove erase", "", system=True)),
    "apk": Manager("apk", "add upgrade", "", "del", "-X --repository -t --virtual", system=True),
    "pacman": Manager("alpm", "-S -U -Sy -Syu --sync", "", "-R -Rs -Rns --remove", "", system=True),
    "snap": Manager("snap", "install refresh", "", "remove", "", system=True),
    "flatpak": Manager("flatpak", "install update", "", "uninstall", "", system=True),
    "brew": Manager("brew", "install reinstall upgrade tap bundle", "", "uninstall remove rm untap cleanup autoremove", "", system=True),
    "port": Manager("port", "install upgrade", "", "uninstall", "", system=True),
    "nix-env": Manager("nix", "-i -iA --install", "", "-e --uninstall", "", system=True),
    "choco": Manager("choco", "install upgrade", "push", "uninstall", "", system=True),
    "winget": Manager("winget", "install upgrade", "", "uninstall", "", system=True),
}  # fmt: skip
# Options that name another place to fetch from, and those that name a source instead of a package.
_INDEXES = (
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--registry",
    "--index",
    "--source",
    "-s",
    "--repository-url",
)
_SOURCES = ("--git", "-e", "--editable")
_RUNNERS = frozenset({"pnpm", "yarn", "bun"})
_SCRIPTS = frozenset({"npm", "pnpm", "yarn", "bun"})


def _manage(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    manager = _MANAGERS[name if name in _MANAGERS else "pip"]
    options = parse(command.args, manager.valued)
    operands = list(options.operands)
    verb = operands[0].text if operands else ""
    if manager.inner and verb == manager.inner:
        return _manage(
            Command(Word(manager.inner), command.args[command.args.index(operands[0]) + 1 :], command.stdin),
            shell,
        )
    special = _of_its_own(command, manager, operands, shell)
    if special is not None:
        return special
    if name == "yarn" and verb == "global" and len(operands) > 1:
        operands, verb = operands[1:], operands[1].text
    flagged = [
        word.text for word in command.args if word.text in manager.adds.split() and word.text.startswith("-")
    ]
    _other_places(command, manager, shell)
    if manager.runs and (verb in manager.runs.split() or manager.runs == "*"):
        chosen = operands if manager.runs == "*" else operands[1:]
        if verb in ("create", "init") and chosen and manager.ecosystem == "npm":
            chosen = [Word("create-" + chosen[0].text.removeprefix("create-")), *chosen[1:]]
        return _run(command, manager, chosen, shell)
    if verb in manager.adds.split() or flagged or (manager.adds == "*" and operands):
        packages = operands if flagged or manager.adds == "*" else operands[1:]
        _added(command, manager, verb, packages, shell)
    elif verb in manager.publishes.split() or (
        name == "dotnet" and [word.text for word in operands[:2]] in (["nuget", "push"], ["nuget", "delete"])
    ):
        if name != "yarn" or verb != "npm" or "publish" in {word.text for word in operands}:
            _published(command, manager, operands, shell)
    elif verb in manager.removes.split() or any(
        word.text in manager.removes.split() for word in command.args[:1]
    ):
        for word in operands:
            shell.emit(
                "package.remove", f"{manager.ecosystem}:{word.text}", *(("system",) if manager.system else ())
            )
    else:
        _other(command, name, operands, shell)
    return Value(UNKNOWN)


def _of_its_own(command: Command, manager: Manager, operands: list[Word], shell: Shell) -> Value | None:
    """What some managers say in a way of their own: `uv tool install`, `rustup target add`, `pnpm exec`, all of deno."""
    name = command.name.text.rpartition("/")[2]
    words = [word.text for word in operands[:2]]
    verb = words[0] if words else ""
    if (name, verb) in (("uv", "tool"), ("rustup", "toolchain"), ("dotnet", "tool")) and len(words) > 1:
        if words[1] == "run":
            return _run(command, _MANAGERS["uvx"], operands[2:], shell)
        if words[1] in ("install", "add"):
            _added(command, manager, words[1], operands[2:], shell)
            return Value(UNKNOWN)
    if name == "rustup" and words in (["target", "add"], ["component", "add"]):
        _added(command, manager, verb, operands[2:], shell)
        return Value(UNKNOWN)
    if name == "deno" and verb not in ("add", "install", "publish", "remove", "uninstall"):
        return run_deno(command, shell)
    if name in _RUNNERS and verb == "exec" and len(words) > 1:
        return shell.run(operands[2:] if words[1] == "--" else operands[1:], command.stdin)
    return None


def _other_places(command: Command, manager: Manager, shell: Shell) -> None:
    options = parse(command.args, manager.valued)
    for word in options.all(*_INDEXES):
        if "://" in word.text:
            shell.emit("net.connect", host_of(word.text), "download", "index", detail=word.text)


def _added(command: Command, manager: Manager, verb: str, packages: list[Word], shell: Shell) -> None:
    options = parse(command.args, manager.valued)
    flags = []
    if options.has("-g", "--global", "--system", "--break-system-packages") or manager.system:
        flags.append("system" if manager.system else "global")
    if options.has("-U", "--upgrade") or verb in ("upgrade", "update"):
        flags.append("upgrade")
    for word in options.all("-r", "--requirement", "-c", "--constraint"):
        if "://" in word.text:
            shell.emit("net.connect", host_of(word.text), "download", detail=word.text)
            shell.emit("package.install", f"{manager.ecosystem}:{word.text}", "url", *flags)
        else:
            shell.read(word, "mention")
    if manager.system and not packages:
        shell.emit("package.install", f"{manager.ecosystem}:*", "system", "upgrade")
    for word in [*packages, *options.all(*_SOURCES)]:
        _one(word, manager, flags, shell, dry=options.has("--dry-run", "-s", "--simulate", "--just-print"))


def _one(word: Word, manager: Manager, flags: list[str], shell: Shell, *, dry: bool) -> None:
    text = word.text
    if (
        dry
        or text in (".", "..")
        or text.startswith((".[", "./", "../", "/", "file:", "~"))
        or text.endswith("/...")
    ):
        return
    own = list(flags)
    if "://" in text or text.startswith(("git+", "git@", "github:")):
        own.append("git" if "git" in text.partition(":")[0] or text.endswith(".git") else "url")
        if "://" in text:
            shell.emit("net.connect", host_of(text.removeprefix("git+")), "download", detail=text)
    name, version = _split(text, manager.ecosystem)
    shell.emit("package.install", f"{manager.ecosystem}:{name}", *own, detail=version)


def _split(text: str, ecosystem: str) -> tuple[str, str]:
    """Name and version of `name@1`, `@scope/name@1`, `name==1`, `name>=1`."""
    if ecosystem == "pypi":
        for position, char in enumerate(text):
            if char in "=<>!~ @;":
                return text[:position].partition("[")[0], text[position:]
        return text.partition("[")[0], ""
    head, at, version = text.rpartition("@")
    return (head, version) if at and head else (text, "")


def _published(command: Command, manager: Manager, operands: list[Word], shell: Shell) -> None:
    if parse(command.args, manager.valued).has("--dry-run", "-n"):
        return
    target = operands[1].text if len(operands) > 1 else "this project"
    shell.emit("package.publish", f"{manager.ecosystem}:{target}", detail=command.line)


def _run(command: Command, manager: Manager, operands: list[Word], shell: Shell) -> Value:
    """npx, dlx, uvx, pipx run: fetch a package if it is not there and start it."""
    options = parse(command.args, manager.valued, in_order=True)
    for word in options.all("-c", "--call"):
        shell.script(Value(word.text, word.taints), "npx")
    named = options.all("-p", "--package", "--from", "--spec", "--with") or operands[:1]
    for word in named:
        if options.has("--no-install", "--no"):
            continue
        line = " ".join(word.text for word in operands)
        if any(form in line for form in LOSING_PAIRS) or any(other.text in LOSING for other in operands[1:3]):
            shell.emit("database.change", "all data of the application", "destructive", detail=command.line)
        name, version = _split(word.text, manager.ecosystem)
        shell.emit(
            "package.install",
            f"{manager.ecosystem}:{name}",
            "run",
            *(("git",) if "://" in word.text or ":" in word.text else ()),
            detail=version,
        )
        if "://" in word.text:
            shell.emit("net.connect", host_of(word.text.removeprefix("git+")), "download", detail=word.text)
    if operands and operands[0].known and "/" not in operands[0].text:
        # What the program does with its arguments is judged like any other use of it.
        at = command.args.index(operands[0]) if operands[0] in command.args else 0
        return shell.run(
            [Word(operands[0].text.partition("@")[0] or operands[0].text), *command.args[at + 1 :]],
            command.stdin,
        )
    return Value(UNKNOWN)


def _other(command: Command, name: str, operands: list[Word], shell: Shell) -> None:
    texts = [word.text for word in operands]
    script = texts[1:2] if texts[:1] in (["run"], ["run-script"]) else texts[:1]
    if name in _SCRIPTS and script and is_release_script(script[0].replace(":", "-")):
        shell.emit("deploy.run", script[0], detail=command.line)
    if name == "go" and texts[:1] == ["run"]:
        _go_file(texts[1:2], shell)
    if (
        name in ("npm", "pnpm", "yarn")
        and texts[:2] == ["config", "get"]
        and "auth" in " ".join(texts[2:]).lower()
    ):
        shell.emit("secret.read", "npm token", detail=command.line)
    if name == "brew" and texts[:1] == ["services"] and texts[1:2] not in ([], ["list"], ["info"]):
        shell.emit("system.change", "a service", detail=command.line)
    if name == "dotnet" and "package" in texts and "add" in texts:
        shell.emit("package.install", f"nuget:{texts[-1]}")
    elif name in ("npm", "pnpm", "yarn", "pip") and texts[:1] == ["config"] and "set" in texts[1:2]:
        shell.emit("package.config", " ".join(texts[2:3]), detail=" ".join(texts[3:4]))
        if "://" in " ".join(texts[3:4]):
            shell.emit("net.connect", host_of(texts[3]), "download", "index", detail=texts[3])
    elif (
        name in ("npm", "pnpm")
        and texts[:1] in (["token"], ["login"], ["adduser"], ["whoami"])
        and texts[:1] != ["whoami"]
    ):
        shell.emit("secret.read", "npm token", detail=command.line)
    elif name == "code" and any(word.text == "--install-extension" for word in command.args):
        shell.emit("package.install", f"vscode:{texts[-1] if texts else ''}", "global")
    elif name == "code" and texts[:1] == ["tunnel"]:
        shell.emit("net.listen", "code tunnel", "tunnel", detail=command.line)
    elif name == "go" and texts[:1] in (["run"], ["generate"]) and len(texts) > 1 and "@" in texts[1]:
        shell.emit(
            "package.install",
            f"golang:{texts[1].partition('@')[0]}",
            "run",
            detail=texts[1].partition("@")[2],
        )


def _go_file(names: list[str], shell: Shell) -> None:
    for name in names:
        if name.endswith(".go"):
            value = shell.read(name, "run")
            shell.emit("code.run", shell.path(name), detail="go")
            if value.known and value.text:
                look_into(value.text, "go", "go", shell)


HANDLERS: dict[str, Handler] = dict.fromkeys((*_MANAGERS, "pip3"), _manage)
