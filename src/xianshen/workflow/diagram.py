"""Mermaid state diagrams, drawn from the declared tables into the docs."""

from typing import Any

from xianshen.workflow.tables import TransitionTable


def mermaid(table: TransitionTable[Any]) -> str:
    """Return the table as a Mermaid ``stateDiagram-v2``, states by identifier with their words."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {value}: {value} {label}" for value, label in table.states.choices]
    lines += [f"    [*] --> {state}" for state in sorted(table.initial)]
    for transition in table:
        lines += [f"    {source} --> {transition.target}: {transition.name}" for source in sorted(transition.sources)]
    sources = {source for transition in table for source in transition.sources}
    lines += [f"    {value} --> [*]" for value in table.states.values if value not in sources]
    return "\n".join(lines)
