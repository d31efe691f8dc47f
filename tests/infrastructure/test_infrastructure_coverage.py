"""Which class of flaw is checked in which platform: a rule for one of two languages of the same cloud is a gap, and gaps are written down."""

from __future__ import annotations

import pytest

from assay.rules.load import builtin_rules

# The platforms that declare the same resources, and why a rule may stand in the first only.
PAIRS = {"aws": ("terraform", "cloudformation"), "azure": ("terraform", "azure")}
NO_SUCH_RESOURCE = {
    "aws/account-default-switched-off", "aws/default-security-group-open", "aws/domain-can-be-moved", "aws/emr-public-groups",
    "aws/image-shared-with-everyone", "aws/module-unpinned", "aws/password-policy-weak", "aws/provider-keys",
    "aws/registry-module-unpinned", "aws/resource-recording-one-region", "aws/secret-deleted-at-once", "aws/state-unencrypted",
    "azure/activity-log-short",
}  # fmt: skip
MISSING = {
    "aws/secret-never-rotates",
    "azure/cluster-api-open", "azure/cluster-policy-off", "azure/database-audit-off", "azure/database-connection-logs-off",
    "azure/database-without-directory-login", "azure/owner-of-subscription", "azure/registry-content-not-trusted",
    "azure/security-contact-silent", "azure/storage-versions-off", "azure/synapse-exfiltration", "azure/vault-item-never-expires",
    "azure/vault-network-open", "azure/web-app-logs-off", "azure/web-app-without-login", "azure/database-unencrypted",
}  # fmt: skip
# Stands in the other language under another name.
ELSEWHERE = {
    "azure/database-open-to-everyone": "azure/database-open-firewall-template",
    "azure/database-public-network": "azure/service-public-network",
    "azure/database-without-tls": "azure/database-plain-connections",
    "azure/storage-network-open": "azure/storage-network-open-template",
    "azure/web-app-open-doors": "azure/web-app-template-doors",
}
PLATFORMS = {
    rule.id.removeprefix("infrastructure/"): frozenset(rule.match)
    for rule in builtin_rules()
    if rule.engine == "infrastructure"
}


@pytest.mark.parametrize("room", sorted(PAIRS))
def test_a_class_is_checked_in_every_language_of_its_cloud_or_the_gap_is_named(room: str) -> None:
    wanted = set(PAIRS[room])
    gaps = {name for name, has in PLATFORMS.items() if name.startswith(f"{room}/") and not wanted <= set(has)}
    named = {name for name in NO_SUCH_RESOURCE | MISSING | set(ELSEWHERE) if name.startswith(f"{room}/")}
    assert gaps == named


def test_what_is_said_to_stand_elsewhere_does() -> None:
    assert all("azure" in PLATFORMS[other] for other in ELSEWHERE.values())
