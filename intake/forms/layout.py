"""How the forms of intake are laid out: the template writes the form element and its buttons itself."""

from __future__ import annotations

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout


def only_fields(*rows: str | Div | Fieldset) -> FormHelper:
    """The fields in the order given (all of them without a row), no form element, no CSRF field, no button."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    if rows:
        helper.layout = Layout(*rows)
    return helper


def pair(*names: str) -> Div:
    """Fields side by side where there is room."""
    return Div(*names, css_class="field-pair")
