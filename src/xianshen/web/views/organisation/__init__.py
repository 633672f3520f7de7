"""Administration of units, positions and people, imports, and everybody's delegations."""
