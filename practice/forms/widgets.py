"""Form controls of our own. Each works without script, by keyboard and by thumb, and keeps every typed character."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from practice.zone import zone_choices


class PainScale(forms.RadioSelect):
    """Eleven radios from 0 to 10 in one row, with the instrument's exact words at both ends and no default.

    ``ends`` names 0 and the highest number; ``small`` is the quiet form for goals and confidence; ``heading`` makes the
    question the page's h1, for pages that ask one thing only. Pair it with ``forms.TypedChoiceField(coerce=int)``.
    """

    template_name = "forms/widgets/pain_scale.html"
    css_class = "scale"

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        *,
        ends: tuple[str | Promise, str | Promise],
        highest: int = 10,
        small: bool = False,
        heading: bool = False,
    ) -> None:
        super().__init__(attrs, choices=scale_choices(highest))
        self.ends = ends
        self.highest = highest
        self.heading = heading
        self.css_class = "scale scale-small" if small else "scale"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"] |= {"low": self.ends[0], "high": self.ends[1], "highest": self.highest}
        return context


def scale_choices(highest: int = 10) -> list[tuple[str, str]]:
    """Choices for a field under :class:`PainScale`."""
    return [(str(n), str(n)) for n in range(highest + 1)]


class ChoiceCards(forms.RadioSelect):
    """Radios as cards: the whole card is the label. For two to seven options; more want a select.

    ``notes`` holds a second line per value. ``size`` is "", "tight" (staff) or "one" (one below the other).
    ``heading`` as in :class:`PainScale`.
    """

    template_name = "forms/widgets/choice_cards.html"

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        choices: Any = (),
        *,
        notes: Mapping[str, str | Promise] | None = None,
        size: str = "",
        heading: bool = False,
    ) -> None:
        super().__init__(attrs, choices)
        self.notes = notes or {}
        self.size = size
        self.heading = heading

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["note"] = self.notes.get(str(value), "")
        return option

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["size"] = self.size
        return context


class ManyChoiceCards(ChoiceCards):
    """Checkboxes as cards: any number of them."""

    allow_multiple_selected = True
    input_type = "checkbox"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        getter = getattr(data, "getlist", data.get)
        return getter(name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False  # an unticked box sends nothing

    def use_required_attribute(self, initial: Any) -> bool:
        return False  # browsers would ask for every box


class TypedDate(str):
    """Three typed parts that are joined for the field and kept as typed for the page."""

    parts: tuple[str, str, str]

    def __new__(cls, month: str, day: str, year: str) -> TypedDate:
        self = super().__new__(cls, "-".join(part.strip() for part in (year, month, day)))
        self.parts = (month, day, year)
        return self


class DateParts(forms.Widget):
    """A date as three short inputs: month, day, year. Pair it with ``forms.DateField``.

    No calendar: a date of birth is typed faster than found. What was typed stays as typed, "Feb" and "31" included.
    """

    template_name = "forms/widgets/date_parts.html"
    use_fieldset = True
    names = ("month", "day", "year")
    labels = (_("Month"), _("Day"), _("Year"))

    def __init__(self, attrs: dict[str, Any] | None = None, *, birthday: bool = False) -> None:
        super().__init__(attrs)
        self.birthday = birthday

    def first_id(self, auto_id: str) -> str:
        return f"{auto_id}_month"

    def id_for_label(self, id_: str) -> str:
        return self.first_id(id_) if id_ else id_

    def split(self, value: Any) -> tuple[str, str, str]:
        if isinstance(value, TypedDate):
            return value.parts
        if isinstance(value, dt.date):
            return (str(value.month), str(value.day), str(value.year))
        return ("", "", "")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        base = context["widget"]["attrs"].get("id", f"id_{name}")
        context["widget"]["parts"] = [
            {
                "key": key,
                "name": f"{name}_{key}",
                "id": f"{base}_{key}",
                "label": label,
                "value": part,
                "size": 4 if key == "year" else 2,
                "autocomplete": f"bday-{key}" if self.birthday else "",
            }
            for key, label, part in zip(self.names, self.labels, self.split(value), strict=True)
        ]
        return context

    def format_value(self, value: Any) -> Any:
        return value

    def value_from_datadict(self, data: Any, files: Any, name: str) -> TypedDate | None:
        parts = [data.get(f"{name}_{key}", "") for key in self.names]
        return TypedDate(*parts) if any(part.strip() for part in parts) else None

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return all(f"{name}_{key}" not in data for key in self.names)


class TimeZoneSelect(forms.Select):
    """A select of time zones by names people know; the value is the IANA name."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, choices=zone_choices)
