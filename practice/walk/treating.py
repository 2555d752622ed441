"""Steps of the therapist: the alert, the outcome, the course, the note from draft to addendum."""

from __future__ import annotations

import re

from practice.demo.clinic import PASSWORD
from practice.walk.letters import letter
from practice.walk.pages import Missed
from practice.walk.walking import Walker, step_in, until

MAILBOX = "ines-varga@ternbay.example"


def see_alert(walker: Walker) -> str:
    """A neutral letter to the therapist; the alert in the list; somebody takes it on."""
    told = letter(MAILBOX, "task", since=walker.begun)
    if walker.surname in told.text + told.subject or "risk" in (told.text + told.subject).lower():
        raise Missed("the letter about the alert says more than that there is a task")
    browser = walker.therapist
    listed = browser.get("/alerts/").says(walker.name)
    row = next(href for href, words in listed.links if words == walker.name and "/alerts/" in href)
    page = browser.get(row).says(walker.name)
    browser.send(page, page.form("/acknowledge/")).says("Seen by Ines Varga")
    refused = walker.desk.get(row)
    if refused.status != 404:
        raise Missed("the front desk reaches the alert", refused)
    return "seen and taken on; the front desk finds nothing there"


def record_outcome(walker: Walker) -> str:
    browser = walker.therapist
    step_in(browser, "therapist").says("Today", "Ines Varga")
    page = browser.get(f"/visits/{walker.talk_pk}/outcome/").says("After the free talk")
    browser.send(page, page.form(having="outcome"), outcome="book_intake", note="Would like to begin.").says(
        "Open a course"
    )
    return ""


def open_course(walker: Walker) -> str:
    browser = walker.therapist
    page = browser.get(f"/patients/{walker.patient_pk}/course/open/").says("Open the course")
    browser.send(page, page.form(having="template"), template="12").says("The course is open")
    return "12 sessions; the consents were there"


NOTE = {
    "attendance": "attended",
    "modality": "video",
    "patient_location": "At home, 7 Ferry Close, Oregon",
    "licensed_there": "yes",
    "contact_reachable": "yes",
    "mood": ["steady", "oriented"],
    "risk_suicide": "none",
    "risk_others": "none",
    "risk_abuse": "none",
    "risk_change": "first",
    "pain_now": "6",
    "pain_week": "6",
    "function": "Walked to the harbor and back, slower than planned.",
    "medical": "none",
    "did": "Went through the story of the pain and what has been tried. Spoke about the answer of today and about "
    "whom to call at night.",
    "interventions": ["SUP-LISTEN", "SAFE-ASSESS"],
    "modules": ["ASSESS"],
    "engagement": "3",
    "response": "Took part throughout and asked good questions.",
    "assessment": "First meeting. Pain shapes the mornings most; walking is what is missed.",
    "diagnosis": "not_made",
    "plan": "How long-lasting pain works, and how the sessions work.",
    "homework_text": ["Write down pain and activity on paper each evening, for 7 days"],
    "homework_often": ["daily"],
    "next_step": "booked",
}


def write_note(walker: Walker) -> str:
    """The draft is there with the attendance; it is saved half, then whole, and never loses a word."""
    browser = walker.therapist
    listed = browser.get("/notes/").says(walker.name)
    walker.note_path = next(
        href.removesuffix("edit/") for href, words in listed.links if words == walker.name and "/edit/" in href
    )
    page = browser.get(f"{walker.note_path}edit/").says(walker.name)
    page = browser.send(page, page.form(having="version"), did="Went through the story").says()
    early = browser.get(f"{walker.note_path}sign/").says("Left before signing")
    if any("proof" in form.fields for form in early.forms):
        raise Missed("a note with fields missing can be signed", early)
    minutes = re.search(r"(\d{1,2}):(\d\d)", page.text)
    hour = int(minutes[1]) if minutes else 9
    times = {"time_in": f"{hour:02}:01", "time_out": f"{hour:02}:49"}
    page = browser.send(page, page.form(having="version"), **(NOTE | times)).says()
    return "saved half and whole; not to be signed in between"


def give_article(walker: Walker) -> str:
    browser = walker.therapist
    page = browser.get(f"{walker.note_path}reading/").says("Assign reading")
    form = page.form(having="article")
    browser.send(page, form, article=form.fields["article"].offered[0], note="As we said.").says("Given to read")
    return ""


def sign_note(walker: Walker) -> str:
    """A wrong password signs nothing; the right one signs for good."""
    browser = walker.therapist
    page = browser.get(f"{walker.note_path}sign/").says("Your signature")
    wrong = browser.send(page, page.form(having="proof"), proof="not the password")
    if wrong.status != 422:
        raise Missed("a wrong password signs", wrong)
    browser.send(wrong, wrong.form(having="proof"), proof=PASSWORD).says("Signed.", "Walked to the harbor")
    after = browser.get(f"{walker.note_path}edit/").says()
    if after.path != walker.note_path:
        raise Missed("a signed note can still be written in", after)
    return "with the password once more; the editor is shut"


def add_addendum(walker: Walker) -> str:
    browser = walker.therapist
    page = browser.get(f"{walker.note_path}addendum/").says("Addendum")
    text = "Looked up the date of the operation: it was two years ago."
    form = page.form(having="proof")
    browser.send(page, form, reason="late_information", text=text, proof=PASSWORD).says("Looked up the date")
    return ""


def all_is_well(walker: Walker) -> str:
    """Web, worker, beat, broker, loop and sealer are alive, and nothing waits."""
    until("/statusz answering 200", lambda: walker.visitor.get("/statusz").status == 200)
    return "statusz answers 200"
