"""System checks: what must be true of the settings before anything runs."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def utc_in_the_database(app_configs, **kwargs) -> list[CheckMessage]:
    """UTC in the database and aware datetimes everywhere (architecture.md 5)."""
    if settings.USE_TZ and settings.TIME_ZONE == "UTC":
        return []
    return [Error("Evenkeel stores UTC: USE_TZ must be on and TIME_ZONE must be UTC.", id="practice.E001")]


@register
def sessions_label_is_free(app_configs, **kwargs) -> list[CheckMessage]:
    """Our app ``sessions`` must not take the label of Django's own (architecture.md 3)."""
    from django.apps import apps  # noqa: PLC0415  (the registry is only complete when checks run)

    labels = {config.name: config.label for config in apps.get_app_configs()}
    if labels.get("sessions") == "therapy_sessions" and labels.get("django.contrib.sessions") == "sessions":
        return []
    return [Error('The app "sessions" must keep the label "therapy_sessions".', id="practice.E002")]
