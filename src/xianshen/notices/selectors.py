from django.db.models import QuerySet

from xianshen.notices.models import Notice


def notices_of(person_id: int) -> QuerySet[Notice]:
    """Return the person's notices, newest first."""
    return Notice.objects.filter(person_id=person_id)


def unread_count(person_id: int) -> int:
    return Notice.objects.filter(person_id=person_id, read_at__isnull=True).count()
