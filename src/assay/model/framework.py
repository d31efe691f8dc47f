"""Compliance frameworks that controls are named from: "framework:id"."""

from __future__ import annotations

from typing import NamedTuple


class Framework(NamedTuple):
    """A framework's name and the edition that the ids are from, empty where the id or the rule says it."""

    name: str
    edition: str


FRAMEWORKS: dict[str, Framework] = {
    "asvs": Framework("OWASP ASVS", "5.0.0"),
    "cis-docker": Framework("CIS Docker Benchmark", ""),
    "cis-kubernetes": Framework("CIS Kubernetes Benchmark", ""),
    "hipaa": Framework("HIPAA Security Rule", "45 CFR Part 164 Subpart C (2013)"),
    "owasp": Framework("OWASP Top 10", ""),
    "pci-dss": Framework("PCI DSS", "4.0.1"),
    "soc2": Framework("SOC 2 Trust Services Criteria", "2017, points of focus 2022"),
}
