"""Public verification: what a code or a file turns out to be, told without personal data.

Rooms above that give out codes of their own register a look-up in their ``AppConfig.ready``; the page
at ``/verify/<code>`` shows the first card found.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from xianshen.common.codes import normalise_code
from xianshen.common.components import Fact
from xianshen.common.language import listed
from xianshen.common.states import Face
from xianshen.common.zhdates import zh_date, zh_datetime
from xianshen.documents.enums import DocumentState, Verdict
from xianshen.documents.files import digest_of
from xianshen.documents.models import IssuedDocument
from xianshen.documents.selectors import document_by_code, document_by_digest
from xianshen.documents.stationery import verification_url

Text = str | Promise
#: The address in a signature; PDF writers spell slash and hyphen in octal.
CODE_IN_FILE = re.compile(rb"verify(?:/|\\057)([0-9A-HJKMNP-TV-Z]{4})(?:-|\\055)([0-9A-HJKMNP-TV-Z]{4})")


@dataclass(frozen=True, slots=True)
class Link:
    """A button beside a result."""

    label: Text
    url: str
    icon: str = "arrow-right"


@dataclass(frozen=True, slots=True)
class ResultCard:
    """What verification found.

    Args:
        face: tone, icon and word of the verdict.
        answer: the one sentence that answers, e.g. 有效。由上海海关学院签发.
        facts: what may be known publicly.
        code: the code found, or "".
        detail: what follows from the verdict and what to do, or "".
        seal: words around a seal that confirms a good result, or "".
        seal_foot: short words under its star.
        links: buttons beside the result.
        question: the question that the page asks when the code is no document's, or "".
        advice: what to do when something differs from the result; for documents when "".
        institution_id: whose it is; 0 when nobody's.
    """

    face: Face
    answer: Text
    facts: tuple[Fact, ...] = ()
    code: str = ""
    detail: Text = ""
    seal: str = ""
    seal_foot: Text = ""
    links: tuple[Link, ...] = field(default=())
    question: Text = ""
    advice: Text = ""
    institution_id: int = 0

    @property
    def url(self) -> str:
        """The address at which the code is verified again, or ""."""
        return verification_url(self.code) if self.code else ""


LookUp = Callable[[str, datetime], ResultCard | None]
"""Takes a code in its standard spelling and the time; returns a card, or None for a code it did not give out."""

_lookups: list[LookUp] = []


def register(lookup: LookUp) -> None:
    """Register a further look-up of codes."""
    if lookup not in _lookups:
        _lookups.append(lookup)


def look_up(typed: str, now: datetime) -> ResultCard | None:
    """Return what a code stands for, however it was typed, or None for a code that nobody gave out."""
    code = normalise_code(typed)
    if not code:
        return None
    document = document_by_code(code)
    if document is not None:
        return card_of(document, now)
    return next((card for lookup in _lookups if (card := lookup(code, now))), None)


def check_file(content: bytes, now: datetime) -> ResultCard:
    """Return what a PDF that somebody holds turns out to be.

    Args:
        content: the file.
        now: time of the check.
    """
    digest = digest_of(content)
    document = document_by_digest(digest)
    if document is not None:
        return card_of(document, now, held=True)
    from xianshen.documents.signing import judge  # pyHanko is slow to load and seldom needed

    found, original = judge(content), document_by_code(_named_in(content))
    if found is Verdict.ALTERED or original is not None:
        return _altered(original, digest, now)
    if found is Verdict.VALID:
        return ResultCard(
            face=Verdict.NOT_OURS.face,
            answer=_("签名是真的，但没有这份文件的签发记录"),
            facts=_checked(digest, now),
            detail=_("它没有作为正式文件签发过，不能作为凭据。找经办单位要正式文件。"),
        )
    return ResultCard(
        face=Verdict.NOT_OURS.face,
        answer=_("不是本校签发的文件"),
        facts=_checked(digest, now),
        detail=_("文件里没有本平台的签名。打印后扫描的、另存过的、截图转成的文件都会这样；找经办单位要原文件再核验。"),
    )


def card_of(document: IssuedDocument, now: datetime, *, held: bool = False) -> ResultCard:
    """Return the public card of an issued document.

    Args:
        document: the document, with its institution.
        now: time of the check.
        held: whether the very file was presented, not only its code.
    """
    issuer = document.institution.name
    verdict = {
        DocumentState.PENDING: Verdict.PENDING,
        DocumentState.VALID: Verdict.VALID,
        DocumentState.WITHDRAWN: Verdict.WITHDRAWN,
    }[DocumentState(document.state)]
    facts = list(_facts(document))
    detail = ""
    if verdict is Verdict.VALID:
        answer = _("有效。由%(issuer)s签发") % {"issuer": issuer}
        if held:
            answer = _("有效。和%(issuer)s签发的一字不差") % {"issuer": issuer}
    elif verdict is Verdict.WITHDRAWN:
        answer = _("已撤回，不再有效")
        detail = _("这份文件由%(issuer)s签发，后来撤回了，不能再作为凭据。") % {"issuer": issuer}
        if document.withdrawn_at:
            facts.append(Fact(_("撤回日期"), zh_date(document.withdrawn_at, year=True)))
    else:
        answer = _("已由%(issuer)s签发，文件正在生成") % {"issuer": issuer}
        detail = _("过一两分钟再查一次。")
    facts.append(Fact(_("核验时间"), zh_datetime(now, year=True)))
    return ResultCard(
        face=verdict.face,
        answer=answer,
        facts=tuple(facts),
        code=document.code,
        detail=detail,
        seal=issuer if verdict is Verdict.VALID else "",
        seal_foot=_("核验") if verdict is Verdict.VALID else "",
        institution_id=document.institution_id,
    )


def _facts(document: IssuedDocument) -> Iterator[Fact]:
    yield Fact(_("文件"), document.form_title)
    yield Fact(_("账号"), document.title)
    if document.unit:
        yield Fact(_("单位"), document.unit)
    yield Fact(_("签发日期"), zh_date(document.issued_at, year=True))
    if document.seals:
        yield Fact(_("签章"), listed(document.seals))
    if document.digest:
        yield Fact(_("文件摘要"), _shown(document.digest))


def _altered(original: IssuedDocument | None, digest: str, now: datetime) -> ResultCard:
    facts = tuple(_facts(original)) if original else ()
    return ResultCard(
        face=Verdict.ALTERED.face,
        answer=_("已被改动，不能采信"),
        facts=(*facts, *_checked(digest, now, label=_("你手里文件的摘要"))),
        code=original.code if original else "",
        detail=_(
            "文件里写着由本平台签名，却对不上签发的原件：签名之后改动过，或者是伪造的。不要采信，找经办单位要原文件。"
        ),
        institution_id=original.institution_id if original else 0,
    )


def _checked(digest: str, now: datetime, *, label: str = "") -> tuple[Fact, ...]:
    return Fact(label or _("文件摘要"), _shown(digest)), Fact(_("核验时间"), zh_datetime(now, year=True))


def _named_in(content: bytes) -> str:
    """Return the verification code that a file names in its signature, or ""."""
    found = CODE_IN_FILE.search(content)
    return f"{found[1].decode()}-{found[2].decode()}" if found else ""


def grouped(digest: str) -> str:
    """Return a digest in groups of eight, which can be compared by eye."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def _shown(digest: str) -> SafeString:
    return format_html('<span class="xs-mono xs-digest">{}</span>', grouped(digest))
