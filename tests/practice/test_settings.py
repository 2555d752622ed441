"""Settings: production refuses what is unsafe and says the cure; the demo's doors exist in the demo only; headers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from launch import application
from practice.cache import FallbackCache
from tests.limits import free_port
from tests.practice.access_table import all_rules
from tests.starting import Ended, begin_all

PRODUCTION = {
    "SECRET_KEY": "k3y-" + "r4nd0m-and-long-enough-for-a-real-clinic-" * 2,
    "MESSAGE_KEYS": "m3ssage-k3y-that-is-long-enough-for-a-real-clinic-and-not-the-other",
    "ALLOWED_HOSTS": "care.example.org",
    "PUBLIC_URL": "https://care.example.org",
    "DATABASE_URL": "postgres://evenkeel_app@db.internal/evenkeel",
    "REDIS_URL": "redis://broker.internal/0",
    "EMAIL_URL": "smtp+ssl://user:secret@mail.internal:465",
    "DEFAULT_FROM_EMAIL": "no-reply@care.example.org",
}
TIMEOUT = 60
SET_UP = "import django; django.setup(); "


def environment(**changed: str | None) -> dict[str, str]:
    """Production's, with some variables changed, or taken away by None."""
    every = PRODUCTION | {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "practice.settings"} | changed
    return {name: value for name, value in every.items() if value is not None}


def run(*words: str, **changed: str | None) -> subprocess.CompletedProcess:
    """Run manage.py under production's environment, changed."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=environment(**changed),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


ASK = """
import json
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from practice.models import Practice

def doors():
    found = 0
    for name, args in [("demo-start", []), ("demo-step-in", ["manager"]), ("demo-outbox", [])]:
        try:
            found += bool(reverse("practice:" + name, args=args))
        except NoReverseMatch:
            pass
    for path in ["/demo/", "/demo/as/manager/", "/demo/outbox/"]:
        try:
            found += bool(resolve(path).view_name)
        except Resolver404:
            pass
    return found

def home():
    request = RequestFactory().get("/")
    request.user, request.resolver_match = AnonymousUser(), None
    words = {"request": request, "practice": Practice(name="Harbor")}
    page = render_to_string("practice/page/home.html", words, request)
    return [page.count("/demo/"), "Harbor" in page]

"""
SWITCHES = (
    "DEMO", "DEBUG", "SECRET_KEY_FALLBACKS", "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN", "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SECURE_HSTS_SECONDS",
)  # fmt: skip
ANSWER = f"""
print(json.dumps({{name: getattr(settings, name) for name in {SWITCHES!r}}} | {{"doors": doors(), "home": home()}}))
"""
NOT_COLLECTED = {"STATIC_MANIFEST": "0", "SECRET_KEY_FALLBACKS": "former,older"}
HOSTS = {
    "postgres://app:a%2Fb@[::1]:5433/evenkeel": "::1",
    "postgres://app@%2FRun%2FPostgres:5433/evenkeel?application_name=a%2Fb": "/Run/Postgres",
    "postgres://app:a%2Fb@db.internal/evenkeel": "db.internal",
}
ASK_HOST = "from django.conf import settings; print(settings.DATABASES['default']['HOST'])"
NOWHERE = {"DATABASE_URL": "postgres://evenkeel_app@localhost:9/evenkeel"}


@pytest.fixture(scope="module")
def ended() -> dict[str, Ended]:
    """How starts of Evenkeel's code under production's settings, changed, went; all of them asked at once."""
    starts = {
        "production": (SET_UP + ASK + ANSWER, environment(STATIC_MANIFEST="0")),
        "demo": (SET_UP + ASK + ANSWER, environment(EVENKEEL_DEMO="1", **NOT_COLLECTED)),
        "away": ("import practice.wsgi", environment(**NOWHERE)),
    }
    starts |= {str(changed): (SET_UP, environment(**changed)) for changed, _cure in REFUSED}
    starts |= {url: (SET_UP + ASK_HOST, environment(DATABASE_URL=url)) for url in HOSTS}
    return dict(zip(starts, begin_all(list(starts.values())), strict=True))


def answers(start: Ended) -> dict:
    assert start.status == 0, start.err
    return json.loads(start.out)


def test_production_starts_with_what_it_needs_and_sends_secure_cookies(ended):
    said = answers(ended["production"])
    assert {name: said[name] for name in SWITCHES} == {
        "DEMO": False,
        "DEBUG": False,
        "SECRET_KEY_FALLBACKS": [],
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": False,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
    }


def test_former_keys_come_from_the_environment(ended):
    assert answers(ended["demo"])["SECRET_KEY_FALLBACKS"] == ["former", "older"]


def test_the_demos_doors_do_not_exist_in_production(ended):
    """Not the start page, not stepping in, not the outbox: no name and no address of theirs resolves."""
    assert answers(ended["production"])["doors"] == 0
    assert answers(ended["demo"])["doors"] == 6, "the same question finds them in the demo"


def test_no_page_of_production_speaks_of_the_demo(ended):
    """The home page with its footer, in a process of production's settings, and the same in the demo's."""
    assert answers(ended["production"])["home"] == [0, True]
    assert answers(ended["demo"])["home"] == [3, True]


@pytest.mark.parametrize(("url", "host"), HOSTS.items())
def test_the_database_is_where_its_address_says_a_socket_folder_too(ended, url, host):
    """An escaped slash names a folder in the host's place, as it is written; elsewhere it means nothing."""
    status, out, said = ended[url]
    assert (status, out.strip()) == (0, host), said


# -- Refusals ----------------------------------------------------------------------------------------------------------
REFUSED = [
    ({"SECRET_KEY": None}, "SECRET_KEY is not set. Put 50 or more random characters there"),
    ({"SECRET_KEY": "short"}, "SECRET_KEY is short or a known default. Put 50 or more"),
    ({"SECRET_KEY": "django-insecure-" + "x" * 50}, "SECRET_KEY is short or a known default"),
    ({"SECRET_KEY": "demo-only-key-of-a-fictional-clinic-never-of-a-real-one-000000"}, "a known default"),
    ({"MESSAGE_KEYS": None}, "MESSAGE_KEYS is not set. Put 50 or more random characters there, not SECRET_KEY"),
    ({"MESSAGE_KEYS": "k" * 50 + ",short"}, "A key in MESSAGE_KEYS is short or known. Give each 50 or more"),
    ({"MESSAGE_KEYS": PRODUCTION["SECRET_KEY"]}, "MESSAGE_KEYS holds SECRET_KEY or a former one. Make keys"),
    ({"SECRET_KEY_FALLBACKS": PRODUCTION["MESSAGE_KEYS"]}, "MESSAGE_KEYS holds SECRET_KEY or a former one"),
    ({"EMAIL_GATEWAY": "file"}, "EMAIL_GATEWAY is file, which leaves messages with private links"),
    ({"EMAIL_GATEWAY": "console"}, "Unset it: production sends by EMAIL_URL"),
    ({"SMS_GATEWAY": "file"}, "SMS_GATEWAY is file, which leaves messages with private links"),
    ({"SMS_GATEWAY": "console"}, "Unset it: without a provider reminders go by e-mail"),
    ({"DEBUG": "1"}, "DEBUG is on. Unset DEBUG"),
    ({"DATABASE_URL": None}, "DATABASE_URL is not set. Name the PostgreSQL database"),
    ({"REDIS_URL": None}, "REDIS_URL is not set. Name the Redis or Valkey server"),
    ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is not set. Name the host people type"),
    ({"PUBLIC_URL": None}, "PUBLIC_URL is not set. Give the address people type"),
    ({"PUBLIC_URL": "http://care.example.org"}, "PUBLIC_URL is not https. Put a proxy with TLS in front"),
    ({"EMAIL_URL": None}, "EMAIL_URL is not set. Name the mail server"),
    ({"DEFAULT_FROM_EMAIL": None}, "DEFAULT_FROM_EMAIL is not set. Give the address messages come from"),
    ({"EMAIL_GATEWAY": "pigeon"}, "EMAIL_GATEWAY is pigeon, which is none that we know. Unset it: "),
    ({"SMS_GATEWAY": "pigeon"}, "SMS_GATEWAY is pigeon, which is none that we know. Unset it: "),
    ({"REDIS_URL": "amqp://broker.internal"}, "REDIS_URL names no Redis or Valkey. Begin it with redis://"),
    ({"REDIS_URL": "redis://broker.internal:port/0"}, "REDIS_URL cannot be read. It looks like redis://"),
    ({"REDIS_URL": "redis://broker.internal/abc"}, "REDIS_URL cannot be read. It looks like redis://"),
    ({"DATABASE_URL": "mysql://u:hush@h/x"}, "DATABASE_URL names no PostgreSQL. Begin it with postgres://"),
    ({"DATABASE_URL": "postgres://u:hush/x@h/x"}, "DATABASE_URL cannot be read. It looks like postgres://role"),
    ({"DATABASE_URL": "postgres://u:hush%2Fhush@[h/x"}, "DATABASE_URL cannot be read. It looks like postgres://role"),
    ({"DATABASE_URL": "postgres://u@h"}, "DATABASE_URL names no database. End it with a slash and the name"),
    ({"EMAIL_URL": "smtp://u:hush/x@h"}, "EMAIL_URL cannot be read. It looks like smtp+ssl://user"),
    ({"PHONE_REGION": "Oregon"}, "PHONE_REGION is Oregon. Give two capital letters such as US"),
    ({"LOCK_TIMEOUT": "ten"}, "LOCK_TIMEOUT is ten. Give a length of time such as 500ms or 30s"),
    ({"STATEMENT_TIMEOUT": "30 s"}, "STATEMENT_TIMEOUT is 30 s. Give a length of time"),
]


@pytest.mark.parametrize(
    ("changed", "cure"), REFUSED, ids=lambda value: ",".join(value) if isinstance(value, dict) else ""
)
def test_production_refuses_and_says_the_cure(ended, changed, cure):
    """Each fault alone, by whoever sets Django up without a front door of ours."""
    status, _out, said = ended[str(changed)]
    assert status != 0
    last = said.strip().splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured:")
    assert cure in last
    assert "hush" not in said, "no part of a password"


# Unsafe, missing, unreadable: one of each.
WRONG = {"SECRET_KEY": "short", "REDIS_URL": None, "DATABASE_URL": "postgres://u@h:port/x", "EMAIL_GATEWAY": "file"}
SENTENCES = ["SECRET_KEY is short", "DATABASE_URL cannot be read. ", "REDIS_URL is not set. ", "EMAIL_GATEWAY is file"]


def every_process(folder: Path) -> dict[str, list[str]]:
    """The programs of all that runs in production, as the launcher and docs/operations.md begin them."""
    env, port = environment(**WRONG), free_port()
    ours = (
        application.web(env, port, logs=folder),
        application.worker(env, logs=folder),
        application.beat(env, logs=folder),
        application.loop(env, logs=folder),
    )
    bare = ["gunicorn", "practice.wsgi", "--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level=critical"]
    return {child.name: child.program for child in ours} | {
        "web, loaded by each worker, without our log": application.module(*bare),
        "web, loaded once, without our log": application.module(*bare, "--preload"),
        "command": application.manage("check"),
        "preparing": application.module("launch.preparing"),
    }


def test_every_process_ends_with_the_sentences_alone(tmp_path):
    """Real ones, side by side: a status that says failure, and one line for each fault."""
    how = {"cwd": settings.BASE_DIR, "env": environment(**WRONG), "text": True}
    begun = {
        name: subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)
        for name, program in every_process(tmp_path).items()
    }
    try:
        ended = {name: (*process.communicate(timeout=TIMEOUT), process.returncode) for name, process in begun.items()}
    finally:
        for process in begun.values():
            process.kill()
    for name, (out, said, status) in ended.items():
        lines = said.splitlines()
        assert (status in (1, 3), out, len(lines)) == (True, "", len(SENTENCES)), f"{name}: {status} {out} {said}"
        assert all(line.startswith(words) for line, words in zip(lines, SENTENCES, strict=True)), f"{name}: {said}"


def test_a_web_process_whose_database_is_away_ends_with_a_sentence(ended):
    status, _out, said = ended["away"]
    assert status == 3
    assert "Traceback" not in said
    assert said.splitlines()[-2].startswith("The database cannot be reached: ")
    assert "in DATABASE_URL right" in said.splitlines()[-1]


def test_the_demos_views_refuse_even_if_somebody_gave_them_an_address(client, clinic, settings):
    start, step_in = reverse("practice:demo-start"), reverse("practice:demo-step-in", args=["manager"])
    settings.DEMO = False
    assert client.get(start).status_code == 404
    assert client.post(step_in).status_code == 404


@pytest.mark.parametrize("who", ["therapist", "front_desk", "manager", "patient"])
def test_every_page_of_the_demo_leads_back_to_its_door_and_its_outbox(request, clinic, as_, who):
    person = request.getfixturevalue(who)
    page = as_(getattr(person, "user", person)).get(reverse("practice:today"), follow=True).text
    for name in ("practice:demo-start", "practice:demo-outbox"):
        assert f'<a href="{reverse(name)}">' in page


def test_a_page_that_is_not_found_says_in_the_demo_who_one_is_now(clinic, as_, front_desk, settings):
    client = as_(front_desk)
    said = f"You are now {front_desk.name} (Front desk)"
    assert said in client.get("/no/such/page/").text
    assert "You are now" not in as_(None).get("/no/such/page/").text
    settings.DEMO = False
    assert "You are now" not in client.get("/no/such/page/").text


def test_the_demo_data_refuses_outside_the_demo():
    result = run("demo")
    assert result.returncode != 0
    assert "demo" in result.stderr.lower()


def test_djangos_own_deployment_check_is_clean():
    result = run("check", "--deploy", "--fail-level", "WARNING")
    assert result.returncode == 0, result.stderr


# -- Headers -----------------------------------------------------------------------------------------------------------
def assert_guarded(response) -> None:
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] in {"same-origin", "no-referrer", "strict-origin"}
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["X-Frame-Options"] == "DENY"


def plain_addresses() -> list[str]:
    """Every address that needs no row to exist."""
    return [reverse(name, kwargs=rule.fixed) for name, rule in all_rules().items() if not rule.of]


@pytest.mark.parametrize("who", [None, "patient", "front_desk", "therapist"])
def test_every_answer_carries_the_guarding_headers(request, clinic, as_, who):
    person = request.getfixturevalue(who) if who else None
    user = getattr(person, "user", person)
    for address in [*plain_addresses(), "/no/such/page/"]:
        if address == reverse("account_logout"):
            continue
        client = as_(user, raise_request_exception=False)
        response = client.get(address)
        assert_guarded(response)
        if user is not None and "Cache-Control" not in response.headers:
            pytest.fail(f"{address} may be kept in a cache")
        if user is not None:
            assert "no-store" in response.headers["Cache-Control"], address


def test_hsts_is_sent_where_the_address_is_https(client, clinic, settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    fresh = Client()
    response = fresh.get(reverse("practice:help-now"), secure=True)
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_a_post_without_its_token_is_refused_calmly(clinic, as_, front_desk):
    client = as_(front_desk, enforce_csrf_checks=True)
    response = client.post(reverse("practice:patient-create"), {"first_name": "Noa", "last_name": "Brandt"})
    assert response.status_code == 403
    assert "<h1" in response.text
    assert "Noa" not in response.text
    assert_guarded(response)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(clinic, patient, client):
    response = client.post(reverse("account_request_login_code"), {"email": patient.email})
    cookie = response.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert not cookie["expires"], "the browser forgets it when it closes"


def test_another_sites_address_in_the_host_header_is_refused(clinic):
    assert Client(headers={"Host": "elsewhere.example"}).get(reverse("practice:help-now")).status_code == 400


def test_throttles_count_in_the_shared_cache():
    assert settings.CACHES["default"]["BACKEND"] == f"{FallbackCache.__module__}.{FallbackCache.__name__}"
    assert settings.CACHES["default"]["LOCATION"] == settings.REDIS_URL
