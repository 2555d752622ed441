"""The practice app: settings, people, schedule, booking, reminders, audit."""

from django.apps import AppConfig


class PracticeConfig(AppConfig):
    name = "practice"

    def ready(self) -> None:
        from practice import system_checks  # noqa: F401, PLC0415  (registering checks needs the app registry)
        from practice.forms.wording import speak_plainly  # noqa: PLC0415  (as above)

        speak_plainly()
