"""What can be done with applications, accounts and sponsoring-unit files."""

from xianshen.registry.services.accounts import (
    activate_account,
    begin_closing_account,
    close_account,
    record_contact_shown,
    register_accounts,
    remind_owner,
    remind_owners,
    resume_account,
    suspend_account,
)
from xianshen.registry.services.applications import discard_draft, save_draft, start_draft, submit_application
from xianshen.registry.services.importing import import_accounts, preview_accounts
from xianshen.registry.services.materials import attach_material, detach_material
from xianshen.registry.services.sponsors import file_sponsor_document, retire_sponsor_document

__all__ = [
    "activate_account",
    "attach_material",
    "begin_closing_account",
    "close_account",
    "detach_material",
    "discard_draft",
    "file_sponsor_document",
    "import_accounts",
    "preview_accounts",
    "record_contact_shown",
    "register_accounts",
    "remind_owner",
    "remind_owners",
    "resume_account",
    "retire_sponsor_document",
    "save_draft",
    "start_draft",
    "submit_application",
    "suspend_account",
]
