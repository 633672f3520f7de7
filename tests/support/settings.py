"""Settings of the tests: the product's own, on a data directory that lives as long as the process."""

import atexit
import os
import shutil
import tempfile

_data = tempfile.mkdtemp(prefix="xianshen-test-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
os.environ["XIANSHEN_DATA"] = _data

from xianshen.settings import *  # noqa: E402, F403
from xianshen.settings import DATA, DATABASES, LOGGING, SQLITE_OPTIONS, STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir()
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = 0
if _database["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads of the live server get connections of their own, as in production.
    _database["TEST"] = {"NAME": str(DATA / "test.sqlite3")}
    _database["OPTIONS"] = {
        **SQLITE_OPTIONS,
        "init_command": SQLITE_OPTIONS["init_command"].replace("synchronous=NORMAL", "synchronous=OFF"),
    }
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING = {**LOGGING, "root": {**LOGGING["root"], "level": "ERROR"}}
# Otherwise every test client reads the directory of every static file before its first request.
WHITENOISE_AUTOREFRESH = True
