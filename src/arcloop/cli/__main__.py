"""``python -m arcloop.cli`` is the ``arcloop`` command."""

import sys

from arcloop.cli import main

sys.exit(main())
