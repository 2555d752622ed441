"""People on the schedule side: found, added, invited, joined; nothing clinical for the front desk."""

import html
import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from practice import patients
from practice.models import AuditEvent, CareAssignment, Message, Patient
from tests import cast

LIST, ADD = reverse("practice:patient-list"), reverse("practice:patient-create")


def detail(patient: Patient) -> str:
    return reverse("practice:patient-detail", args=[patient.pk])


def person(first: str, last: str, **fields) -> Patient:
    return cast.patient_of(None, first, last, **fields)


def found(text: str) -> list[str]:
    return [patient.full_name for patient in patients.search(Patient.objects.all(), text)]


# -- Finding -----------------------------------------------------------------------------------------------------------
def test_people_are_found_by_parts_of_name_address_and_number(clinic):
    person("Jürgen", "Ångström", email="j.a@example.org", phone="+15415550111")
    person("Rosa", "Meier", phone="+15415550122")
    person("Rosalind", "Abara")
    assert found("rosa") == ["Rosalind Abara", "Rosa Meier"]
    assert found("mei ros") == ["Rosa Meier"]
    assert found("ÅNGSTRÖM") == ["Jürgen Ångström"]
    assert found("j.a@") == ["Jürgen Ångström"]
    assert found("(541) 555-0122") == ["Rosa Meier"]
    assert found("nobody") == []


def look_for(client, words: str):
    """Type into the field of the list and press Find: the answer the browser ends at."""
    asked = client.post(LIST, {"q": words})
    assert asked.status_code == 302
    return client.get(asked.headers["Location"])


def test_no_name_stands_in_the_address_of_a_search(clinic, as_, front_desk, manager):
    person("Rosa", "Meier")
    person("Leon", "Abara")
    answer = look_for(as_(front_desk), "meier")
    assert "Rosa Meier" in answer.text
    assert "Leon Abara" not in answer.text
    assert 'value="meier"' in answer.text
    address = answer.request["QUERY_STRING"]
    assert "meier" not in f"{address} {unquote(address)} {AuditEvent.objects.values('detail')}".lower()
    assert "Leon Abara" in as_(manager).get(f"{LIST}?{address}").text, "somebody else's search says nothing"


@pytest.mark.parametrize("address", ["?find=", "?find=meier", "?find=%C3%BC%00", "?find=AAAA", "?q=meier", "?page=x"])
def test_an_address_that_holds_no_search_shows_everybody(clinic, as_, front_desk, address):
    person("Rosa", "Meier")
    person("Leon", "Abara")
    assert as_(front_desk).get(LIST + address).context["page"].paginator.count == 2


def test_a_long_list_of_those_found_is_paged_and_the_search_goes_along(clinic, as_, front_desk):
    for number in range(26):
        person("Rosa", f"Meier {number:02}")
    person("Leon", "Abara")
    client = as_(front_desk)
    first = look_for(client, "rosa")
    further = re.search(r'rel="next" href="([^"]+)"', first.text)[1]
    second = client.get(LIST + html.unescape(further))
    assert [each.last_name for each in second.context["page"]] == ["Meier 25"]
    assert AuditEvent.objects.filter(object_type="patient list", detail={"page": 2, "search": True}).count() == 1


def test_finding_nobody_says_so_and_nothing_typed_shows_everybody(clinic, as_, front_desk):
    person("Rosa", "Meier")
    client = as_(front_desk)
    assert "Nobody by that name" in look_for(client, "zzz").text
    assert client.post(LIST, {"q": " "}).headers["Location"] == LIST


def test_the_list_costs_the_same_queries_for_one_and_three(clinic, as_, front_desk, therapist):
    client = as_(front_desk)
    counts = []
    for names in (["One"], ["Two", "Three"]):
        for name in names:
            patient = person(name, "Person")
            cast.appointment(
                therapist=therapist.therapist,
                patient=patient,
                starts_at=timezone.now() + timedelta(days=1 + Patient.objects.count()),
            )
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST).status_code == 200
        counts.append(len(queries))
    assert counts == [7, 7]


def test_the_page_of_a_person_costs_the_same_queries_for_one_and_three(clinic, as_, front_desk, patient, therapist):
    client = as_(front_desk)
    counts = []
    for days in ([1], [2, 3]):
        for day in days:
            cast.appointment(
                therapist=therapist.therapist, patient=patient, starts_at=timezone.now() + timedelta(days=day)
            )
        with CaptureQueriesContext(connection) as queries:
            assert client.get(detail(patient)).status_code == 200
        counts.append(len(queries))
    assert counts == [11, 11]


def test_clinicians_see_their_own_people_only(as_, patient, other_patient, therapist):
    cast.care(patient, therapist)
    page = as_(therapist).get(LIST).text
    assert "Rosa Meier" in page
    assert "Leon Abara" not in page
    assert as_(therapist).get(detail(other_patient)).status_code == 404


def test_looking_is_recorded(as_, patient, front_desk):
    as_(front_desk).get(detail(patient))
    event = AuditEvent.objects.get(action="view")
    assert (event.actor_id, event.patient_id, event.object_type) == (front_desk.pk, patient.pk, "practice.patient")


def test_the_title_names_nobody(as_, patient, front_desk):
    title = as_(front_desk).get(detail(patient)).text.partition("<title>")[2].partition("</title>")[0]
    assert title == "Contact and visits - Evenkeel"


# -- Adding ------------------------------------------------------------------------------------------------------------
def test_the_front_desk_adds_somebody_who_called(as_, clinic, front_desk):
    response = as_(front_desk).post(ADD, {"first_name": "Noa", "last_name": "Brandt", "phone": "541 555 0133"})
    patient = Patient.objects.get()
    assert response.headers["Location"] == detail(patient)
    assert (patient.status, str(patient.phone)) == ("prospect", "+15415550133")


def test_what_is_missing_is_said_and_what_was_typed_stays(as_, clinic, front_desk):
    response = as_(front_desk).post(ADD, {"first_name": "Noa", "last_name": "Brandt"})
    assert response.status_code == 422
    assert 'value="Brandt"' in response.text
    assert "so that we can reach the person" in response.text


def test_a_possible_duplicate_is_a_warning_to_confirm(as_, clinic, front_desk):
    person("Noa", "Brandt", email="noa@example.org")
    typed = {"first_name": "Noah", "last_name": "Brandt", "email": "NOA@example.org"}
    response = as_(front_desk).post(ADD, typed)
    assert response.status_code == 422
    assert "Is it one of these?" in response.text
    assert as_(front_desk).post(ADD, typed | {"is_another_person": "on"}).status_code == 302
    assert Patient.objects.count() == 2


# -- Joining -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def prospect(patient) -> Patient:
    """The same Rosa Meier, who booked a free talk on the website without signing in."""
    return person("Rosa", "Meier", email=patient.email, status=Patient.Status.PROSPECT)


def join(as_, by, source, into):
    return as_(by).post(reverse("practice:patient-merge", args=[into.pk]), {"source": source.pk})


def test_joining_moves_visits_messages_and_care(as_, front_desk, therapist, patient, prospect):
    visit = cast.appointment(
        therapist=therapist.therapist, patient=prospect, starts_at=timezone.now() + timedelta(days=3)
    )
    Message.objects.create(
        kind="reminder_early", channel="email", patient=prospect, about_type="practice.appointment",
        about_id=visit.pk, due_at=timezone.now(), next_attempt_at=timezone.now(),
    )  # fmt: skip
    cast.care(prospect, therapist)
    assert join(as_, front_desk, prospect, patient).status_code == 302
    visit.refresh_from_db()
    prospect.refresh_from_db()
    assert visit.patient == patient
    assert Message.objects.get().patient == patient
    assert (prospect.status, prospect.merged_into) == ("merged", patient)
    assert CareAssignment.objects.running().get(patient=patient).clinician == therapist
    assert not CareAssignment.objects.running().filter(patient=prospect).exists()
    assert as_(front_desk).get(detail(prospect)).status_code == 404


def test_joining_is_refused_while_visits_overlap_and_changes_nothing(
    as_, front_desk, therapist, other_therapist, patient, prospect
):
    start = timezone.now() + timedelta(days=3)
    cast.appointment(therapist=therapist.therapist, patient=patient, starts_at=start)
    visit = cast.appointment(therapist=other_therapist.therapist, patient=prospect, starts_at=start)
    response = join(as_, front_desk, prospect, patient)
    assert response.status_code == 409
    assert "at the same time" in response.text
    visit.refresh_from_db()
    assert visit.patient == prospect


def test_only_somebody_new_without_an_account_is_joined_into_another(front_desk, patient, other_patient, prospect):
    with pytest.raises(patients.MergeRefused, match="account"):
        patients.merge(by=front_desk, source=other_patient, into=patient)
    patients.merge(by=front_desk, source=prospect, into=patient)
    with pytest.raises(patients.MergeRefused, match="gone"):
        patients.merge(by=front_desk, source=prospect, into=patient)
    with pytest.raises(patients.MergeRefused, match="gone"):
        patients.merge(by=front_desk, source=patient, into=patient)


def test_a_record_that_holds_more_than_contact_data_is_not_joined_by_a_button(front_desk, therapist, patient, prospect):
    known = patients.MOVED | patients.STAYING
    others = [r for r in Patient._meta.related_objects if r.related_model._meta.label_lower not in known]
    assert others, "an app of ours keeps records about patients"
    from education.models import ArticleAssignment  # noqa: PLC0415

    assert ArticleAssignment in [relation.related_model for relation in others]


def test_what_does_not_look_the_same_cannot_be_joined(as_, front_desk, patient, other_patient):
    assert join(as_, front_desk, other_patient, patient).status_code == 422


# -- Inviting ----------------------------------------------------------------------------------------------------------
def test_the_front_desk_invites_with_one_press(as_, clinic, front_desk):
    patient = person("Noa", "Brandt", email="noa@example.org")
    client = as_(front_desk)
    response = client.post(reverse("practice:patient-invite", args=[patient.pk]))
    assert response.headers["Location"] == detail(patient)
    assert "The invitation is on its way" in client.get(detail(patient)).text
    assert patient.invitations.count() == 1


def test_inviting_somebody_with_an_account_is_answered_in_words(as_, front_desk, patient):
    response = as_(front_desk).post(reverse("practice:patient-invite", args=[patient.pk]))
    assert response.status_code == 409
    assert "has an account already" in response.text
