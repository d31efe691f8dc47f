"""Odd but legal forms of manifests and lockfiles, and the same texts damaged at random: whatever comes, nothing is raised."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.dependencies.manifests.registry import format_of, read_manifest
from assay.model.component import Origin, Scope


class Form(NamedTuple):
    """A manifest, and what has to come out of it: `name@version` with ` dev`, ` optional` or ` build` behind, registry ones only."""

    uri: str
    text: str
    expected: frozenset[str]
    files: dict[str, str] = {}  # noqa: RUF012 - never changed


def form(uri: str, text: str, *expected: str, **files: str) -> Form:
    return Form(
        uri, text, frozenset(expected), {name.replace("__", "."): body for name, body in files.items()}
    )


FORMS = [
    form(
        "requirements.txt",
        "\ufeff# -*- coding: utf-8 -*-\nFlask [async, dotenv] == 3.1.0;python_version>='3.8'\npytz==2004d\nx==1.0,>=0.9\n"
        "y===1.0+local\nz~=1.0\nw==1.*\ncryptography==41.0.0 \\\n  # why\nv==2 ; extra == 'no such marker\n--no-binary :all:\n",
        "flask@3.1.0", "pytz@2004d", "x@1.0", "y@1.0+local", "z@", "w@", "cryptography@41.0.0", "v@2",
    ),
    form("requirements-docker.txt", "a==1\n", "a@1"),
    form("requirements/ci.txt", "a==1\n", "a@1 dev"),
    form(
        "pyproject.toml",
        '[project]\ndependencies = ["a==1"]\n[dependency-groups]\nx = ["b==1", {include-group = "y"}]\ny = ["c==1"]\n'
        '[tool.hatch.envs.test]\nextra-dependencies = ["d==1"]\n',
        "a@1", "b@1 dev", "c@1 dev", "d@1 dev",
    ),
    form(
        "Pipfile.lock",
        '{"_meta": {}, "default": {"a": {"version": "==1.0", "markers": "x"}}, "develop": {"b": {"version": "==2.0"}}, '
        '"docs": {"c": {"version": "==3.0"}}}',
        "a@1.0", "b@2.0 dev", "c@3.0 dev",
    ),
    form(
        "conda-lock.yml",
        "version: 1\nmetadata: {}\npackage:\n- {name: numpy, version: 1.26.4, manager: conda, platform: linux-64, "
        "dependencies: {python: '>=3'}, category: main, hash: {md5: a, sha256: b}}\n"
        "- {name: python, version: 3.11.8, manager: conda, platform: linux-64, dependencies: {}, category: main}\n"
        "- {name: pytest, version: 8.0.0, manager: pip, platform: linux-64, dependencies: {}, category: dev}\n",
        "numpy@1.26.4", "python@3.11.8", "pytest@8.0.0 dev",
    ),
    form(
        "environment.yml",
        "dependencies:\n- conda-forge::numpy==1.26.4\n- scipy=1.11=py311\n- pandas >=2\n- pip:\n  - flask==3.1.0\n  - -r x.txt\n",
        "numpy@1.26.4", "scipy@1.11", "pandas@", "flask@3.1.0",
    ),
    form(
        "package-lock.json",
        '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "^1", "t": "https://x.example/t.tgz"}}, '
        '"node_modules/a": {"version": "1.0.0", "resolved": "https://npm.example/download/@o/a/1.0.0/00ff", "peer": true}, '
        '"node_modules/b": {"version": "1.0.0", "resolved": "git+ssh://git@github.com/o/b.git#00ff"}, '
        '"node_modules/t": {"version": "2.0.0", "resolved": "https://x.example/t.tgz"}, '
        '"node_modules/c": {"name": "@o/real", "version": "1.0.0", "devOptional": true}, '
        '"packages/w": {"name": "w"}, "node_modules/w": {"resolved": "packages/w", "link": true}}}',
        "a@1.0.0", "@o/real@1.0.0 optional",
    ),
    form(
        "package-lock.json",
        '{"lockfileVersion": 1, "requires": true, "dependencies": {"a": {"version": "1.0.0", "requires": false, "dev": true}, '
        '"b": {"version": "npm:c@2.0.0", "bundled": true}, "d": {"version": "file:d"}}}',
        "a@1.0.0 dev", "c@2.0.0",
    ),
    form(
        "yarn.lock",
        '# yarn lockfile v1\n\n\na@^1.0.0, "a@>= 1, < 2":\n  version "1.2.3"\n  resolved "https://r.example/a/-/a-1.2.3.tgz#00"\n'
        '  dependencies:\n    "@s/b" ">= 1 || 2"\n\n"@s/b@>= 1 || 2":\n  version "2.0.0"\n\nc@npm:d@^1:\n  version "1.0.1"\n',
        "a@1.2.3 dev", "@s/b@2.0.0 dev", "d@1.0.1",
        package__json='{"devDependencies": {"a": ">= 1, < 2"}, "dependencies": {"c": "npm:d@^1"}}',
    ),
    form(
        "yarn.lock",
        '__metadata:\n  version: 8\n\n"a@npm:^1.0.0":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n  dependencies:\n    b: "npm:^2"\n'
        '  linkType: hard\n\n"b@npm:^2, b@npm:^2.0.1":\n  version: 2.1.0\n  resolution: "b@npm:2.1.0"\n\n"c@npm:1":\n  version: 1.0.0\n'
        '  resolution: "c@npm:1.0.0"\n\n"b@patch:b@npm%3A^2#./p.patch":\n  version: 2.1.0\n  resolution: "b@patch:b@npm%3A2.1.0#./p.patch"\n\n'
        '"root@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "root@workspace:."\n  dependencies:\n    a: ^1.0.0\n    c: 1\n',
        "a@1.0.0", "b@2.1.0", "c@1.0.0 dev",
        package__json='{"dependencies": {"a": "^1.0.0"}, "devDependencies": {"c": "1"}}',
    ),
    form(
        "pnpm-lock.yaml",
        "lockfileVersion: 5.4\nimporters:\n  .:\n    specifiers: {}\n    dependencies: {a: 1.0.0_react@17.0.2, x: link:../x}\n"
        "    devDependencies: {z: /b/2.0.0}\npackages:\n  /a/1.0.0_react@17.0.2:\n    resolution: {integrity: sha512-AA==}\n    dev: false\n"
        "  /@s/c/1.0.0-rc.1_@types+node@18.0.0:\n    resolution: {integrity: sha512-AA==}\n    dev: false\n"
        "  /b/2.0.0:\n    resolution: {integrity: sha512-AA==}\n    dev: true\n"
        "  npm.example/d/3.0.0:\n    resolution: {integrity: sha512-AA==}\n    dev: false\n"
        "  github.com/o/e/0123456789012345678901234567890123456789:\n    resolution: {tarball: 'https://codeload.github.com/o/e/tar.gz/01'}\n"
        "    name: e\n    version: 4.0.0\n    dev: false\n",
        "a@1.0.0", "@s/c@1.0.0-rc.1", "b@2.0.0 dev", "d@3.0.0",
    ),
    form(
        "pnpm-lock.yaml",
        "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    packageManagerDependencies:\n      pnpm: {specifier: 11.0.0, version: 11.0.0}\n"
        "packages:\n  pnpm@11.0.0:\n    resolution: {integrity: sha512-AA==}\nsnapshots:\n  pnpm@11.0.0: {}\n"
        "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      al: {specifier: 'npm:a@1', version: 'a@1.0.0(b@2.0.0(c@3.0.0))'}\n"
        "    devDependencies:\n      c: {specifier: 3.0.0, version: 3.0.0}\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-AA==}\n"
        "  b@2.0.0:\n    resolution: {integrity: sha512-AA==}\n  c@3.0.0:\n    resolution: {integrity: sha512-AA==}\n"
        "snapshots:\n  a@1.0.0(b@2.0.0(c@3.0.0)):\n    dependencies: {b: 2.0.0(c@3.0.0)}\n  b@2.0.0(c@3.0.0): {}\n  c@3.0.0: {}\n",
        "pnpm@11.0.0 build", "a@1.0.0", "b@2.0.0", "c@3.0.0 dev",
    ),
    form(
        "bun.lock",
        '{"lockfileVersion": 1, "workspaces": {"": {"name": "r", "dependencies": {"al": "npm:a@1"}, "devDependencies": {"b": "^1",},},},\n'
        '"packages": {"al": ["a@1.0.0", "", {"dependencies": {"c": "1"}}, "sha512-AA=="], "b": ["b@1.0.0", "", {}, "sha512-AA=="],\n'
        '"c": ["c@1.0.0", "", {"bin": {"c": "c.js"}}, "sha512-AA=="], // a comment\n'
        '"g": ["g@github:o/g#0123456", {}, "o-g-0123456"], "r": ["r@root:", {"bin": "x"}], "w": ["w@workspace:packages/w"],},}',
        "a@1.0.0", "b@1.0.0 dev", "c@1.0.0",
    ),
    form(
        "deno.lock",
        '{"version": "5", "specifiers": {"jsr:@std/path@^1": "1.0.8", "npm:a@1": "1.0.0_b@2.0.0"}, "jsr": {"@std/path@1.0.8": {"integrity": "00"}}, '
        '"npm": {"a@1.0.0_b@2.0.0": {"integrity": "sha512-AA==", "dependencies": ["b"]}, "b@2.0.0": {"integrity": "sha512-AA=="}}}',
        "@std/path@1.0.8", "a@1.0.0", "b@2.0.0",
    ),
    form(
        "go.mod",
        'module "m.example/x" // the module\n\ngo 1.22\nrequire (\n\ta.example/a v1.0.0 // indirect; why\n\t"b.example/b" v2.0.0+incompatible\n)\n'
        "require c.example/c/v3 v3.0.0-20200101000000-0123456789ab\nreplace b.example/b v2.0.0+incompatible => d.example/d v1.1.1\n"
        "replace c.example/c/v3 => ../c\nexclude a.example/a v0.9.0\nretract [v1.0.0, v1.1.0]\ntool a.example/a/cmd\n",
        "a.example/a@v1.0.0", "d.example/d@v1.1.1",
    ),
    form(
        "Cargo.lock",
        '[root]\nname = "r"\nversion = "0.1.0"\ndependencies = [\n "a 1.0.0 (registry+https://r.example/i)",\n]\n\n[[package]]\nname = "a"\nversion = "1.0.0"\n'
        'source = "registry+https://r.example/i"\n\n[metadata]\n"checksum a 1.0.0 (registry+https://r.example/i)" = "00ff"\n',
        "a@1.0.0",
    ),
    form(
        "pom.xml",
        "<project><parent><groupId>g</groupId><artifactId>p</artifactId><version>7</version><relativePath>../p</relativePath></parent>"
        "<artifactId>x</artifactId><properties><v.b>2.1</v.b></properties><dependencies>"
        "<dependency><groupId>${project.parent.groupId}</groupId><artifactId>a</artifactId><version>${parent.version}</version></dependency>"
        "<dependency><groupId>g</groupId><artifactId>b</artifactId></dependency>"
        "<dependency><groupId>g</groupId><artifactId>c</artifactId></dependency>"
        "<dependency><groupId>g</groupId><artifactId>d</artifactId><version>${v.d}</version></dependency></dependencies>"
        "<profiles><profile><activation><activeByDefault>true</activeByDefault></activation><properties><v.d>4</v.d></properties></profile>"
        "<profile><properties><v.d>5</v.d></properties></profile></profiles></project>",
        "g:a@7", "g:b@2.1", "g:c@3", "g:d@4",
    ),
    form(
        "gradle/dependency-locks/testCompileClasspath.lockfile",
        "# a comment\njunit:junit:4.13.2\n",
        "junit:junit@4.13.2 dev",
    ),
    form("gradle.lockfile", "a:b:1=runtimeClasspath,testRuntimeClasspath\nempty=annotationProcessor\n", "a:b@1"),
    form(
        "gradle/libs.versions.toml",
        '[versions]\na = { strictly = "[1.0,2[", prefer = "1.1" }\nb = "2.0"\n[libraries]\nx = { group = "g", name = "x", version.ref = "b" }\n'
        'y = "g:y:3.0"\nz = { module = "g:z" }\nw = { module = "g:w", version.ref = "a" }\n[plugins]\np = { id = "o.p", version = "1.2" }\n',
        "g:x@2.0", "g:y@3.0", "g:z@", "g:w@", "o.p:o.p.gradle.plugin@1.2 build",
    ),
    form(
        "Gemfile.lock",
        "GIT\n  remote: https://g.example/o/x.git\n  revision: 0123\n  branch: main\n  specs:\n    x (0.1)\n      rack (>= 2)\n\nPATH\n  remote: .\n"
        "  specs:\n    own (1.0)\n\nGEM\n  remote: https://r.example/\n  specs:\n    nokogiri (1.16.0)\n      racc (~> 1.4)\n"
        "    nokogiri (1.16.0-x86_64-linux-gnu)\n    sqlite3 (1.7.0-arm-linux)\n    rack (2.2.8.1)\n    racc (1.7.3-java)\n    _odd (1.0.pre.1)\n\nPLATFORMS\n  ruby\n"
        "  x86_64-linux\n\nDEPENDENCIES\n  own!\n  nokogiri (~> 1.16)\n  x!\n\nRUBY VERSION\n   ruby 3.3.0p0\n\nBUNDLED WITH\n   2.5.4\n".replace("\n", "\r\n"),
        "nokogiri@1.16.0", "sqlite3@1.7.0", "rack@2.2.8.1", "racc@1.7.3", "_odd@1.0.pre.1",
    ),
    form(
        "composer.lock",
        '{"packages": [{"name": "A/B", "version": "v1.2.0", "dist": null, "require": {"php": ">=8", "c/d": "^1"}}], '
        '"packages-dev": [{"name": "c/d", "version": "1.0.0"}], "aliases": []}',
        "A/B@v1.2.0", "c/d@1.0.0 dev",
    ),
    form(
        "src/app.csproj",
        '<Project Sdk="x"><PropertyGroup><SerilogVersion>3.1.1</SerilogVersion></PropertyGroup><ItemGroup>'
        '<PackageReference Include="Serilog" Version="$(SerilogVersion)"/><PackageReference Include="Central"/>'
        '<PackageReference Include="Over" VersionOverride="2.0.0"/><PackageReference Include="Range" Version="[1.0,2.0)"/>'
        '<PackageReference Include="Tool" Version="[9.0.0]"><PrivateAssets>all</PrivateAssets></PackageReference></ItemGroup></Project>',
        "Serilog@3.1.1", "Central@5.0.1", "Over@2.0.0", "Range@", "Tool@9.0.0 dev",
        Directory__Packages__props='<Project><PropertyGroup><V>5.0.1</V></PropertyGroup><ItemGroup><PackageVersion Include="Central" Version="$(V)"/>'
            '<PackageVersion Include="Over" Version="1.0.0"/></ItemGroup></Project>',
    ),
    form(
        "packages.lock.json",
        '{"version": 2, "dependencies": {"net8.0": {"A": {"type": "Direct", "requested": "[1.0.0, )", "resolved": "1.0.0", "dependencies": {"B": "2.0.0"}}, '
        '"B": {"type": "CentralTransitive", "resolved": "2.0.0"}, "own": {"type": "Project"}}, "net8.0/win-x64": {"C": {"type": "Transitive", "resolved": "3.0.0"}}}}',
        "A@1.0.0", "B@2.0.0", "C@3.0.0",
    ),
    form(
        "mix.lock",
        '%{"cowboy": {:hex, :cowboy, "1.0.4", [:rebar, :make], [{:cowlib, "~> 1.0.0", [hex: :cowlib, optional: false]}]},\n'
        '  "cowlib": {:hex, :cowlib, "1.0.2", [:make], []},\n  "own": {:git, "https://g.example/o/own.git", "0123456789012345678901234567890123456789", [tag: "v1"]}}\n',
        "cowboy@1.0.4", "cowlib@1.0.2",
    ),
    form("mix.lock", "%{}\n"),
    form(
        "pubspec.lock",
        'packages:\n  http:\n    dependency: "direct main"\n    description: {name: http, sha256: "00", url: "https://p.example"}\n    source: hosted\n'
        '    version: "1.2.0"\n  lints:\n    dependency: "direct dev"\n    description: lints\n    source: hosted\n    version: "3.0.0"\n'
        '  flutter:\n    dependency: "direct main"\n    description: flutter\n    source: sdk\n    version: "0.0.0"\nsdks:\n  dart: ">=3.0.0"\n',
        "http@1.2.0", "lints@3.0.0 dev",
    ),
]  # fmt: skip
_MARKS = {Scope.DEVELOPMENT: " dev", Scope.OPTIONAL: " optional", Scope.BUILD: " build"}
PARENT = (
    "<project><groupId>g</groupId><artifactId>p</artifactId><version>7</version><properties><v.b>1.0</v.b></properties><dependencyManagement>"
    "<dependencies><dependency><groupId>g</groupId><artifactId>b</artifactId><version>${v.b}</version></dependency>"
    "<dependency><groupId>g</groupId><artifactId>bom</artifactId><version>7</version><type>pom</type><scope>import</scope></dependency>"
    "</dependencies></dependencyManagement></project>"
)
BILL = (
    "<project><groupId>g</groupId><artifactId>bom</artifactId><version>7</version><properties><v.c>3</v.c></properties><dependencyManagement>"
    "<dependencies><dependency><groupId>g</groupId><artifactId>c</artifactId><version>${v.c}</version></dependency></dependencies>"
    "</dependencyManagement></project>"
)


@pytest.mark.parametrize("case", FORMS, ids=lambda case: case.uri)
def test_odd_forms(case: Form) -> None:
    uri, files = case.uri, dict(case.files)
    if uri == "pom.xml":
        uri, files = "x/pom.xml", {"p/pom.xml": PARENT, "bom/pom.xml": BILL}
    manifest = read_manifest(
        uri, case.text.encode(), lambda path: files[path].encode() if path in files else None
    )
    assert not manifest.failed, manifest.parsed.problems
    found = {
        f"{c.name}@{c.version}{_MARKS.get(c.scope, '')}"
        for c in manifest.parsed.components
        if c.origin is Origin.REGISTRY
    }
    assert found == case.expected


@pytest.mark.parametrize("case", FORMS, ids=lambda case: case.uri)
@given(
    cuts=st.lists(
        st.tuples(
            st.integers(0, 2000),
            st.integers(0, 40),
            st.sampled_from(["", "\n", '"', "{}", "null", "é", "0", ":", "@", "[", "<"]),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=25, deadline=None)
def test_damaged_forms_raise_nothing(case: Form, cuts: list[tuple[int, int, str]]) -> None:
    text = case.text
    for start, length, instead in cuts:
        place = start % (len(text) + 1)
        text = text[:place] + instead + text[place + length :]
    manifest = read_manifest(case.uri, text.encode(), lambda _path: text.encode())
    assert manifest.format == format_of(case.uri)
    assert not manifest.failed or manifest.parsed.problems


def test_a_yarn_workspace_is_a_root_and_its_package_json_gives_the_scopes() -> None:
    text = (
        '__metadata:\n  version: 8\n\n"a@npm:^1":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n\n"w@workspace:packages/w":\n'
        '  version: 0.0.0-use.local\n  resolution: "w@workspace:packages/w"\n  dependencies:\n    a: ^1\n'
    )
    files = {"packages/w/package.json": b'{"devDependencies": {"a": "^1"}}'}
    parsed = read_manifest("yarn.lock", text.encode(), files.get).parsed
    found = {component.name: component for component in parsed.components}
    assert (found["a"].direct, found["a"].scope) == (True, Scope.DEVELOPMENT)
    assert [(root.name, root.requires) for root in parsed.roots] == [("w", (found["a"].purl,))]
    assert (
        read_manifest("yarn.lock", text.encode(), lambda _: None).parsed.components[0].scope is Scope.RUNTIME
    )


def test_a_binary_lockfile_says_what_to_do() -> None:
    manifest = read_manifest("bun.lockb", b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n\0\0")
    assert manifest.failed
    assert "--save-text-lockfile" in manifest.parsed.problems[0].message


def test_members_of_a_cargo_workspace_give_scopes_and_take_versions_from_it() -> None:
    top = '[workspace]\nmembers = ["crates/*", "tool"]\n[workspace.dependencies]\na = "=1.2.3"\nb = { package = "real-b", version = "2" }\n'
    one = '[package]\nname = "one"\n[dependencies]\na.workspace = true\n[dev-dependencies]\nb = { workspace = true }\n'
    tool = '[package]\nname = "tool"\n[dev-dependencies]\nc = "1"\n'
    files = {"Cargo.toml": top, "crates/one/Cargo.toml": one, "tool/Cargo.toml": tool}

    def sibling(uri: str) -> bytes | None:
        return files[uri].encode() if uri in files else None

    lock = "".join(
        f'[[package]]\nname = "{name}"\nversion = "1.2.3"\n{source}dependencies = [{needs}]\n'
        for name, source, needs in (
            ("one", "", '"a", "real-b"'), ("tool", "", '"c"'), ("a", 'source = "r"\n', ""), ("real-b", 'source = "r"\n', '"d"'),
            ("c", 'source = "r"\n', ""), ("d", 'source = "r"\n', ""),
        )
    )  # fmt: skip
    locked = {c.name: c.scope for c in read_manifest("Cargo.lock", lock.encode(), sibling).parsed.components}
    assert [name for name, scope in locked.items() if scope is Scope.DEVELOPMENT] == ["real-b", "c", "d"]
    stated = {
        c.name: c.version
        for c in read_manifest("crates/one/Cargo.toml", one.encode(), sibling).parsed.components
    }
    assert stated == {"a": "1.2.3", "real-b": ""}
