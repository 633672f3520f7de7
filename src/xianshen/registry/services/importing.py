"""Entering existing accounts from a file: all rows or none, repeatable."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied
from xianshen.common.tabular import clean_text
from xianshen.ledger.events import Subject
from xianshen.ledger.services import Unchanged, act, no_act, record
from xianshen.organisation.selectors import Grants
from xianshen.registry import events, rules
from xianshen.registry.imports import AccountPlan, plan_accounts
from xianshen.registry.permissions import may_manage_accounts
from xianshen.registry.services.accounts import AccountFacts, Registration, register_accounts
from xianshen.regulation.selectors import policy_on

if TYPE_CHECKING:
    from xianshen.organisation.models import Institution


def _check(grants: Grants | None) -> None:
    if grants is not None and not (permission := may_manage_accounts(grants)):
        raise PermissionDenied.from_denied(permission)


@no_act(why="plans only, nothing is written")
def preview_accounts(
    *, institution: "Institution", grants: Grants | None, content: bytes, filename: str, now: datetime
) -> AccountPlan:
    """Return what importing a file of accounts would do, or what is wrong in it.

    Args:
        institution: for which school.
        grants: of the person; None for a command run on the server.
        content: the file.
        filename: its name.
        now: time of the request.

    Raises:
        PermissionDenied: not the Office.
    """
    _check(grants)
    on = timezone.localdate(now)
    return plan_accounts(institution.pk, policy_on(institution.pk, on), content, filename, on)


@act
def import_accounts(
    *, actor: Actor, institution: "Institution", grants: Grants | None, content: bytes, filename: str, now: datetime
) -> AccountPlan:
    """Enter the accounts of a file that are not yet on record: all or none.

    Returns:
        The plan that was carried out; with findings, nothing was.

    Raises:
        PermissionDenied: not the Office.
    """
    plan = preview_accounts(institution=institution, grants=grants, content=content, filename=filename, now=now)
    if not plan.ok or not plan.created:
        raise Unchanged(plan)
    registrations = [
        Registration(
            AccountFacts(
                unit=unit,
                name=row.values["name"],
                platform=row.values["platform"],
                handle=row.values["handle"],
                owner=owner,
                owner_name=owner.name if owner else "",
                owner_mobile=row.values.get("mobile") or "",
                owner_email=row.values.get("email") or "",
                content_scope=row.values.get("content_scope") or "",
                opened_on=row.values.get("opened_on"),
            )
        )
        for row, unit, owner in plan.rows
    ]
    register_accounts(actor=actor, grants=grants, registrations=registrations, now=now)
    record(
        events.ACCOUNTS_IMPORTED,
        actor=actor,
        subject=Subject("organisation.institution", str(institution.pk), institution.name),
        payload={
            "file": clean_text(filename)[:200],
            "digest": hashlib.sha256(content).hexdigest(),
            "created": plan.created,
            "unchanged": plan.unchanged,
        },
        at=now,
        rule=rules.AUTHORISED_ONLY,
    )
    return plan
