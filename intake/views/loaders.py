"""The rows a view may start from; anybody else is told 404."""

from __future__ import annotations

from django.http import Http404, HttpRequest, QueryDict
from django.shortcuts import get_object_or_404

from intake.definition import Item
from intake.models import MeasureResponse, RiskAlert
from practice.models import Patient


def own_response(request: HttpRequest, pk: int) -> MeasureResponse:
    """A response the signed-in patient is giving here, or gave."""
    rows = MeasureResponse.objects.visible_to(request.user).select_related("version__instrument", "patient")
    return get_object_or_404(rows, pk=pk, patient__user=request.user)


def item_numbered(response: MeasureResponse, number: int) -> Item:
    """Addresses count items instead of naming them: a name would say which questionnaire it is."""
    items = response.definition.items
    if not 1 <= number <= len(items):
        raise Http404
    return items[number - 1]


def visible_patient(request: HttpRequest, pk: int) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)


def visible_alert(request: HttpRequest, pk: int) -> RiskAlert:
    rows = RiskAlert.objects.visible_to(request.user).select_related("patient", "acknowledged_by", "closed_by")
    return get_object_or_404(rows, pk=pk)


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, an empty form included; None when the page is only asked for."""
    return request.POST if request.method == "POST" else None
