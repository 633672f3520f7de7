"""What the organisation writes into the ledger."""

from django.utils.translation import gettext_lazy as _

from xianshen.ledger.events import declare_event

INSTITUTION_CREATED = declare_event(
    "organisation.institution_created", keys=("code", "name"), label=_("建立「%(name)s」")
)
INSTITUTION_CHANGED = declare_event("organisation.institution_changed", keys=("fields",), label=_("修改学校资料"))
VOCABULARY_SYNCED = declare_event(
    "organisation.vocabulary_synced",
    keys=("unit_kinds", "position_kinds"),
    label=_("按生效办法更新单位类别和职务类别"),
)
UNIT_CREATED = declare_event(
    "organisation.unit_created", keys=("key", "name", "kind", "parent"), label=_("设立单位「%(name)s」")
)
UNIT_RENAMED = declare_event(
    "organisation.unit_renamed", keys=("before", "after"), label=_("单位更名：「%(before)s」改为「%(after)s」")
)
UNIT_MOVED = declare_event(
    "organisation.unit_moved", keys=("before", "after"), label=_("上级单位由「%(before)s」改为「%(after)s」")
)
UNIT_CLOSED = declare_event("organisation.unit_closed", keys=("on",), label=_("单位自 %(on)s 起撤销"))
POSITION_CREATED = declare_event(
    "organisation.position_created", keys=("key", "title", "kind", "unit"), label=_("在%(unit)s设立职务「%(title)s」")
)
APPOINTED = declare_event(
    "organisation.appointed",
    keys=("position", "unit", "person", "starts_on", "ends_on"),
    label=_("%(person)s任%(unit)s%(position)s，自 %(starts_on)s 起"),
)
APPOINTMENT_ENDED = declare_event(
    "organisation.appointment_ended",
    keys=("position", "unit", "person", "ends_on"),
    label=_("%(person)s的%(unit)s%(position)s任期至 %(ends_on)s 止"),
)
PERSON_CREATED = declare_event("organisation.person_created", keys=("key",), label=_("登记人员，编号 %(key)s"))
PERSON_CHANGED = declare_event("organisation.person_changed", keys=("fields",), label=_("修改人员资料：%(fields)s"))
PASSWORD_CHANGED = declare_event("organisation.password_changed", label=_("修改登录密码"))
ONE_TIME_PASSWORD_SET = declare_event("organisation.one_time_password_set", label=_("设了一次性密码，登录后须改"))
PERSON_DEACTIVATED = declare_event("organisation.person_deactivated", keys=("reason",), label=_("停用登录：%(reason)s"))
PERSON_REACTIVATED = declare_event("organisation.person_reactivated", keys=("reason",), label=_("恢复登录：%(reason)s"))
DELEGATED = declare_event(
    "organisation.delegated",
    keys=("position", "unit", "delegate", "starts_on", "ends_on", "reason"),
    label=_("委托%(delegate)s代办%(unit)s%(position)s，%(starts_on)s 至 %(ends_on)s，事由：%(reason)s"),
)
DELEGATION_REVOKED = declare_event(
    "organisation.delegation_revoked",
    keys=("position", "unit", "delegate"),
    label=_("撤回对%(delegate)s代办%(unit)s%(position)s的委托"),
)
IMPORTED = declare_event(
    "organisation.imported",
    keys=("kind", "file", "digest", "created", "updated", "unchanged"),
    label=_("导入《%(file)s》：新增 %(created)s 条，更新 %(updated)s 条"),
)
SIGNED_IN = declare_event("organisation.signed_in", label=_("登录"))
SIGNED_OUT = declare_event("organisation.signed_out", label=_("退出登录"))
LOCKED_OUT = declare_event(
    "organisation.locked_out",
    keys=("purpose", "failures", "until"),
    label=_("连续 %(failures)s 次未通过验证，锁定到 %(until)s"),
)
SECOND_FACTOR_ADDED = declare_event("organisation.second_factor_added", keys=("factor",), label=_("启用%(factor)s"))
SECOND_FACTOR_REMOVED = declare_event("organisation.second_factor_removed", keys=("factor",), label=_("停用%(factor)s"))
