"""Accounts: how django-allauth is bent to a closed practice (sign-up by invitation only)."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter


def display_name(user) -> str:
    return user.name


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):
    pass
