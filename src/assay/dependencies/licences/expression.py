"""Licence expressions as SPDX writes them (https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/), and common words for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import re2

_TOKEN = re2.compile(r"\(|\)|[^\s()]+")
_MAX_LENGTH = 2000
_MAX_DEPTH = 30
# Words that metadata uses, lower case -> SPDX id. Words that mean several licences ("BSD", "GPL") become the family.
_WORDS = {
    "mit license": "MIT", "mit": "MIT", "the mit license": "MIT", "mit/x11": "MIT", "expat": "MIT", "mit-license": "MIT",
    "apache": "Apache-2.0", "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache-2": "Apache-2.0", "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0", "apache license version 2.0": "Apache-2.0", "apache software license": "Apache-2.0",
    "apache license": "Apache-2.0", "apache software license 2.0": "Apache-2.0", "apache2": "Apache-2.0", "apache v2": "Apache-2.0",
    "bsd": "BSD-3-Clause", "bsd license": "BSD-3-Clause", "bsd 3-clause": "BSD-3-Clause", "bsd-3": "BSD-3-Clause", "new bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause", "3-clause bsd": "BSD-3-Clause", "3-clause bsd license": "BSD-3-Clause", "bsd 3-clause license": "BSD-3-Clause",
    "modified bsd license": "BSD-3-Clause", "simplified bsd": "BSD-2-Clause", "bsd 2-clause": "BSD-2-Clause", "2-clause bsd": "BSD-2-Clause",
    "bsd-2": "BSD-2-Clause", "isc license": "ISC", "isc": "ISC", "isc license (iscl)": "ISC", "psf": "PSF-2.0", "psf license": "PSF-2.0",
    "python software foundation license": "PSF-2.0", "psfl": "PSF-2.0", "mpl 2.0": "MPL-2.0", "mpl-2.0": "MPL-2.0", "mozilla public license 2.0": "MPL-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "gpl": "GPL-2.0-or-later", "gplv2": "GPL-2.0-only", "gpl v2": "GPL-2.0-only", "gpl-2.0": "GPL-2.0-only",
    "gplv3": "GPL-3.0-only", "gpl v3": "GPL-3.0-only", "gpl-3.0": "GPL-3.0-only", "gnu gplv3": "GPL-3.0-only", "gpl-3.0+": "GPL-3.0-or-later",
    "gpl-2.0+": "GPL-2.0-or-later", "gpl-3": "GPL-3.0-only", "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only", "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu general public license v2 or later (gplv2+)": "GPL-2.0-or-later", "gnu general public license (gpl)": "GPL-2.0-or-later",
    "lgpl": "LGPL-2.1-or-later", "lgplv3": "LGPL-3.0-only", "lgpl-3.0": "LGPL-3.0-only", "lgpl-2.1": "LGPL-2.1-only", "lgpl-3.0+": "LGPL-3.0-or-later",
    "lgpl-2.1+": "LGPL-2.1-or-later", "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu library or lesser general public license (lgpl)": "LGPL-2.1-or-later", "gnu lesser general public license v2 or later (lgplv2+)": "LGPL-2.0-or-later",
    "agpl": "AGPL-3.0-only", "agplv3": "AGPL-3.0-only", "agpl-3.0": "AGPL-3.0-only", "gnu affero general public license v3": "AGPL-3.0-only",
    "gnu affero general public license v3 or later (agplv3+)": "AGPL-3.0-or-later", "unlicense": "Unlicense", "the unlicense (unlicense)": "Unlicense",
    "public domain": "LicenseRef-public-domain", "cc0": "CC0-1.0", "cc0 1.0 universal": "CC0-1.0", "cc0-1.0": "CC0-1.0", "wtfpl": "WTFPL", "zlib": "Zlib",
    "zpl 2.1": "ZPL-2.1", "zope public license": "ZPL-2.1", "artistic": "Artistic-1.0-Perl", "artistic-2.0": "Artistic-2.0", "0bsd": "0BSD",
    "proprietary": "LicenseRef-proprietary", "unlicensed": "LicenseRef-proprietary", "commercial": "LicenseRef-proprietary",
    "other/proprietary license": "LicenseRef-proprietary", "sspl": "SSPL-1.0", "bsl 1.1": "BUSL-1.1", "business source license 1.1": "BUSL-1.1",
    "hpnd": "HPND", "boost software license 1.0 (bsl-1.0)": "BSL-1.0", "academic free license (afl)": "AFL-3.0", "eupl 1.2": "EUPL-1.2",
}  # fmt: skip
_ID = re2.compile(
    r"^(?:[A-Za-z0-9][A-Za-z0-9.-]*\+?|(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+)$"
)


@dataclass(frozen=True, slots=True)
class Licence:
    """A node of an expression: `operator` is AND or OR with `parts`, or empty with one licence `id` and its exception."""

    operator: str = ""
    parts: tuple[Licence, ...] = ()
    id: str = ""
    exception: str = ""

    def __str__(self) -> str:
        if not self.operator:
            return f"{self.id} WITH {self.exception}" if self.exception else self.id
        return f" {self.operator} ".join(
            f"({part})" if part.operator and part.operator != self.operator else str(part)
            for part in self.parts
        )


def parse_expression(text: str) -> Licence | None:
    """The expression in a text, None where it is none. Words in common use are taken for the SPDX ids that they mean."""
    text = text.strip()
    if (
        not text
        or len(text) > _MAX_LENGTH
        or text.lower() in {"unknown", "noassertion", "none", "see license", "other", "uncopyrighted"}
    ):
        return None
    word = _WORDS.get(text.lower())
    if word is not None:
        return Licence(id=word)
    if text.upper().startswith("SEE LICENSE IN"):
        return None
    # Cargo once wrote `MIT/Apache-2.0`, npm `(MIT OR Apache-2.0)`, and lists are joined by commas.
    spaced = text.replace("/", " OR ") if "/" in text and " " not in text else text
    tokens = [str(token) for token in _TOKEN.findall(spaced)]
    parser = _Parser(tokens)
    try:
        found = parser.alternatives(0)
    except ValueError:
        return None
    return found if parser.position == len(tokens) else None


class _Parser:
    """Recursive descent: OR binds weakest, then AND, then WITH."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.position = 0

    def alternatives(self, depth: int) -> Licence:
        return self._chain("OR", depth, lambda: self._chain("AND", depth, lambda: self._simple(depth)))

    def _chain(self, operator: str, depth: int, part: Callable[[], Licence]) -> Licence:
        if depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
        parts = [part()]
        while self._peek().upper() == operator:
            self.position += 1
            parts.append(part())
        return parts[0] if len(parts) == 1 else Licence(operator, tuple(parts))

    def _simple(self, depth: int) -> Licence:
        word = self._next()
        if word == "(":
            inner = self.alternatives(depth + 1)
            if self._next() != ")":
                raise ValueError("a bracket is not closed")
            return inner
        if not _ID.match(word) or word.upper() in {"AND", "OR", "WITH"}:
            raise ValueError(f"not a licence: {word}")
        name = _WORDS.get(word.lower(), word)
        if self._peek().upper() == "WITH":
            self.position += 1
            return Licence(id=name, exception=self._next())
        return Licence(id=name)

    def _peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def _next(self) -> str:
        word = self._peek()
        if not word:
            raise ValueError("the expression ends too early")
        self.position += 1
        return word
