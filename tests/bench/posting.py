"""B4: confirming a hold over HTTP, with session, history, audit row, consents and messages in one transaction.

The holds are written beforehand, one browser session each, because an address may hold five times only; what is
measured is the POST that makes an appointment of a hold. Whether it did is counted in the table afterwards.
"""

from __future__ import annotations

import secrets
import socket
import statistics
import threading
import time
import uuid
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.utils import timezone

from practice.booking import Times
from practice.browser_session import SessionStore
from practice.holding import session_key_of
from practice.models import Appointment, AppointmentType, Location, Modality, Patient, Status, Therapist
from practice.views.visitor import HOLD
from tests.bench.databases import Site

HOLDS, CLIENTS = 400, 8
MARK = "bench-b4"


def confirm_holds(site: Site, *, empty: float) -> dict:
    """Bookings a second with 8 clients against ``empty`` answers a second of E; every hold must become a booking."""
    clear()
    where = (urlsplit(site.url).hostname, urlsplit(site.url).port)
    posts = [posted(where, held(number)) for number in range(HOLDS)]
    times: list[float] = []
    answers: list[int] = []
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not posts:
                    return
                post = posts.pop()
            began = time.perf_counter()
            status = answer_to(where, post)
            with lock:
                times.append(time.perf_counter() - began)
                answers.append(status)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    seconds = time.perf_counter() - began
    booked = Appointment.objects.filter(status=Status.BOOKED, patient__last_name=MARK).count()
    if booked != HOLDS or set(answers) != {302}:
        raise SystemExit(f"B4: {booked} of {HOLDS} holds became bookings, answers {sorted(set(answers))}")
    clear()
    ordered = sorted(times)
    return {
        "ratio": round(HOLDS / seconds / empty, 3),
        "rate": round(HOLDS / seconds),
        "p50_ms": round(statistics.median(ordered) * 1000, 1),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
    }


def posted(where: tuple[str, int], session: str) -> bytes:
    """The booking form of one browser session as it goes over the wire.

    It is made before the clock runs, and sent over a plain socket: a client that thinks would be measured too.
    """
    csrf = secrets.token_hex(16)
    form = {
        "csrfmiddlewaretoken": csrf,
        "token": str(uuid.uuid4()),
        "name": f"Bench {MARK}",
        "email": f"{secrets.token_hex(8)}@bench.example",
        "email_consent": "on",
    }
    body = urlencode(form).encode()
    head = (
        f"POST /book/ HTTP/1.1\r\nHost: {where[0]}:{where[1]}\r\nConnection: close\r\n"
        f"Cookie: {settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={csrf}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def answer_to(where: tuple[str, int], post: bytes) -> int:
    """The status of the answer, once all of it is read."""
    with socket.create_connection(where, timeout=30) as connection:
        connection.sendall(post)
        with connection.makefile("rb") as answer:
            return int(answer.read().split(maxsplit=2)[1])


def held(number: int) -> str:
    """A live hold of a new browser session, beyond the filled weeks so that it meets nothing; the session's key."""
    secret = secrets.token_urlsafe(16)
    session = SessionStore()
    session[HOLD] = secret
    session.save()
    kind = AppointmentType.objects.get(code=AppointmentType.Code.CONSULT_FREE)
    therapists = list(Therapist.objects.order_by("pk").values_list("pk", flat=True))
    days, hour = divmod(number // len(therapists), 8)
    place = Location.objects.order_by("pk").first()
    start = (timezone.now() + timedelta(days=400 + days)).replace(hour=hour, minute=0, second=0, microsecond=0)
    times = Times.of(kind, start)
    Appointment.objects.create(
        therapist_id=therapists[number % len(therapists)],
        type=kind,
        location=place,
        modality=Modality.VIDEO,
        status=Status.HELD,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        guard=times.guard,
        zone=place.zone,
        hold_key=session_key_of(secret),
        hold_address=MARK,
        held_until=timezone.now() + timedelta(minutes=60),
    )
    return session.session_key


def clear() -> None:
    """Take holds and bookings of an earlier run out of the way; consents and history stay, they refuse to go."""
    Appointment.objects.filter(status=Status.HELD, hold_address=MARK).delete()
    Appointment.objects.filter(patient__last_name=MARK).update(
        status=Status.CANCELLED_EARLY, cancelled_at=timezone.now()
    )
    Patient.objects.filter(last_name=MARK).update(last_name=f"{MARK}-done")
