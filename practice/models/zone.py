"""A field that holds an IANA time zone name."""

import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


@cache
def zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def validate_zone(name: str) -> None:
    if name not in zone_names():
        raise ValidationError(_("%(name)s is not a time zone we know."), params={"name": name}, code="zone")


class ZoneField(models.CharField):
    """An IANA zone name such as ``America/Los_Angeles``; never an offset, which could not follow the clock change."""

    def __init__(self, verbose_name=None, **kwargs):
        kwargs.setdefault("max_length", 50)
        kwargs.setdefault("default", "America/Los_Angeles")
        super().__init__(verbose_name or _("time zone"), **kwargs)
        self.validators.append(validate_zone)
