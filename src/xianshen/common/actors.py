"""Who acts: a person in a position, perhaps on somebody's behalf; the system; or the public."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    PERSON = "person"
    SYSTEM = "system"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Actor:
    """A snapshot of who acts, as the ledger keeps it. Names are copied, never looked up later.

    Args:
        kind: person, system (clocks, tasks, commands) or public (no sign-in).
        institution_id: primary key of the institution in which the act happens.
        institution: its code, the ledger's key.
        person_id: primary key of the person, or None.
        key: the person's stable number in the institution, or "".
        name: name as shown on the day of the act.
        position: title of the position held, e.g. 系主任, or "".
        unit: name of the position's unit, or "".
        on_behalf_of: "name（position）" of the principal when acting under a delegation, or "".
    """

    kind: ActorKind
    institution_id: int
    institution: str
    person_id: int | None = None
    key: str = ""
    name: str = ""
    position: str = ""
    unit: str = ""
    on_behalf_of: str = ""

    @classmethod
    def system(cls, *, institution_id: int, institution: str, name: str = "先审") -> "Actor":
        return cls(ActorKind.SYSTEM, institution_id, institution, name=name)

    @classmethod
    def public(cls, *, institution_id: int, institution: str) -> "Actor":
        return cls(ActorKind.PUBLIC, institution_id, institution)
