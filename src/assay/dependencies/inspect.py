"""A static look at a package archive or an installed tree: hooks that run at install time, hidden code, theft. Nothing is run or written."""

from __future__ import annotations

import os
import posixpath
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import re2

from assay.dependencies.shapes import mapping, read_json, text
from assay.model.errors import TargetError
from assay.model.severity import Severity

_MAX_FILES = 50_000
_MAX_FILE = 4 * 1024 * 1024
_MAX_TOTAL = 512 * 1024 * 1024
_MAX_RATIO = 200
_CODE = (".py", ".pth", ".js", ".cjs", ".mjs", ".ts", ".sh", ".rs", ".rb", ".php", ".ps1", ".bat", ".cmd")
_NPM_HOOKS = (
    "preinstall",
    "install",
    "postinstall",
    "prepare",
    "preuninstall",
    "postuninstall",
    "prepublish",
)
_PLAIN_HOOKS = re2.compile(
    r"^\s*(?:node-gyp(?:-build)?(?: rebuild)?|node-pre-gyp install.*|prebuild-install.*|husky(?: install)?|patch-package|opencollective.*|ngcc.*|tsc.*|npm run build|is-ci.*)\s*$"
)

_ENCODED = re2.compile(
    r"(?:exec|eval|compile|Function|system|popen|child_process|new Function)\s*\(?[^\n]{0,120}(?:b64decode|fromhex|base64|atob|unhexlify|zlib\.decompress|marshal\.loads|fromCharCode|Buffer\.from|decode\(['\"](?:rot13|hex))"
)
_DECODED_THEN_RUN = re2.compile(
    r"(?:b64decode|unhexlify|marshal\.loads|zlib\.decompress|atob|Buffer\.from)\s*\("
)
_RUNS = re2.compile(
    r"\b(?:exec|eval|execSync|Function|__import__)\s*\(|subprocess\.(?:Popen|run|call|check_output)|os\.(?:system|popen|exec\w*)|child_process|std::process::Command|IO\.popen|Process\.spawn"
)
_LONG_BLOB = re2.compile(r"[A-Za-z0-9+/=]{1000,}|(?:\\x[0-9a-fA-F]{2}){200,}")
_CREDENTIALS = re2.compile(
    r"\.ssh[/\\\\'\"]|id_rsa|id_ed25519|\.aws[/\\\\'\"]|\.aws/credentials|\.kube[/\\\\'\"]|kube/config|\.docker/config\.json|\.npmrc|\.pypirc|\.netrc|\.git-credentials|\.gnupg|application_default_credentials|\.config/gcloud|\.azure/|/etc/shadow|serviceaccount/token|169\.254\.169\.254|metadata\.google\.internal|Login Data|Local Storage/leveldb|wallet\.dat|MetaMask|\.bash_history|\.zsh_history"
)
_SENDS = re2.compile(
    r"requests\.(?:post|put|get)|urllib\.request|urlopen\(|http\.client|httpx\.|aiohttp\.|socket\.(?:socket|create_connection)|fetch\(|axios|https?\.request|XMLHttpRequest|net\.(?:connect|createConnection)|Net::HTTP|reqwest::|ureq::|TcpStream|curl\s|wget\s|Invoke-WebRequest|WebSocket|smtplib|dns\.resolver|discord(?:app)?\.com/api/webhooks|api\.telegram\.org|webhook\.site|pipedream\.net|ngrok|\.onion"
)
_ENVIRONMENT = re2.compile(
    r"(?:JSON\.stringify\(\s*process\.env\s*\)|dict\(\s*os\.environ\s*\)|os\.environ\.(?:items|copy)\(\)|json\.dumps\(\s*(?:dict\()?os\.environ|ENV\.to_h)"
)
_PTH_CODE = re2.compile(r"(?m)^\s*import[ \t;]")


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing seen. `kind` is install-hook, start-hook, encoded-payload, credential-theft, environment-theft, hidden-blob or unsafe-path."""

    kind: str
    file: str
    line: int
    message: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Report:
    """Everything seen, how many files were looked at, and what could not be."""

    observations: tuple[Observation, ...]
    files: int
    problems: tuple[str, ...]


def inspect_path(path: Path) -> Report:
    """Look at a wheel, sdist, npm tarball, crate, gem, zip, or a folder such as site-packages.

    Raises:
        TargetError: the path is not there, or is no archive that we know.
    """
    problems: list[str] = []
    observations: list[Observation] = []
    files = 0
    for name, data in _members(path, problems, observations):
        files += 1
        observations += inspect_file(name, data)
    order = sorted(observations, key=lambda item: (-item.severity.rank, item.file, item.line, item.kind))
    return Report(tuple(order), files, tuple(problems))


def inspect_file(name: str, data: bytes) -> list[Observation]:
    """What one file of a package gives away. `name` is its path inside the package."""
    base = posixpath.basename(name).lower()
    if base == "package.json":
        return _npm_hooks(name, data)
    if not base.endswith(_CODE):
        return []
    source = data.decode("utf-8", "replace")
    found = _start_hooks(name, base, source)
    # What runs on its own - at install, at build, at every start - is judged harder than code that waits to be called.
    unasked = (
        base in {"setup.py", "build.rs", "extconf.rb", "sitecustomize.py", "usercustomize.py"}
        or base.endswith(".pth")
        or _is_install_script(base)
    )
    found += _payloads(name, source, unasked)
    found += _theft(name, source, unasked)
    return found


def _npm_hooks(name: str, data: bytes) -> list[Observation]:
    try:
        scripts = mapping(mapping(read_json(data.decode("utf-8-sig", "replace"))).get("scripts"))
    except ValueError:
        return []
    found = []
    installed = name.count("node_modules/") or name.count("/") <= 1
    for hook in _NPM_HOOKS:
        command = text(scripts.get(hook))
        if not command or not installed or (hook in {"prepare", "prepublish"}):
            continue
        line = data[: max(data.find(f'"{hook}"'.encode()), 0)].count(b"\n") + 1
        fetches = (
            _SENDS.search(command) is not None
            or "| sh" in command
            or "|sh" in command
            or "node -e" in command
        )
        plain = _PLAIN_HOOKS.match(command) is not None
        severity = Severity.HIGH if fetches else Severity.LOW if plain else Severity.MEDIUM
        found.append(
            Observation("install-hook", name, line, f"npm runs {hook} at install: {command[:120]}", severity)
        )
    return found


def _start_hooks(name: str, base: str, source: str) -> list[Observation]:
    if base.endswith(".pth"):
        match = _PTH_CODE.search(source)
        if match is None:
            return []
        harmless = (
            "distutils-precedence" in base
            or "_virtualenv" in base
            or base.endswith("-nspkg.pth")
            or base.startswith("__editable__")
        )
        severity = Severity.LOW if harmless else Severity.HIGH
        return [
            Observation(
                "start-hook",
                name,
                _line(source, match.start()),
                "this .pth file runs code at every start of Python",
                severity,
            )
        ]
    if base in {"sitecustomize.py", "usercustomize.py"}:
        return [Observation("start-hook", name, 1, f"{base} runs at every start of Python", Severity.HIGH)]
    return []


def _payloads(name: str, source: str, unasked: bool) -> list[Observation]:
    match = _ENCODED.search(source)
    if match is not None:
        return [
            Observation(
                "encoded-payload",
                name,
                _line(source, match.start()),
                "decodes text and runs it",
                Severity.HIGH if unasked or _LONG_BLOB.search(source) else Severity.MEDIUM,
            )
        ]
    blob = _LONG_BLOB.search(source)
    if blob is not None and _DECODED_THEN_RUN.search(source) and _RUNS.search(source):
        return [
            Observation(
                "encoded-payload",
                name,
                _line(source, blob.start()),
                "holds a long encoded text, a decoder, and a call that runs code",
                Severity.HIGH,
            )
        ]
    run = _RUNS.search(source) if unasked else None
    if run is not None:
        return [
            Observation(
                "install-hook",
                name,
                _line(source, run.start()),
                "starts programs or runs code at install or build time",
                Severity.MEDIUM,
            )
        ]
    return []


def _theft(name: str, source: str, unasked: bool) -> list[Observation]:
    sends = _SENDS.search(source)
    credentials = _CREDENTIALS.search(source)
    found = []
    if credentials is not None and sends is not None:
        message = f"reads a place of credentials ({str(credentials.group(0))[:40]!r}) and speaks to the network (line {_line(source, sends.start())})"
        # Clients of registries read their own settings; what gathers several places is after something else.
        several = len({str(match.group(0)).strip("/'\"") for match in _CREDENTIALS.finditer(source)}) > 1
        severity = Severity.CRITICAL if unasked else Severity.HIGH if several else Severity.MEDIUM
        found.append(
            Observation("credential-theft", name, _line(source, credentials.start()), message, severity)
        )
    environment = _ENVIRONMENT.search(source)
    if environment is not None and sends is not None:
        message = (
            f"takes all environment variables and speaks to the network (line {_line(source, sends.start())})"
        )
        found.append(
            Observation(
                "environment-theft",
                name,
                _line(source, environment.start()),
                message,
                Severity.CRITICAL if unasked else Severity.MEDIUM,
            )
        )
    if unasked and sends is not None and not found:
        found.append(
            Observation(
                "install-hook",
                name,
                _line(source, sends.start()),
                "speaks to the network at install, build or start",
                Severity.HIGH,
            )
        )
    return found


def _is_install_script(base: str) -> bool:
    return base.startswith(("postinstall.", "preinstall.")) or base in {
        "install.js",
        "install.cjs",
        "install.sh",
    }


def _members(path: Path, problems: list[str], observations: list[Observation]) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        yield from _folder(path, problems)
        return
    if not path.is_file():
        raise TargetError(f"{path} does not exist", "give an archive or a folder")
    try:
        if zipfile.is_zipfile(path):
            yield from _zip(path, problems, observations)
        elif tarfile.is_tarfile(path):
            yield from _tar(path, problems, observations)
        else:
            raise TargetError(
                f"{path} is no archive that we know",
                "wheels, sdists, npm tarballs, crates, gems and zip files are read",
            )
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        problems.append(f"{path.name} cannot be read to its end: {error}")


def _folder(root: Path, problems: list[str]) -> Iterator[tuple[str, bytes]]:
    count = 0
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if not name.lower().endswith((*_CODE, "package.json")) or path.is_symlink() or not path.is_file():
                continue
            count += 1
            if count > _MAX_FILES:
                problems.append(f"more than {_MAX_FILES} files: the rest was not looked at")
                return
            try:
                with path.open("rb") as stream:
                    yield path.relative_to(root).as_posix(), stream.read(_MAX_FILE)
            except OSError as error:
                problems.append(f"{path.relative_to(root)} cannot be read: {error.strerror}")


def _zip(path: Path, problems: list[str], observations: list[Observation]) -> Iterator[tuple[str, bytes]]:
    total = 0
    with zipfile.ZipFile(path) as archive:
        for count, entry in enumerate(archive.infolist()):
            if entry.is_dir() or _unsafe(entry.filename, observations):
                continue
            total += min(entry.file_size, _MAX_FILE)
            if _too_much(count, total, entry.file_size, entry.compress_size, entry.filename, problems):
                return
            with archive.open(entry) as stream:
                yield entry.filename, stream.read(_MAX_FILE)


def _tar(path: Path, problems: list[str], observations: list[Observation]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        yield from _tar_members(archive, path, problems, observations, 0)


def _tar_members(
    archive: tarfile.TarFile, path: Path, problems: list[str], observations: list[Observation], depth: int
) -> Iterator[tuple[str, bytes]]:
    total = 0
    for count, entry in enumerate(archive):
        if entry.issym() or entry.islnk():
            _unsafe(
                posixpath.normpath(posixpath.join(posixpath.dirname(entry.name), entry.linkname)),
                observations,
            )
            continue
        if not entry.isfile() or _unsafe(entry.name, observations):
            continue
        total += min(entry.size, _MAX_FILE)
        # tar is packed as a whole: the archive's own size bounds what an entry may claim.
        if _too_much(count, total, total, path.stat().st_size, entry.name, problems):
            return
        stream: IO[bytes] | None = archive.extractfile(entry)
        if stream is None:
            continue
        if depth == 0 and entry.name == "data.tar.gz":
            # A gem is a tar with the code in a tar of its own.
            with tarfile.open(fileobj=stream, mode="r:gz") as inner:
                yield from _tar_members(inner, path, problems, observations, depth + 1)
            continue
        yield entry.name, stream.read(_MAX_FILE)


def _unsafe(name: str, observations: list[Observation]) -> bool:
    """Whether an entry's path leaves the folder that it would be unpacked to."""
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or (len(name) > 1 and name[1] == ":"):
        observations.append(
            Observation(
                "unsafe-path",
                name[:200],
                1,
                "this entry would be written outside of the target folder",
                Severity.CRITICAL,
            )
        )
        return True
    return False


def _too_much(count: int, total: int, size: int, packed: int, name: str, problems: list[str]) -> bool:
    if count >= _MAX_FILES:
        problems.append(f"more than {_MAX_FILES} entries: the rest was not looked at")
    elif total > _MAX_TOTAL:
        problems.append(f"more than {_MAX_TOTAL >> 20} MiB unpacked: the rest was not looked at")
    elif size > 1_000_000 and size > _MAX_RATIO * max(packed, 1):
        problems.append(
            f"{name[:100]} unpacks to {size} bytes from {packed}: a bomb, the rest was not looked at"
        )
    else:
        return False
    return True


def _line(source: str, offset: int) -> int:
    return source.count("\n", 0, offset) + 1
