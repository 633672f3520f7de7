"""What a refused request leaves in the log, and what a failure does."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpResponseServerError
from django.test import Client
from django.utils.log import log_response

from xianshen.common.logs import RefusalsInOneLine


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the product's own handler writes."""
    assert "refusals" in settings.LOGGING["handlers"]["stderr"]["filters"]
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(RefusalsInOneLine())
    logging.getLogger("django").addHandler(handler)
    yield written
    logging.getLogger("django").removeHandler(handler)


def test_refused_host_name_is_one_line(db: None, log: io.StringIO) -> None:
    assert Client().get("/", headers={"host": "elsewhere.example"}).status_code == 400
    assert "elsewhere.example" in log.getvalue()
    assert "Traceback" not in log.getvalue()


def test_oversized_form_is_one_line(db: None, log: io.StringIO) -> None:
    assert Client().post("/me/login/", {str(n): "" for n in range(1001)}).status_code == 400
    assert log.getvalue()
    assert "Traceback" not in log.getvalue()


def test_failure_keeps_its_traceback(log: io.StringIO) -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        response = HttpResponseServerError()
        log_response("Internal Server Error: %s", "/", response=response, exception=sys.exc_info()[1])
    assert "ZeroDivisionError" in log.getvalue()
