"""What a project (or its organisation) allows: .assay/dependencies.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import msgspec

from assay.dependencies.document import ManifestError
from assay.dependencies.purl import canonical_name
from assay.model.component import Component
from assay.model.errors import ConfigError

POLICY_FILE = ".assay/dependencies.yaml"


class Prohibited(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A package that must not be used: `package` is `Ecosystem:name`, where the name may hold `*`; `use` is the approved alternative."""

    package: str
    reason: str = ""
    use: str = ""
    frameworks: tuple[str, ...] = ()


class LicenceExceptionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A package whose licence was looked at by a human, and why it is fine."""

    package: str
    reason: str


class LicencePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """SPDX ids (`*` allowed). What is on no list is for review if `allow` is given, else fine. `scopes` are those looked at."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ("AGPL-*", "SSPL-1.0", "BUSL-1.1", "Commons-Clause", "CC-BY-NC-*")
    review: tuple[str, ...] = ("GPL-*", "EUPL-*", "OSL-*", "CPAL-1.0", "RPL-*")
    scopes: tuple[str, ...] = ("runtime", "optional")
    unknown: str = "note"
    own: str = ""
    exceptions: tuple[LicenceExceptionRule, ...] = ()


class AdvisoryPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What the advisory store must be for a scan to count as complete; zero and false ask for nothing."""

    require_full: bool = False
    max_age_days: int = 0


class PolicyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The whole file. Zero and empty mean "no such limit"."""

    minimum_release_age_days: int = 0
    approved: tuple[str, ...] = ()
    prohibited: tuple[Prohibited, ...] = ()
    frameworks: tuple[str, ...] = ()
    tier: str = ""
    max_new_packages: int = 0
    require_hashes: bool = False
    require_pins: bool = False
    private: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    licences: LicencePolicy = LicencePolicy()
    advisories: AdvisoryPolicy = AdvisoryPolicy()


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy with where it stands; the default one where no file was given."""

    file: PolicyFile = field(default=PolicyFile())
    source: str = ""


def read_policy(text: str, uri: str) -> Policy:
    """The policy in a file.

    Raises:
        ConfigError: not YAML, or not a policy; the text names the field.
    """
    try:
        from assay.dependencies.yaml_text import read_yaml

        data = read_yaml(text)
        return Policy(msgspec.convert(data if data is not None else {}, PolicyFile, strict=False), uri)
    except ManifestError as error:
        raise ConfigError(f"{uri}: {error}", "see `assay deps policy --help`") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{uri}: {error}", "see `assay deps policy --help`") from error


def matches(pattern: str, component: Component) -> bool:
    """Whether `Ecosystem:name`, or a name alone, with `*` for anything, means the component."""
    ecosystem, colon, name = pattern.partition(":")
    if not colon or ecosystem not in {component.ecosystem, component.ecosystem.lower(), "*"}:
        if colon and component.ecosystem != "Maven":
            return False
        name = pattern
    own = canonical_name(component.ecosystem, component.name)
    return fnmatchcase(own, canonical_name(component.ecosystem, name) if "*" not in name else name.lower())


def prohibition(component: Component, policy: Policy) -> Prohibited | None:
    """The first prohibition that means the component, under the frameworks that the policy is for (all, if it names none)."""
    asked = {name.lower() for name in policy.file.frameworks}
    for entry in policy.file.prohibited:
        applies = not entry.frameworks or not asked or asked & {name.lower() for name in entry.frameworks}
        if applies and matches(entry.package, component):
            return entry
    return None


def is_approved(component: Component, policy: Policy) -> bool:
    """Whether the list of approved packages holds the component; an empty list approves everything."""
    return not policy.file.approved or any(matches(pattern, component) for pattern in policy.file.approved)
