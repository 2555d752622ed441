"""Addresses of the intake app; one block per noun."""

app_name = "intake"
urlpatterns: list = []
