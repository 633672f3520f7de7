from django.db import migrations, models


def leave_old_notices_alone(apps, schema_editor):
    """Notices from before there were other channels are not sent to anybody now."""
    apps.get_model("notices", "Notice").objects.filter(fanned_at__isnull=True).update(fanned_at=models.F("at"))


class Migration(migrations.Migration):
    dependencies = [("notices", "0002_deliveries")]

    operations = [migrations.RunPython(leave_old_notices_alone, migrations.RunPython.noop)]
