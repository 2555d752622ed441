"""The shapes of intake: instruments and answers, risk alerts and what was done about them, registration."""

from intake.models.alert import (
    AlertAttempt,
    AlertResponder,
    AlertState,
    RiskAlert,
    RiskAssessment,
    RiskResponder,
    RiskTrigger,
    Tier,
)
from intake.models.instrument import Instrument, InstrumentVersion
from intake.models.measure import Answer, MeasureResponse
from intake.models.registration import EmergencyContact, Registration

__all__ = [
    "AlertAttempt",
    "AlertResponder",
    "AlertState",
    "Answer",
    "EmergencyContact",
    "Instrument",
    "InstrumentVersion",
    "MeasureResponse",
    "Registration",
    "RiskAlert",
    "RiskAssessment",
    "RiskResponder",
    "RiskTrigger",
    "Tier",
]
