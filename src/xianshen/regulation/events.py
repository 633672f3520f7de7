"""What this room writes into the ledger."""

from django.utils.translation import gettext_lazy as _

from xianshen.ledger.events import declare_event

VERSION_LOADED = declare_event(
    "regulation.version_loaded",
    keys={"label", "title", "effective_from", "digest"},
    label=_("载入制度版本 %(label)s，自 %(effective_from)s 起施行"),
)
VERSION_REPLACED = declare_event(
    "regulation.version_replaced",
    keys={"label", "title", "effective_from", "digest", "previous_digest"},
    label=_("换掉尚未施行的制度版本 %(label)s"),
)
WORDING_LOADED = declare_event(
    "regulation.wording_loaded",
    keys={"label", "language", "texts", "digest"},
    label=_("载入制度版本 %(label)s 的译文（%(language)s，%(texts)s 条）"),
)
VERSION_IN_FORCE = declare_event(
    "regulation.version_in_force",
    keys={"label", "digest", "unit_kinds", "position_kinds"},
    label=_("制度版本 %(label)s 开始施行"),
)
ACKNOWLEDGED = declare_event("regulation.acknowledged", keys={"label", "digest"}, label=_("阅知制度版本 %(label)s"))
INTERPRETED = declare_event("regulation.interpreted", keys={"label", "text"}, label=_("发布解释：%(text)s"))
