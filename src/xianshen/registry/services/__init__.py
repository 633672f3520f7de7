"""What can be done with applications, accounts and sponsoring-unit files."""

from xianshen.registry.services.accounts import (
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
from xianshen.registry.services.filings import (
    FilingUnderWay,
    attach_to_filing,
    detach_from_filing,
    discard_filing,
    drop_filing,
    observe_change,
    prove_closure,
    save_filing,
    start_filing,
    submit_filing,
    take_up_filing,
)
from xianshen.registry.services.importing import import_accounts, preview_accounts
from xianshen.registry.services.materials import attach_material, detach_material
from xianshen.registry.services.servers import (
    ServerFacts,
    file_servers,
    keep_resolution,
    refile_servers,
    revoke_server_filing,
)
from xianshen.registry.services.sponsors import file_sponsor_document, retire_sponsor_document

__all__ = [
    "FilingUnderWay",
    "ServerFacts",
    "attach_material",
    "attach_to_filing",
    "begin_closing_account",
    "close_account",
    "detach_from_filing",
    "detach_material",
    "discard_draft",
    "discard_filing",
    "drop_filing",
    "file_servers",
    "file_sponsor_document",
    "import_accounts",
    "keep_resolution",
    "observe_change",
    "preview_accounts",
    "prove_closure",
    "record_contact_shown",
    "refile_servers",
    "register_accounts",
    "remind_owner",
    "remind_owners",
    "resume_account",
    "retire_sponsor_document",
    "revoke_server_filing",
    "save_draft",
    "save_filing",
    "start_draft",
    "start_filing",
    "submit_application",
    "submit_filing",
    "suspend_account",
    "take_up_filing",
]
