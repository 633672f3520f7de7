"""A person's own wishes about notices, and a test message to themselves."""

from collections.abc import Collection
from datetime import datetime, time
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from xianshen.ledger.services import act
from xianshen.notices.channels.mail import check_address
from xianshen.notices.enums import Channel, DeliveryState, NoticeKind
from xianshen.notices.models import Delivery, Preference
from xianshen.notices.queue import hand_over
from xianshen.notices.timing import Hours, give_up_after

if TYPE_CHECKING:
    from xianshen.organisation.models import Person


@act(records=False, why="how somebody wants to be told is their own business")
def save_preference(
    *,
    person: "Person",
    email_on: bool,
    email_kinds: Collection[str],
    digest: bool,
    digest_at: time | None,
    quiet_from: time | None,
    quiet_until: time | None,
) -> Preference:
    """Keep how a person wants notices; what waits already follows from the next sending on.

    Args:
        person: whose wishes.
        email_on: whether by e-mail at all.
        email_kinds: the kinds wanted by e-mail; kinds that a later release adds are wanted.
        digest: one message a day instead of single ones.
        digest_at: at which hour.
        quiet_from: when quiet hours begin, or None.
        quiet_until: when they end, or None.

    Raises:
        ValidationError: by field: an hour is missing, or the digest would come in quiet hours.
    """
    errors: dict[str, str] = {}
    if digest and digest_at is None:
        errors["digest_at"] = _("选了每天汇总，还要写几点寄。")
    if (quiet_from is None) != (quiet_until is None):
        missing = "quiet_until" if quiet_until is None else "quiet_from"
        errors[missing] = _("免打扰要写从几点到几点。两格都填，或者都空着。")
    elif quiet_from is not None and quiet_from == quiet_until:
        errors["quiet_until"] = _("开始和结束是同一时刻，等于没有免打扰。改一格，或者都空着。")
    elif digest and digest_at is not None and Hours(quiet_from, quiet_until).includes(digest_at):
        errors["digest_at"] = _("汇总的时刻在免打扰里面。换一个时刻，或者改免打扰的起止。")
    if errors:
        raise ValidationError(errors)
    off = [kind.value for kind in NoticeKind if kind.value not in email_kinds]
    preference, _created = Preference.objects.update_or_create(
        person=person,
        defaults={
            "institution_id": person.institution_id,
            "email_on": email_on,
            "email_off_kinds": off,
            "digest": digest,
            "digest_at": digest_at,
            "quiet_from": quiet_from,
            "quiet_until": quiet_until,
        },
    )
    return preference


@act(records=False, why="a test message to oneself")
def send_own_test(*, person: "Person", now: datetime) -> Delivery:
    """Send the person a test e-mail, one a minute at most; the worker sends it at once.

    Raises:
        ValidationError: no e-mail address is registered, or nothing can be sent to it.
    """
    if not person.email:
        raise ValidationError(_("你没有登记邮箱。告诉办公室登记后再试。"))
    check_address(person.email)
    delivery, created = Delivery.objects.get_or_create(
        person=person,
        channel=Channel.EMAIL,
        key=f"test:{now:%Y%m%d%H%M}",
        defaults={
            "institution_id": person.institution_id,
            "kind": "test",
            "breaks_through": True,
            "state": DeliveryState.WAITING,
            "created_at": now,
            "due_at": now,
            "give_up_at": now + give_up_after(),
        },
    )
    if created:
        hand_over(delivery.pk)
    return delivery
