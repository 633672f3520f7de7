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
from xianshen.registry.services.custody import (
    CustodyFacts,
    NewHolder,
    add_custody_holder,
    end_custody_holder,
    keep_custody,
)
from xianshen.registry.services.custody_rounds import answer_custody_check, open_custody_round
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
from xianshen.registry.services.handovers import confirm_handover, end_handover, propose_handover
from xianshen.registry.services.importing import import_accounts, preview_accounts
from xianshen.registry.services.legacy import (
    confirm_legacy,
    disown_legacy,
    drop_legacy_upload,
    import_legacy,
    keep_legacy_upload,
    legacy_start,
    preview_legacy,
    reassign_legacy,
    strike_legacy,
)
from xianshen.registry.services.materials import attach_material, detach_material
from xianshen.registry.services.server_names import keep_resolution
from xianshen.registry.services.server_validity import revoke_server_filing
from xianshen.registry.services.servers import ServerFacts, file_servers, refile_servers
from xianshen.registry.services.sponsors import file_sponsor_document, retire_sponsor_document

__all__ = [
    "CustodyFacts",
    "FilingUnderWay",
    "NewHolder",
    "ServerFacts",
    "add_custody_holder",
    "answer_custody_check",
    "attach_material",
    "attach_to_filing",
    "begin_closing_account",
    "close_account",
    "confirm_handover",
    "confirm_legacy",
    "detach_from_filing",
    "detach_material",
    "discard_draft",
    "discard_filing",
    "disown_legacy",
    "drop_filing",
    "drop_legacy_upload",
    "end_custody_holder",
    "end_handover",
    "file_servers",
    "file_sponsor_document",
    "import_accounts",
    "import_legacy",
    "keep_custody",
    "keep_legacy_upload",
    "keep_resolution",
    "legacy_start",
    "observe_change",
    "open_custody_round",
    "preview_accounts",
    "preview_legacy",
    "propose_handover",
    "prove_closure",
    "reassign_legacy",
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
    "strike_legacy",
    "submit_application",
    "submit_filing",
    "suspend_account",
    "take_up_filing",
]
