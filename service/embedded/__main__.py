"""`python -m service.embedded`: everything of Tactful on this machine, until Ctrl-C."""

import sys

from service.embedded.run import main

if __name__ == "__main__":
    sys.exit(main())
