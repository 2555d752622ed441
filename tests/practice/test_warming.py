"""What a server does before anybody asks it for a page."""

from pathlib import Path

from django.conf import settings
from django.db import connection
from django.template import engines
from django.test.utils import CaptureQueriesContext

from practice.warming import warm_up


def test_every_template_is_compiled_and_the_database_is_left_alone(db):
    (loader,) = engines["django"].engine.template_loaders
    loader.reset()
    with CaptureQueriesContext(connection) as asked:
        warm_up()
    folder = Path(settings.BASE_DIR / "templates")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    assert names
    assert names <= set(loader.get_template_cache)
    assert len(asked) == 0
