"""The least upgrade that ends all known flaws of a package, and the command that the project's own package manager needs for it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from assay.dependencies.advisories.evaluate import is_affected
from assay.dependencies.advisories.match import AdvisorySource, plain_version
from assay.dependencies.advisories.record import Affected
from assay.dependencies.purl import match_key
from assay.dependencies.versions.order import is_major_step, is_prerelease, key_of
from assay.model.component import Component


@dataclass(frozen=True, slots=True)
class Upgrade:
    """`version` is empty where no version is known that ends all. `major` says that it crosses a breaking border.

    `remaining` counts flaws that even this version has (only where nothing ends all of them).
    """

    version: str
    major: bool
    remaining: int = 0


def least_upgrade(component: Component, source: AdvisorySource) -> Upgrade:
    """The least fixed version above the present one in which no advisory of the package holds, without a major step if there is one.

    Candidates are the versions that advisories name as fixed: they exist, others might not.
    """
    ecosystem = component.ecosystem
    entries = [
        affected
        for identifier, affected in source.affected(ecosystem, match_key(ecosystem, component.name))
        if (advisory := source.advisory(identifier)) is not None and not advisory.withdrawn
    ]
    candidates = _candidates(component, entries)
    sound = [
        version
        for version in candidates
        if not any(is_affected(item, ecosystem, version) for item in entries)
    ]
    same_line = [version for version in sound if not is_major_step(component.version, version, ecosystem)]
    if same_line or sound:
        best = (same_line or sound)[0]
        return Upgrade(best, is_major_step(component.version, best, ecosystem))
    return _best_effort(component, candidates, entries)


def _candidates(component: Component, entries: list[Affected]) -> list[str]:
    """Fixed versions above the present one, in order; pre-releases only where the present one is one."""
    ecosystem = component.ecosystem
    present = key_of(ecosystem, plain_version(ecosystem, component.version))
    if present is None:
        return []
    keyed = {}
    for version in {fixed for item in entries for fixed in item.fixed}:
        key = key_of(ecosystem, version)
        unwanted = is_prerelease(ecosystem, version) and not is_prerelease(ecosystem, component.version)
        if key is not None and key > present and not unwanted:
            keyed[version] = key
    return sorted(keyed, key=lambda version: keyed[version])


def _best_effort(component: Component, candidates: list[str], entries: list[Affected]) -> Upgrade:
    counts = {
        version: sum(is_affected(item, component.ecosystem, version) for item in entries)
        for version in candidates
    }
    now = sum(
        is_affected(item, component.ecosystem, plain_version(component.ecosystem, component.version))
        for item in entries
    )
    better = [version for version in candidates if counts[version] < now]
    if not better:
        return Upgrade("", major=False, remaining=now)
    best = min(better, key=lambda version: counts[version])
    return Upgrade(best, is_major_step(component.version, best, component.ecosystem), counts[best])


def command_for(
    component: Component, version: str, form: str, uri: str, path: Iterable[Component] = ()
) -> str:
    """The exact command of the package manager that wrote the manifest, empty where only an edit helps.

    For a transitive package npm needs an override; the others lock it directly.
    """
    name = component.name
    spec = shlex.quote(f"{name}=={version}")
    folder = uri.rpartition("/")[0]
    transitive = len(tuple(path)) > 1
    commands = {
        "uv.lock": f"uv lock --upgrade-package {spec}",
        "poetry.lock": f"poetry add {shlex.quote(f'{name}@{version}')}" if not transitive else f"poetry update {shlex.quote(name)}",
        "pdm.lock": f"pdm update --update-eager {shlex.quote(name)}" if transitive else f"pdm add {spec}",
        "Pipfile.lock": f"pipenv upgrade {spec}",
        "Pipfile": f"pipenv install {spec}",
        "package-lock.json": _npm(name, version, transitive),
        "package.json": f"npm install {shlex.quote(f'{name}@{version}')}",
        "yarn.lock": f"yarn set resolution {shlex.quote(f'{name}@npm:*')} npm:{version}" if transitive else f"yarn add {shlex.quote(f'{name}@{version}')}",
        "pnpm-lock.yaml": f"pnpm update {shlex.quote(f'{name}@{version}')}" + (" --depth Infinity" if transitive else ""),
        "bun.lock": f"bun add {shlex.quote(f'{name}@{version}')}",
        "go.mod": f"go get {shlex.quote(f'{name}@v{version}')} && go mod tidy",
        "Cargo.lock": f"cargo update -p {shlex.quote(f'{name}@{component.version}')} --precise {shlex.quote(version)}",
        "Gemfile.lock": f"bundle update {shlex.quote(name)} --conservative",
        "composer.lock": f"composer require {shlex.quote(f'{name}:{version}')} -W" if not transitive else f"composer update {shlex.quote(name)} -W",
        "packages.lock.json": f"dotnet add package {shlex.quote(name)} --version {shlex.quote(version)}",
        "csproj": f"dotnet add {shlex.quote(uri)} package {shlex.quote(name)} --version {shlex.quote(version)}",
        "mix.lock": f"mix deps.update {shlex.quote(name)}",
        "pubspec.lock": f"dart pub upgrade {shlex.quote(name)}",
    }  # fmt: skip
    command = commands.get(form, "")
    return f"cd {shlex.quote(folder)} && {command}" if command and folder else command


def edit_for(component: Component, version: str, form: str) -> str:
    """What to write and where, for the manifests that no package manager's command changes; empty for the others."""
    written = {"requirements.txt": f"{component.name}=={version}", "pom.xml": f"<version>{version}</version>",
               "environment.yml": f"{component.name}=={version}", "libs.versions.toml": version, "pyproject.toml": f"{component.name}>={version}"}  # fmt: skip
    place = component.location
    if form not in written or place is None or not version:
        return ""
    return f"write {written[form]} for it in {place.uri}, line {place.region.start_line}"


def _npm(name: str, version: str, transitive: bool) -> str:
    if not transitive:
        return f"npm install {shlex.quote(f'{name}@{version}')}"
    return f"npm pkg set {shlex.quote(f'overrides.{name}={version}')} && npm install"
