from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.scan.triage.observed import observe

COMPOSE = """
services:
  web: {build: ./web, ports: ["80:8000"]}
  admin: {build: {context: ../admin}, ports: ["127.0.0.1:9000:9000"]}
  api: {build: {context: api}, ports: [{published: 8080, target: 80}]}
  db: {image: postgres, ports: ["5432:5432"]}
  job: {build: job}
"""
INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
spec:
  rules:
    - host: shop.acme.io
---
apiVersion: v1
kind: Service
spec: {type: ClusterIP}
"""
BALANCER = "kind: Service\nmetadata: {annotations: {%s: 'true'}}\nspec:\n  type: LoadBalancer\n"
OPENAPI = "openapi: 3.1.0\nservers:\n  - url: https://api.acme.io/v1\n  - url: /relative\n"
SWAGGER = '{"swagger": "2.0", "host": "orders.svc.cluster.local:8080"}'


def facts(files: dict[str, str]) -> list[tuple[str, str]]:
    found = observe(files, lambda uri: files[uri].encode())
    assert all(fact.evidence for fact in found)
    return [(fact.path, fact.value) for fact in found]


def test_published_ports_say_who_reaches_the_code_that_is_built() -> None:
    assert facts({"deploy/compose.yaml": COMPOSE}) == [
        ("deploy/web/**", "internet"),
        ("admin/**", "none"),
        ("deploy/api/**", "internal"),
    ]
    assert facts({"compose.yaml": "services: {x: {build: ../../x, ports: ['80:80']}}"}) == []


@pytest.mark.parametrize(
    ("uri", "text", "expected"),
    [
        ("k8s/ingress.yaml", INGRESS, [("k8s/**", "internet")]),
        ("ingress.yaml", INGRESS.replace("shop.acme.io", "shop.internal"), [("**", "internal")]),
        ("ingress.yaml", INGRESS.replace("host: shop.acme.io", "http: {}"), [("**", "internet")]),
        ("a/service.yml", BALANCER % "x", [("a/**", "internet")]),
        (
            "a/service.yml",
            BALANCER % "service.beta.kubernetes.io/aws-load-balancer-internal",
            [("a/**", "internal")],
        ),
        ("api/openapi.yaml", OPENAPI, [("api/**", "internet")]),
        ("swagger.json", SWAGGER, [("**", "internal")]),
        ("values.yaml", "a: 1", []),
        ("main.py", "x", []),
        ("compose.yaml", "services: [1]", []),
        ("compose.yaml", "{", []),
        ("compose.yaml", "a: &a 1\nb: *a", []),
        ("openapi.yaml", "servers: 3\nhost: 4", []),
    ],
)
def test_manifests_and_api_descriptions(uri: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert facts({uri: text}) == expected


def test_what_tests_and_examples_publish_is_not_the_project() -> None:
    assert facts({"tests/compose.yaml": COMPOSE, "examples/x/openapi.yaml": OPENAPI}) == []


def test_a_file_that_cannot_be_read_tells_nothing() -> None:
    assert observe(["compose.yaml"], lambda _: None) == ()


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["compose.yaml", "openapi.json", "k.yaml"]),
    st.text(alphabet="services:{}[]-\n 'ports80buildkdIngrhoturl\"", max_size=120),
)
def test_any_text(uri: str, text: str) -> None:
    observe([uri], lambda _: ("kind: Ingress\n" + text).encode())
    observe([uri], lambda _: text.encode())
