"""The form pack and our own controls: labels, hints, errors, the summary, and typed characters that stay."""

import datetime as dt
import re

import pytest
from crispy_forms.utils import render_crispy_form
from django import forms
from django.http import QueryDict

from practice.forms.widgets import DateParts, PainScale, scale_choices
from practice.zone import zone_label
from tests.journeys.parts_site import EveryControl

GOOD = {
    "name": "Rosa",
    "email": "rosa@example.org",
    "born_on_month": "3",
    "born_on_day": "27",
    "born_on_year": "1979",
    "zone": "America/Denver",
    "place": "room",
    "pain": "0",
}


def typed(**changes: str) -> EveryControl:
    data = QueryDict(mutable=True)
    data.update(GOOD | changes)
    return EveryControl(data)


def test_good_answers_arrive_as_domain_types():
    form = typed()
    assert form.is_valid(), form.errors
    assert form.cleaned_data["born_on"] == dt.date(1979, 3, 27)
    assert form.cleaned_data["pain"] == 0
    assert form.cleaned_data["did"] == []


def test_label_hint_error_and_input_stand_in_this_order():
    html = render_crispy_form(typed(name=""))
    places = [
        html.index(part)
        for part in ('<label for="id_name"', 'id="id_name_helptext"', 'id="id_name_error"', 'name="name"')
    ]
    assert places == sorted(places)


def test_an_input_names_its_hint_and_its_error():
    html = render_crispy_form(typed(name=""))
    field = re.search(r'<input[^>]*name="name"[^>]*>', html).group(0)
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="id_name_helptext id_name_error"' in field


def test_only_optional_fields_are_marked():
    html = render_crispy_form(EveryControl())
    assert html.count('class="optional"') == 2  # the phone, and what we did
    assert "*" not in re.sub(r"<[^>]+>", "", html)


def test_groups_are_fieldsets_with_legends():
    html = render_crispy_form(EveryControl())
    assert html.count("<fieldset") == html.count("<legend>") == 5


@pytest.mark.parametrize(
    ("changes", "heading"),
    [
        ({"name": ""}, "One answer needs another look"),
        ({"name": "", "email": "rosa@"}, "Two answers need another look"),
    ],
)
def test_the_error_summary_counts_and_stands_first(changes, heading):
    html = render_crispy_form(typed(**changes))
    assert heading in html
    assert html.index("error-summary") < html.index("<fieldset")
    assert 'role="alert" tabindex="-1"' in html


def test_the_error_summary_leads_to_an_input_that_exists():
    html = render_crispy_form(EveryControl(QueryDict("zone=x")))
    targets = re.findall(r'<li><a href="#([^"]+)">', html)
    assert len(targets) == 6
    for target in targets:
        assert re.search(rf'<(input|select)[^>]*id="{target}"', html), target


@pytest.mark.parametrize(
    ("month", "day", "year"),
    [("Feb", "31", "2000"), ("2", "31", "2000"), ("", "27", ""), ("3", "2-7", "79"), ("<b>", "1", "1")],
)
def test_a_wrong_date_keeps_every_typed_character(month, day, year):
    form = typed(born_on_month=month, born_on_day=day, born_on_year=year)
    assert "born_on" in form.errors
    html = render_crispy_form(form)
    for key, part in (("month", month), ("day", day), ("year", year)):
        value = part.replace("<", "&lt;").replace(">", "&gt;")
        assert re.search(rf'name="born_on_{key}"[^>]*value="{re.escape(value)}"', html), part


def test_a_known_date_is_shown_in_its_parts():
    form = EveryControl(initial={"born_on": dt.date(1979, 3, 27)})
    html = render_crispy_form(form)
    assert re.findall(r'name="born_on_\w+"[^>]*value="(\d*)"', html) == ["3", "27", "1979"]


def test_an_empty_date_is_missing_not_wrong():
    class Form(forms.Form):
        on = forms.DateField(widget=DateParts, required=False)

    form = Form(QueryDict("on_month=&on_day= &on_year="))
    assert form.is_valid()
    assert form.cleaned_data["on"] is None


def test_a_scale_has_no_default_and_names_both_ends():
    class Form(forms.Form):
        pain = forms.TypedChoiceField(coerce=int, choices=scale_choices(), widget=PainScale(ends=("None", "Worst")))

    html = str(Form()["pain"])
    assert html.count('type="radio"') == 11
    assert "checked" not in html
    assert "<b>0</b> None" in html
    assert "<b>10</b> Worst" in html


def test_zero_on_the_scale_stays_chosen():
    html = render_crispy_form(typed(name=""))
    assert re.search(r'name="pain" value="0"[^>]*checked', html)


def test_a_page_of_one_question_has_the_question_as_its_heading():
    class Form(forms.Form):
        pain = forms.TypedChoiceField(
            label="How much?", choices=scale_choices(), widget=PainScale(ends=("a", "b"), heading=True)
        )

    assert "<legend><h1>How much?</h1></legend>" in render_crispy_form(Form())


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("America/Los_Angeles", "Pacific"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires (-03)"),
        ("Europe/Berlin", "Berlin (CET)"),
    ],
)
def test_zones_have_names_people_use(name, label):
    assert zone_label(name, dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)) == label


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "This one is still open."),
        ({"email": "rosa@"}, "Add the whole address, like rosa@example.org."),
        ({"place": "moon"}, "Choose one of the answers shown."),
        ({"born_on_month": "13"}, "We do not know this date. Check month, day and year."),
    ],
)
def test_errors_say_what_to_do_next(changes, sentence):
    assert [str(error) for errors in typed(**changes).errors.values() for error in errors] == [sentence]
