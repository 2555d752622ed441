"""Kinds of visits, the practice, its locations and rooms, and therapists' profiles have a change history.

Triggers are made in an instant; a forgotten transaction holds this up for three seconds at most, then run it again.
"""

import datetime

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models

import practice.models.zone


class Migration(migrations.Migration):
    dependencies = [
        ("pghistory", "0007_auto_20250421_0444"),
        ("practice", "0004_practice_is_demo"),
    ]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="AppointmentTypeEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("CONSULT_FREE", "Free talk"),
                            ("SESSION", "Session"),
                            ("BOOSTER", "Booster"),
                            ("FAMILY", "Joint session"),
                        ],
                        max_length=20,
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("length", models.DurationField()),
                ("buffer_before", models.DurationField(default=datetime.timedelta(0))),
                ("buffer_after", models.DurationField(default=datetime.timedelta(0))),
                ("slot_step", models.DurationField(default=datetime.timedelta(seconds=1200))),
                ("lead_time", models.DurationField(default=datetime.timedelta(seconds=7200))),
                ("horizon", models.DurationField(default=datetime.timedelta(days=42))),
                ("change_deadline", models.DurationField(default=datetime.timedelta(days=1))),
                (
                    "modalities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("in_person", "In person"), ("video", "Video"), ("phone", "Phone")], max_length=10
                        ),
                        size=None,
                    ),
                ),
                ("is_public", models.BooleanField(default=False)),
                ("for_patients", models.BooleanField(default=False)),
                ("needs_room", models.BooleanField(default=True)),
                ("price_cents", models.PositiveIntegerField(default=0)),
                ("per_therapist_limit", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("per_person_limit", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("limit_days", models.PositiveSmallIntegerField(default=90)),
                ("is_clinical", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LocationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(max_length=100)),
                ("address", models.CharField(max_length=300)),
                (
                    "zone",
                    practice.models.zone.ZoneField(
                        default="America/Los_Angeles", max_length=50, verbose_name="time zone"
                    ),
                ),
                ("is_open", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PracticeEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("short_name", models.CharField(max_length=40)),
                ("phone", phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None)),
                ("address", models.CharField(max_length=300)),
                ("opening_hours", models.CharField(max_length=200)),
                ("opens_at", models.TimeField(default="08:00")),
                ("closes_at", models.TimeField(default="18:00")),
                (
                    "time_zone",
                    practice.models.zone.ZoneField(
                        default="America/Los_Angeles", max_length=50, verbose_name="time zone"
                    ),
                ),
                ("leave_page_url", models.URLField(default="https://weather.gov")),
                ("local_emergency_number", models.CharField(blank=True, max_length=20)),
                ("local_crisis_line", models.CharField(blank=True, max_length=200)),
                ("is_demo", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RoomEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("name", models.CharField(max_length=60)),
                ("step_free", models.BooleanField(default=True, verbose_name="step-free")),
                ("is_open", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TherapistEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("slug", models.SlugField(db_index=False)),
                ("sort_key", models.CharField(max_length=200)),
                ("credentials", models.CharField(blank=True, max_length=200)),
                ("licence_number", models.CharField(blank=True, max_length=50)),
                (
                    "licence_states",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10), blank=True, default=list, size=None
                    ),
                ),
                (
                    "years_of_pain_work",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(70)]
                    ),
                ),
                ("introduction", models.CharField(blank=True, max_length=200)),
                ("about", models.TextField(blank=True)),
                (
                    "approaches",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, default=list, size=None
                    ),
                ),
                (
                    "conditions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, default=list, size=None
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10), blank=True, default=list, size=None
                    ),
                ),
                (
                    "payers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, default=list, size=None
                    ),
                ),
                ("accepts_patients", models.BooleanField(default=True)),
                ("is_listed", models.BooleanField(default=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="appointmenttype",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "practice_appointmenttypeevent" ("buffer_after", "buffer_before", "change_deadline", "code", "for_patients", "horizon", "id", "is_clinical", "is_public", "lead_time", "length", "limit_days", "modalities", "name", "needs_room", "per_person_limit", "per_therapist_limit", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_cents", "slot_step") VALUES (NEW."buffer_after", NEW."buffer_before", NEW."change_deadline", NEW."code", NEW."for_patients", NEW."horizon", NEW."id", NEW."is_clinical", NEW."is_public", NEW."lead_time", NEW."length", NEW."limit_days", NEW."modalities", NEW."name", NEW."needs_room", NEW."per_person_limit", NEW."per_therapist_limit", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."price_cents", NEW."slot_step"); RETURN NULL;',
                    hash="32323a630fb0f3e65b371400073f4129e85a084f",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_bfe9d",
                    table="practice_appointmenttype",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="appointmenttype",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "practice_appointmenttypeevent" ("buffer_after", "buffer_before", "change_deadline", "code", "for_patients", "horizon", "id", "is_clinical", "is_public", "lead_time", "length", "limit_days", "modalities", "name", "needs_room", "per_person_limit", "per_therapist_limit", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_cents", "slot_step") VALUES (NEW."buffer_after", NEW."buffer_before", NEW."change_deadline", NEW."code", NEW."for_patients", NEW."horizon", NEW."id", NEW."is_clinical", NEW."is_public", NEW."lead_time", NEW."length", NEW."limit_days", NEW."modalities", NEW."name", NEW."needs_room", NEW."per_person_limit", NEW."per_therapist_limit", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."price_cents", NEW."slot_step"); RETURN NULL;',
                    hash="147c7720643fe1a1102f128c6372d6da2395e6d4",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_247fc",
                    table="practice_appointmenttype",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="appointmenttype",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "practice_appointmenttypeevent" ("buffer_after", "buffer_before", "change_deadline", "code", "for_patients", "horizon", "id", "is_clinical", "is_public", "lead_time", "length", "limit_days", "modalities", "name", "needs_room", "per_person_limit", "per_therapist_limit", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_cents", "slot_step") VALUES (OLD."buffer_after", OLD."buffer_before", OLD."change_deadline", OLD."code", OLD."for_patients", OLD."horizon", OLD."id", OLD."is_clinical", OLD."is_public", OLD."lead_time", OLD."length", OLD."limit_days", OLD."modalities", OLD."name", OLD."needs_room", OLD."per_person_limit", OLD."per_therapist_limit", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."price_cents", OLD."slot_step"); RETURN NULL;',
                    hash="6f99eb165a28ef1466fd5277dbce4f9c91786047",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_7a879",
                    table="practice_appointmenttype",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="location",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "practice_locationevent" ("address", "id", "is_open", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "zone") VALUES (NEW."address", NEW."id", NEW."is_open", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."zone"); RETURN NULL;',
                    hash="64a09a0e5096ce2902ecd2e7a55d312f090eb780",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_71638",
                    table="practice_location",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="location",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "practice_locationevent" ("address", "id", "is_open", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "zone") VALUES (NEW."address", NEW."id", NEW."is_open", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."zone"); RETURN NULL;',
                    hash="9ed60cc149683628f1b3573a774d0f4929dad732",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_46003",
                    table="practice_location",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="location",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "practice_locationevent" ("address", "id", "is_open", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "zone") VALUES (OLD."address", OLD."id", OLD."is_open", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."zone"); RETURN NULL;',
                    hash="d76a93eafaf65d4e349d4734be65bb1b880515f1",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_f336e",
                    table="practice_location",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="practice",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "practice_practiceevent" ("address", "closes_at", "id", "is_demo", "leave_page_url", "local_crisis_line", "local_emergency_number", "name", "opening_hours", "opens_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "short_name", "time_zone") VALUES (NEW."address", NEW."closes_at", NEW."id", NEW."is_demo", NEW."leave_page_url", NEW."local_crisis_line", NEW."local_emergency_number", NEW."name", NEW."opening_hours", NEW."opens_at", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."phone", NEW."short_name", NEW."time_zone"); RETURN NULL;',
                    hash="1935915981018a9ef2b2e98525d5e650b03dac9e",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_ec847",
                    table="practice_practice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="practice",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "practice_practiceevent" ("address", "closes_at", "id", "is_demo", "leave_page_url", "local_crisis_line", "local_emergency_number", "name", "opening_hours", "opens_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "short_name", "time_zone") VALUES (NEW."address", NEW."closes_at", NEW."id", NEW."is_demo", NEW."leave_page_url", NEW."local_crisis_line", NEW."local_emergency_number", NEW."name", NEW."opening_hours", NEW."opens_at", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."phone", NEW."short_name", NEW."time_zone"); RETURN NULL;',
                    hash="788fe7deab2135c9b7bf967df132ca2ba624a322",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_68c5c",
                    table="practice_practice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="practice",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "practice_practiceevent" ("address", "closes_at", "id", "is_demo", "leave_page_url", "local_crisis_line", "local_emergency_number", "name", "opening_hours", "opens_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "short_name", "time_zone") VALUES (OLD."address", OLD."closes_at", OLD."id", OLD."is_demo", OLD."leave_page_url", OLD."local_crisis_line", OLD."local_emergency_number", OLD."name", OLD."opening_hours", OLD."opens_at", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."phone", OLD."short_name", OLD."time_zone"); RETURN NULL;',
                    hash="7337e1461f33f22e17db295d1f500820b367d085",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_12854",
                    table="practice_practice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="room",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "practice_roomevent" ("id", "is_open", "location_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "step_free") VALUES (NEW."id", NEW."is_open", NEW."location_id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."step_free"); RETURN NULL;',
                    hash="25b29ccf655b7a9c39d902ab4d6e0de43f0c3db0",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_42b68",
                    table="practice_room",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="room",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "practice_roomevent" ("id", "is_open", "location_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "step_free") VALUES (NEW."id", NEW."is_open", NEW."location_id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."step_free"); RETURN NULL;',
                    hash="2101f8871ade6dea95b17525e1eb52b53370c36f",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_dca62",
                    table="practice_room",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="room",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "practice_roomevent" ("id", "is_open", "location_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "step_free") VALUES (OLD."id", OLD."is_open", OLD."location_id", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."step_free"); RETURN NULL;',
                    hash="6b82f3b0441e643abaa1801f548920b025e960cd",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_4f11d",
                    table="practice_room",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="therapist",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "practice_therapistevent" ("about", "accepts_patients", "approaches", "conditions", "credentials", "id", "introduction", "is_listed", "languages", "licence_number", "licence_states", "payers", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "slug", "sort_key", "user_id", "years_of_pain_work") VALUES (NEW."about", NEW."accepts_patients", NEW."approaches", NEW."conditions", NEW."credentials", NEW."id", NEW."introduction", NEW."is_listed", NEW."languages", NEW."licence_number", NEW."licence_states", NEW."payers", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."slug", NEW."sort_key", NEW."user_id", NEW."years_of_pain_work"); RETURN NULL;',
                    hash="dbba6425319a0a068f443232dfc0c5417b0711df",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_9fb8e",
                    table="practice_therapist",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="therapist",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "practice_therapistevent" ("about", "accepts_patients", "approaches", "conditions", "credentials", "id", "introduction", "is_listed", "languages", "licence_number", "licence_states", "payers", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "slug", "sort_key", "user_id", "years_of_pain_work") VALUES (NEW."about", NEW."accepts_patients", NEW."approaches", NEW."conditions", NEW."credentials", NEW."id", NEW."introduction", NEW."is_listed", NEW."languages", NEW."licence_number", NEW."licence_states", NEW."payers", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."slug", NEW."sort_key", NEW."user_id", NEW."years_of_pain_work"); RETURN NULL;',
                    hash="60fd4114838c7ac3b287300905b9d8e67d359049",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_3193a",
                    table="practice_therapist",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="therapist",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "practice_therapistevent" ("about", "accepts_patients", "approaches", "conditions", "credentials", "id", "introduction", "is_listed", "languages", "licence_number", "licence_states", "payers", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "slug", "sort_key", "user_id", "years_of_pain_work") VALUES (OLD."about", OLD."accepts_patients", OLD."approaches", OLD."conditions", OLD."credentials", OLD."id", OLD."introduction", OLD."is_listed", OLD."languages", OLD."licence_number", OLD."licence_states", OLD."payers", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."slug", OLD."sort_key", OLD."user_id", OLD."years_of_pain_work"); RETURN NULL;',
                    hash="3cc218d800190e96913e2728f98593a0a2f056c4",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_02b1f",
                    table="practice_therapist",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="appointmenttypeevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="appointmenttypeevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="practice.appointmenttype",
            ),
        ),
        migrations.AddField(
            model_name="locationevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="locationevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="practice.location",
            ),
        ),
        migrations.AddField(
            model_name="practiceevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="practiceevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="practice.practice",
            ),
        ),
        migrations.AddField(
            model_name="roomevent",
            name="location",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="practice.location",
            ),
        ),
        migrations.AddField(
            model_name="roomevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="roomevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="practice.room",
            ),
        ),
        migrations.AddField(
            model_name="therapistevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="therapistevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="practice.therapist",
            ),
        ),
        migrations.AddField(
            model_name="therapistevent",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, "SET LOCAL lock_timeout = '3s'"),
    ]
