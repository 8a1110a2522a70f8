"""`python -m services NAME` runs one stage, or `prepare`: what a container's command is."""

import sys

from services._runtime.access.applying import NotAdministrator
from services._runtime.prepare import prepare
from services.stages import STAGES


def main(arguments: list[str]) -> None:
    """Run what the one argument names."""
    match arguments:
        case ["prepare"]:
            try:
                prepare()
            except NotAdministrator as refused:
                sys.exit(str(refused))
        case [name] if name in STAGES:
            STAGES[name].run()
        case _:
            sys.exit(f"usage: python -m services NAME, where NAME is prepare, {', '.join(STAGES)}")


if __name__ == "__main__":
    main(sys.argv[1:])
