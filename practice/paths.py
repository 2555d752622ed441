"""Addresses of the practice app; one block per noun."""

app_name = "practice"
urlpatterns: list = []
