"""xianshen 先审: governance of a university's new-media accounts."""

__version__ = "0.1.0"
