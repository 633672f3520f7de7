from xianshen.common.rules import declare, registry

PRIOR_APPROVAL = declare("opening.prior_approval", room="registry")
ANNEX_1 = declare("opening.annex_1", room="registry")
UNIT_OPINION = declare("opening.unit_opinion", room="registry")
HOME_DECISION = declare("opening.home_decision", room="registry")
OFFICE_SUPERVISES = declare("office.supervises", room="registry")
OFFICE_OPINION = declare("opening.office_opinion", room="registry")
FIRST_RESPONSIBLE = declare("opening.first_responsible", room="registry")
TIER = declare("tier.classification", room="registry")
PLATFORM = declare("platform.scope", room="registry")
AUTHORISED_ONLY = declare("account.authorised_only", room="registry")
NAME_PREFIX = declare("name.personal_prefix", room="registry")
NAME_RESERVED = declare("name.reserved", room="registry")
NAME_LOOKALIKE = declare("name.lookalike", room="registry")
NAME_UNIQUE = declare("name.unique", room="registry")
POSITIONING = declare("positioning.stated", room="registry")
NO_DUPLICATES = declare("positioning.no_duplicates", room="registry")
CAMPUS_SERVER = declare("data_service.campus_server", room="registry")
SPONSOR_FILE = declare("sponsor_file.complete", room="registry")
REVIEW_MECHANISM = declare("sponsor_file.review_mechanism", room="registry")
MAY_RUN = declare("account.may_run", room="registry")
ANNUAL_REVIEW = declare("annual_review.due", room="registry")
STOP_ORDER = declare("stop.order", room="registry")
LEGACY = declare("legacy.within_month", room="registry")
FILING = declare("filing.within_week", room="registry")
LINKAGE = declare("linkage.repost_only", room="registry")
CUSTODY = declare("custody.kept", room="registry")

# Declared by approvals, cited on registry's pages as well.
SIGNING = "approval.signing"
REPORT_TO_OFFICE = "report.to_office"

for _screen, _rules in {
    "registry:application_edit": (
        PRIOR_APPROVAL,
        ANNEX_1,
        AUTHORISED_ONLY,
        PLATFORM,
        TIER,
        NAME_PREFIX,
        NAME_RESERVED,
        NAME_LOOKALIKE,
        NAME_UNIQUE,
        POSITIONING,
        NO_DUPLICATES,
        CAMPUS_SERVER,
        SPONSOR_FILE,
        FIRST_RESPONSIBLE,
    ),
    "approvals:chain": (ANNEX_1, UNIT_OPINION, OFFICE_OPINION, HOME_DECISION, NO_DUPLICATES, SPONSOR_FILE),
    "registry:account": (MAY_RUN, ANNUAL_REVIEW, STOP_ORDER, LEGACY, LINKAGE, CAMPUS_SERVER, FIRST_RESPONSIBLE, TIER),
    "registry:accounts": (OFFICE_SUPERVISES, MAY_RUN, TIER),
    "registry:files": (SPONSOR_FILE, REVIEW_MECHANISM),
    "registry:servers": (CAMPUS_SERVER,),
    "registry:custody": (CUSTODY,),
    "registry:filing_edit": (FILING, LEGACY, NAME_RESERVED, NAME_UNIQUE, PLATFORM),
    "registry:legacy": (LEGACY,),
}.items():
    for _rule in _rules:
        registry.shown_on(_rule, _screen)
