"""Files over HTTPS for `assay db update`: resumable, bounded, never redirected to anything that is not HTTP(S)."""

from __future__ import annotations

import ipaddress
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from assay.model.errors import TargetError, UsageError

_CHUNK = 1 << 16
# (file name, bytes so far, bytes in all or 0)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded file; `tag` is what the server calls this state of it. `fresh` is false where it was unchanged."""

    path: Path
    tag: str
    fresh: bool


def check_url(url: str) -> str:
    """The URL if it is HTTPS, or HTTP on this machine.

    Raises:
        UsageError: anything else.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return url
    if parts.scheme == "http" and parts.hostname and _is_loopback(parts.hostname):
        return url
    raise UsageError(f"{url[:200]!r} is no HTTPS address", "plain HTTP is allowed on this machine only")


def fetch(
    url: str, path: Path, known_tag: str, limit: int, progress: Progress, timeout: float = 60.0
) -> Fetched:
    """Download to `path`, going on where an earlier attempt stopped; nothing is fetched while the server's tag is the known one.

    Raises:
        TargetError: the server cannot be reached, refuses, or sends more than `limit` bytes.
    """
    check_url(url)
    part = path.with_name(path.name + ".part")
    mark = path.with_name(path.name + ".tag")
    have = part.stat().st_size if part.exists() and mark.exists() else 0
    headers = {"User-Agent": "assay", "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": mark.read_text()}
    elif known_tag and path.exists():
        headers["If-None-Match"] = known_tag
    try:
        with _open(url, headers, timeout) as response:
            if response.status == 304:
                return Fetched(path, known_tag, fresh=False)
            tag = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
            if not have and tag and tag == known_tag and path.exists():
                return Fetched(path, tag, fresh=False)
            mark.write_text(tag)
            _receive(response, part, have if response.status == 206 else 0, limit, path.name, progress)
    except urllib.error.HTTPError as error:
        if error.code == 304:
            return Fetched(path, known_tag, fresh=False)
        if error.code == 416 and have:
            part.unlink(missing_ok=True)
            return fetch(url, path, known_tag, limit, progress, timeout)
        raise TargetError(
            f"{url} answers {error.code} {error.reason}", "check the address; what was there before stays"
        ) from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise TargetError(
            f"{url} cannot be fetched: {reason}", "run `assay db update` again: it goes on where it stopped"
        ) from error
    part.replace(path)
    mark.unlink(missing_ok=True)
    return Fetched(path, tag, fresh=True)


def _receive(
    response: HTTPResponse, part: Path, have: int, limit: int, name: str, progress: Progress
) -> None:
    length = response.headers.get("Content-Length", "")
    total = have + int(length) if length.isdigit() else 0
    if total > limit:
        raise TargetError(
            f"{name} has {total} bytes, more than the {limit} allowed", "raise --max-bytes if that is right"
        )
    with part.open("ab" if have else "wb") as stream:
        received = have
        while chunk := response.read(_CHUNK):
            received += len(chunk)
            if received > limit:
                raise TargetError(
                    f"{name} has more than the {limit} bytes allowed", "raise --max-bytes if that is right"
                )
            stream.write(chunk)
            progress(name, received, total)
    if total and received < total:
        raise OSError(f"the connection ended after {received} of {total} bytes")


class _SameKind(urllib.request.HTTPRedirectHandler):
    """Follows redirects to addresses that `check_url` allows, and to no others."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        check_url(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, headers: dict[str, str], timeout: float) -> HTTPResponse:
    opener = urllib.request.build_opener(_SameKind())
    response: HTTPResponse = opener.open(urllib.request.Request(url, headers=headers), timeout=timeout)  # noqa: S310 - scheme was checked
    return response


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
