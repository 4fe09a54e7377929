"""Running the tree of commands: every way it can end becomes an exit code and, where something is wrong, one line."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from functools import cache
from typing import Any

import typer

from facerec_app.cli.app import build_cli
from facerec_app.cli.console import print_error, print_warning
from facerec_app.cli.exit_codes import INTERRUPTED, OK, OUTPUT, UNEXPECTED, USAGE, exit_code_of
from facerec_app.config.paths import user_log_dir
from facerec_app.core.errors import FacerecError
from facerec_app.services.application import ApplicationFactory


def run_command_line(make_application: ApplicationFactory) -> int:
    """Carry out what the arguments of the process ask for and return its exit code."""
    for stream in (sys.stdout, sys.stderr):  # a file's name may hold bytes that are no text
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        code = _command_tree(make_application).main(standalone_mode=False)
        sys.stdout.flush()
    except typer.Abort:
        print_warning("Nobody answered; nothing was done.")
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as exc:  # noqa: BLE001 - a traceback is no answer to a user
        return _explain(exc)
    return code if isinstance(code, int) else OK


@cache  # a tenth of a second: a process that runs several commands, as the tests do, builds it once
def _command_tree(make_application: ApplicationFactory) -> Any:  # typer's own class, which it does not export
    return typer.main.get_command(build_cli(make_application))


def _explain(error: Exception) -> int:
    """Print the line that an error deserves and return its exit code."""
    if isinstance(error, FacerecError):
        print_error(str(error))
        return exit_code_of(error)
    if isinstance(error, typer.TyperException):
        return _usage_error(error)
    if isinstance(error, OSError) and error.errno in {errno.EPIPE, errno.ENOSPC}:
        if error.errno == errno.ENOSPC:  # a broken pipe needs no word: its reader, such as `head`, has all it wanted
            print_error("The disk is full; free some space and try again.")
        # What is left in the buffer of standard output must not fail once more when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OUTPUT
    print_error(_unexpected(error))
    return UNEXPECTED


def _usage_error(error: typer.TyperException) -> int:
    message = " ".join(error.format_message().replace("Value error, ", "").split())
    context = getattr(error, "ctx", None)
    if context is None:
        print_error(message)
    elif type(error).__name__ == "NoArgsIsHelpError":  # a group was named without a command: its help was printed
        print_error("No command was given; choose one of those above.")
    else:
        end = " See" if message.endswith("?") else "; see"
        print_error(f"{message.rstrip('.')}{end} '{context.command_path} --help'.")
    return USAGE


def _unexpected(error: Exception) -> str:
    what = f"Something went wrong that should not ({type(error).__name__}: {' '.join(str(error).split())})"
    file = user_log_dir() / "errors.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat()}\n{traceback.format_exc()}\n")
    except OSError:
        return f"{what}; run 'facerec doctor' to check the installation."
    return f"{what}; the details are in {file}. Run 'facerec doctor' to check the installation."
