"""Parts of the units' files that have a document get a deadline of the clocks."""

import json

from django.db import migrations
from django.db.models import Max


def start_deadlines(apps, schema_editor):
    """Start a deadline for each part until its newest document ends; the first run of the clocks plans its steps."""
    Document = apps.get_model("registry", "SponsorDocument")
    Deadline = apps.get_model("clocks", "Deadline")
    About = apps.get_model("clocks", "DeadlineAbout")
    Version = apps.get_model("regulation", "PolicyVersion")
    Unit = apps.get_model("organisation", "Unit")
    policies = {}
    for version in Version.objects.order_by("effective_from"):
        policies[version.institution_id] = (version, json.loads(version.data))
    kept = Document.objects.filter(retired_at__isnull=True).order_by()
    for row in kept.values("institution_id", "unit_id", "kind").annotate(until=Max("valid_until")):
        if row["institution_id"] not in policies:
            continue
        version, data = policies[row["institution_id"]]
        part = next((one for one in data["sponsor_file"]["parts"] if one["code"] == row["kind"]), None)
        if part is None:
            continue
        spec = next(one for one in data["clocks"] if one["id"] == part["validity"])
        unit = Unit.objects.get(pk=row["unit_id"])
        newest = kept.filter(unit_id=unit.pk, kind=row["kind"], valid_until=row["until"]).first()
        deadline = Deadline.objects.create(
            institution_id=row["institution_id"],
            policy_version_id=version.pk,
            clock=spec["id"],
            rule=spec["rule"],
            consequence=spec["consequence"],
            subject_type="registry.sponsor_part",
            subject_id=f"{unit.pk}:{row['kind']}",
            subject_label=f"{unit.name}：{part['label']}"[:200],
            unit_id=unit.pk,
            started_on=newest.valid_from,
            due_on=row["until"],
            original_due_on=row["until"],
            done_through=newest.valid_from,
            next_step_on=newest.valid_from,
        )
        About.objects.create(
            institution_id=row["institution_id"],
            deadline=deadline,
            subject_type="registry.sponsor_file",
            subject_id=str(unit.pk),
            subject_label=unit.name,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0005_legacy_uploads"),
        ("clocks", "0001_initial"),
        ("regulation", "0001_initial"),
        ("organisation", "0001_initial"),
    ]

    operations = [migrations.RunPython(start_deadlines, migrations.RunPython.noop)]
