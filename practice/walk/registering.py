"""Steps of the patient: signing in by code, registration, the questions, the crisis screen, the record, the reading."""

from __future__ import annotations

import re

from practice.walk.letters import letter
from practice.walk.pages import Browser, Missed, Page
from practice.walk.walking import Walker

HELP = "988"


def sign_in(walker: Walker) -> str:
    """Signing in again in a fresh browser, by a code from the mailbox."""
    browser = walker.patient = Browser(walker.site)
    page = browser.get("/today/").says("Sign in")
    page = browser.send(page, page.form("/code/", having="email"), email=walker.email).says("Type your code")
    code = re.search(r"^\s*([A-Z0-9]{4,}(?:-[A-Z0-9]+)*)\s*$", letter(walker.email, "sign_in_code").text, re.M)
    if code is None:
        raise Missed("the letter holds no code")
    form = page.form("/confirm/", having="code")
    browser.send(page, form, code=code[1], **({"action": "verify"} if "action" in form.fields else {})).says("Today")
    return "by a code that came by e-mail"


ANSWERS = {
    "you": {"first_name": "Walker", "born_on_month": "5", "born_on_day": "12", "born_on_year": "1981"},
    "home": {"street": "7 Ferry Close", "city": "Tern Bay", "state": "Oregon", "postal_code": "97000", "country": "US"},
    "needs": {"language": "en", "needs_interpreter": "no", "needs": ["breaks"]},
    "contact": {"may_email": "yes", "may_text": "yes", "voicemail": "no"},
    "emergency": {
        "has_contact": "yes",
        "name": "Robin Walker",
        "relationship": "sister",
        "phone": "(970) 555-0143",
        "knows": "yes",
        "may_call": "emergency",
        "session_place": "7 Ferry Close, Tern Bay",
    },
}


def register(walker: Walker) -> str:
    """Five steps, then the agreements, each read and signed on its own page."""
    browser = walker.patient
    page = browser.get("/registration/").says()
    for step, answers in ANSWERS.items():
        page = browser.get(f"/registration/{step}/").says()
        more = {"last_name": walker.surname} if step == "you" else {"phone": walker.phone} if step == "contact" else {}
        page = browser.send(page, page.form(having=next(iter(answers))), **(answers | more))
        if page.status != 200:
            raise Missed(f"the step “{step}” was not taken", page)
    signed = 0
    while "/agreements/" in page.url:
        form = page.form(having="signed_name")
        page = browser.send(page, form, decision="yes", signed_name=walker.name, is_read="on")
        signed += 1
        if page.status != 200 or signed > 9:
            raise Missed("an agreement was not taken", page)
    page.says("You are registered")
    return f"{len(ANSWERS)} steps and {signed} agreements"


# -- Questions -------------------------------------------------------------------------------------------------------
def answer_peg(walker: Walker) -> str:
    done = answered(walker, "Your week", ["6", "7", "5"])
    done.says("6.0")
    return "6, 7 and 5 make 6.0"


def answer_phq(walker: Walker) -> str:
    """The ninth answer is above zero: the very next screen is help."""
    browser = walker.patient
    crisis = answered(walker, "Your last two weeks", ["1", "1", "2", "1", "1", "0", "1", "0", "1"])
    if "/now/" not in crisis.url:
        raise Missed("the risk answer was not followed by the crisis screen", crisis)
    crisis.says("Thank you for telling us", HELP, "I need help now")
    page = browser.send(crisis, crisis.form("/safe/"))
    if "/done/" not in page.url:
        page = browser.send(page, page.form(having="answer"), answer="1")
    page.says("You deserve support right now", HELP)
    return "help came with the answer, before anything was sent in"


def answered(walker: Walker, title: str, values: list[str]) -> Page:
    """Answer one questionnaire on its screens, one question each, until the values are used up."""
    browser = walker.patient
    page = browser.get("/questions/").says(title)
    begin = [form for form in page.forms if "/questions/" in form.action and "/begin/" in form.action]
    titles = [title for title in ("Your week", "Your last two weeks") if title in page.text]
    titles.sort(key=page.text.index)
    page = browser.send(page, begin[titles.index(title)])
    for value in values:
        page = browser.send(page.says(), page.form(having="answer"), answer=value)
    return page


# -- Afterwards ------------------------------------------------------------------------------------------------------
def read_record(walker: Walker) -> str:
    """The course, the signed note in the patient's own view, the addendum under it."""
    browser = walker.patient
    browser.get("/today/").says("12")
    course = browser.get("/course/").says("Session 2 of about 12")
    listed = browser.get("/course/notes/").says("Session 1")
    note = browser.get(next(href for href, _w in listed.links if re.fullmatch(r"/course/notes/\d+/", href)))
    note.says("Walked to the harbor", "Looked up the date of the operation")
    return f"“{'Session 2 of about 12'}” on {course.path}; the note with its addendum"


def read_article(walker: Walker) -> str:
    """What was given with the note is on the page of reading; opening and finishing are recorded."""
    browser = walker.patient
    page = browser.get("/reading/").says("Given to you")
    page = browser.send(page, page.form("/open/")).says("When you have read it")
    browser.send(page, page.form("/finish/"), helpful="yes").says("Marked as read")
    return ""
