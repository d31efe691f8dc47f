"""Compliance frameworks that controls are named from: "framework:id"."""

from __future__ import annotations

from typing import NamedTuple


class Framework(NamedTuple):
    """A framework's name and the edition that the ids are from."""

    name: str
    edition: str


FRAMEWORKS: dict[str, Framework] = {
    "asvs": Framework("OWASP ASVS", "5.0.0"),
    "cis-docker": Framework("CIS Docker Benchmark", "as the rule's reference"),
    "cis-kubernetes": Framework("CIS Kubernetes Benchmark", "as the rule's reference"),
    "hipaa": Framework("HIPAA Security Rule", "45 CFR Part 164 Subpart C (2013)"),
    "owasp": Framework("OWASP Top 10", "as the id says"),
    "pci-dss": Framework("PCI DSS", "4.0.1"),
    "soc2": Framework("SOC 2 Trust Services Criteria", "2017, points of focus 2022"),
}
