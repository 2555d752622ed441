"""Demo data under production's setting, and real data under the demo's: every process refuses both."""

import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from practice import founding
from practice.demo import stepping
from practice.models import Practice
from practice.roles import Role
from tests import cast
from tests.practice.test_settings import PRODUCTION

PROCESSES = {
    "web": ["-c", "import practice.wsgi"],
    "worker": ["-m", "celery", "-A", "practice", "worker", "-c", "1", "--without-gossip", "--without-mingle"],
    "beat": ["-m", "celery", "-A", "practice", "beat", "--pidfile="],
    "loop": ["manage.py", "send_due", "--loop"],
    "once": ["manage.py", "send_due"],
    "preparing": ["-m", "launch.preparing"],
}


def begun(**changed: str) -> dict[str, tuple[int, str]]:
    """Begin one of each on this database under production's environment: how each ended and what it said."""
    facts = connection.settings_dict
    user, host = quote(facts["USER"], safe=""), quote(facts["HOST"], safe="")
    place = f"{user}@{host}:{facts['PORT']}" if facts["PORT"] else f"{user}@{host}"
    environ = PRODUCTION | {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "practice.settings",
        "DATABASE_URL": f"postgres://{place}/{facts['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "PGPASSWORD": facts["PASSWORD"] or "",
    }
    how = {"cwd": settings.BASE_DIR, "env": environ | changed, "stderr": subprocess.PIPE, "text": True}
    children = {name: subprocess.Popen([sys.executable, *words], **how) for name, words in PROCESSES.items()}
    try:
        said = {name: child.communicate(timeout=120)[1] for name, child in children.items()}
    finally:
        for child in children.values():
            child.kill()
    return {name: (child.returncode, said[name]) for name, child in children.items()}


def test_nothing_of_production_begins_on_the_demo_clinic(committed_db):
    cast.clinic()
    for name, (status, said) in begun().items():
        assert status != 0, name
        assert founding.DEMO_DATA in said, name


def test_nothing_of_the_demo_begins_on_a_real_practice(committed_db):
    cast.clinic()
    Practice.objects.update(is_demo=False)
    for name, (status, said) in begun(EVENKEEL_DEMO="1").items():
        assert status != 0, name
        assert founding.REAL_DATA in said, name


@pytest.mark.parametrize("demo", [True, False])
def test_an_empty_database_is_nobodys_yet(db, settings, demo):
    settings.DEMO = demo
    founding.must_match_setting()


@pytest.mark.parametrize("demo", [True, False])
@pytest.mark.parametrize("missing", ["DROP TABLE practice_practice", "ALTER TABLE practice_practice DROP is_demo"])
def test_a_database_before_its_migrations_is_nobodys_yet(clinic, settings, demo, missing):
    settings.DEMO = demo
    with connection.cursor() as cursor:
        cursor.execute(missing)
    founding.must_match_setting()


def test_each_setting_begins_on_its_own_data(clinic, settings):
    founding.must_match_setting()
    Practice.objects.update(is_demo=False)
    with pytest.raises(ImproperlyConfigured, match="unset EVENKEEL_DEMO"):
        founding.must_match_setting()
    settings.DEMO = False
    founding.must_match_setting()


def test_nobody_steps_in_as_somebody_of_a_real_practice(clinic, front_desk):
    assert stepping.person_for(Role.FRONT_DESK) == front_desk
    Practice.objects.update(is_demo=False)
    with pytest.raises(stepping.NobodyThere):
        stepping.person_for(Role.FRONT_DESK)
