"""Settings for all tests."""

import os
import signal

from hypothesis import settings

# Tests must not reach for a hub, and a busy machine must not fail them.
os.environ["HF_HUB_OFFLINE"] = "1"
settings.register_profile("arcloop", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("arcloop")
# A shell that starts tests in the background has them ignore Ctrl-C, and what they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)
