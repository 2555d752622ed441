"""A practice says whether it is the fictional demo clinic.

A demo clinic that was built before is known by its staff: nobody real has an address under the reserved domain .example.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("practice", "0003_audit_stamps")]

    operations = [
        migrations.AddField("practice", "is_demo", models.BooleanField(default=False)),
        migrations.RunSQL(
            """
            UPDATE practice_practice SET is_demo = true
            WHERE EXISTS (SELECT FROM practice_user WHERE email = 'manager@ternbay.example')
            """,
            migrations.RunSQL.noop,
        ),
    ]
