"""Addresses of sign-in and of the account: the few of django-allauth that a closed practice needs."""

from allauth.account import views
from django.urls import path

urlpatterns = [path("login/", views.login, name="account_login")]
