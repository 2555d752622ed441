from django.apps import AppConfig


class SessionsConfig(AppConfig):
    """Treatment: course, notes, homework. The label keeps clear of Django's own ``sessions`` (architecture.md 3)."""

    name = "sessions"
    label = "therapy_sessions"
