"""The shapes of treatment: consultations and their outcome, courses, sessions, notes, homework."""

from sessions.models.course import (
    RUNNING,
    TERMINAL,
    ConsultationOutcome,
    Course,
    CourseMove,
    CoursePlanItem,
    State,
    TherapySession,
)
from sessions.models.homework import HomeworkLine, HomeworkReview
from sessions.models.note import Addendum, NoteArticle, NoteDraftVersion, NoteIntervention, ProgressNote

__all__ = [
    "RUNNING",
    "TERMINAL",
    "Addendum",
    "ConsultationOutcome",
    "Course",
    "CourseMove",
    "CoursePlanItem",
    "HomeworkLine",
    "HomeworkReview",
    "NoteArticle",
    "NoteDraftVersion",
    "NoteIntervention",
    "ProgressNote",
    "State",
    "TherapySession",
]
