"""What can be said about an application before anybody signs it (selectors).

The same checks speak while the form is filled in, when it is submitted and on the approval page.
``late`` stops the submission; ``soon`` is for people to judge.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xianshen.common.language import listed, local
from xianshen.organisation.selectors import holders, home_unit, unit_for_relation
from xianshen.registry import contacts, names, rules
from xianshen.registry.enums import CheckTone, InNameOf
from xianshen.registry.models import MediaAccount, OpeningApplication
from xianshen.registry.selectors import handle_taken, has_account_on, sponsor_file
from xianshen.registry.similarity import SimilarName, SimilarScope, same_names, similar_names, similar_scopes
from xianshen.registry.words import seat
from xianshen.regulation.enums import FieldType, NameRuleKind, Severity, SubjectKind
from xianshen.regulation.schema import FieldSpec, FormSpec, NameRule, NotInPolicy, PlatformSpec, Policy


@dataclass(frozen=True, slots=True)
class Check:
    """One automatic check.

    Args:
        code: stable code of the check.
        tone: passed, to judge, to change, or not applicable.
        title: the finding in words.
        detail: why, and what to do.
        rule: rule id cited, or "".
        field: form field concerned, or "".
        accounts: accounts that the finding is about.
        suggestion: a value that would pass, or "".
    """

    code: str
    tone: CheckTone
    title: str
    detail: str = ""
    rule: str = ""
    field: str = ""
    accounts: tuple[MediaAccount, ...] = ()
    suggestion: str = ""

    @property
    def blocking(self) -> bool:
        return self.tone == CheckTone.LATE

    @property
    def text(self) -> str:
        """The finding, under the name that the checks component reads."""
        return self.title


def _ok(code: str, title: str, detail: str = "", rule: str = "") -> Check:
    return Check(code, CheckTone.OK, title, detail, rule)


def _breaks(rule: NameRule, name: str, policy: Policy, application: OpeningApplication) -> bool:
    """Say whether the name breaks a name rule of the policy, disguises included."""
    if rule.personal and application.in_name_of != InNameOf.INDIVIDUAL:
        return False
    if application.tier in rule.except_tiers:
        return False
    words = policy.name_words(rule)
    if rule.kind == NameRuleKind.CHARACTERS:
        return bool(names.invisible_characters(name)) or any(names.imitates(name, word) for word in words)
    if rule.kind == NameRuleKind.PREFIX:
        return any(names.starts_like(name, word) for word in words)
    if rule.kind == NameRuleKind.RESERVED_NAME:
        return names.fold(name) in {names.fold(word) for word in words}
    if rule.kind == NameRuleKind.RESERVED_WORD:
        return any(names.fold(word) in names.fold(name) for word in words)
    return False


def name_rule_checks(application: OpeningApplication, policy: Policy) -> list[Check]:
    """Hold the name against the policy's name rules."""
    name = application.name.strip()
    if not name:
        return []
    found = []
    for rule in policy.name_rules:
        if rule.kind == NameRuleKind.UNIQUE or not _breaks(rule, name, policy, application):
            continue
        detail = local(rule.text)
        invisible = names.invisible_characters(name)
        if rule.kind == NameRuleKind.CHARACTERS and invisible:
            detail = _("%(text)s名称里有看不见的字符 %(chars)s，删掉重写。") % {
                "text": local(rule.text),
                "chars": listed(dict.fromkeys(invisible)),
            }
        tone = CheckTone.LATE if rule.severity == Severity.BLOCK else CheckTone.SOON
        found.append(Check(f"name_{rule.kind}", tone, _("名称不合规定"), detail, rule.rule, "name"))
    return found or [_ok("name_rules", _("名称没有冒用校名"), application.get_in_name_of_display(), rules.NAME_PREFIX)]


HOW = {
    "same": lambda: _("同名"),
    "sound": lambda: _("读音相同"),
    "one_off": lambda: _("只差一个字"),
    "contains": lambda: _("一个名称包含另一个"),
}


def name_likeness_checks(application: OpeningApplication, similar: list[SimilarName]) -> list[Check]:
    """Judge names that are the same as, or confusing with, those on record."""
    if not application.name.strip():
        return []
    same = [s for s in similar if s.how == "same" and s.account.unit_id != application.unit_id]
    own = {s.account.pk for s in similar if s.account.unit_id == application.unit_id and s.how == "same"}
    confusing = [s for s in similar if s not in same and s.account.pk not in own]
    checks = []
    if same:
        checks.append(
            Check(
                "name_same",
                CheckTone.LATE,
                _("名称已被使用"),
                _("「%(name)s」是%(unit)s的账号。写出单位或定位来区分。")
                % {"name": same[0].account.name, "unit": same[0].account.unit.name},
                rules.NAME_UNIQUE,
                "name",
                tuple(s.account for s in same),
            )
        )
    if confusing:
        first = confusing[0]
        checks.append(
            Check(
                "name_similar",
                CheckTone.SOON,
                ngettext("名称与 %(n)d 个在册账号相近", "名称与 %(n)d 个在册账号相近", len(confusing))
                % {"n": len(confusing)},
                _("与在册的「%(name)s」%(how)s，容易认错。可以写出定位再区分；不拦提交，审批人会看到。")
                % {"name": first.account.name, "how": HOW[first.how]()},
                rules.NAME_UNIQUE,
                "name",
                tuple(s.account for s in confusing[:5]),
            )
        )
    return checks or [_ok("name_unique", _("名称与在册账号不重复"), _("同音、形近也核过"), rules.NAME_UNIQUE)]


def suggested_handle(application: OpeningApplication, platform: PlatformSpec, institution_code: str) -> str:
    """Return a handle that fits the platform, made of the name's initials and the institution's code, or ""."""
    initials = "".join(part[0] for part in names.sound(application.name).split() if part and part[0].isascii())
    for candidate in (f"{initials}_{institution_code}", f"{initials}{institution_code}"):
        if len(initials) > 1 and re.fullmatch(platform.handle.pattern, candidate):
            return candidate
    return ""


def handle_checks(application: OpeningApplication, policy: Policy) -> list[Check]:
    """Judge the handle or address by the platform's form, and whether it is on record already."""
    handle = application.handle.strip()
    platform = platform_of(application, policy)
    if platform is None or not handle:
        return []
    address = "://" in handle or handle.lower().startswith("www.")
    spec = platform.url if address else platform.handle
    if not re.fullmatch(spec.pattern, handle):
        suggestion = suggested_handle(application, platform, policy.institution.code)
        return [
            Check(
                "handle_format",
                CheckTone.LATE,
                _("链接地址格式不对") if address else _("账号名称格式不对"),
                local(spec.hint),
                rules.PLATFORM,
                "handle",
                suggestion=suggestion,
            )
        ]
    taken = handle_taken(application.institution_id, application.platform, names.fold(handle))
    if taken and taken.pk != application.account_id:
        return [
            Check(
                "handle_taken",
                CheckTone.LATE,
                _("这个账号已经在册"),
                _("「%(handle)s」登记在%(unit)s的「%(name)s」名下。核对是否写错；要接手，办信息变更备案。")
                % {"handle": handle, "unit": taken.unit.name, "name": taken.name},
                rules.NO_DUPLICATES,
                "handle",
                (taken,),
            )
        ]
    return [_ok("handle", _("账号名称格式正确，没有重复登记"), "", rules.PLATFORM)]


def platform_of(application: OpeningApplication, policy: Policy) -> PlatformSpec | None:
    """Return the application's platform, or None while none (or an unknown one) is chosen."""
    try:
        return policy.platform(application.platform)
    except NotInPolicy:
        return None


def positioning_checks(application: OpeningApplication, similar: list[SimilarScope]) -> list[Check]:
    """Judge overlap with the positioning of running accounts (avoid duplicate building)."""
    if not application.content_scope.strip():
        return []
    if similar:
        worst = similar[0]
        detail = _("「%(name)s」（%(unit)s）也发这些内容：%(what)s。") % {
            "name": worst.account.name,
            "unit": worst.account.unit.name,
            "what": listed(worst.passages[:3]) or _("多处相近"),
        }
        told = application.difference.strip()
        detail += _("申请人说明：%(text)s") % {"text": told} if told else _("写明和它有什么不同，审批人会看。")
        return [
            Check(
                "positioning",
                CheckTone.SOON,
                _("定位与「%(name)s」有重合") % {"name": worst.account.name},
                detail,
                rules.NO_DUPLICATES,
                "difference",
                tuple(s.account for s in similar),
            )
        ]
    return [_ok("positioning", _("定位没有重复建设"), _("与在册账号的发布内容比对过"), rules.NO_DUPLICATES)]


def same_platform_check(application: OpeningApplication, policy: Policy) -> list[Check]:
    platform = platform_of(application, policy)
    if platform is None:
        return []
    others = has_account_on(
        application.institution_id, application.unit_id, application.platform, except_id=application.account_id
    )
    if others:
        return [
            Check(
                "same_platform",
                CheckTone.SOON,
                _("本单位在%(platform)s上已有账号") % {"platform": local(platform.name)},
                _("已有「%(names)s」。能并用的不另开。") % {"names": "」「".join(a.name for a in others)},
                rules.NO_DUPLICATES,
                "platform",
                tuple(others),
            )
        ]
    return [
        _ok(
            "same_platform",
            _("本单位在%(platform)s上只有这一个") % {"platform": local(platform.name)},
            "",
            rules.NO_DUPLICATES,
        )
    ]


def people_checks(application: OpeningApplication, policy: Policy, on: date) -> list[Check]:
    """Judge owner, contacts and the first responsible person."""
    checks = []
    owner = application.owner
    if owner is not None and not owner.is_active:
        checks.append(
            Check(
                "owner",
                CheckTone.LATE,
                _("负责人已不在岗"),
                _("选一位在岗的人。"),
                rules.FIRST_RESPONSIBLE,
                "owner_name",
            )
        )
    if application.owner_mobile and not contacts.valid_mobile(application.owner_mobile):
        checks.append(
            Check(
                "mobile",
                CheckTone.LATE,
                _("手机号码不对"),
                _("写 11 位手机号码，不加空格和横线也可以。"),
                rules.ANNEX_1,
                "owner_mobile",
            )
        )
    if application.second_contact_mobile and not contacts.valid_mobile(application.second_contact_mobile):
        checks.append(
            Check(
                "second_mobile",
                CheckTone.LATE,
                _("第二联系人的手机号码不对"),
                _("写 11 位手机号码。"),
                rules.ANNEX_1,
                "second_contact_mobile",
            )
        )
    if application.owner_email and not contacts.valid_email(application.owner_email):
        checks.append(
            Check(
                "email",
                CheckTone.LATE,
                _("邮箱地址不对"),
                _("写成 名字@学校域名 的样子。"),
                rules.ANNEX_1,
                "owner_email",
            )
        )
    first = policy.first_responsible(unit_kind=application.unit.kind, platform=application.platform)
    if first:
        unit = unit_for_relation(first.of, application.unit)
        held = holders(application.institution_id, position_kind=first.position, unit_id=unit.pk, on=on) if unit else []
        if held:
            checks.append(
                _ok(
                    "first_responsible",
                    _("第一责任人在岗"),
                    seat(held[0].unit.name, held[0].position.title),
                    rules.FIRST_RESPONSIBLE,
                )
            )
        else:
            checks.append(
                Check(
                    "first_responsible",
                    CheckTone.SOON,
                    _("第一责任人空缺"),
                    _("%(position)s现在没有人任职。请办公室登记任职，审批才有人办。")
                    % {"position": local(policy.position_kind(first.position).title)},
                    rules.FIRST_RESPONSIBLE,
                )
            )
    return checks


def file_check(application: OpeningApplication, policy: Policy, on: date) -> Check:
    """Judge the sponsoring unit's file: responsibility system, team, publishing review."""
    unit = home_unit(application.unit) or application.unit
    parts = {part.code: part for part in policy.sponsor_file.parts}
    file = sponsor_file(unit.pk, list(parts), on)
    if file.complete:
        return _ok("sponsor_file", _("责任体系、队伍、审核制度齐全"), unit.name, rules.SPONSOR_FILE)
    return Check(
        "sponsor_file",
        CheckTone.SOON,
        _("%(unit)s的主办材料不全") % {"unit": unit.name},
        _("缺%(what)s。可以先提交，最后一步批准前要补齐。")
        % {"what": listed(local(parts[code].label) for code in file.missing)},
        rules.SPONSOR_FILE,
        "sponsor_file",
    )


def data_service_check(application: OpeningApplication) -> list[Check]:
    if application.data_service is None:
        return []
    if application.data_service:
        return [
            Check(
                "data_service",
                CheckTone.SOON,
                _("涉及校内数据服务"),
                _("服务器要设在校内，经科技处审批后账号才能启用。"),
                rules.CAMPUS_SERVER,
                "data_service",
            )
        ]
    return [Check("data_service", CheckTone.IDLE, _("不涉及校内数据服务"), _("无须报科技处"), rules.CAMPUS_SERVER)]


# Codes of form fields with a column of their own; a field of any other code is kept in ``extra``.
COLUMN_FIELDS = frozenset(
    {
        "name",
        "platform",
        "handle",
        "content_scope",
        "positioning",
        "audience",
        "owner_name",
        "owner_mobile",
        "owner_email",
        "second_contact_name",
        "second_contact_mobile",
        "data_service",
    }
)


def value_of(application: OpeningApplication, code: str) -> object:
    """Return the value of a form field, from its column or from the fields that only this policy has."""
    if code == "unit":
        return application.unit.name
    return getattr(application, code) if code in COLUMN_FIELDS else application.extra.get(code)


def is_empty(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def missing_fields(application: OpeningApplication, form: FormSpec) -> list[FieldSpec]:
    """Return the required fields that are still empty, in form order."""
    return [field for field in form.fields if field.required and is_empty(value_of(application, field.code))]


def length_checks(application: OpeningApplication, form: FormSpec) -> list[Check]:
    """Judge the lengths that the policy sets for texts."""
    found = []
    for field in form.fields:
        value = value_of(application, field.code)
        if isinstance(value, str) and 0 < len(value.strip()) < field.min_length:
            found.append(
                Check(
                    f"short_{field.code}",
                    CheckTone.LATE,
                    _("%(label)s太短") % {"label": local(field.label)},
                    _("现在 %(n)d 字，至少写 %(least)d 字，让审批人看得明白。")
                    % {"n": len(value.strip()), "least": field.min_length},
                    field.rule,
                    field.code,
                )
            )
    return found


CHOICE_TYPES = frozenset({FieldType.CHOICE, FieldType.CHECKBOXES, FieldType.PLATFORM, FieldType.BOOLEAN})


def chosen(field: FieldSpec) -> bool:
    """Say whether a field is answered by choosing, not by writing."""
    return field.type in CHOICE_TYPES or field.code == "owner_name"


def one_line(label: str) -> str:
    return label.replace("\n", "")


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of an application, with what they found."""

    checks: list[Check]
    similar_scopes: list[SimilarScope]
    missing: list[FieldSpec]

    def of_field(self, field: str) -> list[Check]:
        return [check for check in self.checks if check.field == field and check.tone != CheckTone.OK]

    @property
    def blocking(self) -> list[Check]:
        return [check for check in self.checks if check.blocking]

    @property
    def errors(self) -> dict[str, list[str]]:
        """What stands against submitting, by form field."""
        errors: dict[str, list[str]] = {}
        for field in self.missing:
            errors.setdefault(field.code, []).append(_("还没有选。") if chosen(field) else _("还没有填。"))
        for check in self.blocking:
            errors.setdefault(check.field or NON_FIELD_ERRORS, []).append(f"{check.title}：{check.detail}")
        return errors

    @property
    def passed(self) -> int:
        return sum(check.tone in {CheckTone.OK, CheckTone.IDLE} for check in self.checks)

    @property
    def to_see(self) -> int:
        return len(self.checks) - self.passed

    @property
    def submittable(self) -> bool:
        return not self.blocking and not self.missing


def worst_first(checks: Iterable[Check]) -> list[Check]:
    """Return the checks in the order in which they are shown."""
    order = [CheckTone.LATE, CheckTone.SOON, CheckTone.OK, CheckTone.IDLE]
    return sorted(checks, key=lambda check: order.index(check.tone))


def check_application(application: OpeningApplication, policy: Policy, on: date, *, advice: bool = True) -> Report:
    """Check an application as it stands, saved or not.

    Args:
        application: with ``unit`` and ``owner`` loaded.
        policy: the policy in force on the day that matters.
        on: that day.
        advice: also look for what people are to judge: likeness, overlap, other accounts on the platform. Without it
            the report says no less about what stands against an approval, and does not look through all accounts.
    """
    tier = policy.tier_for(unit_kind=application.unit.kind, platform=application.platform)
    application.tier = tier.number if tier else None
    register = application.institution_id
    find_names = similar_names if advice else same_names
    similar = find_names(register, application.name, except_id=application.account_id)
    scopes = similar_scopes(register, application.content_scope, except_id=application.account_id) if advice else []
    checks: list[Check] = []
    if application.platform and tier is None:
        checks.append(
            Check(
                "tier",
                CheckTone.LATE,
                _("这类单位不能在这个平台开设"),
                _("办法没有给这类单位在这个平台上的层级。换平台，或由上级单位申请。"),
                rules.TIER,
                "platform",
            )
        )
    checks += name_rule_checks(application, policy)
    checks += name_likeness_checks(application, similar)
    checks += handle_checks(application, policy)
    if advice:
        checks += same_platform_check(application, policy)
        checks += positioning_checks(application, scopes)
    checks += people_checks(application, policy, on)
    checks.append(file_check(application, policy, on))
    checks += data_service_check(application)
    form = policy.form_for(SubjectKind.OPENING_APPLICATION)
    checks += length_checks(application, form)
    return Report(worst_first(checks), scopes, missing_fields(application, form))
