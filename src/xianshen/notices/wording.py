"""The words of notices: placeholders, the product's own wording of every kind, and filling them in.

A wording is plain text with placeholders in braces, ``{title}``. Nothing else is possible in it: no expressions,
no attributes, no markup. What is filled in is never read for placeholders again.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xianshen.common.language import listed
from xianshen.notices.enums import Channel, NoticeKind
from xianshen.notices.models import BODY_LIMIT, SUBJECT_LIMIT

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
BRACE = re.compile(r"[{}]")
#: Placeholders that every wording may use, with what they stand for.
COMMON: Mapping[str, str | Promise] = {
    "text": gettext_lazy("通知原文"),
    "link": gettext_lazy("去办的地址"),
    "article": gettext_lazy("依据的条"),
    "institution": gettext_lazy("学校名称"),
}
#: Only in e-mails: a group is no person.
PERSONAL: Mapping[str, str | Promise] = {"name": gettext_lazy("收件人姓名")}
#: Placeholders of single kinds, with what they stand for.
OWN: Mapping[str, str | Promise] = {
    "title": gettext_lazy("事项"),
    "step": gettext_lazy("办到哪一步"),
    "account": gettext_lazy("账号名称"),
    "reason": gettext_lazy("原因"),
    "said": gettext_lazy("说明"),
    "due": gettext_lazy("截止日期"),
}


@dataclass(frozen=True, slots=True)
class KindWording:
    """The product's own words for a kind.

    Args:
        subject: of the e-mail.
        body: of the e-mail; link, article and footer follow by themselves.
        robot: what a group robot says; it speaks to a group, so it says 等人, never 你.
        values: names of the kind's own placeholders.
    """

    subject: str | Promise
    body: str | Promise
    robot: str | Promise
    values: tuple[str, ...] = ()


_PLAIN = KindWording("{text}", "{text}", "{text}")
WORDINGS: Mapping[NoticeKind, KindWording] = {
    NoticeKind.APPROVAL_TODO: KindWording(
        gettext_lazy("等你办理：{title}"),
        gettext_lazy("{title}：等你办理「{step}」。"),
        gettext_lazy("{title}：等人办理「{step}」。"),
        ("title", "step"),
    ),
    NoticeKind.APPROVAL_REMINDER: KindWording(
        gettext_lazy("催办：{title}"),
        gettext_lazy("{title}：还在等你办理「{step}」。"),
        gettext_lazy("催办——{title}：还在等人办理「{step}」。"),
        ("title", "step"),
    ),
    NoticeKind.APPROVAL_OUTCOME: KindWording(gettext_lazy("有结果了：{title}"), "{text}", "{text}", ("title",)),
    NoticeKind.ACCOUNT_SUSPENDED: KindWording(
        gettext_lazy("暂停运行：{account}"),
        gettext_lazy("「{account}」暂停运行，原因：{reason}。{said}"),
        gettext_lazy("「{account}」暂停运行，原因：{reason}。"),
        ("account", "reason", "said"),
    ),
    NoticeKind.STOP_ORDER: KindWording(
        gettext_lazy("责令停止运行：{account}"),
        gettext_lazy("「{account}」被责令停止运行。从现在起不得发布。{said}"),
        gettext_lazy("「{account}」被责令停止运行，从现在起不得发布。"),
        ("account", "reason", "said"),
    ),
    NoticeKind.ACCOUNT_STATE: KindWording(gettext_lazy("账号有变化：{account}"), "{text}", "{text}", ("account",)),
    NoticeKind.ACCOUNT_REMINDER: KindWording(
        gettext_lazy("办公室提醒：{account}"),
        gettext_lazy("办公室提醒「{account}」：{said}"),
        gettext_lazy("办公室提醒「{account}」：{said}"),
        ("account", "said"),
    ),
    NoticeKind.CLOCK_REMINDER: KindWording(
        gettext_lazy("时限快到：{title}"),
        gettext_lazy("{title}：{due}截止。"),
        gettext_lazy("{title}：{due}截止。"),
        ("title", "due"),
    ),
    NoticeKind.CLOCK_ESCALATION: KindWording(
        gettext_lazy("还没有办：{title}"),
        gettext_lazy("{title}还没有办，截止日期是{due}。按规定报你知悉。"),
        gettext_lazy("{title}还没有办，截止日期是{due}。"),
        ("title", "due"),
    ),
    NoticeKind.CLOCK_CONSEQUENCE: KindWording(
        gettext_lazy("时限已过：{title}"),
        gettext_lazy("{title}：{due}的时限已过，还没有办。办完才停止计逾期。"),
        gettext_lazy("{title}：{due}的时限已过，还没有办。"),
        ("title", "due"),
    ),
    NoticeKind.CLOCK_EXTENDED: KindWording(
        gettext_lazy("时限延长：{title}"),
        gettext_lazy("{title}：办公室把时限延到{due}。{said}"),
        gettext_lazy("{title}：办公室把时限延到{due}。"),
        ("title", "due", "said"),
    ),
    NoticeKind.IMPOSTOR_REPORT: KindWording(
        gettext_lazy("收到冒用举报：{title}"),
        gettext_lazy("有人举报「{title}」冒用学校名义，等你核实。"),
        gettext_lazy("有人举报「{title}」冒用学校名义，等人核实。"),
        ("title",),
    ),
}


def wording_of_kind(kind: NoticeKind) -> KindWording:
    """Return the product's own words for a kind."""
    return WORDINGS.get(kind, _PLAIN)


def placeholders(kind: NoticeKind, channel: Channel) -> dict[str, str | Promise]:
    """Return the placeholders that a wording may use, with what they stand for; the kind's own first."""
    own = {name: OWN[name] for name in wording_of_kind(kind).values}
    return {**own, **COMMON, **(PERSONAL if channel == Channel.EMAIL else {})}


def used(*texts: str) -> set[str]:
    """Return the placeholders in some texts."""
    return {name for text in texts for name in PLACEHOLDER.findall(text)}


def check_wording(text: str, known: Iterable[str]) -> None:
    """Refuse a wording with placeholders that nothing fills, or with braces that are none.

    Raises:
        ValidationError: naming what is wrong and listing the placeholders there are.
    """
    known = list(known)
    choice = listed(f"{{{name}}}" for name in known)
    if unknown := sorted(used(text) - set(known)):
        raise ValidationError(
            _("没有占位词 %(unknown)s，填不出内容。能用的有：%(known)s。")
            % {"unknown": listed(f"{{{name}}}" for name in unknown), "known": choice}
        )
    if BRACE.search(PLACEHOLDER.sub("", text)):
        raise ValidationError(_("花括号只能用来写占位词。能用的有：%(known)s。") % {"known": choice})


def clean_words(kind: NoticeKind, channel: Channel, subject: str, body: str) -> tuple[str, str]:
    """Return subject and body as they are kept.

    Raises:
        ValidationError: by field: missing, too long, or with placeholders that there are not.
    """
    known = placeholders(kind, channel)
    subject = " ".join(subject.replace("\x00", "").split()) if channel == Channel.EMAIL else ""
    body = body.replace("\x00", "").replace("\r\n", "\n").strip()
    errors: dict[str, list[str] | str] = {}
    for field, text, limit in (("subject", subject, SUBJECT_LIMIT), ("body", body, BODY_LIMIT)):
        if not text and not (field == "subject" and channel == Channel.ROBOT):
            errors[field] = _("这一格不能空着。写几个字，或者恢复原样。")
        elif len(text) > limit:
            errors[field] = _("最多 %(limit)s 个字。写短一些。") % {"limit": limit}
        else:
            try:
                check_wording(text, known)
            except ValidationError as refused:
                errors[field] = refused.messages
    if errors:
        raise ValidationError(errors)
    return subject, body


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of placeholders, once; a placeholder without a value stays away."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], ""), text)


def can_fill(texts: Collection[str], values: Mapping[str, str]) -> bool:
    """Say whether there is a value for every placeholder of some texts (an older notice may lack one)."""
    return used(*texts) <= values.keys()


#: What previews are filled with.
SAMPLES: Mapping[str, str | Promise] = {
    "title": gettext_lazy("「图书馆读者服务」开设申请"),
    "step": gettext_lazy("校办公室意见"),
    "account": gettext_lazy("图书馆读者服务"),
    "reason": gettext_lazy("没有提交年审表"),
    "said": gettext_lazy("三天内补交年审表，就能恢复。"),
    "due": gettext_lazy("12月30日"),
    "text": gettext_lazy("「图书馆读者服务」开设申请：等你办理「校办公室意见」。"),
}
