"""Container engines: what is run with which rights, what is pushed, what is thrown away."""

from __future__ import annotations

from assay.shell.mentions import host_of, paths_in_word
from assay.shell.options import parse
from assay.shell.protocol import Handler, Shell
from assay.shell.value import UNKNOWN, Command, Value, Word

_RUN = (
    "-v --volume --mount -e --env --env-file -p --publish --name -w --workdir -u --user --network --net --entrypoint -h --hostname --cpus -m --memory"
    " --cap-add --cap-drop --security-opt --device --pid --ipc --userns --restart --label -l --platform --add-host --dns --link --log-driver --gpus"
    " --shm-size --tmpfs --ulimit --pull --health-cmd --group-add --cidfile --expose --volumes-from --uts --cgroupns --privileged-help"
)
_BUILD = "-t --tag -f --file --build-arg --target --platform --secret --ssh --cache-from --cache-to -o --output --progress --network --label --add-host --builder"
_DANGEROUS_CAPS = (
    "ALL",
    "SYS_ADMIN",
    "SYS_PTRACE",
    "SYS_MODULE",
    "DAC_READ_SEARCH",
    "NET_ADMIN",
    "SYS_RAWIO",
)


def _docker(command: Command, shell: Shell) -> Value:
    options = parse(
        command.args,
        "-H --host -c --context --config -l --log-level -f --file -p --project-name --profile --env-file --project-directory",
        in_order=True,
    )
    words = list(options.operands)
    name = command.name.text.rpartition("/")[2]
    for word in options.all("-H", "--host"):
        if "://" in word.text and not word.text.startswith("unix"):
            shell.emit("remote.exec", host_of(word.text), detail=command.line)
    if name in ("docker-compose", "podman-compose"):
        words = [Word("compose"), *words]
    if words and words[0].text in (
        "container",
        "image",
        "builder",
        "buildx",
        "volume",
        "network",
        "system",
        "compose",
        "stack",
        "swarm",
        "service",
        "node",
        "secret",
        "config",
        "context",
        "manifest",
        "plugin",
        "trust",
        "checkpoint",
    ):
        group = words[0].text
        if (
            group in ("container", "image", "buildx", "builder")
            and len(words) > 1
            and words[1].text not in ("prune", "rm", "ls")
        ):
            words = words[1:]
        else:
            _group(group, words[1:], command, shell)
            return Value(UNKNOWN)
    if words:
        _verb(words[0].text, words[1:], command, shell)
    return Value(UNKNOWN, frozenset({"output:docker"}))


_ENDING = frozenset(("rm", "rmi", "prune", "kill", "stop", "restart", "pause", "rename", "update", "commit"))
_CHANGING = frozenset(
    (
        "pull",
        "start",
        "attach",
        "wait",
        "checkpoint",
        "logout",
        "unpause",
        "load",
        "import",
        "save",
        "export",
    )
)


def _verb(verb: str, args: list[Word], command: Command, shell: Shell) -> None:
    named = " ".join(word.text for word in args)
    if verb in ("run", "create"):
        _run(args, shell)
    elif verb == "exec":
        _exec(args, shell)
    elif verb == "cp":
        _cp(args, command, shell)
    elif verb == "inspect":
        _inspect(args, command, shell)
    elif verb in ("build", "bake"):
        _build(args, command, shell)
    elif verb == "push":
        shell.emit("deploy.run", "container image", detail=command.line)
    elif verb in _ENDING:
        forced = any(word.text in ("-f", "--force", "-fv") for word in args)
        shell.emit("container.remove", named, *(("force",) if forced else ()))
    elif verb in _CHANGING:
        _mentioned(args, shell)
        shell.emit("container.change", named, detail=command.line)
    elif verb == "login":
        shell.emit("cloud.read", "container registry", detail=command.line)


def _cp(args: list[Word], command: Command, shell: Shell) -> None:
    """`docker cp`: out of a container is reading, into one is a change."""
    operands = parse(args).operands
    _mentioned(args, shell)
    inward = bool(operands) and ":" in operands[-1].text
    shell.emit(
        "container.change" if inward else "container.read",
        operands[0].text if operands else "",
        detail=command.line,
    )
    if not inward:
        for word in operands[1:]:
            shell.write(word, Value(UNKNOWN), "copied")


def _inspect(args: list[Word], command: Command, shell: Shell) -> None:
    """A container's environment is where its secrets are."""
    options = parse(args, "-f --format --type -t")
    if options.has("--showsecret"):
        shell.emit("secret.read", "container secrets", detail=command.line)
    if any(
        "env" in word.text.lower() or word.text.strip() in ("{{.Config}}", "{{json .Config}}")
        for word in options.all("-f", "--format")
    ):
        shell.emit("env.expose", "*", detail=command.line)


def _mentioned(args: list[Word], shell: Shell) -> None:
    for word in args:
        for path in paths_in_word(word):
            shell.read(path, "mention")


def _build(args: list[Word], command: Command, shell: Shell) -> None:
    options = parse(args, _BUILD)
    for word in [*options.operands, *options.all("-f", "--file")]:
        if "://" in word.text:
            shell.emit("net.connect", host_of(word.text), "download", detail=word.text)
    _mentioned(args, shell)
    if options.has("--push"):
        shell.emit("deploy.run", "container image", detail=command.line)


def _run(args: list[Word], shell: Shell) -> None:
    options = parse(args, _RUN, in_order=True)
    flags = set()
    if options.has("--privileged"):
        flags.add("privileged")
    if any(word.text.upper().removeprefix("CAP_") in _DANGEROUS_CAPS for word in options.all("--cap-add")):
        flags.add("privileged")
    for option in ("--pid", "--network", "--net", "--ipc", "--userns", "--uts"):
        if options.first(option) == "host" and option in ("--pid", "--userns", "--ipc"):
            flags.add("host")
    if any("unconfined" in word.text for word in options.all("--security-opt")):
        flags.add("privileged")
    image = options.operands[0].text if options.operands else ""
    for place in _mounted([*options.all("-v", "--volume"), *options.all("--mount")]):
        path = shell.path(place)
        if path in (
            "/",
            "/etc",
            "/root",
            "/var/run",
            "/run",
            "/home",
            "/proc",
            "/sys",
            "/dev",
            "/var/run/docker.sock",
            "/run/docker.sock",
            "/var/lib/docker",
        ):
            flags.add("host")
        shell.read(place, "mention", "recursive")
    if any(
        word.text.startswith(("/dev/sd", "/dev/nvme", "/dev/vd", "/dev/mem", "/dev/kmsg", "/dev/mapper"))
        for word in options.all("--device")
    ):
        flags.add("host")
    for word in options.all("--env-file"):
        shell.read(word)
    shell.emit("container.run", image, *sorted(flags), detail=" ".join(word.text for word in args)[:300])
    inner = options.operands[1:]
    entry = options.all("--entrypoint")
    if entry:
        inner = [entry[0], *inner]
    if inner and "host" not in flags:
        shell.run(inner, None, remote="container")
    elif inner:
        shell.run(inner, None)


def _mounted(words: list[Word]) -> list[str]:
    places: list[str] = []
    for word in words:
        if "source=" in word.text or "src=" in word.text:
            places.extend(
                part.partition("=")[2]
                for part in word.text.split(",")
                if part.startswith(("source=", "src="))
            )
        else:
            head = word.text.partition(":")[0]
            if head.startswith(("/", ".", "~")):
                places.append(head)
    return places


# Programs that only look, and whose own effects are followed besides.
_HARMLESS_INSIDE = frozenset(
    ["ls", "cat", "pwd", "ps", "whoami", "id", "head", "tail", "grep", "df", "du", "wc", "stat", "uname", "hostname", "date", "which", "top", "free", "tree", "file", "printenv", "env", "cut", "sort", "uptime", "nginx-t"]
)  # fmt: skip


def _exec(args: list[Word], shell: Shell) -> None:
    options = parse(args, "-e --env -w --workdir -u --user --env-file --detach-keys", in_order=True)
    if options.has("--privileged"):
        shell.emit("container.run", options.operands[0].text if options.operands else "", "privileged")
    inner = options.operands[1].text.rpartition("/")[2] if len(options.operands) > 1 else ""
    shell.emit(
        "container.read" if inner in _HARMLESS_INSIDE else "container.change",
        options.operands[0].text if options.operands else "",
        detail=" ".join(word.text for word in args),
    )
    if len(options.operands) > 1:
        shell.run(options.operands[1:], None, remote="container")


def _group(group: str, args: list[Word], command: Command, shell: Shell) -> None:
    verb = next((word.text for word in args if not word.text.startswith("-")), "")
    if group == "secret" and verb == "inspect":
        _inspect(args, command, shell)
    texts = {word.text for word in args}
    if verb in ("prune", "rm", "remove", "reset"):
        data = group in ("volume", "system") or "--volumes" in texts
        shell.emit("container.remove", group, *(("data",) if data else ()), detail=command.line)
    elif group == "compose":
        if verb == "down" and texts & {"-v", "--volumes", "--rmi"}:
            shell.emit("container.remove", "compose", "data", detail=command.line)
        elif verb in ("exec", "run"):
            words = [word for word in args if not word.text.startswith("-")]
            if len(words) > 2:
                shell.run(words[2:], None, remote="container")
        elif verb == "push":
            shell.emit("deploy.run", "container image", detail=command.line)
    elif group in ("stack", "service", "swarm", "node", "secret", "config") and verb not in (
        "ls",
        "list",
        "ps",
        "inspect",
        "logs",
        "",
    ):
        shell.emit("deploy.run", f"docker {group}", detail=command.line)
    elif group in (
        "network",
        "volume",
        "context",
        "builder",
        "buildx",
        "plugin",
        "config",
        "trust",
        "checkpoint",
    ) and verb not in (
        "ls",
        "list",
        "inspect",
        "show",
        "du",
        "version",
        "",
        "build",
        "bake",
    ):
        shell.emit("container.change", group, detail=command.line)
    elif group in ("image", "manifest", "plugin") and verb == "push":
        shell.emit("deploy.run", "container image", detail=command.line)


HANDLERS: dict[str, Handler] = dict.fromkeys(
    ("docker", "podman", "nerdctl", "docker-compose", "podman-compose", "buildah"), _docker
)
