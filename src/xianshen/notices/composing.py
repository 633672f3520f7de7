"""Making messages out of deliveries: the reader's language, the Office's wording, the article, the link.

Personal numbers are masked whatever the act's text holds: mail servers and chat services keep what they carry.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xianshen.common.zhdates import zh_date
from xianshen.ledger.privacy import mask_text
from xianshen.notices.channels.base import Message
from xianshen.notices.enums import Channel, NoticeKind
from xianshen.notices.models import SUBJECT_LIMIT, Delivery, Notice, Wording
from xianshen.notices.wording import SAMPLES, can_fill, fill, wording_of_kind
from xianshen.regulation.selectors import cite

if TYPE_CHECKING:
    from xianshen.organisation.models import Institution, Person

ROBOT_BYTES = 2000
#: Rule that examples cite.
SAMPLE_RULE = "approval.signing"
WordingKey = tuple[int, str, str, str]


def base_address() -> str:
    """Return the address of the installation for links: ``XIANSHEN_PUBLIC_URL``, else the port on this machine."""
    return settings.PUBLIC_URL or f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"


def language_of(person: "Person | None") -> str:
    """Return the language in which a person reads; the institution's for a group, or when none was chosen."""
    chosen = person.language if person is not None else ""
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and body of a wording, placeholders unfilled."""

    subject: str
    body: str


def own_words(kind: NoticeKind, channel: Channel, language: str) -> Words:
    """Return the product's wording of a kind in a language."""
    spec = wording_of_kind(kind)
    with translation.override(language):
        if channel == Channel.ROBOT:
            return Words("", str(spec.robot))
        return Words(str(spec.subject), str(spec.body))


@dataclass(slots=True)
class Wordings:
    """The Office's wordings of some institutions, looked up once for many messages."""

    rows: dict[WordingKey, Words] = field(default_factory=dict)

    @classmethod
    def of(cls, institution_ids: set[int]) -> "Wordings":
        found = Wording.objects.filter(institution_id__in=institution_ids)
        return cls(
            {(row.institution_id, row.kind, row.channel, row.language): Words(row.subject, row.body) for row in found}
        )

    def words(self, institution_id: int, kind: NoticeKind, channel: Channel, language: str) -> Words:
        own = self.rows.get((institution_id, kind.value, channel.value, language))
        return own or own_words(kind, channel, language)


def _one_line(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def link_of(notice: Notice) -> str:
    """Return the absolute address to which a notice leads."""
    return f"{base_address()}{notice.url}" if notice.url.startswith("/") else notice.url


def _article(notice: Notice) -> tuple[str, str]:
    """Return the article that a notice cites and its address, in the active language; empty when it cites none."""
    citation = cite(notice.institution_id, notice.rule, timezone.localdate(notice.at)) if notice.rule else None
    return (citation.label, f"{base_address()}{citation.url}") if citation else ("", "")


def _values(notice: Notice, institution: "Institution", person: "Person | None") -> dict[str, str]:
    own = {str(name): mask_text(_shown(str(name), str(value))) for name, value in (notice.values or {}).items()}
    values = {
        **own,
        "text": mask_text(notice.text),
        "link": link_of(notice),
        "article": _article(notice)[0],
        "institution": institution.name,
    }
    if person is not None:
        values["name"] = person.name
    return values


def _shown(name: str, value: str) -> str:
    """Return a value as people read it: dates in the active language."""
    if name != "due":
        return value
    try:
        return zh_date(date.fromisoformat(value), year=True)
    except ValueError:
        return value


def _filled(words: Words, values: Mapping[str, str]) -> Words:
    """Fill a wording; when the notice lacks one of its values, its own text is said instead."""
    if not can_fill((words.subject, words.body), values):
        return Words(values["text"], values["text"])
    return Words(fill(words.subject, values) or values["text"], fill(words.body, values))


def _footer(institution: "Institution") -> str:
    manage = f"{base_address()}{reverse('notices:preferences')}"
    return "\n".join(
        [
            "--",
            _("%(institution)s · 先审发出，不用回复。") % {"institution": institution.name},
            _("改怎么收通知：%(link)s") % {"link": manage},
        ]
    )


def _sources(notice: Notice, said: str) -> list[str]:
    """Return the lines that follow a notice's words: the article, and where to go; not what they say already."""
    label, article_url = _article(notice)
    lines = [_("依据：%(article)s %(link)s") % {"article": label, "link": article_url}] if label else []
    if notice.url and link_of(notice) not in said:
        lines.append(_("去看：%(link)s") % {"link": link_of(notice)})
    return lines


def email_of(delivery: Delivery, wordings: Wordings) -> Message:
    """Return the e-mail of one notice."""
    notice, person, institution = delivery.notice, delivery.person, delivery.institution
    assert person is not None
    language = language_of(person)
    with translation.override(language):
        if notice is None:
            return _test_mail(delivery, person, institution, language)
        kind = NoticeKind.known(notice.kind)
        words = wordings.words(institution.pk, kind, Channel.EMAIL, language)
        said = _filled(words, _values(notice, institution, person))
        text = "\n\n".join([said.body.strip(), "\n".join(_sources(notice, said.body)), _footer(institution)])
    return Message(
        to=person.email,
        subject=_one_line(said.subject, SUBJECT_LIMIT),
        text=_tidy(text),
        ident=ident_of([delivery]),
        language=language,
    )


def _tidy(text: str) -> str:
    return "\n\n".join(block for block in text.split("\n\n") if block.strip())


def _test_mail(delivery: Delivery, person: "Person", institution: "Institution", language: str) -> Message:
    body = _("%(name)s：这是一条测试。看到它，说明邮件寄得到这个邮箱。") % {"name": person.name}
    text = "\n\n".join([body, _footer(institution)])
    return Message(person.email, str(_("测试：通知寄得到")), text, ident_of([delivery]), language)


def digest_of(deliveries: Sequence[Delivery], wordings: Wordings) -> Message:
    """Return one e-mail with several notices of one person, oldest first."""
    first = deliveries[0]
    person, institution = first.person, first.institution
    assert person is not None
    language = language_of(person)
    with translation.override(language):
        count = len(deliveries)
        blocks = []
        for number, delivery in enumerate(sorted(deliveries, key=lambda one: (one.created_at, one.pk)), start=1):
            notice = delivery.notice
            if notice is None:
                continue
            words = wordings.words(institution.pk, NoticeKind.known(notice.kind), Channel.EMAIL, language)
            said = _filled(words, _values(notice, institution, person))
            head = f"{number}. {said.body.strip()}"
            blocks.append("\n".join([head, *_sources(notice, said.body)]))
        subject = ngettext("%(count)s 条通知（%(day)s）", "%(count)s 条通知（%(day)s）", count) % {
            "count": count,
            "day": zh_date(timezone.localdate(first.due_at)),
        }
        text = "\n\n".join([*blocks, _footer(institution)])
    return Message(person.email, subject, _tidy(text), ident_of(deliveries), language)


def robot_words(delivery: Delivery, wordings: Wordings) -> tuple[str, str]:
    """Return what a robot says about one notice, and the language: the institution's, as a group has none."""
    language, notice, institution = settings.LANGUAGE_CODE, delivery.notice, delivery.institution
    with translation.override(language):
        if notice is None:
            said = _("先审：这是一条测试。看到它，说明群机器人通了。")
            return said, language
        kind = NoticeKind.known(notice.kind)
        words = wordings.words(institution.pk, kind, Channel.ROBOT, language)
        filled = _filled(words, _values(notice, institution, None))
        lines = [_("【先审】%(said)s") % {"said": filled.body.strip()}, *_sources(notice, filled.body)]
    return _within("\n".join(lines), ROBOT_BYTES), language


def _within(text: str, size: int) -> str:
    data = text.encode()
    return text if len(data) <= size else f"{data[: size - 3].decode(errors='ignore')}…"


def ident_of(deliveries: Sequence[Delivery]) -> str:
    """Return what identifies a message over all attempts to send it."""
    return (
        f"notice.{'-'.join(str(one.pk) for one in deliveries[:3])}.{len(deliveries)}.{deliveries[0].created_at:%Y%m%d}"
    )


def sample_of(
    *,
    institution: "Institution",
    person: "Person",
    kind: NoticeKind,
    channel: Channel,
    language: str,
    words: Words,
    on: date,
) -> Message:
    """Return a message as a wording would look, filled with examples.

    Args:
        institution: whose wording.
        person: who looks; the receiver of the example.
        kind: what it is about.
        channel: in which it would travel.
        language: of the reader.
        words: the wording.
        on: the day whose policy the example cites.
    """
    with translation.override(language):
        values = {name: str(value) for name, value in SAMPLES.items()}
        link = f"{base_address()}/"
        cited = cite(institution.pk, SAMPLE_RULE, on)
        values |= {"link": link, "article": cited.label if cited else "", "institution": institution.name}
        if channel == Channel.EMAIL:
            values["name"] = person.name
        said = Words(fill(words.subject, values), fill(words.body, values))
        lines = []
        if cited:
            lines.append(
                _("依据：%(article)s %(link)s") % {"article": cited.label, "link": f"{base_address()}{cited.url}"}
            )
        if link not in said.body:
            lines.append(_("去看：%(link)s") % {"link": link})
        if channel == Channel.ROBOT:
            text = "\n".join([_("【先审】%(said)s") % {"said": said.body.strip()}, *lines])
            return Message("", "", text, "", language)
        text = "\n\n".join([said.body.strip(), "\n".join(lines), _footer(institution)])
    return Message(person.email, _one_line(said.subject, SUBJECT_LIMIT), _tidy(text), "", language)
