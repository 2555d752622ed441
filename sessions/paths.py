"""Addresses of the sessions app; one block per noun."""

from django.urls import path

from sessions.views import course, note, patient, session, signing

app_name = "sessions"
urlpatterns = [
    # the free talk and the course
    path("visits/<int:appointment_pk>/outcome/", course.consultation_outcome, name="consultation-outcome"),
    path("patients/<int:patient_pk>/course/open/", course.course_create, name="course-create"),
    path("courses/<int:pk>/", course.course_detail, name="course-detail"),
    path("courses/<int:pk>/extend/", course.course_extend, name="course-extend"),
    # the chart
    path("patients/<int:patient_pk>/chart/", course.chart_detail, name="chart-detail"),
    path("patients/<int:patient_pk>/chart/notes/", course.chart_notes, name="chart-notes"),
    # an attended visit
    path("sessions/<int:pk>/kind/", session.session_kind, name="session-kind"),
    # notes
    path("notes/", note.note_list, name="note-list"),
    path("visits/<int:appointment_pk>/contact-note/", note.note_start, name="note-start"),
    path("notes/<int:pk>/", signing.note_detail, name="note-detail"),
    path("notes/<int:pk>/edit/", note.note_edit, name="note-edit"),
    path("notes/<int:pk>/autosave/", note.note_autosave, name="note-autosave"),
    path("notes/<int:pk>/compare/<int:clash_pk>/", note.note_compare, name="note-compare"),
    path("notes/<int:pk>/homework/add/", note.note_homework_add, name="note-homework-add"),
    path("notes/<int:pk>/homework/<int:place>/remove/", note.note_homework_remove, name="note-homework-remove"),
    path("notes/<int:pk>/reading/", signing.note_reading, name="note-reading"),
    path("notes/<int:pk>/risk/", signing.note_risk, name="note-risk"),
    path("notes/<int:pk>/sign/", signing.note_sign, name="note-sign"),
    path("notes/<int:pk>/addendum/", signing.addendum_create, name="addendum-create"),
    # the patient's own
    path("course/", patient.patient_course, name="patient-course"),
    path("course/notes/", patient.patient_note_list, name="patient-note-list"),
    path("course/notes/<int:pk>/", patient.patient_note, name="patient-note"),
]
