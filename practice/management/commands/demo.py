"""Build the demo clinic: plainly fictional, by the same actions as people use, with the clock travelled."""

from __future__ import annotations

import time
from datetime import datetime

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from practice.models import Practice

WITHOUT_TIME_MACHINE = (
    "The demo clinic travels the clock with time-machine, which is not installed: pip install --group embedded"
)


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # they would read every view, a second of each start
    help = "Build the fictional demo clinic in an empty database. Refuses outside the demo setting."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--patients", type=int, default=60, help="how many patients, 1 to 60 (default 60)")
        parser.add_argument(
            "--now",
            type=datetime.fromisoformat,
            help="the moment at which the clinic stands, such as 2026-05-12T18:00+00:00; now if not given",
        )

    def handle(self, *args, patients: int, now: datetime | None, **options) -> None:
        if not settings.DEMO:
            raise CommandError(
                "The demo clinic is built in the demo setting only. Set EVENKEEL_DEMO=1 where no real people are."
            )
        if Practice.objects.exists():
            self.stdout.write("A practice is already there; nothing was changed.")
            return
        try:
            from practice.demo import building  # noqa: PLC0415  (its clock is installed for the demo only)
        except ModuleNotFoundError as error:
            if error.name != "time_machine":
                raise
            raise CommandError(WITHOUT_TIME_MACHINE) from error
        if now is not None and now.tzinfo is None:
            raise CommandError("--now needs its offset from UTC, such as 2026-05-12T18:00+00:00.")
        begun = time.monotonic()
        try:
            building.build(now or timezone.now(), patients)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The demo clinic stands: {building.counted()}. It took {time.monotonic() - begun:.0f} s.")
