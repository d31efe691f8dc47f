"""The report for people: one HTML file without network, readable without JavaScript, under a strict content security policy."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from assay.model.errors import MissingExtraError
from assay.model.scan import ScanResult
from assay.report.html_view import view

if TYPE_CHECKING:
    from jinja2 import Template

_PAGE = Path(__file__).parent / "page"


def render(result: ScanResult) -> bytes:
    """The document.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    style, script = _asset("report.css"), _asset("report.js")
    from markupsafe import Markup

    page = _template().render(
        **view(result),
        style=Markup(style),  # noqa: S704 - our own file, which the policy's hash covers
        script=Markup(script),  # noqa: S704 - our own file, which the policy's hash covers
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return page.encode("utf-8", "replace")


@cache
def _template() -> Template:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("an HTML report", "html") from error
    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.jinja")


@cache
def _asset(name: str) -> str:
    return (_PAGE / name).read_text("utf-8")


def _hash(text: str) -> str:
    """A CSP source for inline text: the digest of exactly what stands between the tags."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
