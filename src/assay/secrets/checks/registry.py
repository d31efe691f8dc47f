"""Names of checks to functions, loaded on first use."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from random import Random

from assay.model.errors import RuleError
from assay.secrets.checks.result import Validation

Check = Callable[[str], Validation]
Mint = Callable[[Random, str], str]

# Name in a rule -> module and function; `mint_<function>` beside it makes up a valid value.
_CHECKS = {
    "github-crc32": "crc:github",
    "npm-crc32": "crc:npm",
    "vercel-crc32": "crc:vercel",
    "cloudflare-crc32": "crc:cloudflare",
    "grafana-crc32": "crc:grafana",
    "atlassian-crc32": "crc:atlassian",
    "gitlab-routable": "crc:gitlab",
    "azure-key": "azure:identifiable_key",
    "azure-cask": "azure:cask",
    "pypi-macaroon": "structure:pypi",
    "nats-nkey": "keys:nats",
    "age-bech32": "keys:age",
    "base58check": "keys:base58check",
    "jwt": "structure:jwt",
    "aws-key-id": "structure:aws_key_id",
    "aws-secret": "structure:aws_secret",
    "private-key": "keys:private_key",
    "putty-key": "keys:putty",
    "gcp-service-account": "structure:gcp_service_account",
    "slack": "structure:slack",
    "stripe": "structure:stripe",
    "anthropic": "structure:anthropic",
    "openai": "structure:openai",
    "huggingface": "structure:huggingface",
    "sendgrid": "structure:sendgrid",
    "docker-hub": "structure:docker_hub",
    "vault": "structure:vault",
    "sentry": "structure:sentry",
    "grafana-cloud": "structure:grafana_cloud",
    "grafana-legacy": "structure:grafana_legacy",
    "jfrog-reference": "structure:jfrog_reference",
    "jfrog-key": "structure:jfrog_key",
    "discord": "structure:discord",
    "atlassian-dc": "structure:atlassian_dc",
    "onepassword": "structure:onepassword",
    "base64-text": "structure:base64_text",
    "uuid": "structure:uuid",
}
NAMES = frozenset(_CHECKS)


@cache
def check_named(name: str) -> Check:
    """The check of that name.

    Raises:
        RuleError: no check has that name.
    """
    module, function = _place(name)
    found: Check = getattr(import_module(f"assay.secrets.checks.{module}"), function)
    return found


@cache
def mint_named(name: str) -> Mint:
    """What makes up valid values for the check of that name.

    Raises:
        RuleError: no check has that name, or it makes up none.
    """
    module, function = _place(name)
    found: Mint | None = getattr(import_module(f"assay.secrets.checks.{module}"), f"mint_{function}", None)
    if found is None:
        raise RuleError(f"the check {name!r} makes up no values", "write the example with a character kind")
    return found


def _place(name: str) -> tuple[str, str]:
    if name not in _CHECKS:
        raise RuleError(f"no check is named {name!r}", f"known are {', '.join(sorted(_CHECKS))}")
    module, _, function = _CHECKS[name].partition(":")
    return module, function
