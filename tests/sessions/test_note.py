"""Drafts lose no character, two windows show a conflict, a signature needs every part that clinical.md 5.1 marks R."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from education import articles
from practice.models import AuditEvent, StaffRole
from practice.roles import Role
from sessions import documents, drafts, note_fields, notes
from sessions.models import NoteDraftVersion, ProgressNote
from tests import cast
from tests.education.conftest import published
from tests.sessions.conftest import WORDS, attend, note_of, open_twelve, signed, written


def save(note, content, version=None, window="", turn=0):
    version = note.version if version is None else version
    return drafts.save_draft(by=note.author, note=note, content=content, version=version, window=window, turn=turn)


# -- Drafts ----------------------------------------------------------------------------------------------------------
def test_a_draft_keeps_every_character_as_typed(draft):
    text = "  Ünïcode – “quotes” \n\n trailing space "
    save(draft, {"did": text, "time_in": "eleven?"})
    found = ProgressNote.objects.get(pk=draft.pk)
    assert found.content == {"did": text, "time_in": "eleven?"}
    assert found.version == 1


def test_the_same_text_again_saves_nothing(draft):
    note = save(draft, {"did": "One"})
    assert save(note, {"did": "One"}, version=0).version == note.version == 1
    assert NoteDraftVersion.objects.filter(note=draft).count() == 1


def test_a_stale_window_conflicts_and_both_texts_are_kept(draft):
    save(draft, {"did": "First window"}, version=0, window="a")
    with pytest.raises(drafts.StaleVersion) as stale:
        save(draft, {"did": "Second window"}, version=0, window="b")
    assert stale.value.note.content == {"did": "First window"}
    assert stale.value.typed == {"did": "Second window"}
    clash = NoteDraftVersion.objects.get(note=draft, is_clash=True)
    assert clash.content == {"did": "Second window"}
    assert ProgressNote.objects.get(pk=draft.pk).content == {"did": "First window"}


def test_further_typing_in_the_stale_window_is_kept_too(draft):
    save(draft, {"did": "First"}, window="a")
    for text in ("Second", "Second, longer"):
        with pytest.raises(drafts.StaleVersion):
            save(draft, {"did": text}, version=0, window="b")
    assert NoteDraftVersion.objects.get(is_clash=True).content == {"did": "Second, longer"}


def test_a_lost_answer_is_no_conflict_for_the_window_that_saved(draft):
    save(draft, {"did": "One"}, version=0, window="a")
    assert save(draft, {"did": "One, two"}, version=0, window="a").version == 2


def test_a_text_that_arrives_after_its_own_successor_overwrites_nothing(draft):
    save(draft, {"did": "One, two"}, version=0, window="a", turn=2)
    assert save(draft, {"did": "One"}, version=0, window="a", turn=1).content == {"did": "One, two"}
    assert (ProgressNote.objects.get(pk=draft.pk).version, draft.draft_versions.count()) == (1, 1)


def test_a_text_sent_again_after_another_window_built_on_it_is_no_conflict_and_a_new_one_is(draft):
    first = save(draft, {"did": "One"}, version=0, window="a", turn=1)
    save(first, {"did": "One, from b"}, window="b", turn=1)
    assert save(draft, {"did": "One"}, version=0, window="a", turn=1).content == {"did": "One, from b"}
    with pytest.raises(drafts.StaleVersion):
        save(draft, {"did": "One, more"}, version=0, window="a", turn=2)


def test_a_late_text_of_a_stale_window_does_not_replace_its_later_one(draft):
    save(draft, {"did": "First"}, window="a", turn=1)
    for text, turn in (("Second, longer", 2), ("Second", 1)):
        with pytest.raises(drafts.StaleVersion):
            save(draft, {"did": text}, version=0, window="b", turn=turn)
    assert NoteDraftVersion.objects.get(is_clash=True).content == {"did": "Second, longer"}


def test_a_risk_answer_in_an_overtaken_text_is_heeded(draft):
    save(draft, {"did": "Two"}, version=0, window="a", turn=2)
    save(draft, {"did": "One", "risk_suicide": "passive"}, version=0, window="a", turn=1)
    assert ProgressNote.objects.get(pk=draft.pk).risk_told == "R1"


def test_settling_makes_one_text_and_lets_the_other_go(draft):
    note = save(draft, {"did": "First"}, window="a")
    with pytest.raises(drafts.StaleVersion):
        save(draft, {"did": "Second"}, version=0, window="b")
    clash = note.draft_versions.get(is_clash=True)
    settled = drafts.settle(
        by=note.author, note=note, content={"did": "First\nSecond"}, version=note.version, clash=clash
    )
    assert settled.content == {"did": "First\nSecond"}
    assert not settled.draft_versions.filter(is_clash=True).exists()


def test_a_note_does_not_sign_while_another_text_waits(session):
    note = written(session)
    with pytest.raises(drafts.StaleVersion):
        save(note, {"did": "Other"}, version=0, window="b")
    with pytest.raises(drafts.StaleVersion):
        notes.sign(by=note.author, note=note, version=note.version)


def test_only_the_newest_versions_of_a_draft_are_kept(draft):
    note = draft
    for number in range(drafts.VERSIONS_KEPT + 5):
        note = save(note, {"did": str(number)})
    assert note.draft_versions.count() == drafts.VERSIONS_KEPT


def test_nobody_but_the_author_writes(draft, supervisor):
    cast.care(draft.patient, supervisor, "supervisor")
    with pytest.raises(drafts.NotTheAuthor):
        drafts.save_draft(by=supervisor, note=draft, content={"did": "x"}, version=0)


def test_every_save_is_audited_without_a_word_of_it(draft):
    save(draft, {"did": "Marker sentence"})
    event = AuditEvent.objects.filter(object_type="therapy_sessions.progressnote").latest("pk")
    assert (event.action, event.detail) == ("change", {"version": 1})


def test_the_head_of_a_draft_knows_the_visit_and_never_the_risk(draft):
    assert draft.content == {"attendance": "attended", "modality": "video"}


# -- What is left ----------------------------------------------------------------------------------------------------
def test_an_empty_session_note_lacks_every_part_marked_r_in_the_order_of_the_table(draft):
    draft.content = {}
    assert [problem.key for problem in notes.left(draft)] == [
        "attendance",
        "modality",
        "time_in",
        "time_out",
        "risk_suicide",
        "risk_others",
        "risk_abuse",
        "risk_change",
        "pain_now",
        "pain_week",
        "function",
        "medical",
        "measures_reason",
        "interventions",
        "did",
        "modules",
        "engagement",
        "response",
        "assessment",
        "diagnosis",
        "plan",
        "homework",
        "next_step",
    ]


@pytest.mark.parametrize("key", [key for key in WORDS if key not in ("intervention_minutes", "patient_words")])
def test_a_note_without_one_required_part_is_not_signed(session, key):
    note = written(session, **{key: ""})
    with pytest.raises(notes.Incomplete) as left:
        notes.sign(by=note.author, note=note, version=note.version)
    assert {problem.key for problem in left.value.problems} == {key}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"modality": "video"}, {"patient_location", "licensed_there", "contact_reachable"}),
        ({"medical": "changes"}, {"medical_words"}),
        ({"diagnosis": "changed"}, {"diagnosis_words"}),
        ({"time_in": "noonish"}, {"time_in"}),
        ({"time_in": "11:52", "time_out": "11:52"}, {"time_out"}),
        ({"homework": [], "homework_none": "A rest week, as agreed."}, set()),
        ({"interventions": ["MADE-UP"]}, {"interventions"}),
        ({"risk_suicide": "maybe"}, {"risk_suicide"}),
        ({"risk_others": "some"}, {"risk_form"}),
        (
            {"risk_suicide": "passive"},
            {"risk_plan", "risk_intent", "risk_means", "risk_attempt", "risk_form"},
        ),
    ],
)
def test_what_an_answer_asks_for_besides(session, changes, expected):
    note = written(session, **changes)
    assert {problem.key for problem in notes.left(note)} == expected


def test_times_are_read_as_people_type_them():
    assert [note_fields.clock(text) is not None for text in ("11:01", "1101", "9.05", "905", "24:00", "9:5", "x")] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip


def test_homework_of_last_time_is_reviewed(course, therapist):
    signed(attend(course.patient, therapist, 9))
    note = note_of(attend(course.patient, therapist, 2))
    (line,) = notes.surroundings(note).homework_due and list(course.patient.homework.all())
    note = save(note, dict(WORDS))
    assert [problem.key for problem in notes.left(note)] == ["homework_review"]
    note = save(note, {**WORDS, "reviews": {str(line.pk): {"outcome": "partly", "learning": "Mornings work"}}})
    note = notes.sign(by=therapist, note=note, version=note.version, similar_is_meant=True)
    assert note.document["reviews"][0]["learning"] == "Mornings work"
    assert line.reviews.get().outcome == "partly"


# -- The signature ---------------------------------------------------------------------------------------------------
def test_a_signature_holds_who_when_and_a_hash_over_all(signed_note, therapist):
    note = ProgressNote.objects.get(pk=signed_note.pk)
    assert (note.state, note.signed_by, note.credentials, note.licence_number) == (
        "signed",
        therapist,
        "PsyD",
        "OR-0001",
    )
    assert note.template_version == note_fields.TEMPLATE_VERSION
    assert documents.is_intact(note)
    assert documents.digest(note) == note.sha256
    note.document["fields"]["plan"] = "Another plan"
    assert not documents.is_intact(note)


def test_signing_writes_the_coded_parts_and_the_plan(signed_note, course):
    assert list(signed_note.interventions.order_by("code").values_list("code", "minutes")) == [
        ("COG-COPECARD", None),
        ("COG-TEST", 20),
    ]
    assert signed_note.homework.get().text == "Bend to the low shelf"
    assert course.plan.get(position=1).delivered_in == signed_note.session
    assert not signed_note.draft_versions.exists()


def test_homework_reaches_the_patient_in_one_line_without_unseen_signs():
    typed = {
        "homework": [{"text": " Walk\u202e to\nthe pier ", "how_often": "\u200b"}, {"text": "\u200b", "how_often": "x"}]
    }
    assert note_fields.homework_lines(typed) == [{"text": "Walk to the pier", "how_often": ""}]


def test_a_locked_note_takes_no_more_text(signed_note):
    with pytest.raises(drafts.NoteLocked):
        save(signed_note, {"did": "Too late"})


def test_a_note_that_changed_since_it_was_looked_at_is_not_signed(session):
    note = written(session)
    save(note, {**note.content, "did": "Changed since"})
    with pytest.raises(drafts.StaleVersion):
        notes.sign(by=note.author, note=note, version=note.version)


def test_a_note_signed_more_than_a_day_later_is_a_late_entry(course, therapist):
    on_time, late = attend(course.patient, therapist, 0.9), attend(course.patient, therapist, 1.2)
    assert not signed(on_time).is_late_entry
    note = signed(late)
    assert note.is_late_entry
    assert note.document["header"]["is_late_entry"]


def test_nearly_the_same_text_as_last_time_is_confirmed_first(course, therapist):
    long = {"did": " ".join(f"word{n}" for n in range(60))}
    signed(attend(course.patient, therapist, 9), **long)
    note = written(attend(course.patient, therapist, 2), **long)
    with pytest.raises(notes.TooSimilar):
        notes.sign(by=therapist, note=note, version=note.version)
    assert notes.sign(by=therapist, note=note, version=note.version, similar_is_meant=True).is_signed


def test_a_trainee_writes_and_does_not_sign(treated, trainee):
    cast.care(treated, trainee)
    open_twelve(treated, trainee)
    note = written(attend(treated, trainee, 1))
    with pytest.raises(notes.NeedsCosignature):
        notes.sign(by=trainee, note=note, version=note.version)
    StaffRole.objects.create(user=trainee, role=Role.THERAPIST)


def test_a_note_without_a_course_waits_for_one(treated, therapist):
    note = written(attend(treated, therapist, 1))
    assert [problem.key for problem in notes.left(note)] == ["course"]


def test_a_missed_visit_has_a_short_contact_note_without_number(course, therapist):
    row = cast.appointment(
        therapist=therapist.therapist,
        patient=course.patient,
        starts_at=timezone.now() - timedelta(days=1),
        status="no_show",
    )
    note = notes.begin_contact_note(by=therapist, appointment=row)
    assert [p.key for p in notes.left(note)] == ["risk_considered", "outreach", "plan", "next_step"]
    content = {
        **note.content,
        "outreach": "Called twice",
        "risk_considered": "None known",
        "plan": "Call again",
        "next_step": "to_book",
    }
    note = save(note, content)
    note = notes.sign(by=therapist, note=note, version=note.version)
    assert (note.is_signed, note.session, course.sessions.count()) == (True, None, 0)


def test_the_patient_reads_signed_notes_only(session, therapist, other_therapist, supervisor, front_desk, manager):
    patient = session.patient
    draft = note_of(session)
    cast.care(patient, supervisor, "supervisor")
    seen = {
        person: set(ProgressNote.objects.visible_to(person))
        for person in (patient.user, therapist, supervisor, other_therapist, front_desk, manager)
    }
    assert seen == {
        patient.user: set(),
        therapist: {draft},
        supervisor: {draft},
        other_therapist: set(),
        front_desk: set(),
        manager: set(),
    }
    note = signed(session)
    assert set(ProgressNote.objects.visible_to(patient.user)) == {note}


# -- Addenda and reading ---------------------------------------------------------------------------------------------
def test_an_addendum_stands_beside_the_note_signed(signed_note, therapist):
    before = ProgressNote.objects.values().get(pk=signed_note.pk)
    addendum = notes.add_addendum(by=therapist, note=signed_note, reason="correction", text="It was the left knee.")
    assert addendum.sha256 == documents.digest_of_addendum(addendum)
    assert ProgressNote.objects.values().get(pk=signed_note.pk) == before
    assert AuditEvent.objects.filter(action="addendum", patient_id=signed_note.patient_id).count() == 1


def test_a_draft_has_no_addenda(draft, therapist):
    with pytest.raises(notes.NotSignedYet):
        notes.add_addendum(by=therapist, note=draft, reason="other", text="x")


def test_a_stranger_adds_nothing(signed_note, other_therapist):
    with pytest.raises(drafts.NotTheAuthor):
        notes.add_addendum(by=other_therapist, note=signed_note, reason="other", text="x")


def test_an_article_given_from_the_note_is_named_in_it(session, therapist):
    library = published(articles.sources())
    note = note_of(session)
    notes.give_article(by=therapist, note=note, article=library["A02"])
    note = signed(session)
    assert [row["title"] for row in note.document["articles"]] == [library["A02"].title]
    assert session.patient.reading.get().article_version == library["A02"]


def test_the_time_of_a_signature_is_the_clock_of_the_application(session):
    with time_machine.travel(timezone.now() + timedelta(hours=3), tick=False):
        assert signed(session).signed_at == timezone.now()
