"""The product's settings plus two bare views to compare with, and a cheap password hash.

Signing hashes a password; how long that takes is measured apart (``bench/hashing.py``), so that the
decision itself is seen.
"""

from xianshen.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [*INSTALLED_APPS, "bench"]  # noqa: F405
