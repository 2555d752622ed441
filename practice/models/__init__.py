"""The shapes of the practice: people, places, hours, appointments, messages, consents and the audit trail."""

from practice.models.audit import AuditEvent, AuditSeal
from practice.models.booking import LIVING, Appointment, ManageLink, Status
from practice.models.consent import ConsentRecord, ConsentText
from practice.models.erasure import Erasure
from practice.models.message import Heartbeat, Message
from practice.models.people import CareAssignment, Invitation, Patient, StaffRole, Therapist, User
from practice.models.place import Location, Practice, Room
from practice.models.schedule import AppointmentType, Modality, TimeOff, WorkingHours

__all__ = [
    "LIVING",
    "Appointment",
    "AppointmentType",
    "AuditEvent",
    "AuditSeal",
    "CareAssignment",
    "ConsentRecord",
    "ConsentText",
    "Erasure",
    "Heartbeat",
    "Invitation",
    "Location",
    "ManageLink",
    "Message",
    "Modality",
    "Patient",
    "Practice",
    "Room",
    "StaffRole",
    "Status",
    "Therapist",
    "TimeOff",
    "User",
    "WorkingHours",
]
