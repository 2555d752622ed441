"""Gateways: what leaves, in which form, by one connection a batch, and how trouble of the line is told apart."""

from __future__ import annotations

import smtplib
import socket
import uuid
from datetime import timedelta

import icalendar
import pytest
from django.utils import timezone

from practice import gateways, mail, outbox_folder
from practice.gateways import LineDown, Refused, SmtpGateway, TryAgain
from practice.letter import Letter
from practice.models import Message
from tests.limits import free_port
from tests.practice.messaging import booked, consent, send
from tests.smtp_sink import sink


def letter(**fields) -> Letter:
    made = {
        "key": uuid.uuid4(),
        "kind": "reminder_early",
        "channel": "email",
        "sender": "Tern Bay",
        "to": "rosa@example.org",
        "subject": "Appointment reminder",
        "text": "Words é\n",
        "html": "<p>Words é</p>\n",
    }
    return Letter(**(made | fields))


@pytest.fixture
def smtp(settings):
    with sink() as server:
        settings.EMAIL_GATEWAY = "smtp"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 2
        yield server


@pytest.fixture
def line(smtp):
    gateway = SmtpGateway()
    yield gateway
    gateway.close()


def test_a_batch_takes_one_connection(therapist, patient, smtp):
    consent(patient, "EMAIL")
    for number in range(5):
        booked(therapist, patient, starts_at=timezone.now() + timedelta(hours=1 + number))
    assert send().sent == 5
    assert (len(smtp.mails), smtp.sessions) == (5, 1)


def test_a_mail_carries_text_html_and_the_invitation_with_one_method(therapist, patient, smtp):
    consent(patient, "EMAIL")
    booked(therapist, patient)
    send()
    (mail_,) = smtp.parsed()
    row = Message.objects.get(kind="appointment_booked")
    assert mail_["Message-ID"] == row.provider_id == f"<{row.pk}@localhost>"
    assert (mail_["To"], mail_["Subject"]) == (patient.email, "Your appointment")
    assert mail_["From"] == "Tern Bay <no-reply@evenkeel.invalid>"
    assert mail_["Auto-Submitted"] == "auto-generated"
    types = [part.get_content_type() for part in mail_.walk()]
    assert types == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    inline, attached = list(mail_.walk())[4:]
    assert inline.get_param("method") == "REQUEST"
    assert attached.get_filename() == "appointment.ics"
    for part in (inline.get_payload(decode=True), attached.get_payload(decode=True)):
        assert icalendar.Calendar.from_ical(part)["method"] == "REQUEST"


def test_a_mail_without_an_appointment_has_no_invitation():
    made = mail.mime(letter())
    assert [part.get_content_type() for part in made.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_names_and_subjects_cannot_add_a_header(line):
    for bad in (
        letter(subject="x\r\nBcc: a@example.org"),
        letter(to="a@example.org\r\nBcc: b@example.org"),
        letter(sender="x\nBcc: a@example.org"),
        letter(to="ä@example.org"),
    ):
        with pytest.raises(Refused):
            line.send(bad)


@pytest.mark.parametrize(
    ("answer", "trouble"), [(b"550 nobody here", Refused), (b"450 try later", TryAgain), (b"421 busy", TryAgain)]
)
def test_an_address_is_refused_for_good_or_for_now(smtp, line, answer, trouble):
    smtp.refuse["rosa@example.org"] = answer
    with pytest.raises(trouble) as caught:
        line.send(letter())
    assert "rosa" not in str(caught.value)
    line.send(letter(to="leon@example.org"))
    assert len(smtp.mails) == 1


@pytest.mark.parametrize("answer", [b"451 not now", b"554 not this"])
def test_a_mail_that_is_not_taken_is_tried_again(smtp, line, answer):
    smtp.answer = answer
    with pytest.raises(TryAgain):
        line.send(letter())


def test_a_server_that_is_not_there_is_a_line_down(settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    with pytest.raises(LineDown):
        SmtpGateway().send(letter())


def test_a_server_that_falls_silent_is_tried_again_on_a_new_connection(smtp, line):
    line.send(letter())
    line.backend.connection.sock.shutdown(socket.SHUT_RDWR)
    with pytest.raises(TryAgain):
        line.send(letter())
    line.send(letter())
    assert (len(smtp.mails), smtp.sessions) == (2, 2)


def test_a_refused_sender_is_nobodys_fault(smtp, line, monkeypatch):
    def refuse(*args, **kwargs):
        raise smtplib.SMTPSenderRefused(530, b"sign in first", "x")

    monkeypatch.setattr(smtplib.SMTP, "sendmail", refuse)
    with pytest.raises(LineDown):
        line.send(letter())


def test_the_folder_counts_a_second_delivery_of_one_message(settings):
    one = letter(calendar=b"BEGIN:VCALENDAR\r\n", method="REQUEST")
    gateway = gateways.FileGateway()
    assert gateway.send(one) == f"{one.key}.json"
    assert gateway.send(one) == f"{one.key}.again-2.json"
    assert outbox_folder.deliveries() == {str(one.key): 2}
    assert outbox_folder.find(one.key).letter == one
    assert not [path for path in outbox_folder.folder().iterdir() if path.name.startswith(".")]


def test_the_console_prints_it(capsys):
    gateways.ConsoleGateway().send(letter())
    assert "Appointment reminder\nWords é" in capsys.readouterr().out
