"""Run the command line with `python -m polyseme`."""

from .ui.cli.main import main

main()
