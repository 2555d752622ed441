"""Reading on a person's start page."""

from education import articles
from practice.models import User
from practice.roles import Role
from practice.start import Card

MOST = 2


def cards(user: User) -> list[Card]:
    """For a patient the articles still to be read, at most two; nothing when there are none."""
    if Role.PATIENT not in user.roles:
        return []
    waiting = list(articles.unfinished_reading(user)[: MOST + 1])
    if not waiting:
        return []
    return [Card(40, "education/article/card.html", {"reading": waiting[:MOST], "has_more": len(waiting) > MOST})]
