"""Sign-in by user name and password."""

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import QuerySet

from xianshen.common.composed import listed
from xianshen.organisation.models import Person


class PersonBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's backend; the person of a session comes with their institution in one query."""

    def get_user(self, user_id: int) -> Person | None:
        found = _with_institution(int(user_id))
        return found[0] if found and self.user_can_authenticate(found[0]) else None


@listed
def _with_institution(person_id: int) -> QuerySet[Person]:
    return Person.objects.select_related("institution").filter(pk=person_id)
