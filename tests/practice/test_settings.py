"""Settings: production refuses what is unsafe and says the cure; the demo's doors exist in the demo only; headers."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from practice.cache import FallbackCache
from tests.practice.access_table import all_rules

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


def run(code: str, **changed: str | None) -> subprocess.CompletedProcess:
    """Run Python under production's environment with some variables changed, or taken away by None."""
    environment = PRODUCTION | {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "practice.settings"}
    environment = {name: value for name, value in (environment | changed).items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


SET_UP = "import django; django.setup(); "


def test_production_starts_with_what_it_needs():
    result = run(SET_UP + "from django.conf import settings; print(settings.DEMO, settings.DEBUG)")
    assert result.stdout.strip() == "False False", result.stderr


def test_former_keys_come_from_the_environment():
    code = SET_UP + "from django.conf import settings; print(settings.SECRET_KEY_FALLBACKS)"
    assert run(code).stdout.strip() == "[]"
    assert run(code, SECRET_KEY_FALLBACKS="former,older").stdout.strip() == "['former', 'older']"


@pytest.mark.parametrize(
    ("changed", "cure"),
    [
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
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_production_refuses_and_says_the_cure(changed, cure):
    result = run(SET_UP, **changed)
    assert result.returncode != 0
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured:")
    assert cure in last


DOORS = """
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
found = []
for name, args in [("demo-start", []), ("demo-step-in", ["manager"]), ("demo-outbox", [])]:
    try:
        found.append(reverse("practice:" + name, args=args))
    except NoReverseMatch:
        pass
for path in ["/demo/", "/demo/as/manager/", "/demo/outbox/"]:
    try:
        found.append(resolve(path).view_name)
    except Resolver404:
        pass
print(len(found))
"""


def test_the_demos_doors_do_not_exist_in_production():
    """Not the start page, not stepping in, not the outbox: no name and no address of theirs resolves."""
    assert run(SET_UP + DOORS).stdout.strip() == "0"
    assert run(SET_UP + DOORS, EVENKEEL_DEMO="1").stdout.strip() == "6", "the same question finds them in the demo"


HOME = """
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory
from practice.models import Practice
request = RequestFactory().get("/")
request.user, request.resolver_match = AnonymousUser(), None
page = render_to_string("practice/page/home.html", {"request": request, "practice": Practice(name="Harbor")}, request)
print(page.count("/demo/"), "Harbor" in page)
"""


def test_no_page_of_production_speaks_of_the_demo():
    """The home page with its footer, in a process of production's settings, and the same in the demo's."""
    real = run(SET_UP + HOME, STATIC_MANIFEST="0")  # nothing was collected here
    assert real.stdout.strip() == "0 True", real.stderr
    assert run(SET_UP + HOME, STATIC_MANIFEST="0", EVENKEEL_DEMO="1").stdout.strip() == "3 True"


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
    result = run("from django.core.management import execute_from_command_line as run; run(['manage.py', 'demo'])")
    assert result.returncode != 0
    assert "demo" in result.stderr.lower()


def test_production_takes_no_insecure_passkey_and_sends_secure_cookies():
    code = SET_UP + (
        "from django.conf import settings as s; print(s.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN, s.SESSION_COOKIE_SECURE, "
        "s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS >= 31536000, s.SESSION_COOKIE_HTTPONLY)"
    )
    assert run(code).stdout.strip() == "False True True True True"


def test_djangos_own_deployment_check_is_clean():
    code = "from django.core.management import execute_from_command_line as run; "
    result = run(code + "run(['manage.py', 'check', '--deploy', '--fail-level', 'WARNING'])")
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
