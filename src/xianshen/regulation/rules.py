"""Rules that this room carries out; the pack maps them to articles."""

from xianshen.common.rules import declare, registry

BASIS = declare("regulation.basis", room="regulation")
INTERPRETATION = declare("regulation.interpretation", room="regulation")
IN_FORCE = declare("regulation.in_force", room="regulation")
REPEALS = declare("regulation.repeals", room="regulation")

for _rule in (BASIS, REPEALS, IN_FORCE):
    registry.shown_on(_rule, "regulation:current")
registry.shown_on(IN_FORCE, "regulation:article")
registry.shown_on(IN_FORCE, "regulation:acknowledge")
registry.shown_on(INTERPRETATION, "regulation:interpret")
