"""What other rooms, views and the worker call. Other rooms need only :func:`notify`."""

from xianshen.notices.services.preferences import save_preference, send_own_test
from xianshen.notices.services.robots import add_robot, change_robot, remove_robot, send_robot_test
from xianshen.notices.services.sending import deliver_due, fan_out, recover_claims, resend, tidy
from xianshen.notices.services.telling import Told, mark_read, notify, notify_many, require_pause
from xianshen.notices.services.wordings import reset_wording, save_wording

__all__ = [
    "Told",
    "add_robot",
    "change_robot",
    "deliver_due",
    "fan_out",
    "mark_read",
    "notify",
    "notify_many",
    "recover_claims",
    "remove_robot",
    "require_pause",
    "resend",
    "reset_wording",
    "save_preference",
    "save_wording",
    "send_own_test",
    "send_robot_test",
    "tidy",
]
