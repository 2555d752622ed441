"""``manage.py found``: a real practice begins, with its first location, kinds of visits, texts and first manager."""

from __future__ import annotations

import sys
from typing import Any

from django import forms
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, OperationalError, transaction

from practice import founding, invitations
from practice.forms.founding import FoundingForm
from practice.models import Invitation

IN_THE_DEMO = (
    "EVENKEEL_DEMO is set, under which anybody may step in as anybody; unset it to found a real practice, "
    "or build the fictional clinic with: python manage.py demo"
)
CANNOT = "Nothing was founded. These options are missing or cannot be taken (python manage.py found --help has all):"
TEXTS = ("load_intake", "load_articles")  # commands of the apps that bring texts along; both may run again


class Command(BaseCommand):
    help = (
        "Found the practice of this database: its first location, kinds of visits, consent texts, questionnaires and "
        "articles, and the invitation of the first manager. On a terminal it asks for what no option says."
    )

    def add_arguments(self, parser) -> None:
        for name, field in FoundingForm.base_fields.items():
            said = f"{field.label}. {field.help_text}" if field.help_text else str(field.label)
            parser.add_argument(option(name), dest=name, metavar="...", help=said)
        parser.add_argument("--no-input", action="store_true", help="ask nothing, also on a terminal")

    def handle(self, *args: Any, no_input: bool, **options: Any) -> None:
        self.refuse_early()
        given = {name: options[name] for name in FoundingForm.base_fields if options[name] is not None}
        asks = sys.stdin.isatty() and not no_input
        form = FoundingForm(self.asked(given) if asks else given)
        while not form.is_valid():
            if not asks:
                raise CommandError("\n".join([CANNOT, *problems(form)]))
            self.stdout.write("\n".join(problems(form)))
            form = FoundingForm(self.asked({name: form.data[name] for name in form.data if name not in form.errors}))
        invitation = self.founded(form)
        self.stdout.write(f"{form.cleaned_data['name']} is founded. The first manager's invitation is on its way, and")
        self.stdout.write(f"works once, for 14 days, at this private address:\n{invitation.link}")

    def refuse_early(self) -> None:
        """Say before anything is asked what would be refused afterwards."""
        if settings.DEMO:
            raise CommandError(IN_THE_DEMO)
        try:
            name = founding.name_of_practice()
        except OperationalError as error:
            raise CommandError("The database does not answer; look at DATABASE_URL.") from error
        except DatabaseError as error:
            raise CommandError("The database has no tables yet; run first: python manage.py migrate") from error
        if name:
            raise CommandError(already(name))

    def asked(self, given: dict[str, str]) -> dict[str, str]:
        """``given`` and the answers to what it leaves open; asked again and again until an answer can be taken."""
        found = dict(given)
        for name, field in FoundingForm.base_fields.items():
            while name not in found:
                answer = input(question(field)).strip()
                try:
                    field.clean(answer)
                    found[name] = answer
                except forms.ValidationError as error:
                    self.stdout.write(" ".join(error.messages))
        return found

    def founded(self, form: FoundingForm) -> Invitation:
        """The practice and its texts, in one transaction."""
        try:
            with transaction.atomic():
                invitation = founding.found(by=None, plan=form.plan())
                for name in TEXTS:
                    call_command(name, stdout=self.stdout)
        except founding.AlreadyFounded as error:
            raise CommandError(already(str(error))) from error
        except founding.NotEmpty as error:
            raise CommandError(
                "This database already holds parts of a practice, such as kinds of visits; give DATABASE_URL an empty "
                "one and run first: python manage.py migrate"
            ) from error
        except invitations.AddressTaken as error:
            raise CommandError("Somebody already signs in with the first manager's address.") from error
        return invitation


def option(name: str) -> str:
    return "--" + name.replace("_", "-")


def question(field: forms.Field) -> str:
    hint = f" ({field.help_text})" if field.help_text else ""
    return f"{field.label}{hint}{'' if field.required else ', or nothing'}: "


def already(name: str) -> str:
    return f"This database has its practice, {name}; one database serves one. Nothing was changed."


def problems(form: FoundingForm) -> list[str]:
    """One line for each option that is missing or cannot be taken."""
    return [f"  {option(name)}: {' '.join(str(error) for error in errors)}" for name, errors in form.errors.items()]
