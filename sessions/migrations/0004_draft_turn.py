"""A saved draft knows its place in the order in which its window sent: what comes late overwrites nothing newer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("therapy_sessions", "0003_addendum_token"),
    ]

    operations = [
        migrations.AddField(
            model_name="notedraftversion",
            name="turn",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
