"""One letter as an e-mail: plain text and HTML of the same words, an invitation both inline and as a file.

Made of the older classes of the standard library: the newer EmailMessage parses every header that it is given and takes
four times as long, more than everything else that is done for a reminder.
"""

from __future__ import annotations

from email.charset import BASE64, Charset
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import Any

from django.conf import settings
from django.utils import timezone

from practice import calendar_file
from practice.letter import Letter

POLICY = compat32.clone(linesep="\r\n")
UTF_8: Any = Charset("utf-8")  # MIMEText takes one; the stubs know only its name
UTF_8.body_encoding = BASE64


def mime(letter: Letter) -> MIMEMultipart:
    """The message. Its Message-ID is made of the row's id, so that a second delivery can be told for one.

    Raises ValueError for an address that cannot stand in a header.
    """
    mail = with_invitation(letter) if letter.calendar else words(letter)
    headers = {
        "From": formataddr((letter.sender, settings.DEFAULT_FROM_EMAIL)),
        "To": letter.to.encode("ascii").decode(),
        "Subject": letter.subject,
        "Date": format_datetime(timezone.now()),
        "Message-ID": f"<{letter.key}@{calendar_file.domain()}>",
        "Auto-Submitted": "auto-generated",
    }
    for name, value in headers.items():
        mail[name] = one_line(value)
    return mail


def one_line(value: str) -> str:
    """``value``, if it cannot begin a header of its own."""
    if "\r" in value or "\n" in value:
        raise ValueError("a header of two lines")
    return value


def as_bytes(mail: MIMEBase) -> bytes:
    return mail.as_bytes(policy=POLICY)


def words(letter: Letter) -> MIMEMultipart:
    """The same words twice; a reader shows the last it can."""
    part = MIMEMultipart("alternative")
    part.attach(MIMEText(letter.text, "plain", UTF_8))
    part.attach(MIMEText(letter.html, "html", UTF_8))
    return part


def with_invitation(letter: Letter) -> MIMEMultipart:
    """The words, the invitation that calendars act on, and the same as a file for those that do not."""
    assert letter.calendar
    inline = MIMEText(letter.calendar.decode(), "calendar", UTF_8)
    inline.set_param("method", letter.method)
    file = MIMEApplication(letter.calendar, "ics")
    file.add_header("Content-Disposition", "attachment", filename=calendar_file.FILE_NAME)
    mail = MIMEMultipart("mixed")
    mail.attach(alternative := words(letter))
    alternative.attach(inline)
    mail.attach(file)
    return mail
