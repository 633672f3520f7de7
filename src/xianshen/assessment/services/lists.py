"""The electronic list of posts: look at a file, hand it in, take it off."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.assessment import events, rules
from xianshen.assessment.enums import ListSource
from xianshen.assessment.models import AnnualReview, PushItem, PushList
from xianshen.assessment.permissions import may_edit
from xianshen.assessment.pushlists import MOST_BYTES, PushPlan, as_file, read_push_list, recorded_posts
from xianshen.assessment.selectors import current_list, review_of, review_subject
from xianshen.assessment.services.reviews import editable, take_offers
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.common.tabular import clean_text
from xianshen.documents.services import remove_attachment, store_attachment
from xianshen.ledger.services import act, no_act, record, within_act
from xianshen.organisation.selectors import Grants
from xianshen.registry.selectors import account_subject

if TYPE_CHECKING:
    from xianshen.documents.models import Attachment

KIND = "push_list"
BATCH = 1_000


@no_act(why="reads a file only")
def read_upload(upload: "UploadedFile[bytes]") -> bytes:
    """Return the bytes of an upload, never more than the bound.

    Raises:
        ValidationError: larger than the bound (found while reading, whatever size was claimed).
    """
    parts, size = [], 0
    for chunk in upload.chunks():
        size += len(chunk)
        if size > MOST_BYTES:
            raise ValidationError(
                {
                    "upload": _("文件超过 %(limit)d MB。清单只要日期、标题、链接和数字，删去图片和多余的工作表。")
                    % {"limit": MOST_BYTES // 1024 // 1024}
                }
            )
        parts.append(chunk)
    return b"".join(parts)


@no_act(why="plans only, nothing is written")
def preview_push_list(*, grants: Grants, review_id: int, content: bytes, filename: str, now: datetime) -> PushPlan:
    """Return what a file holds, or what is wrong in it, cell by cell.

    Raises:
        AnnualReview.DoesNotExist, PermissionDenied: not the person's to fill in.
        TransitionNotAllowed: handed in already.
    """
    review = review_of(grants.institution_id, review_id)
    if not (permission := may_edit(review, grants)):
        raise PermissionDenied.from_denied(permission)
    return read_push_list(content, filename, year=review.campaign.year, on=timezone.localdate(now))


@act
def store_push_list(
    *, actor: Actor, grants: Grants, review_id: int, upload: "UploadedFile[bytes]", now: datetime
) -> PushList:
    """Hand in a list: its posts, its digest, and the file as it was. A list there before is taken off.

    Empty figures that the list knows (number of posts, the best one) are filled in.

    Raises:
        PermissionDenied, TransitionNotAllowed: not the person's to fill in, or handed in already.
        ValidationError: the file is refused (field ``upload``); nothing is stored.
    """
    return _take(upload, ListSource.UPLOADED, actor=actor, grants=grants, review_id=review_id, now=now)


@act
def take_recorded_list(*, actor: Actor, grants: Grants, review_id: int, now: datetime) -> PushList:
    """Hand in the list that follows from the platform's own records of what was published.

    Raises:
        PermissionDenied, TransitionNotAllowed: not the person's to fill in, handed in already, or nothing is recorded.
        ValidationError: the records do not make a list, e.g. the same post twice.
    """
    review = editable(review_id, grants, None)
    posts = recorded_posts(review.institution_id, review.account_id, review.campaign.year)
    if not posts:
        raise TransitionNotAllowed(_("平台没有这个账号今年的发布记录。下载模板填好，自己传清单。"), rules.PUSH_LIST)
    name = _("%(name)s %(year)s 推送清单") % {"name": review.account.name, "year": review.campaign.year}
    file = SimpleUploadedFile(f"{name}.xlsx", as_file(posts))
    return _take(file, ListSource.PLATFORM, actor=actor, grants=grants, review_id=review_id, now=now)


@within_act
def _take(
    upload: "UploadedFile[bytes]",
    source: ListSource,
    *,
    actor: Actor,
    grants: Grants,
    review_id: int,
    now: datetime,
) -> PushList:
    review = editable(review_id, grants, None)
    content = read_upload(upload)
    upload.seek(0)
    name = clean_text(upload.name or "")[:200]
    plan = read_push_list(content, name, year=review.campaign.year, on=timezone.localdate(now))
    if not plan.ok:
        raise ValidationError({"upload": _("文件里有 %(n)d 处要改，没有存。改好再传。") % {"n": plan.findings.total}})
    before = current_list(review)
    if before is not None:
        _remove(before, review, actor=actor, now=now)
    attachment: Attachment = store_attachment(
        actor=actor, subject=review_subject(review), kind=KIND, upload=upload, now=now, tables=True
    )
    made = _store(review, plan, attachment, source, grants=grants, now=now)
    record(
        events.LIST_STORED,
        actor=actor,
        subject=review_subject(review),
        payload={
            "year": review.campaign.year,
            "name": made.name,
            "digest": made.digest,
            "count": made.count,
            "source": made.source,
        },
        at=now,
        rule=rules.PUSH_LIST,
        about=(account_subject(review.account),),
    )
    return made


def _store(
    review: AnnualReview, plan: PushPlan, attachment: "Attachment", source: ListSource, *, grants: Grants, now: datetime
) -> PushList:
    made = PushList.objects.create(
        institution_id=review.institution_id,
        review=review,
        attachment=attachment,
        source=source,
        name=attachment.name,
        digest=plan.digest,
        count=plan.count,
        first_on=plan.first_on,
        last_on=plan.last_on,
        added_at=now,
        added_by_id=grants.person_id,
    )
    PushItem.objects.bulk_create(
        [
            PushItem(
                institution_id=review.institution_id,
                push_list=made,
                number=row.number,
                published_on=row.values["published_on"],
                title=row.values["title"],
                url=row.values.get("url") or "",
                clicks=row.values.get("clicks"),
                reposts=row.values.get("reposts"),
            )
            for row in plan.rows
        ],
        batch_size=BATCH,
    )
    take_offers(review, timezone.localdate(now))
    review.revision += 1
    review.saved_at = now
    review.save()
    return made


@within_act
def _remove(push_list: PushList, review: AnnualReview, *, actor: Actor, now: datetime) -> None:
    push_list.removed_at = now
    push_list.save(update_fields=["removed_at"])
    if push_list.attachment is not None:
        remove_attachment(actor=actor, attachment=push_list.attachment, subject=review_subject(review), now=now)
    record(
        events.LIST_REMOVED,
        actor=actor,
        subject=review_subject(review),
        payload={"year": review.campaign.year, "digest": push_list.digest, "count": push_list.count},
        at=now,
        rule=rules.PUSH_LIST,
        about=(account_subject(review.account),),
    )


@act
def remove_push_list(*, actor: Actor, grants: Grants, review_id: int, now: datetime) -> AnnualReview:
    """Take the list off a form that is being filled in; the file stays stored.

    Raises:
        PermissionDenied, TransitionNotAllowed: not the person's, handed in already, or there is none.
    """
    review = editable(review_id, grants, None)
    push_list = current_list(review)
    if push_list is None:
        raise TransitionNotAllowed(_("清单已经换下了。刷新页面看最新情况。"), rules.PUSH_LIST)
    _remove(push_list, review, actor=actor, now=now)
    review.revision += 1
    review.saved_at = now
    review.save(update_fields=["revision", "saved_at"])
    return review
