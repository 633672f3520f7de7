"""The Office's own words for kinds of notices."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied
from xianshen.common.language import stored
from xianshen.ledger.events import Subject
from xianshen.ledger.services import Unchanged, act, record
from xianshen.notices import events
from xianshen.notices.enums import Channel, NoticeKind
from xianshen.notices.models import Wording
from xianshen.notices.permissions import may_manage_notices
from xianshen.notices.wording import clean_words
from xianshen.organisation.selectors import Grants


def _subject(kind: NoticeKind, channel: Channel, language: str) -> Subject:
    return Subject("notices.wording", f"{kind.value}.{channel.value}.{language}", stored(kind.label))


def _require(grants: Grants, language: str) -> None:
    if not (permission := may_manage_notices(grants)):
        raise PermissionDenied.from_denied(permission)
    if language not in dict(settings.LANGUAGES):
        raise ValidationError(_("没有这种语言。"))


@act
def save_wording(
    *,
    actor: Actor,
    grants: Grants,
    kind: NoticeKind,
    channel: Channel,
    language: str,
    subject: str,
    body: str,
    now: datetime,
) -> Wording:
    """Keep the Office's words for a kind in a channel and language; the words are in the ledger.

    Raises:
        PermissionDenied: not whoever looks after notices.
        ValidationError: by field.
    """
    _require(grants, language)
    subject, body = clean_words(kind, channel, subject, body)
    where: dict[str, Any] = {
        "institution_id": actor.institution_id,
        "kind": kind.value,
        "channel": channel.value,
        "language": language,
    }
    before = Wording.objects.filter(**where).first()
    if before is not None and (before.subject, before.body) == (subject, body):
        raise Unchanged(before)
    wording, _created = Wording.objects.update_or_create(
        **where,
        defaults={"subject": subject, "body": body, "changed_at": now, "changed_by_id": grants.person_id or None},
    )
    payload = {
        "kind": stored(kind.label),
        "channel": stored(channel.label),
        "language": language,
        "subject": subject,
        "body": body,
    }
    record(events.TEMPLATE_CHANGED, actor=actor, subject=_subject(kind, channel, language), payload=payload, at=now)
    return wording


@act
def reset_wording(
    *, actor: Actor, grants: Grants, kind: NoticeKind, channel: Channel, language: str, now: datetime
) -> None:
    """Go back to the product's own words.

    Raises:
        PermissionDenied: not whoever looks after notices.
        ValidationError: no such language.
    """
    _require(grants, language)
    gone, _by_model = Wording.objects.filter(
        institution_id=actor.institution_id, kind=kind.value, channel=channel.value, language=language
    ).delete()
    if not gone:
        raise Unchanged(None)
    payload = {"kind": stored(kind.label), "channel": stored(channel.label), "language": language}
    record(events.TEMPLATE_RESET, actor=actor, subject=_subject(kind, channel, language), payload=payload, at=now)
