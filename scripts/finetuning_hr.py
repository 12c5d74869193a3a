"""``arcloop train`` under the name that earlier work on hindsight relabeling gave it."""

import sys

from arcloop.cli.train import main

sys.exit(main(sys.argv[1:]))
