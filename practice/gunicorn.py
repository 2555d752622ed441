"""gunicorn's own words go through our log: by themselves they quote the address of a request that failed, and addresses
carry private tokens. Named on its command line: ``--logger-class practice.gunicorn.Logger``."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from gunicorn.config import Config
from gunicorn.glogging import Logger as PlainLogger

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")


class Logger(PlainLogger):
    """Has no handler of its own; what is said reaches the one of practice/logging.py, on standard error."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        try:
            settings.DEBUG  # noqa: B018  (reading any setting is what sets our log up)
        except ImproperlyConfigured as error:
            sys.exit(str(error))
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
