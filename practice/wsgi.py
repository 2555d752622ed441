"""WSGI entry of the web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
application = get_wsgi_application()

from django.db import connections  # noqa: E402  (what follows reads the database, so the apps must be loaded)

from practice import founding, patience  # noqa: E402  (as above)

patience.set_limits()
founding.must_match_setting()
connections.close_all()  # a server may load this once and fork; its children must not share a connection
