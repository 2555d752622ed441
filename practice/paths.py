"""Addresses of the practice app; one block per noun."""

from django.conf import settings
from django.urls import path

from practice.views import (
    appointment,
    attendance,
    booking,
    demo,
    demo_outbox,
    desk,
    desk_booking,
    desk_sheet,
    invitation,
    manage_link,
    message,
    page,
    patient,
    slot,
    start,
    status,
    therapist,
)

app_name = "practice"
urlpatterns = [
    # The text pages
    path("", page.home, name="home"),
    path("how-it-works/", page.how_it_works, name="how-it-works"),
    path("fees/", page.fees, name="fees"),
    path("privacy/", page.privacy, name="privacy"),
    path("accessibility/", page.accessibility, name="accessibility"),
    path("help-now/", page.help_now, name="help-now"),
    # Therapists and their free times
    path("therapists/", therapist.therapist_list, name="therapist-list"),
    path("therapists/<slug:slug>/", therapist.therapist_detail, name="therapist-detail"),
    path("therapists/<slug:slug>/times/", slot.slot_list, name="slot-list"),
    path("therapists/<slug:slug>/times.json", slot.slot_json, name="slot-json"),
    path("times/", slot.slot_first, name="slot-first"),
    path("times.json", slot.slot_first_json, name="slot-first-json"),
    path("times/zone/", slot.slot_zone, name="slot-zone"),
    # Booking without an account
    path("book/hold/", booking.hold_create, name="hold-create"),
    path("book/hold/extend/", booking.hold_extend, name="hold-extend"),
    path("book/", booking.booking_confirm, name="booking-confirm"),
    path("book/done/", booking.booking_done, name="booking-done"),
    # The private link of an appointment, and the patient's own appointments
    path("a/<str:token>/", manage_link.manage_open, name="manage-open"),
    path("visit/<uuid:uid>/", manage_link.manage_show, name="manage-show"),
    path("visit/<uuid:uid>/confirm/", manage_link.manage_confirm, name="manage-confirm"),
    path("visit/<uuid:uid>/move/", manage_link.manage_move, name="manage-move"),
    path("visit/<uuid:uid>/cancel/", manage_link.manage_cancel, name="manage-cancel"),
    path("visit/<uuid:uid>/appointment.ics", manage_link.manage_calendar, name="manage-calendar"),
    path("appointments/", appointment.appointment_mine, name="appointment-mine"),
    # The start page
    path("today/", start.today, name="today"),
    # Messages that failed
    path("messages/", message.message_list, name="message-list"),
    path("messages/<uuid:pk>/resend/", message.message_resend, name="message-resend"),
    path("messages/<uuid:pk>/settle/", message.message_settle, name="message-settle"),
    # Accounts come from an invitation
    path("invitation/<str:token>/", invitation.invitation_accept, name="invitation-accept"),
    # Patients on the schedule side
    path("people/", patient.patient_list, name="patient-list"),
    path("people/add/", patient.patient_create, name="patient-create"),
    path("people/<int:pk>/", patient.patient_detail, name="patient-detail"),
    path("people/<int:pk>/invite/", patient.patient_invite, name="patient-invite"),
    path("people/<int:pk>/merge/", patient.patient_merge, name="patient-merge"),
    # The front desk: the calendar, one appointment, what may be done with it
    path("desk/day/", desk.desk_day, name="desk-day"),
    path("desk/week/", desk.desk_week, name="desk-week"),
    path("desk/appointments/new/", desk_booking.appointment_create, name="appointment-create"),
    path("desk/appointments/find/", desk_booking.appointment_find, name="appointment-find"),
    path("desk/appointments/<int:pk>/", desk_sheet.appointment_detail, name="appointment-detail"),
    path("desk/appointments/<int:pk>/move/", desk_booking.appointment_move, name="appointment-move"),
    path("desk/appointments/<int:pk>/cancel/", desk_booking.appointment_cancel, name="appointment-cancel"),
    path("desk/appointments/<int:pk>/arrive/", attendance.appointment_arrive, name="appointment-arrive"),
    path("desk/appointments/<int:pk>/late/", attendance.appointment_late, name="appointment-late"),
    path("desk/appointments/<int:pk>/attend/", attendance.appointment_attend, name="appointment-attend"),
    path("desk/appointments/<int:pk>/miss/", attendance.appointment_miss, name="appointment-miss"),
    path("desk/appointments/<int:pk>/undo/", attendance.appointment_undo, name="appointment-undo"),
    # How the machinery is
    path("status/", status.status, name="status"),
    path("healthz", status.healthz, name="healthz"),
    path("readyz", status.readyz, name="readyz"),
    path("statusz", status.statusz, name="statusz"),
]
# Stepping in and the demo's outbox have no address in production.
if settings.DEMO:
    urlpatterns += [
        path("demo/", demo.demo_start, name="demo-start"),
        path("demo/as/<str:step>/", demo.demo_step_in, name="demo-step-in"),
        path("demo/outbox/", demo_outbox.demo_outbox, name="demo-outbox"),
        path("demo/outbox/<uuid:key>/", demo_outbox.demo_letter, name="demo-letter"),
        path("demo/outbox/<uuid:key>.ics", demo_outbox.demo_calendar, name="demo-calendar"),
    ]
