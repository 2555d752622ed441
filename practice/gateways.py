"""Gateways: the last step to the outside, one per channel, named in the settings.

``file`` writes every message into a folder (the demo and tests), ``console`` prints it, ``smtp`` mails it. A gateway of
a real provider needs three things: send under the row's id as idempotency key, tell the three kinds of trouble apart,
and name the longest time a send may take.
"""

from __future__ import annotations

import smtplib
import sys
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, Self

from django.conf import settings
from django.core.mail import get_connection

from practice import mail, outbox_folder
from practice.letter import Letter
from practice.models.message import Channel


class Refused(Exception):
    """This address or this message will never be taken; the reason holds no address."""


class TryAgain(Exception):
    """Not this time, or nobody knows: the same key later. ``after`` is the provider's wish in seconds."""

    def __init__(self, reason: str, after: float = 0) -> None:
        super().__init__(reason)
        self.after = after


class LineDown(Exception):
    """The provider cannot be reached at all. It is nobody's fault and counts as no attempt of any message."""


class Gateway(Protocol):
    """One open line to a provider, for one batch."""

    longest: float  # seconds that one send may take at the most

    def send(self, letter: Letter) -> str:
        """Hand over one letter and return the provider's id of it. Raises Refused, TryAgain or LineDown."""

    def close(self) -> None: ...


class FileGateway:
    """The demo's folder: every message Evenkeel would have sent."""

    longest = 1.0

    def send(self, letter: Letter) -> str:
        return outbox_folder.deliver(letter)

    def close(self) -> None: ...


class ConsoleGateway:
    """Prints what would be sent; for a developer's own terminal."""

    longest = 1.0

    def send(self, letter: Letter) -> str:
        sys.stdout.write(f"-- {letter.channel} to {letter.to}: {letter.subject}\n{letter.text}\n")
        sys.stdout.flush()
        return "console"

    def close(self) -> None: ...


class SmtpGateway:
    """A mail server, by one connection for the whole batch."""

    def __init__(self) -> None:
        self.backend: Any = get_connection("django.core.mail.backends.smtp.EmailBackend", fail_silently=False)
        # A send is four exchanges, each bounded by the time-out; more than one of them slow is a line that is down.
        self.longest = 2.0 * (settings.EMAIL_TIMEOUT or 5)

    def line(self) -> smtplib.SMTP:
        """The open connection. Whatever keeps it shut, the password included, concerns no single message."""
        if self.backend.connection is not None and self.backend.connection.sock is None:
            self.close()  # the server said 421 and hung up, as many do after a number of mails
        if self.backend.connection is None:
            try:
                self.backend.open()
            except (smtplib.SMTPException, OSError) as error:
                self.close()
                raise LineDown("mail server not reached") from error
        return self.backend.connection

    def send(self, letter: Letter) -> str:
        try:
            message = mail.mime(letter)
            content = mail.as_bytes(message)
        except ValueError as error:
            raise Refused("address cannot be written") from error
        try:
            self.line().sendmail(settings.DEFAULT_FROM_EMAIL, [letter.to], content)
        except smtplib.SMTPRecipientsRefused as error:
            code = max(code for code, _words in error.recipients.values())
            raise (Refused if code >= 500 else TryAgain)(f"address refused ({code})") from error
        except smtplib.SMTPSenderRefused as error:
            self.close()
            raise LineDown(f"sender refused ({error.smtp_code})") from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused("address cannot be written") from error
        except smtplib.SMTPResponseException as error:
            raise TryAgain(f"mail server said {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise TryAgain("mail server fell silent") from error
        return message["Message-ID"]

    def close(self) -> None:
        with suppress(smtplib.SMTPException, OSError):
            self.backend.close()
        self.backend.connection = None


GATEWAYS: dict[tuple[str, str], Callable[[], Gateway]] = {
    (Channel.EMAIL, "file"): FileGateway,
    (Channel.EMAIL, "console"): ConsoleGateway,
    (Channel.EMAIL, "smtp"): SmtpGateway,
    (Channel.SMS, "file"): FileGateway,
    (Channel.SMS, "console"): ConsoleGateway,
}


def gateway_name(channel: str) -> str:
    return settings.EMAIL_GATEWAY if channel == Channel.EMAIL else settings.SMS_GATEWAY


def offers(channel: str) -> bool:
    """Whether this installation can send by ``channel`` at all; ``SMS_GATEWAY=none`` means it cannot text."""
    return (channel, gateway_name(channel)) in GATEWAYS


class Lines:
    """The gateways of one batch, each opened when it is first needed and closed with the batch."""

    def __init__(self) -> None:
        self.opened: dict[str, Gateway] = {}

    def to(self, channel: str) -> Gateway:
        if channel not in self.opened:
            self.opened[channel] = GATEWAYS[channel, gateway_name(channel)]()
        return self.opened[channel]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for gateway in self.opened.values():
            gateway.close()
