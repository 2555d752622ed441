"""Steps of a visitor: reading, choosing, booking without an account, the private link, the reminders."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from practice.walk.letters import bring_forward, letter, link_in, sequence_of, uid_of
from practice.walk.pages import Browser, Form, Missed, Page
from practice.walk.walking import Walker

THERAPIST, OTHER = "ines-varga", "tomas-adeyemi"
FAR = 5  # days ahead, so that both reminders are planned
LONGEST_LOOK = 30


def read(walker: Walker) -> str:
    """What the practice does, fees, the articles: all without signing in."""
    browser = walker.visitor
    home = browser.get("/").says("pain")
    for part in ("/how-it-works/", "/fees/", "/help-now/", "/reading/"):
        browser.get(part).says()
    browser.follow(home, "/therapists/").says("Ines Varga")
    return ""


def choose(walker: Walker) -> str:
    """The directory, one therapist, the free times in the reader's own zone."""
    browser = walker.visitor
    listed = browser.get("/therapists/?way=video").says("Ines Varga", "Tomas Adeyemi")
    browser.follow(listed, f"/therapists/{THERAPIST}/").says("Ines Varga")
    times = browser.get(f"/therapists/{THERAPIST}/times/?way=video").says("A free talk with Ines Varga")
    page = browser.get(f"/times/zone/?next={times.path}").says()
    browser.send(page, page.form(having="zone"), zone=walker.zone)
    return f"times are shown for {walker.zone}"


def times_page(browser: Browser, address: str, *, days: int = FAR) -> tuple[Page, Form]:
    """The slot picker on the first day from ``days`` ahead on which something is free."""
    for ahead in range(days, days + LONGEST_LOOK):
        day = (timezone.now() + timedelta(days=ahead)).date()
        mark = "&" if "?" in address else "?"
        page = browser.get(f"{address}{mark}day={day}").says()
        for form in page.forms:
            if form.method == "post" and "starts" in form.fields and form.fields["starts"].kind == "radio":
                return page, form
    raise Missed(f"no free time within {LONGEST_LOOK} days", page)


def book(walker: Walker, slug: str) -> Page:
    """Hold the first free time of a day and book it by name, e-mail, telephone and both consents."""
    browser = walker.visitor
    page, form = times_page(browser, f"/therapists/{slug}/times/?way=video")
    held = browser.send(page, form, starts=form.fields["starts"].offered[0]).says("Book a free talk")
    return browser.send(
        held,
        held.form(having="email_consent"),
        name=walker.name,
        email=walker.email,
        phone=walker.phone,
        email_consent="on",
        sms_consent="on",
    ).says("Your talk is booked")


def book_talk(walker: Walker) -> str:
    done = book(walker, THERAPIST)
    file = walker.visitor.follow(done, "appointment.ics")
    if b"BEGIN:VCALENDAR" not in file.body:
        raise Missed("the calendar file is none", file)
    return "held, typed, booked; no account"


def confirmation(walker: Walker) -> str:
    """The letter with its calendar file and its private link."""
    found = letter(walker.email, "appointment_booked")
    if found.method != "REQUEST" or sequence_of(found) != 0:
        raise Missed("the confirmation has no calendar file of method REQUEST and SEQUENCE 0")
    walker.link, walker.uid = link_in(found), uid_of(found).partition("@")[0]
    return "with .ics and private link"


def confirm_by_link(walker: Walker) -> str:
    """Looking changes nothing; the button does. In a browser that never booked."""
    mailbox = Browser(walker.site)
    page = mailbox.get(walker.link).says("Your appointment")
    if walker.link.rstrip("/").rpartition("/")[2] in page.url:
        raise Missed("the secret of the link stays in the address", page)
    again = mailbox.get(walker.link).says("Yes, I will come")
    mailbox.send(again, again.form("/confirm/")).says("We know that you are coming")
    return ""


def move_by_link(walker: Walker) -> str:
    """Another time by the same link; the second calendar file has the next SEQUENCE of the same UID."""
    mailbox = Browser(walker.site)
    page = mailbox.get(walker.link).says("Move it")
    page, form = times_page(mailbox, f"/visit/{walker.uid}/move/", days=FAR + 2)
    mailbox.send(page, form, starts=form.fields["starts"].offered[-1]).says("Moved to")
    found = letter(walker.email, "appointment_changed", "SEQUENCE:1")
    if uid_of(found).partition("@")[0] != walker.uid:
        raise Missed("the moved appointment has another UID")
    return f"SEQUENCE {sequence_of(found)}, the UID stays"


def cancel_second(walker: Walker) -> str:
    """A second talk, with somebody else, is booked and cancelled by its link."""
    book(walker, OTHER)
    found = letter(walker.email, "appointment_booked", but=walker.uid)
    mailbox = Browser(walker.site)
    page = mailbox.get(link_in(found)).says("Cancel it")
    page = mailbox.follow(page, "/cancel/").says("Cancel the appointment?")
    mailbox.send(page, page.form()).says("Cancelled")
    gone = letter(walker.email, "appointment_cancelled")
    if gone.method != "CANCEL":
        raise Missed("the calendar file of the cancellation is not of method CANCEL")
    return "the file cancels it in the calendar too"


def reminders(walker: Walker) -> str:
    """The planned reminders of the moved talk are brought forward; the worker looks again and sends them."""
    bring_forward(walker.uid, "reminder_early", "email")
    letter(walker.email, "reminder_early")
    bring_forward(walker.uid, "reminder_late", "sms")
    letter(e164(walker.phone), "reminder_late")
    return "brought forward to now, sent by the worker, by e-mail and by text message"


def e164(phone: str) -> str:
    return "+1" + "".join(character for character in phone if character.isdigit())
