"""Addresses of the practice app; one block per noun."""

from django.conf import settings
from django.urls import path

from practice.views import demo_outbox, invitation, message, page, patient, start, status

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
    # How the machinery is
    path("status/", status.status, name="status"),
    path("healthz", status.healthz, name="healthz"),
    path("readyz", status.readyz, name="readyz"),
    path("statusz", status.statusz, name="statusz"),
]
# The demo's outbox has no address in production.
if settings.DEMO:
    urlpatterns += [
        path("demo/outbox/", demo_outbox.demo_outbox, name="demo-outbox"),
        path("demo/outbox/<uuid:key>/", demo_outbox.demo_letter, name="demo-letter"),
        path("demo/outbox/<uuid:key>.ics", demo_outbox.demo_calendar, name="demo-calendar"),
    ]
