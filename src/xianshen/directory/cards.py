"""The card that ``/verify/CODE`` shows for the verification code of an account."""

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.common.components import Fact
from xianshen.common.language import listed, local
from xianshen.common.zhdates import zh_date, zh_datetime
from xianshen.directory import rules
from xianshen.directory.enums import Verdict
from xianshen.directory.listing import PublicAccount, policy_or_none, public_account
from xianshen.documents.verification import Link, ResultCard
from xianshen.registry.selectors import account_by_code


def answer_words(account: PublicAccount, institution: str) -> str:
    """Return the one sentence that answers: 是。它由上海海关学院法律系主办."""
    words = {"institution": institution, "unit": account.unit}
    if account.answer.allowed:
        return _("是。它由%(institution)s%(unit)s主办") % words
    return _("是，但现在不能运行。它由%(institution)s%(unit)s主办") % words


def standing_words(account: PublicAccount) -> str:
    """Return what follows from the account's state when it may not run, or ""."""
    answer = account.answer
    if answer.allowed:
        return ""
    if answer.since is None:
        return _("它现在不能运行（%(reason)s）。不要把它发的内容当作学校发布的。") % {"reason": answer.reason}
    return _("从%(date)s起不能运行（%(reason)s）。不要把那以后的内容当作学校发布的。") % {
        "date": zh_date(answer.since, year=True),
        "reason": answer.reason,
    }


def facts_of(account: PublicAccount, now: datetime) -> tuple[Fact, ...]:
    """Return the public facts of an account in the order of the page."""
    facts = [
        Fact(_("账号"), account.name),
        Fact(_("平台"), local(account.platform_name)),
        Fact(
            _("网址") if account.handle_is_address else _("账号 ID"),
            account.handle,
        ),
        Fact(_("主办单位"), account.unit),
        Fact(_("层级"), _("%(tier)s平台") % {"tier": local(account.tier_name)}, rule=rules.TIER),
    ]
    if account.audience:
        facts.append(Fact(_("服务对象"), listed(map(local, account.audience))))
    facts.append(Fact(_("现在"), account.state_words))
    if account.opened_on:
        facts.append(Fact(_("开通时间"), zh_date(account.opened_on, year=True), rule=rules.PRIOR_APPROVAL))
    if account.closed_on:
        facts.append(Fact(_("停办时间"), zh_date(account.closed_on, year=True)))
    facts.append(Fact(_("核验时间"), zh_datetime(now, year=True)))
    return tuple(facts)


def look_up(code: str, now: datetime) -> ResultCard | None:
    """Return the card of the account with a code in its standard spelling, or None."""
    account = account_by_code(code)
    if account is None:
        return None
    on = timezone.localdate(now)
    shown = public_account(account, policy_or_none(account.institution_id, on), on)
    allowed = shown.answer.allowed
    face = (Verdict.GENUINE if allowed else Verdict.STOPPED).face
    institution = account.institution.name
    return ResultCard(
        face=face if allowed else shown.face,
        answer=answer_words(shown, institution),
        facts=facts_of(shown, now),
        code=account.code,
        detail=standing_words(shown),
        seal=_("%(name)s新媒体") % {"name": institution} if allowed else "",
        seal_foot=_("核验") if allowed else "",
        links=(Link(_("看账号公开页"), reverse("directory:account", args=[account.code]), "id"),),
        question=_("这个账号，是学校的吗？"),
        advice=_("你看到的账号和这里的平台、账号 ID 不一样，就不是它。不要相信，可以举报。"),
        institution_id=account.institution_id,
    )
