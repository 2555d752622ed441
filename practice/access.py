"""May this user? Roles open pages, here; the care relationship opens rows, in the models' ``visible_to``.

A signed-in person who is not allowed, by role or by row, is told 404: the answer never confirms that something exists.
"""

import functools
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from practice.roles import Role

View = Callable[..., HttpResponse]


def roles(*allowed: Role) -> Callable[[View], View]:
    """Open a view to people who hold at least one of ``allowed``; everybody else signed in gets 404."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not request.user.roles & frozenset(allowed):
                raise Http404
            return view(request, *args, **kwargs)

        guarded.allowed_roles = frozenset(allowed)
        return guarded

    return decorate
