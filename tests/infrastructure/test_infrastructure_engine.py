"""The engines: accounts for every file, undetermined is no finding, values followed across files, own rules."""

from __future__ import annotations

from assay.infrastructure.expressions import flows
from assay.infrastructure.platforms.openapi import read_all
from assay.infrastructure.spec_against_code import CodeRoute, Kind, compare, normal
from assay.model.rule import Rule
from assay.model.scan import FileStatus, ScanType
from assay.model.severity import Confidence, Severity
from assay.scan.engines.api import ApiEngine
from assay.scan.engines.infrastructure import DocumentEngine, InfrastructureEngine, domain_of
from assay.scan.engines.project import MemoryProject
from assay.scan.engines.protocol import Look

ENGINE = InfrastructureEngine()


def look(texts: dict[str, str | bytes], engine: DocumentEngine = ENGINE) -> dict[str, Look]:
    files = {uri: text if isinstance(text, bytes) else text.encode() for uri, text in texts.items()}
    return {each.uri: each for each in engine.look_at_project(MemoryProject(files))}


def ids(texts: dict[str, str | bytes]) -> set[str]:
    found = {finding.rule_id for each in look(texts).values() for finding in each.findings}
    return {each.removeprefix("infrastructure/") for each in found}


def test_every_wanted_file_gets_exactly_one_look() -> None:
    texts: dict[str, str | bytes] = {
        "Dockerfile": "FROM a:1\n",
        "a.yaml": "just: data\n",
        "k.yaml": "apiVersion: v1\nkind: Pod\nspec: [\n",
        "main.tf": 'resource "x" {{{',
        "b.json": b"\0\1",
        "c.yaml": b"apiVersion: v1\nkind: Pod\nmetadata: {name: \xff}\n",
    }
    looks = look(texts)
    assert set(looks) == set(texts)
    assert looks["a.yaml"].status is FileStatus.SCANNED
    assert looks["k.yaml"].status is FileStatus.FAILED
    assert looks["k.yaml"].notifications
    assert looks["main.tf"].reason == "syntax"
    assert looks["c.yaml"].status is FileStatus.SCANNED
    assert looks["c.yaml"].notifications


def test_canaries_are_found() -> None:
    for engine in (InfrastructureEngine(), ApiEngine()):
        canary = engine.canary()
        found = {
            finding.rule_id
            for each in engine.look_at_project(MemoryProject(dict(canary.files)))
            for finding in each.findings
        }
        assert set(canary.expected) <= found


def test_what_is_not_known_is_no_finding() -> None:
    assert "aws/rds-public" not in ids(
        {"main.tf": 'variable "p" {}\nresource "aws_db_instance" "a" {\n  publicly_accessible = var.p\n}\n'}
    )
    assert "aws/storage-unencrypted" not in ids(
        {"main.tf": 'variable "e" {}\nresource "aws_ebs_volume" "a" {\n  encrypted = var.e\n}\n'}
    )
    assert "kubernetes/privileged" not in ids(
        {
            "t/templates/a.yaml": "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      securityContext:\n        privileged: {{ .Values.p }}\n"
        }
    )


def test_defaults_of_a_chart_are_followed() -> None:
    template = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      securityContext:\n        privileged: {{ .Values.p }}\n"
    assert "kubernetes/privileged" in ids({"t/templates/a.yaml": template, "t/values.yaml": "p: true\n"})
    assert "kubernetes/privileged" not in ids({"t/templates/a.yaml": template, "t/values.yaml": "p: false\n"})


def test_terraform_follows_modules_variables_files_and_counts() -> None:
    module = 'variable "public" {\n  default = false\n}\nresource "aws_db_instance" "a" {\n  publicly_accessible = var.public\n}\n'
    call = 'module "db" {\n  source = "./db"\n  public = local.open\n}\nlocals {\n  open = var.env == "dev" ? true : false\n}\nvariable "env" {}\n'
    dev = {"main.tf": call, "db/main.tf": module, "terraform.tfvars": 'env = "dev"\n'}
    prod = {**dev, "terraform.tfvars": 'env = "prod"\n'}
    assert "aws/rds-public" in ids(dict(dev))
    assert "aws/rds-public" not in ids(dict(prod))
    gone = 'resource "aws_db_instance" "a" {\n  count = 0\n  publicly_accessible = true\n}\n'
    assert "aws/rds-public" not in ids({"main.tf": gone})


def test_terraform_modules_that_call_each_other_end() -> None:
    text = 'module "x" {\n  source = "../%s"\n}\nresource "aws_db_instance" "a" {\n  publicly_accessible = true\n}\n'
    assert "aws/rds-public" in ids(
        {"a/main.tf": text % "b", "b/main.tf": text % "a", "main.tf": 'module "a" {\n  source = "./a"\n}\n'}
    )


def test_a_place_never_leaves_its_file() -> None:
    texts: dict[str, str | bytes] = {
        "variables.tf": "\n" * 40 + 'variable "nets" {\n  default = ["0.0.0.0/0"]\n}\n',
        "main.tf": 'resource "aws_security_group" "a" {\n  ingress {\n    from_port   = 22\n    to_port     = 22\n    protocol    = "tcp"\n    cidr_blocks = var.nets\n  }\n}\n',
    }
    (finding,) = [each for each in look(texts)["main.tf"].findings if each.rule_id.endswith("open-ssh")]
    assert finding.location.region.start_line == 6


def test_a_plan_in_json_is_read() -> None:
    plan = '{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [{"address": "aws_db_instance.a", "mode": "managed", "type": "aws_db_instance", "name": "a", "values": {"publicly_accessible": true}}]}}}'
    assert "aws/rds-public" in ids({"plan.json": plan})


def test_kustomize_patches_are_no_objects_of_their_own() -> None:
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a}]}}}\n"
    alone = ids({"patch.yaml": patch})
    named = ids(
        {
            "patch.yaml": patch,
            "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\npatches: [{path: patch.yaml}]\n",
        }
    )
    assert "kubernetes/no-memory-limit" in alone
    assert "kubernetes/no-memory-limit" not in named


def test_comparisons_let_nothing_through() -> None:
    assert flows("github.event.issue.title == 'x'") == []
    assert flows("contains(github.event.issue.title, 'x')") == []
    assert flows("github.head_ref || 'main'") == ["github.head_ref"]
    assert flows("github.event_name == 'push' && github.sha || github.head_ref") == [
        "github.head_ref",
        "github.sha",
    ]
    assert flows("format('{0}', github.event['issue'].title)") == ["github.event.issue.title"]


def test_findings_belong_to_scan_types() -> None:
    assert domain_of("infrastructure/docker/user-missing") == {ScanType.CONTAINERS}
    assert domain_of("infrastructure/aws/rds-public") == {ScanType.IAC}
    assert domain_of("infrastructure/agents/hidden-characters") == {ScanType.AGENTS}
    every = {domain for rule in ENGINE.rules() for domain in domain_of(rule.id)}
    assert every == ENGINE.scan_types


def test_a_rule_of_the_users_own() -> None:
    rule = Rule(
        id="own/team-label",
        title="No team label",
        engine="infrastructure",
        severity=Severity.LOW,
        confidence=Confidence.HIGH,
        message="{name} has no label team",
        remediation="Add it.",
        cwe=("CWE-1059",),
        references=(),
        last_reviewed="2026-11-21",
        match={"kubernetes": {"each": "Deployment", "when": {"metadata.labels.team": {"missing": True}}}},
        bad=(),
        good=(),
    )
    engine = InfrastructureEngine((rule,))
    looks = look({"a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\n"}, engine)
    assert [each.message for each in looks["a.yaml"].findings if each.rule_id == rule.id] == [
        "Deployment/shop has no label team"
    ]


def test_references_of_a_specification_across_files_and_in_circles() -> None:
    spec = 'openapi: 3.0.3\ninfo: {title: a, version: "1"}\npaths:\n  /a:\n    post:\n      requestBody: {content: {application/json: {schema: {$ref: "parts/order.yaml#/Order"}}}}\n      responses: {"200": {description: ok}}\n'
    parts = "Order: {type: object, properties: {items: {type: array, items: {type: string}}, next: {$ref: '#/Order'}}}\n"
    looks = look({"openapi.yaml": spec, "parts/order.yaml": parts}, ApiEngine())
    assert "api/unbounded-array" in {each.rule_id for each in looks["openapi.yaml"].findings}
    loop = (
        spec.replace("parts/order.yaml#/Order", "#/components/schemas/A")
        + 'components: {schemas: {A: {$ref: "#/components/schemas/B"}, B: {$ref: "#/components/schemas/A"}}}\n'
    )
    assert any(
        "circle" in note.message
        for note in look({"openapi.yaml": loop}, ApiEngine())["openapi.yaml"].notifications
    )


def test_a_specification_beside_the_code() -> None:
    spec = 'openapi: 3.0.3\ninfo: {title: a, version: "1"}\ncomponents: {securitySchemes: {t: {type: http, scheme: bearer}}}\npaths:\n  /orders/{id}:\n    get: {security: [{t: []}], responses: {"200": {description: ok}}}\n  /open:\n    get: {responses: {"200": {description: ok}}}\n'
    (reading,) = read_all({"openapi.yaml": spec}, lambda _: None)
    inventory = [
        CodeRoute("GET", "/api/orders/<int:order_id>", False, "app.py", 3),
        CodeRoute("GET", "/open", True, "app.py", 5),
        CodeRoute("DELETE", "/orders/:id", None, "app.py", 7),
    ]
    kinds = [(each.kind, each.route.line) for each in compare(reading.units, inventory)]
    assert kinds == [(Kind.OPEN, 3), (Kind.STRICTER, 5), (Kind.MISSING, 7)]
    assert normal("/a/{x}/:y/<int:z>/") == "/a/{}/{}/{}"
