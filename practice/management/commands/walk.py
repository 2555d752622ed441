"""Walk the main job through the running web, worker and beat, over HTTP, and say how each step went."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from practice.models import Practice
from practice.walk.steps import STEPS
from practice.walk.walking import walk


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # they would read every view, a second of each start
    help = "Walk the main job over HTTP through the demo clinic as it runs. Exit status 0 only if every step held."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--url", default=settings.PUBLIC_URL, help=f"the site (default {settings.PUBLIC_URL})")

    def handle(self, *args, url: str, **options) -> None:
        if not settings.DEMO:
            raise CommandError("The walk books and writes notes, so it only walks the demo clinic: EVENKEEL_DEMO=1.")
        if not Practice.objects.exists():
            raise CommandError("There is no clinic to walk through. Build it first: python3 manage.py demo")
        if not walk(url, STEPS, self.say):
            raise CommandError("The walk did not hold.", returncode=1)

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
