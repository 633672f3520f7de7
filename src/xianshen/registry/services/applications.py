"""Opening applications (附件一): draft, autosave, submit, and what follows from the decision."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from xianshen.approvals.services import start_chain
from xianshen.common.actors import Actor
from xianshen.common.errors import PermissionDenied, TransitionNotAllowed
from xianshen.ledger.services import act, record, within_act
from xianshen.organisation.selectors import Grants, people, unit_in
from xianshen.registry import events, rules
from xianshen.registry.checks import check_application
from xianshen.registry.choices import refused_values
from xianshen.registry.enums import ApplicationState
from xianshen.registry.models import NumberSeries, OpeningApplication
from xianshen.registry.paper import content_of
from xianshen.registry.permissions import may_apply_for, may_edit
from xianshen.registry.selectors import application_subject
from xianshen.registry.transitions import APPLICATION
from xianshen.regulation.enums import SubjectKind
from xianshen.regulation.selectors import policy_on
from xianshen.workflow.tables import apply_transition, locked

COLUMNS = frozenset(
    {
        "in_name_of",
        "name",
        "platform",
        "handle",
        "content_scope",
        "positioning",
        "audience",
        "difference",
        "owner_id",
        "owner_name",
        "owner_mobile",
        "owner_email",
        "second_contact_name",
        "second_contact_mobile",
        "data_service",
    }
)


@within_act
def next_number(institution_id: int, year: int, *, series: str = "K") -> str:
    """Return the next number of a yearly series, e.g. ``K-2026-031``; gapless within its act."""
    counter, _created = NumberSeries.objects.select_for_update().get_or_create(
        institution_id=institution_id, series=series, year=year
    )
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{series}-{year}-{counter.last:03d}"


@act
def start_draft(*, actor: Actor, grants: Grants, unit_id: int, now: datetime) -> OpeningApplication:
    """Begin an application in the name of a unit.

    Raises:
        PermissionDenied: the person holds no position in the unit that may apply.
        Unit.DoesNotExist: no such unit in the institution.
    """
    unit = unit_in(actor.institution_id, unit_id)
    permission = may_apply_for(unit.pk, grants)
    if not permission:
        raise PermissionDenied.from_denied(permission)
    application = OpeningApplication.objects.create(
        institution_id=actor.institution_id,
        number=next_number(actor.institution_id, timezone.localdate(now).year),
        applicant_id=grants.person_id,
        unit=unit,
        created_at=now,
        saved_at=now,
    )
    record(
        events.DRAFT_STARTED,
        actor=actor,
        subject=application_subject(application),
        payload={"number": application.number},
        at=now,
        rule=rules.PRIOR_APPROVAL,
    )
    return application


def _editable(application_id: int, grants: Grants, revision: int) -> OpeningApplication:
    application = locked(OpeningApplication, application_id, institution_id=grants.institution_id)
    permission = may_edit(application, grants)
    if not permission:
        if application.applicant_id == grants.person_id:
            raise TransitionNotAllowed(permission.reason, permission.rule)
        raise PermissionDenied.from_denied(permission)
    if application.revision != revision:
        raise TransitionNotAllowed(
            _("这份申请在另一个窗口里改过。你在这里写的还在页面上：复制要留的内容，刷新页面再填。"),
            rules.PRIOR_APPROVAL,
        )
    return application


@act(records=False, why="a draft is its writer's own until it is submitted; start, submission and removal are recorded")
def save_draft(
    *, grants: Grants, application_id: int, revision: int, values: Mapping[str, object], now: datetime
) -> OpeningApplication:
    """Save what was typed, complete or not.

    Args:
        grants: of the applicant.
        application_id: the draft.
        revision: revision on which the typing was based.
        values: column or extra field code → cleaned value; fields not named stay.
        now: time of saving.

    Raises:
        PermissionDenied: not the applicant's, or no longer allowed to apply for the unit.
        TransitionNotAllowed: submitted meanwhile, or changed in another window.
        ValidationError: by field: a value that the policy in force does not offer, or a field that its form does not
            have; nothing is saved.
    """
    application = _editable(application_id, grants, revision)
    policy = policy_on(application.institution_id, timezone.localdate(now))
    refused = refused_values(values, policy, columns=COLUMNS)
    owner_id = values.get("owner_id")
    if owner_id not in {None, application.owner_id} and not (
        isinstance(owner_id, int) and people(application.institution_id).filter(pk=owner_id).exists()
    ):
        refused["owner_id"] = [_("没有这个人。从列出的人里选负责人。")]
    if refused:
        raise ValidationError(refused)
    extra = dict(application.extra)
    for code, value in values.items():
        if code in COLUMNS:
            setattr(application, code, value)
        else:
            extra[code] = value
    application.extra = extra
    application.revision += 1
    application.saved_at = now
    application.save()
    return application


@act
def discard_draft(*, actor: Actor, grants: Grants, application_id: int, now: datetime) -> None:
    """Remove a draft that was never submitted.

    Raises:
        PermissionDenied, TransitionNotAllowed: not the applicant's, or already submitted once.
    """
    application = locked(OpeningApplication, application_id, institution_id=grants.institution_id)
    permission = may_edit(application, grants)
    if not permission:
        raise PermissionDenied.from_denied(permission)
    if application.state != ApplicationState.DRAFT:
        raise TransitionNotAllowed(
            _("申请提交过，经过要留存，不能删除。不办了就放着，不影响别的申请。"), rules.PRIOR_APPROVAL
        )
    subject = application_subject(application)
    application.delete()
    record(events.DRAFT_DISCARDED, actor=actor, subject=subject, payload={"number": application.number}, at=now)


@act
def submit_application(
    *, actor: Actor, grants: Grants, application_id: int, revision: int, now: datetime
) -> OpeningApplication:
    """Submit (or, after a return, resubmit) an application into its approval chain.

    The policy in force today judges it, and its version is kept with the application.

    Raises:
        PermissionDenied, TransitionNotAllowed: as :func:`save_draft`.
        ValidationError: fields missing or wrong, by field.
    """
    on = timezone.localdate(now)
    application = _editable(application_id, grants, revision)
    policy = policy_on(application.institution_id, on)
    report = check_application(application, policy, on)
    if not report.submittable:
        raise ValidationError(report.errors)
    tier = policy.tier_for(unit_kind=application.unit.kind, platform=application.platform)
    if tier is None:
        raise ValidationError({"platform": _("办法没有给这类单位在这个平台上的层级。换平台，或由上级单位申请。")})
    spec = policy.chain_for(
        subject=SubjectKind.OPENING_APPLICATION,
        tier=tier.number,
        unit_kind=application.unit.kind,
        platform=application.platform,
    )
    again = application.state != ApplicationState.DRAFT
    apply_transition(
        APPLICATION,
        application,
        "resubmit" if again else "submit",
        who=grants,
        actor=actor,
        at=now,
        subject=application_subject(application),
        payload={
            "number": application.number,
            "name": application.name.strip(),
            "platform": application.platform,
            "tier": tier.number,
        },
        changes={
            "submitted_at": now,
            "policy_version_id": policy.version_id,
            "tier": tier.number,
            "name": application.name.strip(),
            "handle": application.handle.strip(),
            "revision": application.revision + 1,
        },
        article=policy.rule(rules.PRIOR_APPROVAL).article,
        policy_version=policy.label,
    )
    start_chain(
        actor=actor,
        applicant_id=application.applicant_id,
        subject=application_subject(application),
        spec=spec,
        policy=policy,
        unit=application.unit,
        content=content_of(application, policy, spec.form),
        now=now,
    )
    return application
