"""Every format on a small text of our own: packages, versions, scopes, directness, edges, origins, lines."""

from __future__ import annotations

import json

import pytest

from assay.dependencies.document import Manifest
from assay.dependencies.inventory import read_inventory
from assay.dependencies.manifests.registry import READERS, format_of, read_manifest
from assay.model.component import Component, Origin, Scope


def read(uri: str, text: str, **siblings: str) -> Manifest:
    files = {name.replace("__", "."): value.encode() for name, value in siblings.items()}
    return read_manifest(uri, text.encode(), files.get)


def by_name(manifest: Manifest) -> dict[str, Component]:
    assert not manifest.failed, manifest.parsed.problems
    return {component.name: component for component in manifest.parsed.components}


def pins(manifest: Manifest) -> set[str]:
    return {f"{component.name}@{component.version}" for component in manifest.parsed.components}


def parents(component: Component) -> set[str]:
    return {parent.partition("/")[2].rpartition("@")[0] for parent in component.parents}


def test_requirements() -> None:
    text = """\
--extra-index-url https://user:word@packages.example/simple
flask[async]==3.1.0 ; python_version >= "3.8"  # the web
requests>=2.0,<3  \\
    --hash=sha256:0000000000000000000000000000000000000000000000000000000000000001
-e git+https://git.example.org/group/tool.git@v1#egg=tool
./local/thing
other @ https://files.example/other-1.2.3-py3-none-any.whl
-r more.txt
-c limits.txt
unpinned
"""
    files = {"more.txt": b"click==8.1.7\n-r requirements.txt\n", "limits.txt": b"unpinned==4.5\nunused==9\n"}
    manifest = read_manifest("requirements.txt", text.encode(), files.get)
    found = by_name(manifest)
    assert found["flask"].version == "3.1.0"
    assert found["flask"].location is not None
    assert found["flask"].location.region.start_line == 2
    assert found["requests"].version == ""
    assert found["requests"].hashes == ("sha256:" + "0" * 63 + "1",)
    assert found["tool"].origin is Origin.VCS
    assert found["thing"].origin is Origin.PATH
    assert (found["other"].origin, found["other"].version) == (Origin.URL, "1.2.3")
    assert found["click"].location is not None
    assert found["click"].location.uri == "more.txt"
    assert found["unpinned"].version == "4.5"
    assert "unused" not in found
    assert manifest.parsed.indexes == ("extra https://packages.example/simple",)


def test_requirements_with_via_notes_have_edges() -> None:
    text = "flask==3.1.0\n    # via -r requirements.in\njinja2==3.1.2\n    # via\n    #   flask\n"
    found = by_name(read("requirements.txt", text))
    assert found["flask"].direct
    assert not found["jinja2"].direct
    assert found["jinja2"].parents == ("pkg:pypi/flask@3.1.0",)


@pytest.mark.parametrize(
    ("uri", "scope"),
    [
        ("requirements.txt", Scope.RUNTIME),
        ("requirements-dev.txt", Scope.DEVELOPMENT),
        ("requirements/test.txt", Scope.DEVELOPMENT),
        ("build-requirements.txt", Scope.BUILD),
    ],
)
def test_the_name_of_a_requirements_file_gives_the_scope(uri: str, scope: Scope) -> None:
    assert by_name(read(uri, "a==1\n"))["a"].scope is scope


def test_circular_includes_end() -> None:
    files = {"a.txt": b"-r requirements.txt\nx==1\n"}
    manifest = read_manifest("requirements.txt", b"-r a.txt\n-r ../out.txt\ny==1\n", files.get)
    assert pins(manifest) == {"x@1", "y@1"}
    assert any("not found" in problem.message for problem in manifest.parsed.problems)


PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
[project]
name = "app"
version = "1.0"
dependencies = ["flask==3.1.0", "local-lib"]
[project.optional-dependencies]
fast = ["orjson>=3"]
[dependency-groups]
dev = ["pytest>=8", {include-group = "lint"}]
lint = ["ruff"]
[tool.uv.sources]
local-lib = { path = "../lib" }
"""


def test_pyproject() -> None:
    manifest = read("pyproject.toml", PYPROJECT)
    found = by_name(manifest)
    scopes = {name: component.scope for name, component in found.items()}
    assert scopes == {
        "flask": Scope.RUNTIME,
        "local-lib": Scope.RUNTIME,
        "orjson": Scope.OPTIONAL,
        "pytest": Scope.DEVELOPMENT,
        "ruff": Scope.DEVELOPMENT,
        "hatchling": Scope.BUILD,
    }
    assert found["local-lib"].origin is Origin.PATH
    assert manifest.parsed.roots[0].name == "app"
    assert not manifest.parsed.locked


def test_poetry_tables() -> None:
    text = """\
[tool.poetry]
name = "app"
[tool.poetry.dependencies]
python = "^3.11"
flask = "^3.0"
tool = { git = "https://git.example.org/tool.git" }
[tool.poetry.group.test.dependencies]
pytest = "8.3.0"
"""
    found = by_name(read("pyproject.toml", text))
    assert set(found) == {"flask", "tool", "pytest"}
    assert found["tool"].origin is Origin.VCS
    assert (found["pytest"].version, found["pytest"].scope) == ("8.3.0", Scope.DEVELOPMENT)


def test_poetry_lock_takes_scopes_from_groups_or_from_the_pyproject() -> None:
    lock = """\
[[package]]
name = "flask"
version = "3.1.0"
{first}
[package.dependencies]
jinja2 = ">=3"
[[package]]
name = "jinja2"
version = "3.1.2"
{first}
files = [{{file = "j.whl", hash = "sha256:00"}}]
[[package]]
name = "pytest"
version = "8.3.0"
{second}
"""
    with_groups = read("poetry.lock", lock.format(first='groups = ["main"]', second='groups = ["dev"]'))
    project = '[tool.poetry.dependencies]\nflask = "*"\n[tool.poetry.group.dev.dependencies]\npytest = "*"\n'
    without = read("poetry.lock", lock.format(first="", second=""), pyproject__toml=project)
    for manifest in (with_groups, without):
        found = by_name(manifest)
        assert found["pytest"].scope is Scope.DEVELOPMENT
        assert found["jinja2"].scope is Scope.RUNTIME
        assert found["jinja2"].parents == ("pkg:pypi/flask@3.1.0",)
        assert found["jinja2"].hashes == ("sha256:00",)


UV_LOCK = """\
version = 1
[[package]]
name = "app"
version = "1.0"
source = { virtual = "." }
dependencies = [{ name = "boto3" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
[[package]]
name = "boto3"
version = "1.28.0"
source = { registry = "https://index.example/simple" }
dependencies = [{ name = "botocore" }]
[[package]]
name = "botocore"
version = "1.31.0"
source = { registry = "https://index.example/simple" }
dependencies = [{ name = "urllib3" }]
[[package]]
name = "pytest"
version = "8.3.0"
source = { registry = "https://index.example/simple" }
[[package]]
name = "urllib3"
version = "1.26.15"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/u.tar.gz", hash = "sha256:11" }
"""


def test_uv_lock_has_edges_scopes_and_a_path_of_depth_three() -> None:
    from assay.dependencies.graph import build_graph

    manifest = read("uv.lock", UV_LOCK)
    found = by_name(manifest)
    assert found["boto3"].direct
    assert not found["urllib3"].direct
    assert found["pytest"].scope is Scope.DEVELOPMENT
    assert found["urllib3"].scope is Scope.RUNTIME
    assert found["app"].origin is Origin.WORKSPACE
    graph = build_graph(manifest.parsed.components)
    assert [step.name for step in graph.path_to(found["urllib3"].purl)] == ["boto3", "botocore", "urllib3"]
    assert len(graph.path_to(found["urllib3"].purl)) == 3


def test_pdm_pylock_and_pipfile() -> None:
    pdm = '[[package]]\nname = "a"\nversion = "1"\ngroups = ["default"]\n[[package]]\nname = "b"\nversion = "2"\ngroups = ["dev"]\n'
    assert {c.name: c.scope for c in read("pdm.lock", pdm).parsed.components} == {
        "a": Scope.RUNTIME,
        "b": Scope.DEVELOPMENT,
    }
    pylock = 'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\n[[packages.wheels]]\nurl = "u"\nhashes = {sha256 = "22"}\n[[packages]]\nname = "g"\n[packages.vcs]\ntype = "git"\nurl = "https://git.example.org/g"\n'
    found = by_name(read("pylock.toml", pylock))
    assert found["a"].hashes == ("sha256:22",)
    assert found["g"].origin is Origin.VCS
    pipfile_lock = json.dumps(
        {
            "_meta": {},
            "default": {"a": {"version": "==1.0", "index": "pypi"}},
            "develop": {"b": {"version": "==2"}, "c": {}},
        }
    )
    manifest = read("Pipfile.lock", pipfile_lock)
    assert pins(manifest) == {"a@1.0", "b@2"}
    assert by_name(manifest)["a"].direct
    assert len(manifest.parsed.problems) == 1


def test_pipfile_setup_files_and_scripts() -> None:
    assert pins(read("Pipfile", '[packages]\nflask = "==3.1.0"\n[dev-packages]\npytest = "*"\n')) == {
        "flask@3.1.0",
        "pytest@",
    }
    cfg = "[options]\ninstall_requires =\n  flask==3.1.0\n  # a note\n  requests\n[options.extras_require]\nx = orjson\n"
    assert pins(read("setup.cfg", cfg)) == {"flask@3.1.0", "requests@", "orjson@"}
    setup = 'from setuptools import setup\nneeds = ["flask==3.1.0"]\nsetup(name="app", install_requires=needs, extras_require=compute())\n'
    manifest = read("setup.py", setup)
    assert pins(manifest) == {"flask@3.1.0"}
    assert "computed" in manifest.parsed.problems[0].message
    script = '#!/usr/bin/env python\n# /// script\n# dependencies = [\n#   "rich==13.9",\n# ]\n# ///\nimport rich\n'
    manifest = read_manifest("tool.py", script.encode(), form="script.py")
    assert pins(manifest) == {"rich@13.9"}


def test_conda() -> None:
    text = "name: x\ndependencies:\n  - python=3.11\n  - conda-forge::numpy==1.26.0\n  - pip:\n    - flask==3.1.0\n"
    found = by_name(read("environment.yml", text))
    assert (found["numpy"].ecosystem, found["numpy"].version) == ("conda", "1.26.0")
    assert (found["flask"].ecosystem, found["flask"].version) == ("PyPI", "3.1.0")
    assert found["python"].version == ""


def test_package_json() -> None:
    package = {
        "name": "app",
        "dependencies": {
            "a": "1.2.3",
            "alias": "npm:real@^2",
            "hub": "owner/repo",
            "fixed": "git+https://git.example.org/x.git#0123456789abcdef",
            "near": "file:../near",
        },
        "devDependencies": {"@s/b": "^1"},
        "optionalDependencies": {"o": "*"},
    }
    found = by_name(read("package.json", json.dumps(package)))
    assert found["a"].version == "1.2.3"
    assert found["real"].version == ""
    assert found["hub"].origin is Origin.VCS
    assert found["fixed"].version == "0123456789abcdef"
    assert found["near"].origin is Origin.PATH
    assert found["@s/b"].scope is Scope.DEVELOPMENT
    assert found["@s/b"].purl == "pkg:npm/%40s/b"
    assert found["o"].scope is Scope.OPTIONAL


PACKAGE_LOCK = {
    "name": "app",
    "lockfileVersion": 3,
    "packages": {
        "": {
            "name": "app",
            "version": "1.0.0",
            "dependencies": {"a": "^1"},
            "devDependencies": {"t": "*"},
            "workspaces": ["packages/*"],
        },
        "node_modules/a": {
            "version": "1.0.0",
            "dependencies": {"b": "^1"},
            "license": "MIT",
            "integrity": "sha512-AAAA",
            "resolved": "https://r.example/a/-/a-1.0.0.tgz",
        },
        "node_modules/b": {"version": "2.0.0"},
        "node_modules/a/node_modules/b": {"version": "1.0.0"},
        "node_modules/t": {"version": "3.0.0", "dev": True},
        "node_modules/g": {"version": "1.0.0", "resolved": "git+ssh://git@github.com/o/g.git#0123456"},
        "node_modules/w": {"link": True, "resolved": "packages/w"},
        "packages/w": {"dependencies": {"b": "^2"}},
    },
}


def test_package_lock_resolves_like_node() -> None:
    manifest = read("package-lock.json", json.dumps(PACKAGE_LOCK))
    found = {c.purl: c for c in manifest.parsed.components}
    assert found["pkg:npm/b@1.0.0"].parents == ("pkg:npm/a@1.0.0",)
    assert found["pkg:npm/b@2.0.0"].parents == ("pkg:npm/w",)
    assert found["pkg:npm/a@1.0.0"].direct
    assert found["pkg:npm/a@1.0.0"].licences == ("MIT",)
    assert found["pkg:npm/t@3.0.0"].scope is Scope.DEVELOPMENT
    assert found["pkg:npm/w"].origin is Origin.WORKSPACE
    git = next(c for c in manifest.parsed.components if c.name == "g")
    assert git.origin is Origin.VCS
    assert "vcs_url=" in git.purl


def test_package_lock_version_one() -> None:
    lock = {
        "lockfileVersion": 1,
        "dependencies": {
            "a": {"version": "1.0.0", "requires": {"b": "^1"}, "dependencies": {"b": {"version": "1.0.0"}}},
            "b": {"version": "2.0.0", "dev": True},
            "k": {"version": "npm:real@4.0.0"},
        },
    }
    manifest = read("package-lock.json", json.dumps(lock), package__json='{"dependencies": {"a": "^1"}}')
    assert pins(manifest) == {"a@1.0.0", "b@1.0.0", "b@2.0.0", "real@4.0.0"}
    found = {c.purl: c for c in manifest.parsed.components}
    assert found["pkg:npm/b@1.0.0"].parents == ("pkg:npm/a@1.0.0",)
    assert found["pkg:npm/a@1.0.0"].direct
    assert not found["pkg:npm/b@2.0.0"].direct


YARN = """\
# yarn lockfile v1

"@s/a@^1.0.0", "@s/a@^1.1.0":
  version "1.1.0"
  resolved "https://r.example/@s/a/-/a-1.1.0.tgz#00"
  integrity sha512-AAAA
  dependencies:
    b "^2.0.0"

b@^2.0.0:
  version "2.0.1"

"c@npm:real@^3":
  version "3.0.0"

d@file:./d:
  version "0.0.1"
"""


def test_yarn_classic() -> None:
    manifest = read("yarn.lock", YARN, package__json='{"devDependencies": {"@s/a": "^1.0.0"}}')
    assert pins(manifest) == {"@s/a@1.1.0", "b@2.0.1", "real@3.0.0", "d@0.0.1"}
    found = by_name(manifest)
    assert found["b"].parents == ("pkg:npm/%40s/a@1.1.0",)
    assert found["b"].scope is Scope.DEVELOPMENT
    assert found["@s/a"].direct
    assert found["d"].origin is Origin.PATH


def test_yarn_berry() -> None:
    text = """\
__metadata:
  version: 8
"a@npm:^1.0.0, a@npm:^1.1.0":
  version: 1.10
  resolution: "a@npm:1.10.0"
  dependencies:
    b: "npm:^2.0.0"
"b@npm:^2.0.0":
  version: 2.0.1
  resolution: "b@npm:2.0.1"
"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
"""
    found = by_name(read("yarn.lock", text.replace("1.10\n", '"1.10.0"\n')))
    assert found["b"].parents == ("pkg:npm/a@1.10.0",)
    assert found["app"].origin is Origin.WORKSPACE


PNPM_9 = """\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {specifier: ^1, version: 1.0.0(p@1.0.0)}
    devDependencies:
      t: {specifier: '*', version: 3.0.0}
packages:
  a@1.0.0: {resolution: {integrity: sha512-AAAA}}
  '@s/b@2.0.0': {resolution: {integrity: sha512-AAAA}}
  p@1.0.0: {resolution: {integrity: sha512-AAAA}}
  t@3.0.0: {resolution: {integrity: sha512-AAAA}}
snapshots:
  a@1.0.0(p@1.0.0):
    dependencies: {'@s/b': 2.0.0, p: 1.0.0}
  '@s/b@2.0.0': {}
  p@1.0.0: {}
  t@3.0.0: {}
"""
PNPM_5 = """\
lockfileVersion: 5.4
dependencies: {a: 1.0.0_p@1.0.0}
devDependencies: {t: 3.0.0}
packages:
  /a/1.0.0_p@1.0.0:
    resolution: {integrity: sha512-AAAA}
    dependencies: {'@s/b': 2.0.0, p: 1.0.0}
    dev: false
  /@s/b/2.0.0: {resolution: {integrity: sha512-AAAA}, dev: false}
  /p/1.0.0: {resolution: {integrity: sha512-AAAA}, dev: false}
  /t/3.0.0: {resolution: {integrity: sha512-AAAA}, dev: true}
"""
PNPM_6 = (
    PNPM_5.replace("5.4", "'6.0'")
    .replace("_p@1.0.0", "(p@1.0.0)")
    .replace("/a/", "/a@")
    .replace("/b/2", "/b@2")
    .replace("/p/", "/p@")
    .replace("/t/", "/t@")
)


@pytest.mark.parametrize("text", [PNPM_9, PNPM_5, PNPM_6], ids=["9", "5.4", "6.0"])
def test_pnpm(text: str) -> None:
    manifest = read("pnpm-lock.yaml", text)
    assert pins(manifest) == {"a@1.0.0", "@s/b@2.0.0", "p@1.0.0", "t@3.0.0"}
    found = by_name(manifest)
    assert found["@s/b"].parents == ("pkg:npm/a@1.0.0",)
    assert found["a"].direct
    assert not found["p"].direct
    assert {name for name, c in found.items() if c.scope is Scope.DEVELOPMENT} == {"t"}


def test_bun_and_deno() -> None:
    bun = """{
  "lockfileVersion": 1, // a comment
  "workspaces": {"": {"name": "app", "dependencies": {"a": "^1"}, "devDependencies": {"t": "*"},},},
  "packages": {
    "a": ["a@1.0.0", "", {"dependencies": {"b": "^1"}}, "sha512-AAAA"],
    "b": ["b@2.0.0", "", {}, "sha512-AAAA"],
    "a/b": ["b@1.0.0", "", {}, "sha512-AAAA"],
    "t": ["t@3.0.0", "", {}, "sha512-AAAA"],
  }
}"""
    manifest = read("bun.lock", bun)
    found = {c.purl: c for c in manifest.parsed.components}
    assert found["pkg:npm/b@1.0.0"].parents == ("pkg:npm/a@1.0.0",)
    assert found["pkg:npm/t@3.0.0"].scope is Scope.DEVELOPMENT
    deno = {
        "version": "4",
        "specifiers": {"npm:a@^1": "1.0.0", "jsr:@std/x@1": "1.2.0"},
        "jsr": {"@std/x@1.2.0": {"integrity": "33"}},
        "npm": {"a@1.0.0": {"integrity": "sha512-AAAA", "dependencies": ["b"]}, "b@2.0.0_a@1.0.0": {}},
        "remote": {"https://code.example/mod.ts": "44"},
    }
    manifest = read("deno.lock", json.dumps(deno))
    named = by_name(manifest)
    assert named["a"].direct
    assert named["b"].parents == ("pkg:npm/a@1.0.0",)
    assert named["@std/x"].ecosystem == "JSR"
    assert named["https://code.example/mod.ts"].origin is Origin.URL


def test_go() -> None:
    mod = """\
module example.org/app

go 1.22.5

require (
	example.org/a v1.0.0
	example.org/b v2.0.0+incompatible // indirect
)
require example.org/c v0.0.0-20220101000000-0123456789ab

replace example.org/a => example.org/fork v1.0.1
replace example.org/c v0.0.0-20220101000000-0123456789ab => ./c
exclude example.org/b v1.9.0
"""
    manifest = read("go.mod", mod)
    found = by_name(manifest)
    assert found["example.org/fork"].version == "v1.0.1"
    assert not found["example.org/b"].direct
    assert found["example.org/c"].origin is Origin.WORKSPACE
    assert manifest.parsed.locked
    total = read(
        "go.sum",
        "example.org/a v1.0.0 h1:AAAA=\nexample.org/a v1.0.0/go.mod h1:BBBB=\nexample.org/old v0.1.0/go.mod h1:CC=\n",
    )
    assert pins(total) == {"example.org/a@v1.0.0"}


def test_go_sum_beside_a_pruned_go_mod_adds_nothing() -> None:
    mod = b"module example.org/app\ngo 1.22\nrequire example.org/a v1.1.0\n"
    total = b"example.org/a v1.0.0 h1:AA=\nexample.org/a v1.1.0 h1:BB=\n"
    inventory = read_inventory([("go.mod", mod, "go.mod"), ("go.sum", total, "go.sum")])
    assert {c.version for _, c in inventory.components} == {"v1.1.0"}


def test_cargo() -> None:
    manifest_text = '[package]\nname = "app"\nversion = "0.1.0"\n[dependencies]\nserde = { version = "1", optional = true }\nlocal = { path = "local" }\n[dev-dependencies]\nproptest = "=1.5.0"\n[target.\'cfg(unix)\'.dependencies]\nnix = "0.29"\n'
    found = by_name(read("Cargo.toml", manifest_text))
    assert found["serde"].scope is Scope.OPTIONAL
    assert found["local"].origin is Origin.PATH
    assert (found["proptest"].version, found["proptest"].scope) == ("1.5.0", Scope.DEVELOPMENT)
    assert "nix" in found
    lock = """\
version = 3
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["nix", "syn 2.0.0"]
[[package]]
name = "nix"
version = "0.29.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "55"
dependencies = ["syn 1.0.0"]
[[package]]
name = "syn"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
[[package]]
name = "syn"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
"""
    manifest = read("Cargo.lock", lock)
    by_purl = {c.purl: c for c in manifest.parsed.components}
    assert by_purl["pkg:cargo/syn@1.0.0"].parents == ("pkg:cargo/nix@0.29.0",)
    assert by_purl["pkg:cargo/syn@2.0.0"].direct
    assert by_purl["pkg:cargo/nix@0.29.0"].hashes == ("sha256:55",)
    assert by_purl["pkg:cargo/app@0.1.0"].origin is Origin.WORKSPACE


PARENT = """<project><groupId>org.x</groupId><artifactId>parent</artifactId><version>7</version>
<properties><jackson.version>2.15.0</jackson.version></properties>
<dependencyManagement><dependencies>
<dependency><groupId>org.y</groupId><artifactId>managed</artifactId><version>3.1</version></dependency>
</dependencies></dependencyManagement></project>"""


def test_maven_fills_in_properties_parents_and_managed_versions() -> None:
    pom = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>org.x</groupId><artifactId>parent</artifactId><version>7</version></parent>
  <artifactId>app</artifactId>
  <dependencies>
    <dependency><groupId>org.y</groupId><artifactId>managed</artifactId></dependency>
    <dependency><groupId>com.z</groupId><artifactId>jackson</artifactId><version>${jackson.version}</version></dependency>
    <dependency><groupId>org.x</groupId><artifactId>sister</artifactId><version>${project.version}</version><scope>test</scope></dependency>
    <dependency><groupId>org.q</groupId><artifactId>ranged</artifactId><version>[1.0,2.0)</version></dependency>
    <dependency><groupId>org.q</groupId><artifactId>open</artifactId><version>${nowhere}</version></dependency>
  </dependencies>
</project>"""
    manifest = read_manifest("app/pom.xml", pom.encode(), {"pom.xml": PARENT.encode()}.get)
    found = by_name(manifest)
    assert found["org.y:managed"].version == "3.1"
    assert found["com.z:jackson"].version == "2.15.0"
    assert (found["org.x:sister"].version, found["org.x:sister"].scope) == ("7", Scope.DEVELOPMENT)
    assert found["org.q:ranged"].version == ""
    assert found["org.q:open"].version == ""
    assert found["com.z:jackson"].purl == "pkg:maven/com.z/jackson@2.15.0"
    assert found["com.z:jackson"].location is not None
    assert found["com.z:jackson"].location.region.start_line == 7


def test_maven_says_which_parent_is_missing() -> None:
    pom = "<project><parent><groupId>a</groupId><artifactId>b</artifactId><version>1</version></parent><artifactId>c</artifactId><dependencies><dependency><groupId>g</groupId><artifactId>h</artifactId></dependency></dependencies></project>"
    assert "a:b" in read("pom.xml", pom).parsed.problems[0].message


def test_gradle() -> None:
    lock = "# comment\norg.a:b:1.0=compileClasspath,testCompileClasspath\norg.t:t:2.0=testCompileClasspath\nempty=annotationProcessor\nbroken line\n"
    manifest = read("gradle.lockfile", lock)
    found = by_name(manifest)
    assert found["org.a:b"].scope is Scope.RUNTIME
    assert found["org.t:t"].scope is Scope.DEVELOPMENT
    assert len(manifest.parsed.problems) == 1
    catalog = '[versions]\nk = "1.9.0"\n[libraries]\na = { module = "org.a:b", version.ref = "k" }\nc = "org.c:d:1.0"\n[plugins]\np = { id = "org.p", version = "2" }\n'
    assert pins(read("gradle/libs.versions.toml", catalog)) == {
        "org.a:b@1.9.0",
        "org.c:d@1.0",
        "org.p:org.p.gradle.plugin@2",
    }


GEMFILE_LOCK = """\
GIT
  remote: https://git.example.org/g.git
  revision: 0123456789012345678901234567890123456789
  specs:
    g (0.1.0)

GEM
  remote: https://gems.example/
  specs:
    nokogiri (1.16.0-x86_64-linux)
      racc (~> 1.4)
    racc (1.7.3)
    rspec (3.13.0)

PLATFORMS
  x86_64-linux

DEPENDENCIES
  g!
  nokogiri (~> 1.16)
  rspec

CHECKSUMS
  racc (1.7.3) sha256=66
"""


def test_ruby() -> None:
    gemfile = "source 'https://gems.example'\ngem 'nokogiri', '~> 1.16'\ngroup :development, :test do\n  gem 'rspec'\nend\ngem 'g', git: 'https://git.example.org/g.git'\n"
    manifest = read("Gemfile.lock", GEMFILE_LOCK, Gemfile=gemfile)
    found = by_name(manifest)
    assert found["nokogiri"].version == "1.16.0"
    assert found["racc"].parents == ("pkg:gem/nokogiri@1.16.0",)
    assert found["racc"].hashes == ("sha256:66",)
    assert found["rspec"].scope is Scope.DEVELOPMENT
    assert found["g"].origin is Origin.VCS
    asked = by_name(read("Gemfile", gemfile))
    assert asked["rspec"].scope is Scope.DEVELOPMENT
    assert asked["g"].origin is Origin.VCS
    assert asked["nokogiri"].requirement == "~> 1.16"


def test_composer() -> None:
    lock = {
        "packages": [
            {
                "name": "A/B",
                "version": "v1.2.0",
                "require": {"php": ">=8", "c/d": "^1"},
                "license": ["MIT"],
                "notification-url": "x",
            }
        ],
        "packages-dev": [{"name": "c/d", "version": "1.0.0"}],
    }
    manifest = read(
        "composer.lock", json.dumps(lock), composer__json='{"require": {"php": "*", "a/b": "^1"}}'
    )
    found = by_name(manifest)
    assert found["A/B"].purl == "pkg:composer/a/b@v1.2.0"
    assert found["A/B"].direct
    assert found["c/d"].scope is Scope.DEVELOPMENT
    assert found["c/d"].parents == ("pkg:composer/a/b@v1.2.0",)
    assert pins(read("composer.json", '{"require": {"php": "*", "ext-json": "*", "a/b": "^1"}}')) == {"a/b@"}


def test_nuget() -> None:
    lock = {
        "version": 1,
        "dependencies": {
            "net8.0": {
                "A.B": {"type": "Direct", "resolved": "1.0.0", "dependencies": {"C": "2.0.0"}},
                "C": {"type": "Transitive", "resolved": "2.0.0"},
                "mine": {"type": "Project"},
            }
        },
    }
    found = by_name(read("packages.lock.json", json.dumps(lock)))
    assert found["C"].parents == ("pkg:nuget/A.B@1.0.0",)
    assert found["mine"].origin is Origin.WORKSPACE
    project = '<Project><ItemGroup><PackageReference Include="A" Version="1.2.3" /><PackageReference Include="B" /><PackageReference Include="T" Version="1.*"><PrivateAssets>all</PrivateAssets></PackageReference></ItemGroup></Project>'
    central = b'<Project><ItemGroup><PackageVersion Include="B" Version="4.0.0" /></ItemGroup></Project>'
    manifest = read_manifest(
        "src/app/app.csproj", project.encode(), {"Directory.Packages.props": central}.get
    )
    assert pins(manifest) == {"A@1.2.3", "B@4.0.0", "T@"}
    assert by_name(manifest)["T"].scope is Scope.DEVELOPMENT


def test_elixir_and_dart() -> None:
    lock = (
        '%{\n  "jason": {:hex, :jason, "1.4.4", "00", [:mix], [{:decimal, "~> 1.0", [hex: :decimal, repo: "hexpm", optional: true]}], "hexpm", "'
        + "0" * 64
        + '"},\n  "decimal": {:hex, :decimal, "2.1.1", "00", [:mix], [], "hexpm", "'
        + "1" * 64
        + '"},\n  "g": {:git, "https://git.example.org/g.git", "0123456789", []},\n}\n'
    )
    found = by_name(read("mix.lock", lock))
    assert found["decimal"].parents == ("pkg:hex/jason@1.4.4",)
    assert found["g"].origin is Origin.VCS
    pub = 'packages:\n  a:\n    dependency: "direct main"\n    description: {name: a, sha256: "77", url: "https://pub.example"}\n    source: hosted\n    version: "1.0.0"\n  b:\n    dependency: "direct dev"\n    source: hosted\n    version: "2.10"\n'
    found = by_name(read("pubspec.lock", pub))
    assert found["a"].hashes == ("sha256:77",)
    assert (found["b"].scope, found["b"].version) == (Scope.DEVELOPMENT, "2.10")


def test_dockerfile_workflow_and_mcp_servers() -> None:
    docker = 'FROM python:3.13\nRUN --mount=type=cache,target=/x \\\n    pip install flask==3.1.0 \\\n    && npm i -g typescript@5.4.0\nRUN ["apt-get", "install", "-y", "curl=7.88"]\nRUN <<EOF\npip install rich\nEOF\n'
    found = by_name(read("Dockerfile", docker))
    assert (found["flask"].version, found["typescript"].version, found["curl"].version) == (
        "3.1.0",
        "5.4.0",
        "7.88",
    )
    assert found["flask"].location is not None
    assert found["flask"].location.region.start_line == 2
    assert "rich" in found
    workflow = (
        "on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@"
        + "a" * 40
        + " # v4.2.0\n      - uses: owner/act/sub@v1\n      - uses: ./local\n      - run: |\n          python -m pip install build==1.2\n"
    )
    manifest = read(".github/workflows/ci.yml", workflow)
    found = by_name(manifest)
    assert found["actions/checkout"].version == "v4.2.0"
    assert found["owner/act"].version == "v1"
    assert found["build"].scope is Scope.BUILD
    mcp = {
        "mcpServers": {
            "files": {"command": "npx", "args": ["-y", "@scope/server@1.2.3", "/"]},
            "py": {"command": "uvx", "args": ["--from", "tool==2.0", "run-it"]},
            "d": {"command": "docker", "args": ["run", "-i", "-e", "X", "img:1"]},
        }
    }
    found = by_name(read(".mcp.json", json.dumps(mcp)))
    assert (found["@scope/server"].ecosystem, found["@scope/server"].version) == ("npm", "1.2.3")
    assert (found["tool"].ecosystem, found["tool"].version) == ("PyPI", "2.0")
    assert found["img"].version == "1"


@pytest.mark.parametrize(
    ("uri", "form"),
    [
        ("a/requirements-dev.txt", "requirements.txt"),
        ("requirements/base.in", "requirements.txt"),
        ("pylock.dev.toml", "pylock.toml"),
        ("x/npm-shrinkwrap.json", "package-lock.json"),
        ("App.csproj", "csproj"),
        ("Dockerfile.prod", "Dockerfile"),
        ("api.dockerfile", "Dockerfile"),
        (".github/workflows/x.yaml", "workflow"),
        (".cursor/mcp.json", "mcp.json"),
        ("x.gemspec", "Gemfile"),
        ("deps.versions.toml", "libs.versions.toml"),
        ("Cargo.lock", "Cargo.lock"),
        ("notes.txt", ""),
        ("main.py", ""),
    ],
)
def test_formats_are_known_by_name(uri: str, form: str) -> None:
    assert format_of(uri) == form


def test_every_reader_exists() -> None:
    from importlib import import_module

    for module, function in READERS.values():
        assert callable(getattr(import_module(f"assay.dependencies.manifests.{module}"), function))


def test_a_lockfile_takes_the_word_of_its_manifest() -> None:
    inventory = read_inventory(
        [("pyproject.toml", PYPROJECT.encode(), "pyproject.toml"), ("uv.lock", UV_LOCK.encode(), "uv.lock")]
    )
    flask = [c for _, c in inventory.components if c.name == "flask"]
    boto3 = [c for _, c in inventory.components if c.name == "boto3"]
    assert len(flask) == 1
    assert flask[0].location is not None
    assert flask[0].location.uri == "pyproject.toml"
    assert len(boto3) == 1
    assert inventory.complete


def test_credentials_in_urls_go_nowhere() -> None:
    secret = "tok" + "en123"
    text = f"-i https://me:{secret}@packages.example/simple\ntool @ git+https://{secret}@git.example.org/t.git@main\n"
    manifest = read("requirements.txt", text)
    assert secret not in repr(manifest)
