"""Fields of one line: what is typed arrives as practice.plain_line gives it, whoever types it where."""

from __future__ import annotations

from typing import Any

from django import forms

from practice.plain_line import plain_line


class OneLine:
    """What both fields share.

    The input has no ``maxlength``: a browser cuts what is pasted without a word. Too much is said beside the field,
    with everything still in it.
    """

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)  # type: ignore[misc]
        return plain_line(text) if isinstance(text, str) else text

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attributes = super().widget_attrs(widget)  # type: ignore[misc]
        return {name: value for name, value in attributes.items() if name != "maxlength"}


class LineField(OneLine, forms.CharField):
    """Any text of one line: a name, a street, a few words."""


class AddressField(OneLine, forms.EmailField):
    """An e-mail address, which has no unseen sign either."""
