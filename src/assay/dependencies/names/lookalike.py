"""Names that look like a popular one: typing errors, swapped letters, foreign letters, separators, affixes, joined names, scopes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import re2

from assay.dependencies.names.by_hand import hand_written

_NEAR_RANK = 15_000
_FAR_RANK = 400
_RANKS_BY_LENGTH = {1: 1000, 2: 1000, 3: 1000, 4: 1000, 5: 2000, 6: 5000, 7: 5000}
_FAR_LENGTH = 7
_LONGEST = 80  # characters of a name that is compared letter by letter
_AFFIX_RANK = 4000
_GLUED_RANK = 2500
_JOIN_RANK = 150
_BARE_LENGTH = 7
_BARE_RANK = 5000
_AFFIXED_LENGTH = 5
_OWNER_LENGTH = 7
_OWNER_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"
_SEPARATORS = re2.compile(r"[-_./@]+")
# The same for whole lists of names: tables of single characters, many times faster than a pattern.
_JOINED = dict.fromkeys(map(ord, "-_./@"))
_SPACED = dict.fromkeys(map(ord, "-_./@"), " ")
# Letters of other scripts, digits and pairs that read as Latin letters (Unicode TR39 and what attackers use).
_CONFUSABLE = str.maketrans(
    "аеорсухіјѕԁһɡӏմոսνοαβερτκιυÀàáâãäåèéêëìíîïòóôõöùúûüýÿçñøđłıșțžšćč",
    "aeopcyxijsdhglunuvoabeptkiuaaaaaaaeeeeiiiiooooouuuuyycnodlistzscc",
)
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("5", "s"), ("3", "e"))
_AFFIXES = frozenset({
    "python", "py", "python2", "python3", "pip", "js", "node", "nodejs", "npm", "javascript", "official", "lib", "library", "dev", "pro", "plus",
    "new", "latest", "fixed", "updated", "real", "original", "stable", "release", "package", "module", "free", "test", "2", "3", "1", "v2", "v3", "rs",
    "ruby", "gem", "go", "golang", "java", "ts", "api", "helper", "util", "tool", "pkg", "install", "installer", "setup", "core2", "fork", "beta", "alpha",
})  # fmt: skip
# Words that are glued to a name without a separator.
_GLUED = ("python", "py", "js", "lib", "pip", "npm", "dev", "pro", "official", "node")
# Names that documentation uses for "yours": whoever registers one is given to everybody who copies a line without reading it.
_PLACEHOLDERS = frozenset(
    f"{whose}{what}"
    for whose in ("my", "your", "some", "example")
    for what in (
        "package",
        "module",
        "library",
        "packagename",
        "modulename",
        "app",
        "project",
        "dependency",
        "plugin",
    )
) | {"packagename", "modulename", "nameofpackage", "somepackagename"}
# Frameworks whose plugins carry their name by custom: joining it with another name is how such a plugin is called.
_HOSTS = frozenset({
    "django", "flask", "pytest", "sphinx", "mkdocs", "celery", "fastapi", "aiohttp", "airflow", "apache", "aws", "azure", "google", "boto3", "types", "mypy",
    "opentelemetry", "langchain", "llama", "jupyter", "streamlit", "pandas", "pydantic", "sqlalchemy", "react", "vue", "angular", "babel", "eslint",
    "webpack", "gulp", "grunt", "rollup", "vite", "postcss", "express", "jest", "mocha", "next", "nuxt", "svelte", "storybook", "prettier", "tailwindcss",
    "typescript", "node", "npm", "rails", "rspec", "rubocop", "jekyll", "rack", "redis", "grpc", "graphql", "apollo", "expo", "electron", "ember", "karma",
    "hapi", "fastify", "koa", "nest", "remark", "rehype", "unist", "hast", "mdast", "d3", "lodash", "es", "array", "string", "object", "is", "get", "has",
    "color", "css", "html", "parse", "http", "https", "fs", "path", "url", "stream", "json", "yaml", "xml", "async", "jupyterlab", "pytorch", "torch", "numpy",
})  # fmt: skip


class Likeness(Enum):
    """How a name resembles another."""

    LETTERS = "differs by a letter or two"
    CONFUSABLE = "is written with look-alike letters"
    SEPARATORS = "differs in separators only"
    AFFIX = "adds a word that says nothing"
    JOINED = "joins two well-known names"
    SCOPE = "imitates a scope"
    ORDER = "swaps the words"
    OWNER = "is under an owner that imitates another"
    PRODUCT = "differs by a letter or two from a well-known product"
    OPTION = "reads like an option of a package manager"
    PLACEHOLDER = "is a placeholder of documentation"


@dataclass(frozen=True, slots=True)
class Resemblance:
    """What a name looks like, and how."""

    target: str
    kind: Likeness
    distance: int
    rank: int


class Index:
    """The popular names of one ecosystem, prepared for questions. A question takes some 100 microseconds."""

    def __init__(self, ranks: Mapping[str, int]) -> None:
        self.ranks = ranks
        near = sorted(
            (name for name, rank in ranks.items() if rank <= _NEAR_RANK), key=lambda name: (ranks[name], name)
        )
        self._near = near
        # Prepared in one piece, a name a line: a call for each of 15,000 names would be felt at every start.
        whole = "\n".join(near)
        self._letters_used = "".join(sorted(set(whole) - {"\n"}))
        self._bare = _best(_bare(whole).split("\n"), near)
        self._skeletons = _best(_skeleton(whole).split("\n"), near)
        self._far = [name for name in near if ranks[name] <= _FAR_RANK and len(name) >= _FAR_LENGTH]
        # Go modules and actions are named by host and owner: an owner's other projects are not imitations.
        self._by_owner = all("/" in name and not name.startswith("@") for name in list(ranks)[:50]) and bool(
            ranks
        )
        self._projects: dict[str, list[str]] = {}
        for name in near if self._by_owner else ():
            self._projects.setdefault(name.rpartition("/")[2], []).append(name)
        self._scopes: dict[str, int] = {}
        for name in ranks:
            if name.startswith("@"):
                scope = name.partition("/")[0]
                self._scopes[scope] = self._scopes.get(scope, 0) + 1

    @cached_property
    def _orders(self) -> dict[str, str]:
        return {_ordered(name): name for name in reversed(self._near) if _SEPARATORS.search(name)}

    def resemblance(self, name: str) -> Resemblance | None:
        """What an unknown name resembles most, None if nothing."""
        if name.startswith("-"):
            return Resemblance(name, Likeness.OPTION, 0, 0)
        if _bare(name).lower() in _PLACEHOLDERS:
            return Resemblance(name, Likeness.PLACEHOLDER, 0, 0)
        if self._by_owner:
            return self._owner(name) or self._owner_alone(name)
        checks = (
            self._confusable, self._separators, self._letters, self._scope, self._order, self._affix, self._joined, self._product,
            self._letters_of_bare, self._letters_and_affix,
        )  # fmt: skip
        return next((found for check in checks if (found := check(name)) is not None), None)

    def _found(self, target: str, kind: Likeness, distance: int = 0) -> Resemblance:
        return Resemblance(target, kind, distance, self.ranks.get(target, 0))

    def _confusable(self, name: str) -> Resemblance | None:
        skeleton = _skeleton(name)
        target = self._skeletons.get(skeleton)
        if target is not None and target != name and (not name.isascii() or len(name) >= 4):
            return self._found(target, Likeness.CONFUSABLE)
        return None

    def _separators(self, name: str) -> Resemblance | None:
        target = self._bare.get(_bare(name))
        return self._found(target, Likeness.SEPARATORS) if target is not None and target != name else None

    def _letters(self, name: str) -> Resemblance | None:
        # `@types/node` and `@types/nodes` are told apart by their last part: scopes are judged on their own.
        # The shorter the name, the more other words lie one letter away: there, only the most used names count.
        limit = _RANKS_BY_LENGTH.get(len(name), _NEAR_RANK)
        near = [
            t
            for t in _one_away(name, self._letters_used)
            if t != name and self.ranks.get(t, limit + 1) <= limit
        ]
        if near:
            return self._found(min(near, key=lambda target: self.ranks[target]), Likeness.LETTERS, 1)
        if len(name) < _FAR_LENGTH - 2:
            return None
        far = [
            target
            for target in self._far
            if abs(len(target) - len(name)) <= 2 and distance(name, target, 2) <= 2
        ]
        return (
            self._found(min(far, key=lambda target: self.ranks[target]), Likeness.LETTERS, 2) if far else None
        )

    def _letters_of_bare(self, name: str) -> Resemblance | None:
        """One letter off once the separators are left out: an error in a name whose separator was dropped or moved too."""
        bare = _bare(name)
        if name.startswith("@") or len(bare) < _BARE_LENGTH:
            return None
        near = [t for form in _one_away(bare, self._letters_used) if (t := self._bare.get(form)) is not None]
        return (
            self._found(min(near, key=lambda target: self.ranks[target]), Likeness.LETTERS, 1)
            if near
            else None
        )

    def _letters_and_affix(self, name: str) -> Resemblance | None:
        """One letter off a very popular name, and a word added that says nothing."""
        for rest in _without_affix(name):
            near = [
                t
                for t in _one_away(rest, self._letters_used)
                if self.ranks.get(t, _BARE_RANK + 1) <= _BARE_RANK
            ]
            if near and len(rest) >= _AFFIXED_LENGTH:
                return self._found(min(near, key=lambda target: self.ranks[target]), Likeness.AFFIX, 1)
        return None

    def _scope(self, name: str) -> Resemblance | None:
        if name.startswith("@"):
            scope, _, rest = name.partition("/")
            if scope in self._scopes or len(scope) < 5:
                return None
            for known, count in self._scopes.items():
                # A scope is imitated together with a package of it; a like-sounding scope with packages of its own is another firm.
                if count >= 3 and distance(scope, known, 1) <= 1 and f"{known}/{rest}" in self.ranks:
                    return self._found(f"{known}/{rest}", Likeness.SCOPE, 1)
            return None
        return None

    def _order(self, name: str) -> Resemblance | None:
        if not _SEPARATORS.search(name):
            return None
        target = self._orders.get(_ordered(name))
        return self._found(target, Likeness.ORDER) if target is not None and target != name else None

    def _owner(self, name: str) -> Resemblance | None:
        """The same project under an owner that reads like the real one: one letter off, or with a word added."""
        head, _, project = name.rpartition("/")
        for target in self._projects.get(project, ()):
            real = target.rpartition("/")[0]
            owner, known = head.rpartition("/")[2], real.rpartition("/")[2]
            if owner == known or head.rpartition("/")[0] != real.rpartition("/")[0]:
                continue
            words = [word for word in str(_SEPARATORS.sub(" ", owner)).split() if word not in _AFFIXES]
            if (
                distance(owner, known, 1) <= 1
                or _skeleton(owner) == _skeleton(known)
                or "".join(words) == _bare(known)
            ):
                return self._found(target, Likeness.OWNER, 1)
        return None

    def _owner_alone(self, name: str) -> Resemblance | None:
        """An owner that is two neighbouring letters or one letter off a known owner, whatever the project is called."""
        head = name.rpartition("/")[0]
        place, _, owner = head.rpartition("/")
        if len(owner) < _OWNER_LENGTH or "." in owner or head in self._owners:
            return None
        for form in _one_away(owner, _OWNER_LETTERS):
            target = self._owners.get(f"{place}/{form}" if place else form)
            if target is not None:
                return self._found(target, Likeness.OWNER, 1)
        return None

    @cached_property
    def _owners(self) -> dict[str, str]:
        return {name.rpartition("/")[0]: name for name in reversed(self._near)}

    def _product(self, name: str) -> Resemblance | None:
        bare = name.lower()
        products = hand_written().products
        for product in products:
            limit = 1 if len(product) < 7 else 2
            if bare != product and 0 < distance(bare, product, limit) <= limit and bare not in products:
                return Resemblance(product, Likeness.PRODUCT, limit, 0)
        return None

    def _affix(self, name: str) -> Resemblance | None:
        tokens = [token for token in str(_SEPARATORS.sub(" ", name)).split() if token]
        if len(tokens) >= 2:
            for word, rest in ((tokens[0], tokens[1:]), (tokens[-1], tokens[:-1])):
                target = self._bare.get("".join(rest), "")
                if (
                    word in _AFFIXES
                    and self.ranks.get(target, _AFFIX_RANK + 1) <= _AFFIX_RANK
                    and len(target) >= 4
                    and not target.startswith("@")
                ):
                    return self._found(target, Likeness.AFFIX)
        for word in _GLUED:
            for target in (name.removesuffix(word), name.removeprefix(word)):
                if (
                    target != name
                    and len(target) >= 5
                    and self.ranks.get(target, _AFFIX_RANK + 1) <= _GLUED_RANK
                ):
                    return self._found(target, Likeness.AFFIX)
        return None

    def _joined(self, name: str) -> Resemblance | None:
        """Two very popular names in one. With a separator this is also how plugins are called, so hosts of plugins are left out."""
        tokens = str(_SEPARATORS.sub(" ", name)).split()
        pairs = [(tokens[0], tokens[1])] if len(tokens) == 2 else []
        if len(tokens) == 1 and len(name) >= 9:
            pairs = [(name[:cut], name[cut:]) for cut in range(4, len(name) - 3)]
        for first, second in pairs:
            ranks = (self.ranks.get(first, _JOIN_RANK + 1), self.ranks.get(second, _JOIN_RANK + 1))
            if first != second and max(ranks) <= _JOIN_RANK and not {first, second} & _HOSTS:
                return self._found(first, Likeness.JOINED)
        return None


def distance(first: str, second: str, limit: int) -> int:
    """Optimal string alignment distance (insert, delete, replace, swap neighbours), or limit + 1 if it is more than the limit."""
    if abs(len(first) - len(second)) > limit:
        return limit + 1
    before: list[int] = []
    previous = list(range(len(second) + 1))
    for row, char in enumerate(first, 1):
        current = [row]
        for column, other in enumerate(second, 1):
            cost = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (char != other))
            if row > 1 and column > 1 and char == second[column - 2] and first[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, previous = previous, current
    return min(previous[-1], limit + 1)


def _without_affix(name: str) -> Iterator[str]:
    """The name without a word that says nothing in front or behind: parted by a separator, or glued."""
    tokens = [token for token in str(_SEPARATORS.sub(" ", name)).split() if token]
    if len(tokens) >= 2 and not name.startswith("@"):
        if tokens[-1] in _AFFIXES:
            yield "-".join(tokens[:-1])
        if tokens[0] in _AFFIXES:
            yield "-".join(tokens[1:])
    for word in _GLUED:
        if name.endswith(word):
            yield name.removesuffix(word)


def _ordered(name: str) -> str:
    return " ".join(sorted(name.translate(_SPACED).split()))


def _one_away(name: str, letters: str) -> Iterator[str]:
    """Every text one deletion, swap of neighbours, replacement or insertion of one of these letters away."""
    for place in range(len(name) + 1 if len(name) <= _LONGEST else 0):
        before, after = name[:place], name[place:]
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for letter in letters:
            yield before + letter + after
            yield before + letter + after[1:]


def _best(forms: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """The first name of each form."""
    return dict(zip(reversed(forms), reversed(names), strict=True))


def _bare(name: str) -> str:
    return name.translate(_JOINED)


def _skeleton(name: str) -> str:
    """The Latin letters that a name appears to be made of."""
    folded = name.lower() if name.isascii() else _latin(name)
    for pair, letter in _PAIRS:
        folded = folded.replace(pair, letter)
    return folded


def _latin(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).translate(_CONFUSABLE).lower()
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))
