"""What code is made of, in CycloneDX's words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from assay.model.location import Location


class Scope(Enum):
    """Why a component is there."""

    RUNTIME = "runtime"
    DEVELOPMENT = "development"
    OPTIONAL = "optional"
    BUILD = "build"


class Origin(Enum):
    """Where a component is fetched from. Only REGISTRY ones may match a registry's advisories."""

    REGISTRY = "registry"
    VCS = "vcs"
    PATH = "path"
    URL = "url"
    WORKSPACE = "workspace"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Component:
    """One package, at one version or at a range, as one manifest or lockfile states it.

    `purl` is the identity (https://github.com/package-url/purl-spec), without a version where none is fixed.
    `requirement` is the constraint as written. `parents` are purls (or names) of what requires it, empty if unknown or direct.
    `hashes` are "algorithm:hex". `licences` are SPDX expressions as stated.
    """

    purl: str
    name: str
    ecosystem: str
    version: str = ""
    requirement: str = ""
    scope: Scope = Scope.RUNTIME
    direct: bool = False
    parents: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    origin: Origin = Origin.REGISTRY
    source: str = ""
    licences: tuple[str, ...] = ()
    location: Location | None = None
