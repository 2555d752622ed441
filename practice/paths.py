"""Addresses of the practice app; one block per noun."""

from django.urls import path

from practice.views import page, start

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
]
