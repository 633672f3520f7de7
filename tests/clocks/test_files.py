"""The parts of a unit's file run on clocks until their newest document ends."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.support.college import PDF, College
from xianshen.clocks.models import Deadline
from xianshen.clocks.services import run_due
from xianshen.notices.models import Notice
from xianshen.registry import services as registry
from xianshen.registry.file_clocks import SPONSOR_PART_TYPE
from xianshen.registry.models import SponsorDocument


def file(college: College, days: int) -> SponsorDocument:
    return registry.file_sponsor_document(
        unit_id=college.units["law"].pk,
        kind="team",
        title="工作队伍",
        upload=SimpleUploadedFile("team.pdf", PDF, "application/pdf"),
        valid_from=college.on,
        valid_until=college.on + timedelta(days=days),
        **college.who("head"),
    )


def states() -> list[tuple[str, int]]:
    rows = Deadline.objects.filter(subject_type=SPONSOR_PART_TYPE).order_by("pk")
    return [(row.state, (row.due_on - row.started_on).days) for row in rows]


@pytest.mark.rule("sponsor_file.complete")
def test_clock_follows_the_newest_document_and_tells_when_it_ran_out(college: College) -> None:
    old = file(college, 40)
    new = file(college, 90)
    assert states() == [("met", 40), ("running", 90)]
    registry.retire_sponsor_document(document_id=old.pk, **college.who("head"))
    assert states() == [("met", 40), ("running", 90)]
    run_due(college.now + timedelta(days=91))
    assert states()[-1] == ("ran_out", 90)
    assert Notice.objects.filter(person=college.people["head"], text__contains="已过有效期").count() == 1
    registry.retire_sponsor_document(document_id=new.pk, **college.who("head"))
    file(college, 120)
    assert states()[-1] == ("running", 120)


def test_document_taken_out_stops_its_clock(college: College) -> None:
    document = file(college, 40)
    registry.retire_sponsor_document(document_id=document.pk, **college.who("head"))
    assert states() == [("cancelled", 40)]
