"""One small model for all tests of vLLM."""

import os

import pytest

from tests.vllm_engine.small_model import Small, make_small

# Before vLLM is imported: a gigabyte for keys and values is plenty, and it may run beside other work.
os.environ |= {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return make_small(tmp_path_factory.mktemp("small"))
