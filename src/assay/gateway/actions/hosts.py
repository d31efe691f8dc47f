"""Hosts in one canonical form, and what they really are: numbers in disguise, metadata services, loopback, look-alikes."""

from __future__ import annotations

import base64
import ipaddress
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

import re2

_METADATA_NAMES = frozenset(
    {
        "metadata.google.internal",
        "metadata",
        "metadata.goog",
        "instance-data",
        "instance-data.ec2.internal",
        "metadata.azure.internal",
        "metadata.packet.net",
    }
)
_METADATA_ADDRESSES = frozenset(
    {
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd20:ce::254",
    }
)
# Names under which anybody's address can be written; the address stands in the name itself.
_WILDCARD_DNS = ("nip.io", "sslip.io", "xip.io", "traefik.me", "localtest.me", "lvh.me", "1u.ms", "rbndr.us")
_EMBEDDED = re2.compile(r"(?:^|[.-])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})(?:[.-]|$)")
_INNER_URL = re2.compile(r"(?i)(https?(?:://|%3a%2f%2f)[^&\s'\"]+)")
# Letters of other alphabets that look like ASCII ones (a small part of Unicode's confusables, by their shape).
_LOOK_ALIKE = str.maketrans("аеорсухіјѕԁһӏɡαορντκυ", "aeopcyxijsdhlgaopvtku")


def host_in(address: str) -> str:
    """The host of a URL or of `host:port`, as written, percent signs undone; empty if there is none."""
    rest = address.partition("://")[2] if "://" in address else address.removeprefix("//")
    authority = (
        rest.replace("\\", "/").partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    )
    if authority.startswith("["):
        return authority.partition("]")[0][1:]
    head, colon, port = authority.rpartition(":")
    return unquote(head if colon and (port.isdigit() or not port) else authority)


@lru_cache(maxsize=8_192)
def canonical(host: str) -> str:
    """One form of a host: lower case, no final dot, full-width and similar forms undone, numbers as an address."""
    text = unicodedata.normalize("NFKC", host).strip().strip("[]").rstrip(".").casefold()
    if not text.isascii():
        try:
            text = text.encode("idna").decode()
        except UnicodeError:
            return text
    address = _address(text)
    if address is not None:
        return _plain(address)
    for suffix in _WILDCARD_DNS:
        if text == suffix or text.endswith("." + suffix):
            return _inside(text.removesuffix(suffix)) or (
                "127.0.0.1" if suffix in ("localtest.me", "lvh.me") else text
            )
    return text


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and int(address) >> 32 in (0, 0x64FF9B << 64):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if int(address) > 1 else None
        return str(inner or address)
    return str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Every form that inet_aton takes: dotted with one to four parts, each decimal, octal or hexadecimal."""
    if ":" in text:
        try:
            return ipaddress.IPv6Address(text.partition("%")[0])
        except ValueError:
            return None
    parts = text.split(".")
    if not text or len(parts) > 4 or text[0] not in "0123456789":
        return None
    numbers = [_number(part) for part in parts]
    if any(number is None for number in numbers):
        return None
    value = 0
    for number in numbers[:-1]:
        if number is None or number > 255:
            return None
        value = value << 8 | number
    last, bits = numbers[-1] or 0, 8 * (5 - len(numbers))
    return ipaddress.IPv4Address(value << bits | last) if last < 1 << bits else None


def _number(text: str) -> int | None:
    try:
        if text.startswith("0x"):
            return int(text[2:] or "0", 16)
        return int(text, 8) if len(text) > 1 and text[0] == "0" else int(text)
    except ValueError:
        return None


def _inside(name: str) -> str:
    found = _EMBEDDED.search(name)
    if found is not None:
        return ".".join(str(int(part)) for part in found.groups())
    head = name.strip(".").rpartition(".")[2]
    return (
        str(ipaddress.IPv4Address(int(head, 16)))
        if len(head) == 8 and all(char in "0123456789abcdef" for char in head)
        else ""
    )


@lru_cache(maxsize=8_192)
def kinds_of(host: str) -> frozenset[str]:
    """What a host is: `metadata`, `loopback`, `private`, `literal` (an address), `disguised`, `idn`, `lookalike`, `unknown`."""
    if not host or "\ufffc" in host:
        return frozenset({"unknown"})
    name = canonical(host)
    kinds = set()
    if name in _METADATA_NAMES or name in _METADATA_ADDRESSES:
        kinds.add("metadata")
    if (
        name == "localhost"
        or name.endswith(".localhost")
        or name in ("host.docker.internal", "ip6-localhost")
        or name.startswith("unix:")
    ):
        kinds.add("loopback")
    try:
        kinds |= _address_kinds(ipaddress.ip_address(name), host)
    except ValueError:
        if name.endswith(
            (".internal", ".local", ".lan", ".corp", ".intranet", ".home.arpa", ".cluster.local", ".svc")
        ):
            kinds.add("private")
    if "xn--" in name:
        kinds.add("idn")
        kinds.add("lookalike")
    return frozenset(kinds)


def _address_kinds(address: ipaddress.IPv4Address | ipaddress.IPv6Address, written: str) -> set[str]:
    kinds = {"literal"}
    if address.is_loopback or address.is_unspecified:
        kinds.add("loopback")
    elif address.is_link_local:
        kinds.add("metadata")
    elif address.is_private:
        kinds.add("private")
    if str(address) != written.strip("[]").casefold().rstrip("."):
        kinds.add("disguised")
    return kinds


def skeleton(host: str) -> str:
    """What a host looks like to the eye, for comparing with names that are allowed."""
    name = unicodedata.normalize("NFKC", host).casefold().rstrip(".")
    if "xn--" in name:
        try:
            name = name.encode().decode("idna")
        except UnicodeError:
            return name
    plain = "".join(
        char
        for char in unicodedata.normalize("NFD", name.translate(_LOOK_ALIKE))
        if not unicodedata.combining(char)
    )
    return plain.replace("rn", "m").replace("vv", "w").replace("0", "o").replace("1", "l")


def inner_addresses(url: str) -> Iterator[str]:
    """Addresses given inside a URL's query, such as the target of a redirect."""
    query = url.partition("?")[2]
    for match in _INNER_URL.finditer(query[:4_000]):
        yield unquote(match.group(1))


_BLOB = re2.compile(r"[?&/#=.]([A-Za-z0-9+/_-]{32,}={0,2})(?:$|[&#/.])")


def carries_data(url: str) -> bool:
    """Whether a URL's query, path or host holds a long encoded text or a credential by name: a way to send without a body."""
    if "://" not in url:
        return False
    tail = unquote(url.partition("://")[2])
    for name in (
        "secret=",
        "password=",
        "passwd=",
        "api_key=",
        "apikey=",
        "access_token=",
        "private_key=",
        "credentials=",
    ):
        if name in tail.lower():
            return True
    return any(_is_encoded(match.group(1)) for match in _BLOB.finditer(tail))


def _is_encoded(text: str) -> bool:
    """Base64 or hexadecimal of a readable text; digests and identifiers are not readable."""
    return any(_is_readable(plain) for plain in (_from_base64(text), _from_hex(text)))


def _from_base64(text: str) -> bytes:
    compact = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4))
    except ValueError:
        return b""


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _is_readable(data: bytes) -> bool:
    return bool(data) and sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in data) / len(data) > 0.95


def has_userinfo(url: str) -> bool:
    """Whether the part before `@` could pass for the host."""
    authority = url.partition("://")[2].replace("\\", "/").partition("/")[0]
    return "@" in authority and "." in authority.rpartition("@")[0]
