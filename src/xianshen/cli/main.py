"""Command table, parsing, and turning every expected failure into one line and an exit code.

A room offers commands in its ``commands.py``::

    def add_commands(subparsers):
        parser = subparsers.add_parser("ledger", help="…")
        actions = parser.add_subparsers(required=True)
        verify = actions.add_parser("verify", help="…")
        verify.add_argument("--json", action="store_true", help="…")
        verify.set_defaults(run=verify_ledger)        # (Namespace) -> int

The module is imported when its command is used, with Django set up. Two rooms may add to one
command (``import units`` and ``import accounts``): the second ``add_parser`` of a name continues the first.
"""

import argparse
import importlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

GOOD, FINDINGS, WRONG_USE = 0, 1, 2


class WrongUse(Exception):
    """The command cannot be carried out as given; the message is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A top-level command.

    Args:
        help: one line for the overview.
        modules: what offers it; imported when the command is used.
        django: whether Django is set up before they are imported.
    """

    help: str
    modules: tuple[str, ...]
    django: bool = True


COMMANDS = {
    "serve": Entry("run the web server and a task worker in the foreground", ("xianshen.cli.serve",), django=False),
    "worker": Entry("run tasks and clocks", ("xianshen.cli.worker",)),
    "prepare": Entry("bring the data up to date: tables, cache, policy pack", ("xianshen.cli.prepare",)),
    "migrate": Entry("bring the tables up to date", ("xianshen.cli.prepare",)),
    "policy": Entry("check a policy pack, or put it into force", ("xianshen.regulation.commands",)),
    "import": Entry(
        "import units, people, positions or accounts from XLSX or CSV",
        ("xianshen.organisation.commands", "xianshen.registry.commands"),
    ),
    "ledger": Entry("verify the ledger, or sign a checkpoint", ("xianshen.ledger.commands",)),
    "clocks": Entry("carry out what is due, or play the clocks forward on a copy", ("xianshen.clocks.commands",)),
    "demo": Entry("load the demonstration institution and show its sign-ins", ("xianshen.cli.demo",)),
    "manage": Entry("pass a command on to Django", ()),
}


class _Subparsers(argparse._SubParsersAction):
    """Subcommands to which several rooms may add: a name that exists is continued, not refused."""

    def add_parser(self, name: str, **options: Any) -> Any:
        existing = self.choices.get(name) if self.choices else None
        return existing or super().add_parser(name, **options)


class Parser(argparse.ArgumentParser):
    """Parser whose ``add_subparsers`` may be called again and then returns the same subcommands."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        super().__init__(*args, **options)
        self.register("action", "parsers", _Subparsers)

    def add_subparsers(self, **options: Any) -> Any:
        if self._subparsers is not None:
            return next(action for action in self._actions if isinstance(action, _Subparsers))
        options.setdefault("metavar", "COMMAND")
        options.setdefault("dest", "subcommand")
        options["required"] = True
        return super().add_subparsers(**options)


def build_parser(chosen: str | None) -> Parser:
    """Return the parser, complete for the chosen command; the others are named with their help only."""
    parser = Parser(prog="xianshen", description="先审: govern a university's new-media accounts.")
    subparsers = parser.add_subparsers(dest="command")
    for name, entry in COMMANDS.items():
        if name != chosen:
            subparsers.add_parser(name, help=entry.help)
            continue
        command = subparsers.add_parser(name, help=entry.help, description=entry.help)
        for module in dict.fromkeys(entry.modules):
            importlib.import_module(module).add_commands(subparsers)
        if not command.get_default("run") and command._subparsers is None:
            raise RuntimeError(f"no module offers the command {name}")
    return parser


def run(arguments: list[str]) -> int:
    """Parse and carry out; every expected failure is one line on stderr."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xianshen.settings")
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    try:
        if chosen == "manage":
            return manage(arguments[arguments.index("manage") + 1 :])
        if chosen in COMMANDS and COMMANDS[chosen].django:
            set_up_django()
        options = build_parser(chosen).parse_args(arguments)
        handler: Callable[[argparse.Namespace], int | None] = options.run
        return handler(options) or GOOD
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the reader left; keep the exit quiet
        return GOOD
    except WrongUse as problem:
        return complain(str(problem))
    except OSError as error:
        return complain(f"{error.filename or 'file'}: {error.strerror or error}")
    except Exception as error:
        meaning = explain(error)
        if meaning is None:
            raise
        return complain(meaning)


def set_up_django() -> None:
    """Read settings and load the rooms.

    Raises:
        WrongUse: the environment holds a setting that cannot be.
    """
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:
        raise WrongUse(str(error)) from error


def explain(error: Exception) -> str | None:
    """Return an expected failure of the platform in one line, or None for a programming error."""
    from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist, ValidationError
    from django.core.management.base import CommandError
    from django.db import DatabaseError, OperationalError, ProgrammingError

    from xianshen.common.errors import Refusal

    if isinstance(error, ValidationError):
        return "; ".join(error.messages)
    if isinstance(error, Refusal):
        return str(error.reason)
    if isinstance(error, OperationalError) and re.search(r"disk is full|no space left", str(error), re.IGNORECASE):
        return "no space left on the disk of the database"
    if isinstance(error, OperationalError):
        return f"the database does not answer: {first_line(error)}"
    if isinstance(error, ProgrammingError):
        return f"the database is not as this version needs it (run xianshen migrate): {first_line(error)}"
    if isinstance(error, DatabaseError):
        return f"the database cannot be used: {first_line(error)}"
    if isinstance(error, ImproperlyConfigured | ObjectDoesNotExist | CommandError):
        return first_line(error)
    return None


def first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def complain(text: str) -> int:
    print(f"xianshen: {text}", file=sys.stderr)
    return WRONG_USE


def manage(arguments: Sequence[str]) -> int:
    """Hand a command to Django: ``xianshen manage shell`` and the like."""
    from django.core.management import ManagementUtility

    utility = ManagementUtility(["xianshen manage", *arguments])
    utility.prog_name = "xianshen manage"
    utility.execute()
    return GOOD
