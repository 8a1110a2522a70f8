"""`python -m services.cli` is `nativefax`."""

from services.cli.main import main

main()
