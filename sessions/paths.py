"""Addresses of the sessions app; one block per noun."""

app_name = "sessions"
urlpatterns: list = []
