"""The walk itself: its people, its steps in order, the time each took, and the line that says what did not hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from practice.walk.pages import Browser, Missed, Page

# Somewhere it is day: the walker lives there, because reminders are only sent between nine and eight.
ZONES = (
    "America/Los_Angeles",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Honolulu",
)
DAYTIME = range(10, 18)
PATIENCE = 90.0
FIRST, LAST = "bdfghklmnprstvwz", "aeiou"


@dataclass
class Walker:
    """The person who walks through the clinic, new in every walk, and what the steps tell each other."""

    site: str
    begun: datetime = field(default_factory=timezone.now)
    visitor: Browser = field(init=False)
    patient: Browser = field(init=False)
    desk: Browser = field(init=False)
    therapist: Browser = field(init=False)
    uid: str = ""
    link: str = ""
    patient_pk: str = ""
    note_path: str = ""
    talk_pk: str = ""
    therapist_pk: str = ""
    session_pk: str = ""

    def __post_init__(self) -> None:
        self.visitor, self.patient = Browser(self.site), Browser(self.site)
        self.desk, self.therapist = Browser(self.site), Browser(self.site)

    @property
    def name(self) -> str:
        return f"Walker {self.surname}"

    @property
    def surname(self) -> str:
        """A name that can be said aloud, of syllables, another one every second."""
        number, syllables = int(self.begun.timestamp()), ""
        for _each in range(4):
            number, place = divmod(number, len(FIRST) * len(LAST))
            syllables += FIRST[place // len(LAST)] + LAST[place % len(LAST)]
        return syllables.capitalize()

    @property
    def email(self) -> str:
        return f"walker.{self.begun:%Y%m%d%H%M%S}@patients.example"

    @property
    def phone(self) -> str:
        """A number of the block that is kept free for stories."""
        return f"(971) 555-{100 + self.begun.microsecond % 100:04}"

    @property
    def zone(self) -> str:
        now = timezone.now()
        return next(zone for zone in ZONES if now.astimezone(ZoneInfo(zone)).hour in DAYTIME)


Step = Callable[[Walker], str]


def walk(site: str, steps: tuple[tuple[str, Step], ...], say: Callable[[str], None]) -> bool:
    """Take the steps in order and say how each went; False at the first that does not hold."""
    walker = Walker(site)
    say(f"Walking {walker.site} as {walker.email}, who lives in {walker.zone}.")
    started = time.monotonic()
    for number, (title, step) in enumerate(steps, 1):
        begun = time.monotonic()
        try:
            remark = step(walker)
        except Missed as missed:
            say(f"{number:2}  FAILED  {title}: {missed}")
            return False
        say(f"{number:2}  {time.monotonic() - begun:6.2f} s  {title}{': ' + remark if remark else ''}")
    say(f"All {len(steps)} steps held in {time.monotonic() - started:.1f} s.")
    return True


def step_in(browser: Browser, role: str) -> Page:
    """Step into the demo clinic as somebody, by the button of its start page."""
    page = browser.get("/demo/").says("demo")
    return browser.send(page, page.form(f"/demo/as/{role}/"))


def until(what: str, hold: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Ask again until it holds. Raises Missed after ``seconds``."""
    ends = time.monotonic() + seconds
    while not hold():
        if time.monotonic() > ends:
            raise Missed(f"{what} did not hold within {seconds:.0f} s")
        time.sleep(0.5)


def begun_times(zone: str) -> Iterator[datetime]:
    """Starts that lie behind now, the latest first, on five minutes, in the zone of the place, for a day and a half."""
    now = timezone.now().astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    first = now.timestamp() // 300 * 300 - 300
    for back in range(0, 36 * 60, 10):
        yield datetime.fromtimestamp(first - back * 60, ZoneInfo(zone))
