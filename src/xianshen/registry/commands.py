"""``xianshen import accounts FILE``: existing accounts, entered by the Office."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from xianshen.common.actors import Actor
from xianshen.common.tabular import write_template
from xianshen.organisation.commands import Importer, add_import
from xianshen.registry.imports import SHEET, AccountPlan, account_columns
from xianshen.registry.services import import_accounts, preview_accounts
from xianshen.regulation.selectors import policy_on

if TYPE_CHECKING:
    from xianshen.organisation.models import Institution


def _preview(actor: Actor, institution: "Institution", content: bytes, filename: str, now: datetime) -> AccountPlan:
    return preview_accounts(institution=institution, grants=None, content=content, filename=filename, now=now)


def _carry_out(actor: Actor, institution: "Institution", content: bytes, filename: str, now: datetime) -> AccountPlan:
    return import_accounts(
        actor=actor, institution=institution, grants=None, content=content, filename=filename, now=now
    )


def _template(institution: "Institution") -> bytes:
    return write_template(account_columns(policy_on(institution.pk, timezone.localdate())), sheet=str(SHEET))


def add_commands(subparsers: Any) -> None:
    """Add ``import accounts``."""
    add_import(subparsers, "accounts", help="import accounts", importer=Importer(_preview, _carry_out, _template))
