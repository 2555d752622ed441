"""Addresses of the practice app; one block per noun."""

from django.conf import settings
from django.urls import path

from practice.views import (
    attendance,
    demo,
    demo_outbox,
    desk,
    desk_booking,
    desk_sheet,
    invitation,
    message,
    page,
    patient,
    start,
    status,
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
