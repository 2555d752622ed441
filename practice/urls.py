"""Every address of Evenkeel. Wiring: the one place, beside settings and the demo, that knows all apps."""

from django.urls import include, path

urlpatterns = [
    path("", include("practice.paths")),
    path("", include("intake.paths")),
    path("", include("education.paths")),
    path("", include("sessions.paths")),
    path("accounts/", include("practice.account_paths")),
]
handler400 = "practice.views.errors.bad_request"
handler403 = "practice.views.errors.forbidden"
handler404 = "practice.views.errors.not_found"
handler500 = "practice.views.errors.server_error"
