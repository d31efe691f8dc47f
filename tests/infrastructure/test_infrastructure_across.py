"""What one file gives to another: Compose and GitLab across files, charts rendered by helm, specifications beside the code, policies in Rego."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from assay.model.scan import EngineStatus
from assay.scan.engines.api import ApiEngine
from assay.scan.engines.external.opa import engine as opa
from assay.scan.engines.infrastructure import InfrastructureEngine
from assay.scan.engines.project import MemoryProject
from assay.scan.engines.protocol import Ending, Look, ToolOptions

CHART = {
    "web/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "web/values.yaml": "host: true\n",
    "web/templates/pod.yaml": (
        "{{- range $i := until 1 }}\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n"
        '  hostNetwork: {{ include "network" $ }}\n  containers: [{name: a, image: "a:1"}]\n{{- end }}\n'
    ),
}
RENDERED = (
    "---\n# Source: shop/templates/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n"
    '  hostNetwork: true\n  containers: [{name: a, image: "a:1"}]\n'
)


def looks(texts: dict[str, str], engine: InfrastructureEngine | ApiEngine) -> list[Look]:
    files = {uri: text.encode() for uri, text in texts.items()}
    return list(engine.look_at_project(MemoryProject(files)))


def found(texts: dict[str, str]) -> set[tuple[str, str, int]]:
    return {
        (
            finding.location.uri,
            finding.rule_id.removeprefix("infrastructure/"),
            finding.location.region.start_line,
        )
        for look in looks(texts, InfrastructureEngine())
        for finding in look.findings
    }


def program(folder: Path, name: str, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / name
    file.write_text(f"#!{sys.executable}\nimport json, sys\n{body}")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_a_service_is_extended_from_another_file_and_told_where_it_is_asked_for() -> None:
    texts = {
        "app/compose.yaml": "services:\n  web:\n    extends:\n      file: ../base/compose.yaml\n      service: it\n",
        "base/compose.yaml": "services:\n  it:\n    image: a:1\n    privileged: true\n",
    }
    assert {
        ("app/compose.yaml", "compose/privileged", 3),
        ("base/compose.yaml", "compose/privileged", 4),
    } <= found(texts)
    safe = {**texts, "app/compose.yaml": texts["app/compose.yaml"] + "    privileged: false\n"}
    assert ("app/compose.yaml", "compose/privileged", 3) not in found(safe)


def test_files_that_extend_one_another_end() -> None:
    one = "services:\n  a: {extends: {file: b.compose.yaml, service: a}}\n"
    assert looks({"a.compose.yaml": one.replace("b.", "a."), "b.compose.yaml": one}, InfrastructureEngine())


def test_a_pipeline_reads_the_local_files_that_it_includes() -> None:
    texts = {
        ".gitlab-ci.yml": "include:\n  - local: /ci/jobs.yml\nbuild:\n  extends: .it\n  script: [make]\n",
        "ci/jobs.yml": "include: .gitlab-ci.yml\n.it:\n  image: node:latest\n  script:\n    - curl -sSL http://a.example/i | sh\n",
    }
    seen = found(texts)
    assert (".gitlab-ci.yml", "pipelines/image-unpinned", 4) in seen
    assert ("ci/jobs.yml", "pipelines/download-into-shell", 5) in seen


def test_a_chart_is_rendered_by_helm_where_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    place = ("web/templates/pod.yaml", "kubernetes/host-network", 7)
    assert place not in found(CHART)  # without helm the include is unknown
    program(tmp_path, "helm", f"assert sys.argv[1] == 'template'\nprint({RENDERED!r})\n", monkeypatch)
    assert place in found(CHART)


def test_a_chart_that_helm_cannot_render_is_read_as_templates_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "helm", "sys.exit('Error: no such function')\n", monkeypatch)
    notes = [note.message for look in looks(CHART, InfrastructureEngine()) for note in look.notifications]
    assert any("no such function" in note for note in notes)


def test_a_foreign_specification_is_not_compared() -> None:
    spec = 'openapi: 3.0.3\ninfo: {title: a, version: "1"}\npaths:\n  /other: {get: {responses: {}}}\n  /more: {get: {responses: {}}}\n'
    app = 'from flask import Flask\napp = Flask(__name__)\n@app.get("/mine")\ndef mine(): return ""\n'
    texts = {"openapi.yaml": spec, "app.py": app}
    found_ids = {finding.rule_id for look in looks(texts, ApiEngine()) for finding in look.findings}
    assert not any("route" in each for each in found_ids)
    assert {look.uri for look in looks(texts, ApiEngine())} == set(texts)


OPA = """
if sys.argv[1] == 'version': print('Version: 1.2.3')
elif sys.argv[1] == 'capabilities': print(json.dumps({'builtins': [{'name': 'http.send'}, {'name': 'count'}]}))
else:
    (allowed,) = [json.load(open(a.partition('=')[2])) for a in sys.argv if a.startswith('--capabilities=')]
    assert [each['name'] for each in allowed['builtins']] == ['count'] and allowed['allow_net'] == []
    said = [{'path': d['path'], 'line': d['line'], 'msg': d['kind'], 'id': 'mine', 'severity': 'high'}
            for d in json.load(sys.stdin)['documents'] for kind in [d['kind']] if kind == 'stage'] + [{'path': 'nowhere'}]
    print(json.dumps({'result': [{'expressions': [{'value': said}]}]}))
"""


def test_policies_are_asked_of_the_users_opa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "opa", OPA, monkeypatch)
    engine = opa()
    assert engine.prepare(ToolOptions()).startswith("missing configuration")
    assert engine.prepare(ToolOptions(files=("policies",))) == ""
    (look,) = engine.look_at_project(MemoryProject({"Dockerfile": b"FROM a:1\n"}))
    assert isinstance(look, Look)
    assert [(each.rule_id, each.message) for each in look.findings] == [("opa/mine", "stage")]
    assert "1 entries" in look.notifications[0].message


@pytest.mark.parametrize("body", ["print('no')", "sys.exit(2)", "print(json.dumps({'result': 1}))"])
def test_an_opa_that_misbehaves_fails(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = OPA.partition("else:")[0]
    program(tmp_path, "opa", f"{head}else: {body}\n", monkeypatch)
    engine = opa()
    assert engine.prepare(ToolOptions(files=("policies",))) == ""
    (ending,) = engine.look_at_project(MemoryProject({"Dockerfile": b"FROM a:1\n"}))
    assert isinstance(ending, Ending)
    assert ending.status is EngineStatus.FAILED
    assert json.dumps(ending.reason)
