"""Addresses of sign-in; the names are allauth's, who asks for them."""

from allauth.account import views as account
from django.urls import include, path

from xianshen.organisation import views

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/forgotten/", views.forgotten, name="account_reset_password"),
    path("signup/", views.forgotten, name="account_signup"),
    path("two-steps/", include("allauth.mfa.urls")),
]
