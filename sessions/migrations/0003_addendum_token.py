"""An addendum knows the form it was sent from, so that a form pressed twice signs once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("therapy_sessions", "0002_signed_is_signed"),
    ]

    operations = [
        migrations.AddField(
            model_name="addendum",
            name="token",
            field=models.UUIDField(blank=True, editable=False, null=True, unique=True),
        ),
    ]
