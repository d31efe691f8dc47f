"""Files of settings that a program reads: `.properties`. What the code asks them for is then known."""

from __future__ import annotations

from assay.code.frontends.java_literals import unescape

SETTINGS_SUFFIX = ".properties"
_MAX_SETTINGS = 4000
_MAX_BYTES = 200_000


def read_settings(content: bytes) -> dict[str, str]:
    """Keys and values of a properties file (java.util.Properties); of a very large file, nothing."""
    if len(content) > _MAX_BYTES:
        return {}
    found: dict[str, str] = {}
    whole = ""
    for line in content.decode("utf-8", "replace").splitlines():
        line = whole + line.strip() if whole else line.strip()
        whole = ""
        if not line or line[0] in "#!":
            continue
        if line.endswith("\\") and not line.endswith("\\\\"):
            whole = line[:-1]
            continue
        if len(found) < _MAX_SETTINGS:
            key, value = _parts(line)
            found[unescape(key)] = unescape(value)
    return found


def _parts(line: str) -> tuple[str, str]:
    """The key ends at the first `=`, `:` or blank that is not escaped."""
    escaped = False
    for position, char in enumerate(line):
        if not escaped and char in "=: \t\f":
            value = line[position:].lstrip()
            return line[:position], value[1:].lstrip() if value[:1] in ("=", ":") else value
        escaped = char == "\\" and not escaped
    return line, ""
