"""One letter as an e-mail: plain text and HTML of the same words, an invitation both inline and as a file."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.conf import settings
from django.utils import timezone

from practice import calendar_file
from practice.letter import Letter

POLICY = SMTP.clone(max_line_length=900)  # long links stay on one line and in one piece


def mime(letter: Letter) -> EmailMessage:
    """The message. Its Message-ID is made of the row's id, so that a second delivery can be told for one.

    Raises ValueError for an address that cannot stand in a header.
    """
    mail = EmailMessage(policy=POLICY)
    name, domain = letter.sender, calendar_file.domain()
    local, _at, host = settings.DEFAULT_FROM_EMAIL.rpartition("@")
    mail["From"] = Address(name, local, host)
    mail["To"] = letter.to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(timezone.now())
    mail["Message-ID"] = f"<{letter.key}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    if letter.calendar:
        text = letter.calendar.decode()
        mail.add_alternative(text, subtype="calendar", params={"method": letter.method}, cte="base64")
        mail.add_attachment(
            letter.calendar, maintype="application", subtype="ics", filename=calendar_file.FILE_NAME, cte="base64"
        )
    return mail
