"""python -m tracetui: the same as the installed command."""

import sys

from tracetui.cli import main

if __name__ == "__main__":
    sys.exit(main())
