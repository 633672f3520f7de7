"""What the log says of requests that were refused."""

import logging

SERVER_ERROR = 500


class RefusalsInOneLine(logging.Filter):
    """Leaves the traceback out where the request was at fault, not the program.

    Django logs one with every refused host name, oversized form or forbidden page: anybody could fill the disk.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        refused = record.name == "django.request" and getattr(record, "status_code", SERVER_ERROR) < SERVER_ERROR
        if refused or record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
        return True
