"""Values out of untrusted documents: the wanted type, or an empty one. A wrong shape is never an exception."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import msgspec

from assay.dependencies.document import ManifestError


def mapping(value: object) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one; keys that are not text are dropped."""
    if not isinstance(value, dict):
        return {}
    return (
        value
        if all(isinstance(key, str) for key in value)
        else {str(key): item for key, item in value.items()}
    )


def sequence(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """The value if it is text, a number as text (YAML reads `1.10` so), else empty."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def texts(value: object) -> list[str]:
    """The texts in a list, or the one text."""
    if isinstance(value, str):
        return [value]
    return [item for item in sequence(value) if isinstance(item, str)]


def read_json(source: str) -> Any:
    """A JSON document.

    Raises:
        ManifestError: not JSON, or nested too deeply.
    """
    try:
        return msgspec.json.decode(source)
    except msgspec.DecodeError as error:
        raise ManifestError(_json_message(source, error)) from error
    except (RecursionError, UnicodeEncodeError) as error:
        raise ManifestError("JSON nested too deeply or not valid Unicode") from error


def read_json_with_comments(source: str) -> Any:
    """JSON with `//` and `/* */` comments and trailing commas (bun.lock, deno.jsonc, tsconfig-like files).

    Raises:
        ManifestError: not JSON, or nested too deeply.
    """
    return read_json(_plain_json(source))


def read_toml(source: str) -> dict[str, Any]:
    """A TOML document.

    Raises:
        ManifestError: not TOML, or nested too deeply.
    """
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"not TOML: {error}") from error
    except (RecursionError, ValueError) as error:
        raise ManifestError("TOML nested too deeply, or a value out of range") from error


def _json_message(source: str, error: Exception) -> str:
    # msgspec gives a byte offset only; the standard library's message has the line.
    try:
        json.loads(source)
    except json.JSONDecodeError as detail:
        return f"not JSON: {detail.msg} in line {detail.lineno}"
    except RecursionError:
        return "JSON nested too deeply"
    return f"not JSON: {error}"


def _plain_json(source: str) -> str:
    """Blank out comments and trailing commas, outside of strings, keeping every line where it is."""
    out: list[str] = []
    index, length = 0, len(source)
    comma = -1
    while index < length:
        char = source[index]
        if char == '"':
            end = _string_end(source, index)
            out.append(source[index:end])
            index, comma = end, -1
            continue
        if char == "/" and source[index + 1 : index + 2] in {"/", "*"}:
            end = _comment_end(source, index)
            out.append("\n" * source.count("\n", index, end))
            index = end
            continue
        if char in "}]" and comma >= 0:
            out[comma] = ""
        if char == ",":
            comma = len(out)
        elif not char.isspace():
            comma = -1
        out.append(char)
        index += 1
    return "".join(out)


def _string_end(source: str, start: int) -> int:
    index = start + 1
    while True:
        index = source.find('"', index)
        if index < 0:
            return len(source)
        slashes = 0
        while source[index - 1 - slashes] == "\\" and slashes < index - start:
            slashes += 1
        if slashes % 2 == 0:
            return index + 1
        index += 1


def _comment_end(source: str, start: int) -> int:
    if source[start + 1] == "/":
        end = source.find("\n", start)
        return len(source) if end < 0 else end
    end = source.find("*/", start + 2)
    return len(source) if end < 0 else end + 2
