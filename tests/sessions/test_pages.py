"""Pages of treatment: nothing typed is lost, every reading is audited, lists cost the same for 1 and 3 rows."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.urls import reverse
from django.utils import timezone

from education import articles
from intake.models import RiskAlert, RiskTrigger
from practice.models import AuditEvent, Status
from sessions import home, privacy, risk_check
from sessions.models import Course, ProgressNote
from tests import cast
from tests.education.conftest import published
from tests.sessions.conftest import WORDS, attend, note_of, signed, visit, written

PASSWORD = "correct horse battery"


def typed(note, **changes) -> dict:
    """The editor's form as a browser sends it."""
    content = {**WORDS, **changes}
    data = {key: value for key, value in content.items() if isinstance(value, str)}
    data |= {"interventions": content["interventions"], "modules": content["modules"]}
    data |= {f"minutes-{code}": value for code, value in content["intervention_minutes"].items()}
    data["homework_text"] = [row["text"] for row in content["homework"]] + [""]
    data["homework_often"] = [row["how_often"] for row in content["homework"]] + [""]
    return {**data, "version": note.version, "window": changes.get("window", "w1")}


def assessment() -> dict:
    """The structured risk form as a browser sends it."""
    answers = dict.fromkeys(("plan", "intent", "means_access", "past_attempts", "harm_to_others"), "no")
    day = timezone.localdate() + timedelta(days=2)
    date = {"next_contact_on_month": day.month, "next_contact_on_day": day.day, "next_contact_on_year": day.year}
    return {**answers, **date, "ideation": "passive", "judgement": "low", "steps": ["more_contact"]}


def url(name, *args):
    return reverse(f"sessions:{name}", args=args)


def views_of(action="view", **wanted) -> int:
    return AuditEvent.objects.filter(action=action, **wanted).count()


# -- Writing ---------------------------------------------------------------------------------------------------------
def test_the_editor_shows_again_every_character_that_was_sent(draft, therapist, as_):
    client = as_(therapist)
    answer = client.post(url("note-edit", draft.pk), typed(draft, did="Line one\r\nLine <two> & “three”"))
    assert answer.status_code == 302
    page = client.get(url("note-edit", draft.pk)).content.decode()
    assert "Line one\nLine &lt;two&gt; &amp; “three”" in page
    assert ProgressNote.objects.get(pk=draft.pk).content["homework"] == WORDS["homework"]


def test_autosave_answers_with_the_version_and_a_conflict_with_the_way_to_compare(draft, therapist, as_):
    client = as_(therapist)
    answer = client.post(url("note-autosave", draft.pk), typed(draft, window="a"))
    assert answer.json()["version"] == 1
    assert "Every part is complete" in answer.json()["left"]
    clash = client.post(url("note-autosave", draft.pk), typed(draft, did="Other", window="b"))
    assert clash.status_code == 409
    assert clash.json()["clash"] == url("note-compare", draft.pk, draft.draft_versions.get(is_clash=True).pk)


def test_text_typed_into_a_note_signed_meanwhile_is_shown_and_not_lost(session, therapist, as_):
    note = signed(session)
    answer = as_(therapist).post(url("note-edit", note.pk), typed(note, did="Typed too late"))
    assert answer.status_code == 409
    assert "Typed too late" in answer.content.decode()
    assert as_(therapist).get(url("note-edit", note.pk)).headers["Location"] == url("note-detail", note.pk)


def test_autosave_into_a_note_signed_meanwhile_says_locked_and_the_form_hands_the_words_back(session, therapist, as_):
    note, client = signed(session), as_(therapist)
    sent = typed(note, did="Typed too late", homework=[{"text": "Walk to the harbour", "how_often": "daily"}])
    answer = client.post(url("note-autosave", note.pk), sent)
    assert (answer.status_code, answer.json()) == (409, {"locked": url("note-detail", note.pk)})
    page = client.post(url("note-edit", note.pk), sent).content.decode()
    assert "Typed too late" in page
    assert "Walk to the harbour (daily)" in page


def test_a_risk_answer_typed_into_a_note_signed_meanwhile_reaches_those_who_answer_alerts(session, therapist, as_):
    note, client = signed(session), as_(therapist)
    sent = typed(note, risk_suicide="passive")
    assert client.post(url("note-autosave", note.pk), sent).status_code == 409
    assert [alert.tier for alert in RiskAlert.objects.all()] == ["R1"]
    page = client.post(url("note-edit", note.pk), sent)
    assert page.status_code == 409
    assert dict(page.context["typed"]) == {"Thoughts of suicide": "Passive"}
    assert "Those who answer alerts have been told" in page.content.decode()
    assert RiskTrigger.objects.count() == 1
    quiet = client.post(url("note-edit", note.pk), typed(note)).content.decode()
    assert "All you typed here is in the signed note" in quiet
    assert "have been told" not in quiet


def test_a_structured_form_sent_after_the_signature_is_recorded_beside_the_note(signed_note, therapist, as_):
    client = as_(therapist)
    assert client.get(url("note-risk", signed_note.pk)).headers["Location"] == url("note-detail", signed_note.pk)
    answer = client.post(url("note-risk", signed_note.pk), assessment())
    assert answer.headers["Location"] == url("note-detail", signed_note.pk)
    assert signed_note.patient.risk_assessments.get().ideation == "passive"


def test_homework_lines_come_and_go_without_script(draft, therapist, as_):
    client = as_(therapist)
    client.post(url("note-homework-add", draft.pk), typed(draft))
    draft.refresh_from_db()
    lines = typed(draft) | {"homework_text": ["One", "Two", ""], "homework_often": ["daily", "", ""]}
    client.post(url("note-homework-remove", draft.pk, 0), lines)
    draft.refresh_from_db()
    assert draft.content["homework"] == [{"text": "Two", "how_often": ""}]


def test_reading_is_given_from_the_note(draft, therapist, as_):
    text = published(articles.sources())["A03"]
    client = as_(therapist)
    answer = client.post(url("note-edit", draft.pk) + "?then=reading", typed(draft))
    assert answer.headers["Location"] == url("note-reading", draft.pk)
    assert client.post(url("note-reading", draft.pk), {"article": text.article_id, "note": ""}).status_code == 302
    assert draft.articles.get().assignment.article_version == text
    assert client.post(url("note-reading", draft.pk), {"article": text.article_id, "note": ""}).status_code == 409


def test_a_risk_answer_leads_to_the_structured_form(draft, therapist, as_):
    client = as_(therapist)
    page = client.post(url("note-edit", draft.pk), typed(draft, risk_suicide="passive"), follow=True)
    assert url("note-edit", draft.pk) + "?then=risk" in page.content.decode()
    form = assessment()
    assert client.post(url("note-risk", draft.pk), {**form, "judgement": ""}).status_code == 422
    assert client.post(url("note-risk", draft.pk), form).status_code == 302
    assert risk_check.has_form(ProgressNote.objects.get(pk=draft.pk))


# -- Signing ---------------------------------------------------------------------------------------------------------
def test_signing_asks_for_the_password_again(session, therapist, as_):
    note, client = written(session), as_(therapist)
    for wrong in ("", "wrong", "000000"):
        answer = client.post(url("note-sign", note.pk), {"version": note.version, "proof": wrong})
        assert answer.status_code == 422
    assert views_of("sign_in_failed", object_type="signature") == 2
    answer = client.post(url("note-sign", note.pk), {"version": note.version, "proof": PASSWORD})
    assert answer.headers["Location"] == url("note-detail", note.pk)
    assert ProgressNote.objects.get(pk=note.pk).is_signed


def test_a_code_of_the_app_signs_once(course, therapist, as_):
    secret = generate_totp_secret()
    TOTP.activate(therapist, secret)
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    first, second = written(attend(course.patient, therapist, 9)), written(attend(course.patient, therapist, 2))
    client = as_(therapist)
    assert client.post(url("note-sign", first.pk), {"version": first.version, "proof": code}).status_code == 302
    again = {"version": second.version, "proof": code, "similar": "on"}
    assert client.post(url("note-sign", second.pk), again).status_code == 422


def test_guessing_is_throttled(session, therapist, as_):
    note, client = written(session), as_(therapist)
    for _try in range(10):
        client.post(url("note-sign", note.pk), {"version": note.version, "proof": "wrong"})
    answer = client.post(url("note-sign", note.pk), {"version": note.version, "proof": PASSWORD})
    assert answer.status_code == 422
    assert "Too many tries" in answer.content.decode()
    assert not ProgressNote.objects.get(pk=note.pk).is_signed


def test_somebody_with_passkeys_only_is_sent_to_show_one(session, therapist, as_):
    therapist.set_unusable_password()
    therapist.save()
    Authenticator.objects.create(user=therapist, type=Authenticator.Type.WEBAUTHN, data={"credential": {}})
    note = written(session)
    page = as_(therapist).get(url("note-sign", note.pk)).content.decode()
    assert reverse("mfa_reauthenticate_webauthn") in page
    answer = as_(therapist).post(url("note-sign", note.pk), {"version": note.version})
    assert answer.status_code == 422
    Authenticator.objects.filter(user=therapist).delete()
    assert as_(therapist).post(url("note-sign", note.pk), {"version": note.version}).status_code == 422
    assert not ProgressNote.objects.get(pk=note.pk).is_signed


def test_an_incomplete_or_changed_note_is_not_signed(session, therapist, as_):
    note, client = written(session, plan=""), as_(therapist)
    page = client.get(url("note-sign", note.pk)).content.decode()
    assert url("note-edit", note.pk) + "?check#id_plan" in page
    assert client.post(url("note-sign", note.pk), {"version": note.version, "proof": PASSWORD}).status_code == 409
    assert "field-error" in client.get(url("note-edit", note.pk) + "?check").content.decode()


def test_a_trainee_reads_why_the_note_waits(treated, trainee, as_):
    cast.care(treated, trainee)
    session = attend(treated, trainee, 1)
    page = as_(trainee).get(url("note-sign", note_of(session).pk)).content.decode()
    assert "signed together with the supervisor" in page or "Left before signing" in page


def test_an_addendum_is_signed_too(signed_note, therapist, as_):
    client, form = as_(therapist), {"reason": "correction", "text": "It was the left knee."}
    assert client.post(url("addendum-create", signed_note.pk), {**form, "proof": "wrong"}).status_code == 422
    assert client.post(url("addendum-create", signed_note.pk), {**form, "proof": PASSWORD}).status_code == 302
    assert "It was the left knee." in client.get(url("note-detail", signed_note.pk)).content.decode()


def test_an_addendum_sent_twice_is_signed_once_even_with_a_code_that_is_used_up(signed_note, therapist, as_):
    secret = generate_totp_secret()
    TOTP.activate(therapist, secret)
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    client, address = as_(therapist), url("addendum-create", signed_note.pk)
    token = client.get(address).context["form"]["token"].value()
    form = {"reason": "correction", "text": "It was the left knee.", "token": str(token), "proof": code}
    answers = [client.post(address, form) for _press in range(2)]
    assert [(answer.status_code, answer.headers.get("Location")) for answer in answers] == [
        (302, url("note-detail", signed_note.pk))
    ] * 2
    assert signed_note.addenda.count() == 1
    assert str(client.get(address).context["form"]["token"].value()) != str(token)


def test_a_form_without_proof_keeps_its_token(signed_note, therapist, as_):
    client, address = as_(therapist), url("addendum-create", signed_note.pk)
    token = str(client.get(address).context["form"]["token"].value())
    form = {"reason": "correction", "text": "It was the left knee.", "token": token, "proof": "wrong"}
    assert f'value="{token}"' in client.post(address, form).content.decode()
    assert not signed_note.addenda.exists()


# -- Course and consultation -----------------------------------------------------------------------------------------
def test_missing_consents_are_said_in_sentences_and_keep_the_choice(patient, therapist, as_):
    cast.care(patient, therapist)
    answer = as_(therapist).post(url("course-create", patient.pk), {"template": "16", "reason": "Sleep"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The consent to treatment has not been given yet." in page
    assert 'value="Sleep"' in page
    assert not Course.objects.exists()


def test_a_talk_becomes_a_course(treated, therapist, clinic, as_):
    talk = visit(treated, therapist, 1, type=clinic.consultation, status=Status.ATTENDED)
    client = as_(therapist)
    assert client.post(url("consultation-outcome", talk.pk), {"outcome": ""}).status_code == 422
    answer = client.post(url("consultation-outcome", talk.pk), {"outcome": "book_intake", "note": ""})
    assert answer.headers["Location"] == url("course-create", treated.pk)
    answer = client.post(answer.headers["Location"], {"template": "12", "reason": ""}, follow=True)
    assert "Session 1 of about 12 is next" in answer.content.decode()
    assert client.post(url("consultation-outcome", talk.pk), {"outcome": "think", "note": ""}).status_code == 409


def test_the_course_page_says_session_three_of_about_twelve_with_its_modules(course, therapist, as_):
    for days, module in ((20, "ASSESS"), (13, "PEDU1")):
        signed(attend(course.patient, therapist, days), modules=[module])
    page = as_(therapist).get(url("course-detail", course.pk)).content.decode()
    assert "Session 3 of about 12 is next" in page
    assert "Values, realistic goals, first steps" in page


# -- The patient -----------------------------------------------------------------------------------------------------
def test_the_patient_reads_the_signed_note_in_plain_words(signed_note, as_):
    client = as_(signed_note.patient.user)
    page = client.get(url("patient-note", signed_note.pk)).content.decode()
    for words in ("What we did", WORDS["did"].replace("'", "&#x27;"), "Bend to the low shelf (5 times a day)"):
        assert words in page
    assert views_of(object_type="therapy_sessions.progressnote", actor_id=signed_note.patient.user_id) == 1


def test_the_patient_sees_course_and_homework(signed_note, as_):
    page = as_(signed_note.patient.user).get(url("patient-course")).content.decode()
    assert "Session 2 of about 12 is next" in page
    assert "Bend to the low shelf" in page
    start = [card.template for card in home.cards(signed_note.patient.user)]
    assert start == ["sessions/patient/card_course.html", "sessions/patient/card_homework.html"]


def test_a_patient_without_a_course_finds_kind_words(patient, as_):
    assert as_(patient.user).get(url("patient-course")).status_code == 200
    assert home.cards(patient.user) == []


# -- Audit and cost --------------------------------------------------------------------------------------------------
def test_every_reading_leaves_exactly_one_row(course, signed_note, therapist, as_):
    patient, client = course.patient, as_(therapist)
    pages = {
        url("chart-detail", patient.pk): "chart",
        url("chart-notes", patient.pk): "notes",
        url("course-detail", course.pk): "therapy_sessions.course",
        url("note-detail", signed_note.pk): "therapy_sessions.progressnote",
    }
    for address, what in pages.items():
        before = views_of(actor_id=therapist.pk)
        assert client.get(address).status_code == 200
        assert views_of(actor_id=therapist.pk) == before + 1, address
        newest = AuditEvent.objects.filter(actor_id=therapist.pk).latest("pk")
        assert (newest.object_type, newest.patient_id) == (what, patient.pk)


def signed_rows(course, therapist, count):
    for number in range(count):
        if not ProgressNote.objects.signed().filter(patient=course.patient).count() > number:
            signed(attend(course.patient, therapist, 40 - 7 * number))


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("who", "name", "queries"),
    [("therapist", "note-list", 10), ("therapist", "chart-notes", 10), ("patient", "patient-note-list", 8)],
)
def test_lists_cost_the_same_for_one_row_and_three(
    who, name, queries, rows, course, therapist, as_, django_assert_num_queries
):
    signed_rows(course, therapist, rows)
    for days in range(rows):
        attend(course.patient, therapist, 3 + days * 0.1)
        visit(course.patient, therapist, 2 + days * 0.1, status=Status.NO_SHOW)
    client = as_(therapist if who == "therapist" else course.patient.user)
    address = url(name, course.patient.pk) if name == "chart-notes" else url(name)
    with django_assert_num_queries(queries):
        assert client.get(address).status_code == 200


def test_the_day_names_the_session_to_come_and_links_the_open_note(course, therapist):
    session = attend(course.patient, therapist, 0.5)
    coming = visit(course.patient, therapist, -0.1)
    found = home.marks(therapist, [session.appointment, coming])
    assert [mark.label for mark in found[session.appointment_id]] == ["Session 1 of about 12", "Write note"]
    assert [mark.label for mark in found[coming.pk]] == ["Session 2 of about 12"]
    note = note_of(session)
    badges = [(badge.label, badge.url) for badge in home.badges(therapist)]
    assert badges == [("1 note to finish", url("note-edit", note.pk))]


def test_a_begun_note_is_to_be_finished_and_several_are_counted_on_their_list(course, therapist):
    session = attend(course.patient, therapist, 0.5)
    written(session, plan="")
    attend(course.patient, therapist, 2)
    (_name, mark) = home.marks(therapist, [session.appointment])[session.appointment_id]
    assert (mark.label, mark.url) == ("Finish note", url("note-edit", note_of(session).pk))
    badges = [(badge.label, badge.url) for badge in home.badges(therapist)]
    assert badges == [("2 notes to finish", url("note-list"))]
    written(session)
    assert home.marks(therapist, [session.appointment])[session.appointment_id][1].label == "Sign note"


# -- Privacy ---------------------------------------------------------------------------------------------------------
def test_an_export_holds_the_signed_note_and_no_draft(course, signed_note, therapist):
    written(attend(course.patient, therapist, 0.2))
    found = privacy.export(course.patient)
    assert [note["sha256"] for note in found["notes"]] == [signed_note.sha256]
    assert len(found["sessions"]) == 2


def test_a_record_with_a_course_is_kept(course):
    with pytest.raises(privacy.RecordKept):
        privacy.erase(course.patient)


def test_what_came_of_a_talk_is_erased_with_its_history(patient, therapist, clinic):
    from sessions import courses  # noqa: PLC0415  (named courses beside the fixture course)

    talk = visit(patient, therapist, 1, type=clinic.consultation, status=Status.ATTENDED)
    courses.record_outcome(by=therapist, appointment=talk, outcome="think")
    assert privacy.erase(patient) >= 3
    assert privacy.export(patient)["free_talks"] == []


def test_an_attended_visit_leads_its_therapist_and_nobody_else_to_the_note(session, therapist, front_desk, as_):
    address, note = reverse("practice:appointment-detail", args=[session.appointment_id]), note_of(session)
    page = as_(therapist).get(address).content.decode()
    assert url("note-edit", note.pk) in page
    assert "Write note" in page
    assert url("note-edit", note.pk) not in as_(front_desk).get(address).content.decode()
