"""Applications for the benchmarks, made through the product's services."""

from typing import Any

from bench.data import NOW, PASSWORD, Cast
from xianshen.approvals.selectors import rounds_of
from xianshen.documents.models import Attachment
from xianshen.organisation.models import Appointment, Person, Unit
from xianshen.organisation.selectors import actor_for, grants_of
from xianshen.registry import services
from xianshen.registry.models import SponsorDocument
from xianshen.registry.selectors import APPLICATION_TYPE
from xianshen.regulation.selectors import policy_on

CLIENTS = 8


def _complete_file(unit: Unit, operator: Person) -> None:
    for part in policy_on(unit.institution_id, NOW.date()).sponsor_file.parts:
        SponsorDocument.objects.create(
            institution_id=unit.institution_id,
            unit=unit,
            kind=part.code,
            title=part.label,
            attachment=Attachment.objects.first(),
            valid_from=NOW.date(),
            valid_until=NOW.date().replace(year=NOW.year + 1, day=1),
            filed_at=NOW,
            filed_by=operator,
        )


def values_for(number: int, operator: Person) -> dict[str, Any]:
    """Return a correct application's values; names and handles differ."""
    return {
        "name": f"{number}号园地{number * 7919}",
        "platform": "wechat_subscription",
        "handle": f"garden_{number}",
        "content_scope": "发布本部门的通知、活动预告和办事指南。",
        "positioning": "只发本部门的通知和办事指南。",
        "audience": ["staff"],
        "in_name_of": "unit",
        "owner_id": operator.pk,
        "owner_name": operator.name,
        "owner_mobile": "13916392047",
        "owner_email": "bench@example.edu.cn",
        "second_contact_name": "办公室",
        "second_contact_mobile": "13916392048",
        "data_service": False,
    }


def directors(cast: Cast, count: int) -> list[int]:
    """Let so many people hold the Office's deciding position; returns their keys."""
    first = Appointment.objects.select_related("position").get(person_id=cast.director)
    found = [cast.director]
    for number in range(1, count):
        person = Person(institution_id=cast.institution, username=f"director{number}", key=f"director{number}")
        person.name = f"办公室主任{number}"
        person.set_password(PASSWORD)
        person.save()
        Appointment.objects.create(
            institution_id=cast.institution, position=first.position, person=person, starts_on=first.starts_on
        )
        found.append(person.pk)
    return found


def drafts(cast: Cast, units: list[Unit], count: int, *, submitted: bool) -> list[list[dict[str, Any]]]:
    """Make drafts (or submitted applications) for eight units; returns per unit what a client needs."""
    work: list[list[dict[str, Any]]] = []
    for client in range(CLIENTS):
        unit, operator = units[client], Person.objects.get(pk=cast.operators[client])
        _complete_file(unit, operator)
        grants, actor = grants_of(operator, NOW.date()), actor_for(operator, NOW.date())
        items = []
        for number in range(count // CLIENTS):
            values = values_for(client * 10_000 + number, operator)
            application = services.start_draft(actor=actor, grants=grants, unit_id=unit.pk, now=NOW)
            application = services.save_draft(
                grants=grants, application_id=application.pk, revision=application.revision, values=values, now=NOW
            )
            item: dict[str, Any] = {"application": application.pk}
            if submitted:
                services.submit_application(
                    actor=actor, grants=grants, application_id=application.pk, revision=application.revision, now=NOW
                )
                chain = rounds_of(cast.institution, APPLICATION_TYPE, str(application.pk))[0]
                item |= {"chain": chain.pk, "steps": [step.pk for step in chain.steps.all()], "digest": chain.digest}
            else:
                form = {key: value for key, value in values.items() if key not in {"owner_id", "owner_name"}}
                item["form"] = {
                    **form,
                    "owner_name": operator.pk,
                    "data_service": "false",
                    "revision": application.revision,
                }
            items.append(item)
        work.append(items)
    return work
