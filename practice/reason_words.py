"""Why a message was not sent, in words for staff.

What the row keeps is a code: short, neutral, stable, in English. Only this module turns it into words, so that they can
be translated and improved without touching a row.
"""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, str | Promise] = {
    # Nobody wants it any more
    "withdrawn": _("withdrawn"),
    "what it was about is gone": _("what it was about is gone"),
    "its words were for one time only": _("its words were for one time only"),
    "changed since": _("the visit has changed since"),
    "no longer booked": _("the visit is no longer booked"),
    "no longer cancelled": _("the visit is no longer cancelled"),
    "has begun": _("the visit has begun"),
    "same as last sent": _("it would say the same as the last message"),
    "no longer open": _("it is no longer open"),
    "account closed": _("the account is closed"),
    "already done": _("it is done already"),
    # It may not go to this person, or not this way
    "no address": _("there is no address or number to send it to"),
    "no consent": _("there is no consent to this channel"),
    "channel not offered": _("this practice does not send by this channel"),
    "goes by the other channel": _("it goes by the other channel"),
    "text message limit": _("the most text messages a day or a week were reached"),
    "outside the hours": _("it waits for the hours in which the person may be written to"),
    "too late": _("it became too late to send it"),
    # The way out
    "address cannot be written": _("the address cannot be written to"),
    "mail server not reached": _("the mail server was not reached"),
    "mail server fell silent": _("the mail server fell silent"),
    "its sender died each time": _("the program ended each time it was sent"),
    # What the front desk did
    "sent again": _("sent again"),
    "settled by telephone": _("settled by telephone"),
}
# Codes that carry a number or a name from outside, which is printed as it came.
CARRYING: tuple[tuple[re.Pattern[str], str | Promise], ...] = (
    (re.compile(r"address refused \((?P<code>\w+)\)"), _("the address was refused (%(code)s)")),
    (re.compile(r"sender refused \((?P<code>\w+)\)"), _("the mail server refused us as the sender (%(code)s)")),
    (re.compile(r"mail server said (?P<code>\w+)"), _("the mail server said %(code)s")),
    (re.compile(r"our error: (?P<code>\w+)"), _("an error of ours (%(code)s)")),
)


def known(reason: str) -> str | None:
    """The words for ``reason``; None where it is no code of ours."""
    if reason in WORDS:
        return str(WORDS[reason])
    for pattern, words in CARRYING:
        if found := pattern.fullmatch(reason):
            return str(words) % found.groupdict()
    return None


def in_words(reason: str) -> str:
    """The words for ``reason``; what a provider said itself, and a code of an earlier release, stay as they are."""
    return reason if (words := known(reason)) is None else words
