"""A gateway from a workspace, a policy and a state folder."""

from __future__ import annotations

from pathlib import Path

from assay.gateway.actions.packages import flags_of
from assay.gateway.actions.pins import Pins
from assay.gateway.approval.requests import Requests
from assay.gateway.audit.trail import Trail
from assay.gateway.budget.limits import Ledger, limits_of, seconds
from assay.gateway.decide import Gateway
from assay.gateway.defaults import load_policy
from assay.gateway.policy.compiled import Policy, compile_policy
from assay.gateway.policy.document import Approvals
from assay.signing.keys import KeyFolder
from assay.store.database import Store, open_store


def assemble(
    workspace: str, policies: list[str] | None = None, state: str = "", *, identity: bool = False
) -> Gateway:
    """A gateway; with a state folder it keeps a trail, budgets and approvals there, without one it only judges.

    Raises:
        ConfigError: the policy does not load.
        StoreError: the state cannot be opened.
    """
    policy = compile_policy(load_policy(workspace, policies))
    gateway = Gateway(policy, judge=flags_of)
    if not state:
        return gateway
    folder = Path(state)
    store, keys = open_store(folder / "gateway.db"), KeyFolder(folder / "keys")
    gateway.audit = Trail(store, keys)
    gateway.pins = Pins(store)
    with_policy(gateway, policy, store)
    if identity:
        from assay.gateway.identity.verify import Verifier

        gateway.identity = Verifier(keys.public(), store)
    return gateway


def with_policy(gateway: Gateway, policy: Policy, store: Store) -> None:
    """Put a policy, with its limits and its approval terms, into a gateway that may already be deciding."""
    terms = policy.document.policy.approvals or Approvals()
    limits = limits_of(policy.document.policy.limits)
    requests = Requests(store, seconds(terms.expires), terms.needed, terms.approvers)
    gateway.budgets = Ledger(store, limits) if limits else None
    gateway.approvals = requests
    gateway.policy = policy
