"""Pages about how notices reach people: a person's own, and the Office's."""
