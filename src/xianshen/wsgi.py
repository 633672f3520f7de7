"""WSGI entry, served by granian."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xianshen.settings")
application = get_wsgi_application()

# What is loaded by now stays as long as the process: the garbage collector need not look through it again and again.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
