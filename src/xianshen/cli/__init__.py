"""Operating the platform from a terminal: ``xianshen`` and ``python -m xianshen``."""
