"""SBOMs: valid in every format, read again, compared, honest about what is not known."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from assay.dependencies.document import ManifestError
from assay.dependencies.inventory import Inventory, read_inventory
from assay.dependencies.sbom import cyclonedx_format, spdx_format
from assay.dependencies.sbom.compare import compare
from assay.dependencies.sbom.read import read_sbom
from assay.dependencies.sbom.subject import Subject, Weakness, subject_of
from assay.model.component import Component

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LOCK = {
    "name": "app",
    "lockfileVersion": 3,
    "packages": {
        "": {
            "name": "app",
            "version": "1.0.0",
            "dependencies": {"@s/a": "^1"},
            "devDependencies": {"t": "*"},
        },
        "node_modules/@s/a": {
            "version": "1.0.0",
            "dependencies": {"b": "^1"},
            "license": "(MIT OR Apache-2.0)",
            "integrity": "sha512-" + "A" * 86 + "==",
        },
        "node_modules/b": {"version": "2.0.0", "license": "words of their own"},
        "node_modules/t": {"version": "3.0.0", "dev": True},
        "node_modules/g": {"version": "1.0.0", "resolved": "git+ssh://git@github.com:o/g.git#0123456"},
    },
}


def inventory(**more: str) -> Inventory:
    files = [("package-lock.json", json.dumps(LOCK).encode(), "package-lock.json")]
    files += [
        (name.replace("__", "."), text.encode(), name.replace("__", ".")) for name, text in more.items()
    ]
    return read_inventory(files)


def subject(**more: str) -> Subject:
    return subject_of(inventory(**more), "app", NOW, "1.0")


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_cyclonedx(version: str) -> None:
    document = json.loads(cyclonedx_format.write(subject(), version))
    assert document["specVersion"] == version
    components = {component["bom-ref"]: component for component in document["components"]}
    a = components["pkg:npm/%40s/a@1.0.0"]
    assert (a["group"], a["name"], a["scope"]) == ("@s", "a", "required")
    assert a["licenses"] == [{"expression": "MIT OR Apache-2.0"}] or a["licenses"] == [
        {"expression": "(MIT OR Apache-2.0)"}
    ]
    assert a["hashes"][0]["alg"] == "SHA-512"
    assert a["evidence"]["occurrences"] == [
        {"line": a["evidence"]["occurrences"][0]["line"], "location": "package-lock.json"}
    ]
    t = components["pkg:npm/t@3.0.0"]
    assert t["scope"] == "excluded"
    assert {"name": "assay:dev", "value": "true"} in t["properties"]
    edges = {item["ref"]: item.get("dependsOn", []) for item in document["dependencies"]}
    assert edges["pkg:npm/%40s/a@1.0.0"] == ["pkg:npm/b@2.0.0"]
    assert set(edges[document["metadata"]["component"]["bom-ref"]]) == {
        "pkg:npm/%40s/a@1.0.0",
        "pkg:npm/t@3.0.0",
    }
    assert document["compositions"][0]["aggregate"] == "complete"


def test_without_a_lockfile_the_list_is_incomplete() -> None:
    found = read_inventory([("requirements.txt", b"flask==3.1.0\n", "requirements.txt")])
    subject = subject_of(found, "app", NOW, "1.0")
    assert json.loads(cyclonedx_format.write(subject))["compositions"][0]["aggregate"] == "incomplete"
    assert "incomplete" in spdx_format.write(subject)


def test_an_empty_project_has_a_valid_sbom() -> None:
    empty = subject_of(read_inventory([]), "app", NOW, "1.0")
    assert json.loads(cyclonedx_format.write(empty))["bomFormat"] == "CycloneDX"
    assert json.loads(spdx_format.write(empty))["spdxVersion"] == "SPDX-2.3"


def test_the_same_project_gives_the_same_bytes() -> None:
    assert cyclonedx_format.write(subject()) == cyclonedx_format.write(subject())
    assert spdx_format.write(subject()) == spdx_format.write(subject())


def test_vulnerabilities_are_in_triage() -> None:
    from dataclasses import replace

    weakness = Weakness(
        "CVE-1",
        ("pkg:npm/b@2.0.0",),
        "a flaw",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        9.8,
        "critical",
        (79,),
    )
    document = json.loads(cyclonedx_format.write(replace(subject(), weaknesses=(weakness,))))
    (found,) = document["vulnerabilities"]
    assert found["analysis"] == {"state": "in_triage"}
    assert found["affects"] == [{"ref": "pkg:npm/b@2.0.0"}]


def test_spdx() -> None:
    document = json.loads(spdx_format.write(subject()))
    names = {package["name"]: package for package in document["packages"]}
    assert names["@s/a"]["licenseDeclared"] == "MIT OR Apache-2.0"
    assert names["b"]["licenseDeclared"].startswith("LicenseRef-")
    assert document["hasExtractedLicensingInfos"][0]["extractedText"] == "words of their own"
    kinds = {item["relationshipType"] for item in document["relationships"]}
    assert {"DESCRIBES", "DEPENDS_ON", "DEV_DEPENDENCY_OF"} <= kinds


@pytest.mark.parametrize("form", ["cyclonedx", "spdx"])
def test_what_was_written_is_read_again(form: str) -> None:
    text = cyclonedx_format.write(subject()) if form == "cyclonedx" else spdx_format.write(subject())
    found = {component.purl: component for component in read_sbom(text)}
    assert {"pkg:npm/%40s/a@1.0.0", "pkg:npm/b@2.0.0", "pkg:npm/t@3.0.0"} <= set(found)
    assert found["pkg:npm/b@2.0.0"].parents == ("pkg:npm/%40s/a@1.0.0",)
    assert found["pkg:npm/t@3.0.0"].scope.value == "development"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"bomFormat": "CycloneDX", "components": [1, {"components": [null]}], "dependencies": [3]}',
        "[" * 99_999,
    ],
)
def test_odd_sboms_do_not_raise_anything_else(text: str) -> None:
    try:
        read_sbom(text)
    except ManifestError:
        pass


def test_differences() -> None:
    def component(name: str, version: str, direct: bool = False) -> Component:
        return Component(f"pkg:npm/{name}@{version}", name, "npm", version, direct=direct)

    before = [component("a", "1.0"), component("b", "1.0"), component("c", "1.0")]
    after = [
        component("a", "1.0"),
        component("b", "2.0"),
        component("d", "1.0", direct=True),
        component("e", "1.0"),
    ]
    found = compare(before, after)
    assert [c.name for c in found.added] == ["d", "e"]
    assert [c.name for c in found.removed] == ["c"]
    assert [(old.version, new.version) for old, new in found.changed] == [("1.0", "2.0")]
    assert (found.added_direct, found.added_transitive) == (1, 1)


def test_own_packages_are_no_components() -> None:
    workspace = dict(LOCK, packages=LOCK["packages"] | {"packages/w": {"name": "w"}})  # type: ignore[operator]
    found = read_inventory([("package-lock.json", json.dumps(workspace).encode(), "package-lock.json")])
    assert "w" not in {component.name for component in found.unique()}


def test_what_only_scripts_install_is_direct_too_and_stays_so_when_read_again() -> None:
    files = [
        ("package-lock.json", json.dumps(LOCK).encode(), ""),
        ("setup.sh", b"pip install flask==3.0.0\n", ""),
    ]
    mixed = subject_of(read_inventory(files), "app", NOW, "1.0")
    read = {c.name: c.direct for c in read_sbom(cyclonedx_format.write(mixed))}
    assert (read["flask"], read["@s/a"], read["b"]) == (True, True, False)


def test_what_a_workspace_member_asks_for_is_direct_when_read_again() -> None:
    lock = {
        "name": "app", "lockfileVersion": 3,
        "packages": {
            "": {"name": "app"}, "packages/w": {"name": "w", "dependencies": {"a": "1"}},
            "node_modules/w": {"resolved": "packages/w", "link": True},
            "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "1"}}, "node_modules/b": {"version": "1.0.0"},
        },
    }  # fmt: skip
    files = [("package-lock.json", json.dumps(lock).encode(), "package-lock.json")]
    written = cyclonedx_format.write(subject_of(read_inventory(files), "app", NOW, "1.0"))
    assert {c.name: c.direct for c in read_sbom(written)} == {"a": True, "b": False}
