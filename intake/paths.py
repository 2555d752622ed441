"""Addresses of the intake app; one block per noun. They count questions and never name a questionnaire."""

from django.urls import path

from intake.views import alert, measure, patient_consent, registration, result

app_name = "intake"
urlpatterns = [
    # Registration and agreements of a patient
    path("registration/", registration.registration_start, name="registration-start"),
    path("registration/done/", registration.registration_done, name="registration-done"),
    path("registration/<slug:step>/", registration.registration_step, name="registration-step"),
    path("agreements/", registration.consent_list, name="consent-list"),
    path("agreements/<slug:slug>/", registration.consent_sign, name="consent-sign"),
    path("agreements/<slug:slug>/withdraw/", registration.consent_withdraw, name="consent-withdraw"),
    path("patients/<int:patient_pk>/consents/", patient_consent.patient_consent, name="patient-consent"),
    # A patient answers
    path("questions/", measure.measure_list, name="measure-list"),
    path("questions/<int:pk>/begin/", measure.measure_start, name="measure-start"),
    path("questions/<int:pk>/<int:number>/", measure.measure_item, name="measure-item"),
    path("questions/<int:pk>/done/", measure.measure_done, name="measure-done"),
    path("questions/<int:pk>/now/", measure.crisis_now, name="crisis-now"),
    path("questions/<int:pk>/safe/", measure.crisis_safe, name="crisis-safe"),
    path("questions/<int:pk>/help/", measure.crisis_help, name="crisis-help"),
    # Results before clinicians
    path("patients/<int:patient_pk>/answers/", result.measure_history, name="measure-history"),
    path("answers/<int:pk>/", result.measure_detail, name="measure-detail"),
    path("answers/<int:pk>/<int:number>/correct/", result.measure_correct, name="measure-correct"),
    # From paper
    path("patients/<int:patient_pk>/paper/", result.paper_list, name="paper-list"),
    path("patients/<int:patient_pk>/paper/<int:pk>/", result.paper_entry, name="paper-entry"),
    # Alerts
    path("alerts/", alert.alert_list, name="alert-list"),
    path("alerts/<int:pk>/", alert.alert_detail, name="alert-detail"),
    path("alerts/<int:pk>/acknowledge/", alert.alert_acknowledge, name="alert-acknowledge"),
    path("alerts/<int:pk>/attempt/", alert.alert_attempt, name="alert-attempt"),
    path("alerts/<int:pk>/assess/", alert.alert_assess, name="alert-assess"),
    path("alerts/<int:pk>/close/", alert.alert_close, name="alert-close"),
    path("patients/<int:patient_pk>/alerts/raise/", alert.alert_raise, name="alert-raise"),
]
