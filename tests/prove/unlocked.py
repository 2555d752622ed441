"""The site without its locks, for the control of the booking proof: it must book twice, or the proof sees nothing."""

from practice.wsgi import application

__all__ = ["application"]


def without_locks() -> None:
    from practice import locking  # noqa: PLC0415  (the application above has to be set up first)

    locking.lock = lambda **_names: None


without_locks()
