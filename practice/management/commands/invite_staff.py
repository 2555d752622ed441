"""``manage.py invite_staff ADDRESS NAME ROLE...``: how the first manager of a new practice gets an account."""

from django.core.management.base import BaseCommand, CommandError

from practice import invitations
from practice.roles import STAFF, Role


class Command(BaseCommand):
    help = "Invite a member of staff. Prints the private link, which works once, for 14 days."

    def add_arguments(self, parser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument("roles", nargs="+", choices=sorted(role.value for role in STAFF))

    def handle(self, *args, email: str, name: str, roles: list[str], **options) -> None:
        try:
            invitation = invitations.invite_staff(by=None, email=email, name=name, roles={Role(role) for role in roles})
        except invitations.AddressTaken as error:
            raise CommandError("Somebody already signs in with this address.") from error
        self.stdout.write(invitation.link)
