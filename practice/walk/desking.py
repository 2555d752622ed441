"""Steps of the front desk: day and week, the invitation, booking, moving, marking what happened."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from practice.walk.letters import letter, link_in
from practice.walk.pages import Browser, Form, Missed, Page
from practice.walk.walking import Walker, begun_times, step_in

PLACE = "America/Los_Angeles"  # where the therapist of the walk works


def look(walker: Walker) -> str:
    """The day and the week of everybody, and the new person in the list."""
    desk = walker.desk
    step_in(desk, "front_desk")
    desk.get("/desk/day/").says("Ines Varga")
    desk.get("/desk/week/").says("Ines Varga", "Tomas Adeyemi", "Noor Castellan")
    people = desk.get("/people/").says("People")
    found = desk.send(people, people.form(having="q"), q=walker.email).says(walker.name)
    person = desk.get(numbered(found, "/people/")).says(walker.name)
    walker.patient_pk = number_in(person.url)
    walker.talk_pk = number_in(numbered(person, "/desk/appointments/"))
    return ""


def numbered(page: Page, begin: str) -> str:
    """The first link of a page that begins so and names a row."""
    for href, _words in page.links:
        if href.startswith(begin) and number_in(href):
            return href
    raise Missed(f"no link to a row of {begin}", page)


def number_in(address: str) -> str:
    return next((part for part in urlsplit(address).path.split("/") if part.isdigit()), "")


def invite(walker: Walker) -> str:
    """The desk invites; the letter comes; the account is made by its link."""
    desk = walker.desk
    page = desk.get(f"/people/{walker.patient_pk}/").says("Send an invitation")
    desk.send(page, page.form("/invite/")).says()
    invitation = letter(walker.email, "invitation")
    page = walker.patient.get(link_in(invitation)).says("Welcome")
    walker.patient.send(page, page.form()).says("Today")
    closed = Browser(walker.site).get(link_in(invitation))
    if closed.status != 410:
        raise Missed("the invitation works a second time", closed)
    return "the link works once"


def hold_talk(walker: Walker) -> str:
    """Nobody can wait for next week, so the desk moves the talk to a time that has begun, and marks it as held."""
    took = at_begun_time(walker, f"/desk/appointments/{walker.talk_pk}/move/", {})
    mark(walker, walker.talk_pk, "arrive", "Arrived")
    mark(walker, walker.talk_pk, "attend", "Attended")
    return f"the talk is moved to a time that has begun ({took:%a %H:%M} at the clinic) and marked as attended"


def book_ahead(walker: Walker) -> str:
    """A session is booked for the patient on the next day with a free time, and moved to another time."""
    desk = walker.desk
    page, form = free_day(desk, f"/desk/appointments/new/?{query(walker)}")
    booked = desk.send(page, form, pick=form.fields["pick"].offered[-1]).says(walker.surname)
    page, form = free_day(desk, f"/desk/appointments/{opened(booked)}/move/")
    desk.send(page, form, pick=form.fields["pick"].offered[0]).says(walker.surname)
    return "booked and moved"


def free_day(desk: Browser, address: str) -> tuple[Page, Form]:
    """The booking page on a day that has free times, reached by its own links."""
    page = desk.get(address).says()
    for _day in range(14):
        form = page.form(having="token")
        if "pick" in form.fields:
            return page, form
        page = desk.get(next_free(page), page).says()
    raise Missed("no free time within two weeks", page)


def hold_session(walker: Walker) -> str:
    """A session at a time that has begun, marked as arrived and attended: the first of the course."""
    took = at_begun_time(walker, "/desk/appointments/new/", {"patient": walker.patient_pk, "type": "SESSION"})
    mark(walker, walker.session_pk, "arrive", "Arrived")
    mark(walker, walker.session_pk, "attend", "Attended")
    return f"booked for a time that has begun ({took:%a %H:%M} at the clinic)"


# -- What the steps share ----------------------------------------------------------------------------------------------
def query(walker: Walker, **more: str) -> str:
    """The choice of person, kind, therapist and way, as the booking page keeps it in its address."""
    page = walker.desk.get(f"/desk/appointments/{walker.talk_pk}/move/") if not walker.therapist_pk else None
    if page is not None:
        chosen = next((form.fields["therapist"] for form in page.forms if "therapist" in form.fields), None)
        if chosen is None:
            raise Missed("the page of a move names no therapist", page)
        walker.therapist_pk = chosen.values[0]
    return urlencode(
        {"patient": walker.patient_pk, "type": "SESSION", "therapist": walker.therapist_pk, "modality": "video"} | more
    )


def next_free(page: Page) -> str:
    """The link to the next day with a free time, or to the day after."""
    days = [href for href, _words in page.links if "day=" in href and href.startswith("?")]
    if not days:
        raise Missed("the page leads to no other day", page)
    return days[-1]


def at_begun_time(walker: Walker, address: str, more: dict[str, str]) -> datetime:
    """Book or move to the latest start before now that is free, insisting where it lies outside working hours."""
    desk = walker.desk
    for starts_at in begun_times(PLACE):
        page = desk.get(f"{address}?{query(walker, **more, day=starts_at.date().isoformat())}").says()
        form = page.form(having="token")
        page = desk.send(page, form, other_time=f"{starts_at:%H:%M}")
        if page.status == 422 and "Book it all the same" in page.text:
            page = desk.send(page, page.form(having="anyway"), anyway="1")
        if page.status == 200:
            if "new" in address:
                walker.session_pk = opened(page)
            return starts_at
        if page.status not in (409, 422):
            raise Missed("the desk could not take a time that has begun", page)
    raise Missed("no time of the last day and a half is free")


def opened(page: Page) -> str:
    """The id of the visit whose sheet the day shows after booking."""
    found = parse_qs(urlsplit(page.url).query).get("open", [""])[0]
    if not found:
        raise Missed("the visit is not opened on the day", page)
    return found


def mark(walker: Walker, pk: str, what: str, word: str) -> None:
    page = walker.desk.get(f"/desk/appointments/{pk}/").says()
    walker.desk.send(page, page.form(f"/{pk}/{what}/")).says(word)
