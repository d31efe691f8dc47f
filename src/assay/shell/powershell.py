"""PowerShell and cmd.exe: a conservative look. What it does not know is undetermined, never harmless."""

from __future__ import annotations

import base64
import binascii

import re2

from assay.shell.mentions import host_of, paths_in_text, urls_in_text
from assay.shell.protocol import Shell

_READ_ONLY = frozenset(
    ["get-content", "get-childitem", "get-item", "get-location", "get-command", "get-help", "get-process", "get-date", "select-object", "select-string", "where-object", "foreach-object", "sort-object", "measure-object", "format-table", "format-list", "write-output", "write-host", "out-string", "test-path", "resolve-path", "convertfrom-json", "convertto-json", "set-location", "dir", "ls", "cat", "type", "echo", "cd", "pwd", "gc", "gci", "select", "where", "sort", "measure", "ft", "fl", "findstr", "find", "more", "tree", "ver", "date", "time", "whoami", "hostname", "git", "npm", "node", "python", "dotnet", "cargo", "go", "pip", "pytest"]
)  # fmt: skip
_RUN = re2.compile(r"(?i)\b(?:iex|invoke-expression|invoke-command|icm|start-process|saps|&\s*\(|\.invoke\()")
_FETCH = re2.compile(
    r"(?i)\b(?:iwr|irm|invoke-webrequest|invoke-restmethod|downloadstring|downloadfile|downloaddata|start-bitstransfer|certutil|bitsadmin|curl|wget)\b"
)
_DECODE = re2.compile(r"(?i)frombase64string|-enc\w*\s|-decode\b|gzipstream|-bxor|\[char\]")
_DELETE = re2.compile(
    r"(?i)\b(?:remove-item|ri|rm|del|erase|rmdir|rd|clear-content|format-volume|format|cipher\s+/w)\b"
)
_PERSIST = re2.compile(
    r"(?i)\b(?:schtasks|register-scheduledtask|new-service|sc\s+create|currentversion\\run|set-itemproperty|new-itemproperty|reg\s+add)\b"
)
_GUARD = re2.compile(
    r"(?i)\b(?:set-mppreference|add-mppreference|set-executionpolicy|netsh\s+advfirewall|disable-\w+|wevtutil\s+cl|clear-eventlog|vssadmin|bcdedit)\b"
)
_CREDENTIAL = re2.compile(
    r"(?i)\b(?:get-credential|convertfrom-securestring|cmdkey|vaultcmd|mimikatz|lsass|reg\s+save|ntds)\b"
)
_ENVIRONMENT = re2.compile(
    r"(?i)(?:get-childitem|gci|dir|ls)\s+env:|\bset\s*$|\[environment\]::getenvironmentvariables"
)
_WORD = re2.compile(r"[A-Za-z][A-Za-z0-9-]*")


def look_into_powershell(code: str, language: str, shell: Shell, depth: int = 0) -> None:
    """Record what a PowerShell or cmd text names and which families of commands it uses."""
    plain = _decoded(code)
    if plain is not None and depth < 4:
        shell.emit("code.decoded", language, "run", detail="an encoded command")
        look_into_powershell(plain, language, shell, depth + 1)
        return
    for pattern, verb, target in (
        (_PERSIST, "persist.schedule", "start-up or registry"),
        (_GUARD, "guard.disable", "a protection of the system"),
        (_CREDENTIAL, "secret.read", "stored credentials"),
    ):
        if pattern.search(code):
            shell.emit(verb, target, detail=code[:200])
    if _ENVIRONMENT.search(code):
        shell.emit("env.expose", "*", detail=code[:200])
    fetches, runs = _FETCH.search(code) is not None, _RUN.search(code) is not None
    for url in urls_in_text(code):
        shell.emit(
            "net.connect",
            host_of(url),
            "download",
            *(("upload",) if "post" in code.lower() else ()),
            detail=url,
        )
    if fetches and runs:
        shell.emit("code.remote", language, detail=code[:200])
    elif _DECODE.search(code) and runs:
        shell.emit("code.decoded", language, "run", detail=code[:200])
    elif runs:
        shell.emit("code.dynamic", language, detail=code[:200])
    _files(code, shell)
    first = _WORD.search(code)
    if first is None or first.group(0).lower() not in _READ_ONLY:
        shell.doubt(f"{language}: {code[:80]}")


def _files(code: str, shell: Shell) -> None:
    deletes = _DELETE.search(code) is not None
    for path in paths_in_text(
        code.replace("\\", "/")
        .replace("$env:USERPROFILE", "~")
        .replace("$HOME", "~")
        .replace("%USERPROFILE%", "~")
    ):
        shell.read(path, "mention")
        if deletes:
            shell.emit("file.delete", shell.path(path), "recursive")
    if deletes:
        shell.doubt("what is deleted: " + code[:80])


def _decoded(code: str) -> str | None:
    """The text behind `-EncodedCommand` (UTF-16LE in base64), if the code is that and nothing else."""
    compact = code.strip().strip("'\"")
    if len(compact) < 16 or not all(char.isalnum() or char in "+/=" for char in compact):
        return None
    try:
        return base64.b64decode(compact, validate=True).decode("utf-16-le")
    except (ValueError, binascii.Error):
        return None
