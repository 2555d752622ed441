"""Unseen signs in what is typed: stripped in every field of one line, kept only where a script is spelled with them."""

import importlib
from pathlib import Path

import pytest
from django import forms
from django.forms.forms import DeclarativeFieldsMetaclass

from practice.forms.booking import BookingForm
from practice.forms.line import OneLine
from practice.forms.patient import PatientForm
from practice.plain_line import plain_line

ROOT = Path(__file__).parents[2]
OVERRIDE, NO_WIDTH = "\u202e", "\u200b"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("  Rosa \t Meier ", "Rosa Meier"),
        ("Rosa\u202e Meier", "Rosa Meier"),
        ("Ro\u200bsa\ufeff Me\u2060ier\u200f", "Rosa Meier"),
        ("Rosa\nMeier\u2028x\x85y", "Rosa Meier x y"),
        ("Ro\x00sa\x1b[31m", "Rosa[31m"),
        ("\u2066Rosa\u2069 \u061cMeier", "Rosa Meier"),
        ("Ro\u200csa Me\u200dier", "Rosa Meier"),
        ("\u200c\u200d\u202e", ""),
        ("Åse Ødegård-O’Neill", "Åse Ødegård-O’Neill"),
        ("שרה כהן", "שרה כהן"),
        ("李 小龍", "李 小龍"),
    ],
)
def test_nothing_unseen_stays_in_a_line(typed, meant):
    assert plain_line(typed) == meant


@pytest.mark.parametrize("name", ["علی‌رضا", "مُ‌من", "ශ්‍රීමාලි", "क्‍षमा", "र्‌यान"])
def test_a_joiner_stays_where_the_script_needs_it(name):
    assert "\u200c" in name or "\u200d" in name
    assert plain_line(name) == name
    assert plain_line(name + OVERRIDE) == name


def form_classes() -> set[type[forms.BaseForm]]:
    for path in (*ROOT.glob("*/forms/*.py"), *ROOT.glob("*/forms.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    found, waiting = set(), [forms.BaseForm]
    while waiting:
        subclasses = waiting.pop().__subclasses__()
        found.update(each for each in subclasses if isinstance(each, DeclarativeFieldsMetaclass))
        waiting += subclasses
    ours = ("practice.forms.", "intake.forms.", "education.forms", "sessions.forms.")
    return {each for each in found if each.__module__.startswith(ours) and not from_elsewhere(each)}


def from_elsewhere(form: type) -> bool:
    return any(base.__module__.startswith("allauth.") for base in form.__mro__)


def test_every_field_of_one_line_in_every_form_is_stripped():
    plain = (forms.CharField, forms.EmailField)
    typed_lines = {
        f"{form.__module__}.{form.__name__}.{name}": field
        for form in form_classes()
        for name, field in form.base_fields.items()
        if type(field) in plain or isinstance(field, OneLine)
        if not isinstance(field.widget, forms.Textarea | forms.PasswordInput)
    }
    assert len(typed_lines) > 40
    assert [name for name, field in typed_lines.items() if not isinstance(field, OneLine)] == []


def booking_form(**words: str) -> BookingForm:
    typed = {"name": "Rosa Meier", "email": "rosa@example.org", "token": "8d1c6a52-0a3e-4d0f-9a5e-2f7d6f1f9b11"}
    return BookingForm(typed | words)


def test_a_booking_keeps_no_unseen_sign(db):
    form = booking_form(name=f"{OVERRIDE}Rosa{NO_WIDTH} Meier", email=f"rosa@exam{NO_WIDTH}ple.org")
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["name"], form.cleaned_data["email"]) == ("Rosa Meier", "rosa@example.org")


def test_a_name_of_unseen_signs_alone_is_no_name():
    assert booking_form(name=OVERRIDE + NO_WIDTH).errors["name"] == ["Write a name we may call you by."]


def test_the_desk_keeps_no_unseen_sign(db):
    form = PatientForm({"first_name": f"Ro{NO_WIDTH}sa", "last_name": f"{OVERRIDE}Meier", "phone": "(541) 555-0177"})
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["first_name"], form.cleaned_data["last_name"]) == ("Rosa", "Meier")


@pytest.mark.parametrize("length", [226, 5_000])
def test_a_line_that_is_too_long_says_how_much_room_there_is_and_stays(length):
    form = booking_form(name="x" * length)
    said = f"Make this shorter: there is room for 100 characters, and here are {length}."
    assert form.errors["name"] == [said]
    shown = str(form["name"])
    assert f'value="{"x" * length}"' in shown
    assert "maxlength" not in shown  # a browser would cut what is pasted, and say nothing
