"""What the path of a file says about the values in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache


class Setting(Enum):
    """PRODUCT: counts fully. TEST, DOCUMENT: only what looks like a real secret counts, and less. LANGUAGE: texts for people."""

    PRODUCT = "product"
    TEST = "test"
    DOCUMENT = "document"
    LANGUAGE = "language"


class Form(Enum):
    """CODE: unquoted text is code. CONFIG: unquoted text is a value. ENVIRONMENT: config whose values are meant for one installation. PROSE: text."""

    CODE = "code"
    CONFIG = "config"
    ENVIRONMENT = "environment"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class Place:
    """Setting and form of one file, and whether it locks dependencies (whose hashes are no secrets)."""

    setting: Setting
    form: Form
    lock: bool


_TEST = re.compile(
    r"(?:^|/)(?:tests?|__tests__|__mocks__|specs?|fixtures?|testdata|test[-_]?data|mocks?|stubs|e2e|cypress|testing|unittests?|"
    r"integration[-_]?tests?|test[-_][^/]*|[^/]*[-_]tests?|testlib|[a-zA-Z]*test[-_]?support|cassettes|snapshots|__snapshots__|golden|androidTest|smoke-test)/"
    r"|(?:^|/)(?:test_[^/]*|conftest\.py|tests?\.[a-z]+|[^/]*[._-](?:test|tests|spec|stories|fixture|mock)\.[a-zA-Z]{1,5}|[^/]*_test\.[a-z]+|[^/]*_spec\.rb|"
    r"[^/]*Tests?(?:s|Case|Base|Utils?)?\.(?:java|kt|cs|php|swift|scala|groovy))$",
)
_DOCUMENT = re.compile(
    r"(?i)(?:^|/)(?:docs?|docs_src|documentation|examples?|samples?|tutorials?|guides?|howto|playground|templates?/docs|smoketest)/"
    r"|\.(?:md|mdx|rst|adoc|asciidoc|ipynb|1|tex|txt|rdoc)$|(?:^|/)(?:readme|changelog|changes|history|news)(?:\.[^/]*)?$"
    r"|[._-](?:example|sample|template|dist|tmpl|tpl|default)(?:\.[a-z]+)?$|(?:^|/)(?:example|sample)[._-][^/]*$"
)
_LANGUAGE = re.compile(
    r"(?i)(?:^|/)(?:i18n|l10n|locales?|lang|languages?|translations?|messages|lc_messages)/|\.(?:po|pot|xlf|xliff|arb|strings|resx)$|(?:^|/)messages[^/]*\.properties$"
)
_LOCK = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|Cargo\.lock|"
    r"composer\.lock|Gemfile\.lock|go\.sum|mix\.lock|pubspec\.lock|packages\.lock\.json|gradle\.lockfile|bun\.lock|flake\.lock|Podfile\.lock|"
    r"pylock\.toml|deno\.lock|[^/]*\.lock|[^/]*checksums?[^/]*|SHA\d+SUMS)$"
)
# Everything else is read as code, where unquoted text is no value.
_CONFIG = frozenset(
    ["yml", "yaml", "ini", "cfg", "conf", "cnf", "config", "properties", "props", "env", "toml", "json", "json5", "jsonc", "xml", "txt", "csv", "tsv", "sh", "bash", "zsh", "ksh", "fish", "bat", "cmd", "plist", "tfvars", "tfstate", "service", "log", "out", "example", "sample", "template", "dist", "local", "secret", "secrets", "key", "pem", "netrc", "npmrc", "rc", "sls", "hcl", "nomad", "j2", "http", "rest", "bak", "old", "orig"]
)  # fmt: skip
_ENVIRONMENT = re.compile(
    r"(?i)(?:^|/)(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env|(?:docker-)?compose[\w.-]*\.ya?ml|dockerfile[\w.-]*|[\w.-]*dockerfile|\.netrc|_netrc|\.pgpass|\.my\.cnf|\.npmrc|\.pypirc|"
    r"application[\w.-]*\.(?:ya?ml|properties)|[\w.-]*\.(?:ini|properties|conf|cnf|cfg|tfvars)|credentials|wp-config\.php|appsettings[\w.-]*\.json|web\.config|settings\.(?:xml|py))$"
)
_PROSE = re.compile(
    r"(?i)\.(?:md|mdx|rst|adoc|asciidoc|txt|rdoc|tex|html?)$|(?:^|/)(?:readme|changelog|changes|history|news)$"
)


@lru_cache(maxsize=4096)
def place_of(uri: str) -> Place:
    """The place that a path names."""
    extension = uri.rpartition("/")[2].rpartition(".")[2].lower()
    if _ENVIRONMENT.search(uri):
        form = Form.ENVIRONMENT
    elif _PROSE.search(uri):
        form = Form.PROSE
    else:
        form = Form.CONFIG if _is_config(uri, extension) else Form.CODE
    return Place(_setting(uri), form, bool(_LOCK.search(uri)))


_CODE_NAMES = frozenset(
    [
        "rakefile",
        "gemfile",
        "jenkinsfile",
        "vagrantfile",
        "fastfile",
        "podfile",
        "capfile",
        "guardfile",
        "brewfile",
        "dangerfile",
        "sconstruct",
        "sconscript",
        "build",
        "workspace",
    ]
)


def _is_config(uri: str, extension: str) -> bool:
    name = uri.rpartition("/")[2].lower()
    return extension in _CONFIG or ("." not in name[1:] and name not in _CODE_NAMES)


def _setting(uri: str) -> Setting:
    if _LANGUAGE.search(uri):
        return Setting.LANGUAGE
    if _TEST.search(uri):
        return Setting.TEST
    return Setting.DOCUMENT if _DOCUMENT.search(uri) else Setting.PRODUCT


_COMMENTS = (b"#", b"//", b"*", b"/*", b"<!--", b"--", b";", b"%", b"rem ", b">>>")


def within_comment(place: Place, content: bytes, start: int) -> Place:
    """On a line that is a comment, values count as in a document: most are examples of use."""
    head = content[start : start + 200].lstrip()[:6].lower()
    if place.setting is Setting.PRODUCT and head.startswith(_COMMENTS) and not head.startswith(b"--p"):
        return replace(place, setting=Setting.DOCUMENT)
    return place
