"""What kind of answer a response of Express or of Node's own server is: a browser reads only some types as a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assay.code.heap import elements, load, store
from assay.code.values import Value, constant

if TYPE_CHECKING:
    from assay.code.calls import Site
    from assay.code.frame import Frame

_PAGE = "<page>"
# Types that a browser does not read as a page, and the extensions that `res.type()` takes for them.
_NO_PAGES = ("text/plain", "text/csv", "text/css", "text/event-stream", "application/json", "application/octet-stream", "application/pdf",
             "application/zip", "application/vnd.", "image/png", "image/jpeg", "image/gif", "audio/", "video/")  # fmt: skip
_EXTENSIONS = frozenset(
    ("txt", "text", "json", "csv", "css", "pdf", "bin", "zip", "png", "jpg", "jpeg", "gif")
)


def _response_type(f: Frame, site: Site) -> Value:
    """`res.type("txt")`, `res.set("Content-Type", "text/plain")`, `res.set({...})`, `res.writeHead(200, {...})`."""
    kind = _given(f, site)
    if kind is not None:
        store(f.heap, f.shared, site.receiver, _PAGE, constant(not _is_no_page(kind)))
    return site.receiver


def _given(f: Frame, site: Site) -> Value | None:
    """The content type that the call sets, if it sets one."""
    if site.member in ("type", "contentType"):
        return site.args[0] if site.args else None
    if site.member == "writeHead":
        return _of_headers(f, site.args[-1]) if len(site.args) > 1 else None
    if len(site.args) == 1:
        return _of_headers(f, site.args[0])
    name = site.args[0].const if site.args else None
    if name is not None and all(isinstance(c, str) and c.lower() != "content-type" for c in name):
        return None
    return site.args[1] if name is not None and len(name) == 1 and len(site.args) > 1 else Value()


def _of_headers(f: Frame, headers: Value) -> Value | None:
    for spelling in ("Content-Type", "content-type", "Content-type"):
        found = load(f.heap, f.shared, headers, spelling)
        if found is not None:
            return found
    return Value() if elements(f.heap, f.shared, headers).labels else None


def _is_no_page(kind: Value) -> bool:
    consts = kind.const or ()
    return bool(consts) and all(
        isinstance(c, str) and (c.lower().startswith(_NO_PAGES) or c.lower().lstrip(".") in _EXTENSIONS)
        for c in consts
    )


EXPRESS: dict[str, Callable[[Frame, Site], Value]] = {"response_type": _response_type}
