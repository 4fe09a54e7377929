"""``facerec`` and ``python -m facerec_app``: the command line with the application that it works on."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    from facerec_app.cli.command_line import run_command_line
    from facerec_app.composition import compose

    sys.exit(run_command_line(compose))


if __name__ == "__main__":
    main()
