"""WSGI entry of the web process. What has a cure ends it with a sentence on standard error, under any server."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
NEVER_AGAIN = 3  # with this status of a worker gunicorn ends; after any other it would start the next one, for ever
try:
    application = get_wsgi_application()
except ImproperlyConfigured as error:
    print(error, file=sys.stderr, flush=True)
    sys.exit(NEVER_AGAIN)

from django.db import connections  # noqa: E402  (what follows reads the database, so the apps must be loaded)

from practice import founding, patience, warming  # noqa: E402  (as above)

patience.set_limits()
try:
    founding.must_match_setting()
except (ImproperlyConfigured, DatabaseError) as error:
    print(patience.why_not_begun(error), file=sys.stderr, flush=True)
    sys.exit(NEVER_AGAIN)
warming.warm_up()
connections.close_all()  # a server may load this once and fork; its children must not share a connection
