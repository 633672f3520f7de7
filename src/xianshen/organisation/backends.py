"""Sign-in by user name and password."""

from allauth.account.auth_backends import AuthenticationBackend

from xianshen.organisation.models import Person


class PersonBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's backend; the person of a session comes with their institution in one query."""

    def get_user(self, user_id: int) -> Person | None:
        person = Person.objects.select_related("institution").filter(pk=user_id).first()
        return person if person is not None and self.user_can_authenticate(person) else None
