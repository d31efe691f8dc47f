"""What text programs print when their input is known: echo, printf, base64 -d, xxd -r, rev, tr, sed, cut and their like."""

from __future__ import annotations

import base64
import binascii
import codecs
from collections.abc import Callable

from assay.shell.expand import unescape
from assay.shell.options import parse
from assay.shell.value import UNKNOWN, Value, Word

_MAX_TEXT = 64 * 1024
Filter = Callable[[str, list[Word]], str | None]


def echoed(args: list[Word]) -> Value:
    """The output of `echo`."""
    words = list(args)
    escapes = False
    while (
        words
        and len(words[0].text) > 1
        and words[0].text[0] == "-"
        and not set(words[0].text[1:]) - set("neE")
    ):
        escapes = escapes or "e" in words.pop(0).text
    text = " ".join(word.text for word in words)
    return Value(unescape(text) if escapes else text, taints_of(words) | {"text"})


def printed(args: list[Word]) -> Value:
    """The output of `printf`, with %s, %b, %c, %d, %x and %%."""
    operands = args[1:] if args and args[0].text == "--" else list(args)
    if operands and operands[0].text == "-v":
        return Value("")
    if not operands:
        return Value("")
    template, rest = unescape(operands[0].text), [word.text for word in operands[1:]]
    out = _format(template, rest)
    while rest and "%" in template and len(out) < _MAX_TEXT:
        before = len(rest)
        out += _format(template, rest)
        if len(rest) == before:
            break
    return Value(out[:_MAX_TEXT], taints_of(args) | {"text"})


def _format(template: str, rest: list[str]) -> str:
    out, position = [], 0
    while position < len(template):
        char = template[position]
        position += 1
        if char != "%" or position >= len(template):
            out.append(char)
            continue
        while position < len(template) - 1 and template[position] in "-+ #0123456789.":
            position += 1
        kind = template[position]
        position += 1
        out.append("%" if kind == "%" else _converted(kind, rest.pop(0) if rest else ""))
    return "".join(out)


def _converted(kind: str, value: str) -> str:
    if kind == "b":
        return unescape(value)
    if kind == "c":
        return value[:1]
    if kind in "xXo" and value.lstrip("-").isdigit():
        return format(int(value[:18]), kind)
    return value


def taints_of(words: list[Word]) -> frozenset[str]:
    """Everything that the words are tainted with."""
    return frozenset().union(*(word.taints for word in words)) if words else frozenset()


def decoded_bytes(data: bytes) -> str:
    """Bytes as text, one unknown mark for what is not UTF-8."""
    return data.decode("utf-8", "replace").replace("\ufffd", UNKNOWN)[:_MAX_TEXT]


def decode_base64(text: str) -> str | None:
    """The text behind base64 (standard or URL alphabet, padding optional), or None."""
    compact = "".join(text.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return decoded_bytes(base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True))
    except (ValueError, binascii.Error):
        return None


def decode_hex(text: str) -> str | None:
    """The text behind hexadecimal digits, with spaces, `0x` and `\\x` left out, or None."""
    compact = "".join(text.replace("\\x", "").replace("0x", "").split())
    try:
        return decoded_bytes(bytes.fromhex(compact))
    except ValueError:
        return None


def _base32(text: str) -> str | None:
    try:
        return decoded_bytes(base64.b32decode("".join(text.split())))
    except (ValueError, binascii.Error):
        return None


def _tr(text: str, args: list[Word]) -> str | None:
    options = parse(args)
    sets = [_char_set(word.text) for word in options.operands]
    if options.has("-d", "--delete") and sets:
        return text.translate({ord(char): None for char in sets[0]})
    if len(sets) != 2 or options.has("-c", "-C", "-s") or not sets[1]:
        return None
    target = sets[1] + sets[1][-1] * max(0, len(sets[0]) - len(sets[1]))
    return text.translate({ord(a): b for a, b in zip(sets[0], target, strict=False)})


_CLASSES = {
    "[:lower:]": "abcdefghijklmnopqrstuvwxyz",
    "[:upper:]": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "[:digit:]": "0123456789",
    "[:space:]": " \t\n\r\v\f",
}


def _char_set(spec: str) -> str:
    for name, chars in _CLASSES.items():
        spec = spec.replace(name, chars)
    spec = unescape(spec)
    out: list[str] = []
    position = 0
    while position < len(spec):
        if position + 2 < len(spec) and spec[position + 1] == "-" and spec[position] <= spec[position + 2]:
            out.extend(
                chr(code) for code in range(ord(spec[position]), min(ord(spec[position + 2]), 0x2FF) + 1)
            )
            position += 3
        else:
            out.append(spec[position])
            position += 1
    return "".join(out)


def _sed(text: str, args: list[Word]) -> str | None:
    """One literal substitution; anything else is unknown."""
    options = parse(args, "-e -f --expression --file")
    scripts = [word.text for word in options.all("-e", "--expression")] or [
        word.text for word in options.operands[:1]
    ]
    if len(scripts) != 1 or len(scripts[0]) < 4 or scripts[0][0] != "s":
        return None
    parts = scripts[0][2:].split(scripts[0][1])
    if len(parts) != 3 or set(parts[0]) & set(".*[]^$\\+?(){}|") or set(parts[1]) & set("\\&"):
        return None
    if "g" in parts[2]:
        return text.replace(parts[0], parts[1])
    return "\n".join(line.replace(parts[0], parts[1], 1) for line in text.split("\n"))


def _cut(text: str, args: list[Word]) -> str | None:
    options = parse(args, "-d -f -c -b --delimiter --fields --characters --bytes")
    span = options.first("-c", "-b", "--characters", "--bytes") or options.first("-f", "--fields")
    delimiter = options.first("-d", "--delimiter") or "\t"
    first, dash, last = span.partition("-")
    if not span or "," in span or not (first or last).isdigit():
        return None
    low = int(first or 1) - 1
    high = (int(last) if last.isdigit() else None) if dash else low + 1
    if options.has("-c", "-b", "--characters", "--bytes"):
        return "\n".join(line[low:high] for line in text.split("\n"))
    return "\n".join(delimiter.join(line.split(delimiter)[low:high]) for line in text.split("\n"))


def _base64(text: str, args: list[Word]) -> str | None:
    if parse(args, "-w --wrap -b --break").has("-d", "-D", "--decode"):
        return decode_base64(text)
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


def _xxd(text: str, args: list[Word]) -> str | None:
    return decode_hex(text) if parse(args, "-l -s -c -g").has("-r") else None


def _openssl(text: str, args: list[Word]) -> str | None:
    words = {word.text for word in args}
    return decode_base64(text) if {"-d"} <= words and words & {"base64", "-base64", "-a"} else None


FILTERS: dict[str, Filter] = {
    "cat": lambda text, _args: text,
    "tee": lambda text, _args: text,
    "sponge": lambda text, _args: text,
    "pv": lambda text, _args: text,
    "buffer": lambda text, _args: text,
    "rev": lambda text, _args: "\n".join(line[::-1] for line in text.split("\n")),
    "tac": lambda text, _args: "\n".join(reversed(text.rstrip("\n").split("\n"))),
    "base64": _base64,
    "base32": lambda text, args: (
        _base32(text) if any(word.text in ("-d", "--decode") for word in args) else None
    ),
    "b64decode": lambda text, _args: decode_base64(text),
    "xxd": _xxd,
    "openssl": _openssl,
    "rot13": lambda text, _args: codecs.encode(text, "rot13"),
    "tr": _tr,
    "sed": _sed,
    "cut": _cut,
}
"""Programs whose output is a function of known input; None where it is not determined."""


def is_decoder(name: str, args: list[Word]) -> bool:
    """Whether a program undoes an encoding, an encryption or a compression."""
    texts = {word.text for word in args}
    if name in ("base64", "base32", "basenc"):
        return any(
            text in ("--decode", "-D") or (text[:1] == "-" and text[1:2] != "-" and "d" in text)
            for text in texts
        )
    if name == "xxd":
        return any(text[:1] == "-" and "r" in text for text in texts)
    if name == "openssl":
        return "-d" in texts or "-decrypt" in texts or ("base64" in texts and "-d" in texts)
    if name in ("gpg", "gpg2", "ccrypt", "age"):
        return bool(texts & {"-d", "--decrypt"})
    if name in ("gzip", "bzip2", "xz", "zstd", "lzma", "lz4", "brotli"):
        return any(text[:1] == "-" and "d" in text for text in texts)
    return name in ("b64decode", "uudecode", "gunzip", "zcat", "bunzip2", "unxz", "xzcat", "rot13", "unzip")
