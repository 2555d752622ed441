"""Bring consent texts and instruments in. Runs at every start: what is known already changes nothing."""

from django.core.management.base import BaseCommand, CommandError

from intake import alerts, consent, instrument
from intake.consent import Malformed, TextChanged
from intake.definition import BadDefinition
from intake.instrument import NotActivated
from practice.models import User


class Command(BaseCommand):
    help = (
        "Publish the consent texts and offer the questionnaires. One whose answers can raise an alert waits until two "
        "clinicians are named by --responder and the opening hours of the practice stand."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--responder", action="append", default=[], metavar="E-MAIL", help="a clinician who answers risk alerts"
        )

    def handle(self, *args, **options) -> None:
        for email in options["responder"]:
            self.name(email)
        try:
            texts = consent.load_texts(by=None)
            versions = [instrument.load(by=None, body=body) for body in instrument.bodies()]
        except (Malformed, TextChanged, BadDefinition) as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error
        self.stdout.write(f"{len(texts)} consent texts published.")
        for version in versions:
            try:
                instrument.activate(by=None, version=version)
                self.stdout.write(f"{version.instrument}: offered.")
            except NotActivated as why:
                self.stdout.write(f"{version.instrument}: waits. {why}")

    def name(self, email: str) -> None:
        user = User.objects.filter(email__iexact=email).first()
        try:
            if user is None:
                raise CommandError(f"Nobody signs in with {email}.")
            alerts.name_responder(by=None, user=user)
        except alerts.NotAClinician as error:
            raise CommandError(f"{email} is no clinician.") from error
