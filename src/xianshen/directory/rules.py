from xianshen.common.rules import declare, registry

PUBLIC = declare("directory.public", room="directory")
IMPOSTOR_REPORT = declare("impostor.report", room="directory")

# Declared by registry, cited on the public pages as well.
AUTHORISED_ONLY = "account.authorised_only"
NAME_LOOKALIKE = "name.lookalike"
NAME_RESERVED = "name.reserved"
TIER = "tier.classification"
PRIOR_APPROVAL = "opening.prior_approval"

for _screen in ("directory:list", "directory:verify", "directory:account", "directory:open_data"):
    registry.shown_on(PUBLIC, _screen)
for _screen in ("directory:report", "directory:report_status", "directory:reports", "directory:report_handle"):
    registry.shown_on(IMPOSTOR_REPORT, _screen)
