"""The directory of therapists: who works with what, and when each is free for a first talk."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from practice.availability import Offer, first_free, first_of_each, offer
from practice.forms.therapist import DirectoryForm, language_name
from practice.models import Modality, Therapist
from practice.slots import Slot
from practice.views import visitor

NEXT = 3


@login_not_required
@require_safe
def therapist_list(request: HttpRequest) -> HttpResponse:
    """All listed therapists that fit the filter, in neutral order, each with the next free talk; four queries at
    most.
    """
    people = list(Therapist.objects.listed())
    form = DirectoryForm(request.GET, people)
    ways = form.chosen().get("way", [])
    offered = offer(modality=ways[0] if len(ways) == 1 else None)
    known = offered.therapists if offered else {}
    found = [person for person in people if form.matches(person, known[person.pk].ways if person.pk in known else ())]
    free = first_of_each(offered.only(person.pk for person in found), now=timezone.now()) if offered else {}
    reader = visitor.reading_zone(request, "", "", offered.home if offered else "")
    return render(
        request,
        "practice/therapist/list.html",
        {
            "form": form,
            "rows": [
                row(person, known.get(person.pk), free.get(person.pk)) | zone_of(offered, free.get(person.pk), reader)
                for person in found
            ],
            "total": len(people),
            "set_count": len(form.chosen()),
        },
    )


def zone_of(offered: Offer | None, slot: Slot | None, reader: str) -> dict[str, str]:
    """Whose clock the next free talk goes by, as on the therapist's own pages."""
    return {"zone": offered.zone_at(slot, reader) if offered and slot else reader}


def row(person: Therapist, offered, slot) -> dict[str, object]:
    return {
        "therapist": person,
        "languages": [language_name(code) for code in person.languages],
        "ways": [str(Modality(way).label) for way in offered.ways] if offered else [],
        "way": offered.way if offered else "",
        "next": slot.starts_at if slot else None,
    }


@login_not_required
@require_safe
def therapist_detail(request: HttpRequest, slug: str) -> HttpResponse:
    person = get_object_or_404(Therapist.objects.listed(), slug=slug)
    offered = offer(slug=slug)
    known = offered.by_slug(slug) if offered else None
    found = first_free(offered, NEXT, now=timezone.now()) if offered and known else []
    return render(
        request,
        "practice/therapist/detail.html",
        {
            **row(person, known, None),
            "slots": found,
            "zone": visitor.reading_zone(request, known.way, offered.zone, offered.home) if offered and known else "",
            "places": [place.name for place in offered.places.values()] if offered else [],
        },
    )
