"""The WSGI application of the benchmark: Evenkeel and, in the same process, the views it is measured against.

``/bench/e`` is an empty view under Django's seven default middlewares (E), ``/bench/q`` the same with one
``select 1`` (Q), ``/bench/o`` an empty view under our own whole stack (O).
"""

import os

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
django.setup(set_prefix=False)

DJANGO_DEFAULT = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def one_query(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        cursor.fetchone()
    return HttpResponse("ok")


empty.login_required = one_query.login_required = False
urlpatterns = [
    path("bench/e", empty),
    path("bench/o", empty),
    path("bench/q", one_query),
    path("", include("practice.urls")),
]


def handler(middleware: list[str]) -> WSGIHandler:
    """A handler of its own: Django reads the middleware list once, when a handler is made."""
    before, settings.MIDDLEWARE = settings.MIDDLEWARE, middleware
    try:
        return WSGIHandler()
    finally:
        settings.MIDDLEWARE = before


settings.ROOT_URLCONF = "tests.bench.site"
ours, plain = handler(settings.MIDDLEWARE), handler(DJANGO_DEFAULT)


def application(environ, start_response):
    bare = environ["PATH_INFO"] in ("/bench/e", "/bench/q")
    return (plain if bare else ours)(environ, start_response)
