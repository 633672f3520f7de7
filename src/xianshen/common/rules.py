"""Registry of the rules that code carries out.

Code never knows article numbers: it names a rule id, and the policy pack in force says which
article the rule comes from. ``policy check`` holds packs against this registry, and the article
map (article → rules → screens → tests) is generated from it.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that some room carries out.

    Args:
        id: dotted id, the same in every policy pack, e.g. ``opening.prior_approval``.
        room: the room that carries it out.
    """

    id: str
    room: str


@dataclass(slots=True)
class RuleRegistry:
    rules: dict[str, Rule] = field(default_factory=dict)
    screens: dict[str, set[str]] = field(default_factory=dict)

    def declare(self, rule_id: str, *, room: str) -> str:
        """Declare a rule and return its id. Declaring an id twice is a programming error."""
        if rule_id in self.rules:
            raise ValueError(f"rule {rule_id} is declared twice")
        self.rules[rule_id] = Rule(rule_id, room)
        return rule_id

    def shown_on(self, rule_id: str, screen: str) -> None:
        """Note that a screen (URL name) shows or enforces the rule."""
        if rule_id not in self.rules:
            raise KeyError(rule_id)
        self.screens.setdefault(rule_id, set()).add(screen)


registry = RuleRegistry()
declare = registry.declare
