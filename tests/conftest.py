"""Settings for all tests."""

import os

from hypothesis import settings

# Tests must not reach for a hub, and a busy machine must not fail them.
os.environ["HF_HUB_OFFLINE"] = "1"
settings.register_profile("arcloop", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("arcloop")
