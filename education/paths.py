"""Addresses of the education app; one block per noun."""

app_name = "education"
urlpatterns: list = []
