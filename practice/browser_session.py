"""Browser sessions in the database, saved by one statement where Django's own take three (architecture.md 10)."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError


class SessionStore(db.SessionStore):
    """Django's store; only saving a session that exists already does without a transaction of its own."""

    def save(self, must_create: bool = False) -> None:
        """Raises UpdateError where the session was signed out meanwhile, and CreateError as Django's does."""
        if must_create or self.session_key is None:
            super().save(must_create=must_create)
            return
        row = self.create_model_instance(dict(self.items()))
        known = self.model.objects.filter(pk=row.pk)
        if not known.update(session_data=row.session_data, expire_date=row.expire_date):
            raise UpdateError
