"""Open steps get a deadline of the clocks; the mark of the old reminders goes."""

import json

from django.db import migrations


def start_deadlines(apps, schema_editor):
    """Start a deadline for every step that waits; the first run of the clocks finds its next step."""
    Step = apps.get_model("approvals", "ApprovalStep")
    Deadline = apps.get_model("clocks", "Deadline")
    specs = {}
    waiting = Step.objects.filter(state__in=("current", "queried"), due_on__isnull=False).exclude(due_clock="")
    for step in waiting.select_related("chain__policy_version").iterator(chunk_size=500):
        version = step.chain.policy_version
        if version.pk not in specs:
            specs[version.pk] = {clock["id"]: clock for clock in json.loads(version.data)["clocks"]}
        spec = specs[version.pk].get(step.due_clock)
        if spec is None:
            continue
        started_on = min((step.started_at or step.chain.submitted_at).date(), step.due_on)
        Deadline.objects.create(
            institution_id=step.institution_id,
            policy_version_id=version.pk,
            clock=step.due_clock,
            rule=spec["rule"],
            consequence=spec["consequence"],
            subject_type="approvals.step",
            subject_id=str(step.pk),
            subject_label=f"{step.chain.title}：{step.name}"[:200],
            unit_id=step.unit_id,
            started_on=started_on,
            due_on=step.due_on,
            original_due_on=step.due_on,
            done_through=max(step.reminded_on or started_on, started_on),
            next_step_on=started_on,
        )


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial"), ("clocks", "0001_initial")]

    operations = [
        migrations.RunPython(start_deadlines, migrations.RunPython.noop),
        migrations.RemoveField("approvalstep", "reminded_on"),
    ]
