"""``facerec`` and ``python -m facerec_app``: arguments, the application object, one line for what goes wrong."""

from __future__ import annotations

import logging
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    from facerec_app.cli.app import build_cli
    from facerec_app.cli.console import print_error
    from facerec_app.cli.exit_codes import INTERRUPTED, exit_code_of
    from facerec_app.composition import compose
    from facerec_app.core.errors import FacerecError

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        build_cli(compose)()
    except FacerecError as exc:
        print_error(str(exc))
        sys.exit(exit_code_of(exc))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
