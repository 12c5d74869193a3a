"""The settings of a run: what the command line offers, what a run directory records.

One frozen dataclass per stage, each handed only its own section; the docstring under a field is
its help text. A value out of range raises ``ConfigError`` when the section is built.
"""

from arcloop.config.fitting import MEMORY, memory_of, with_memory
from arcloop.config.recipes import named_toml, recipe_names, shipped, with_recipe, with_settings
from arcloop.config.require import require
from arcloop.config.run import Config
from arcloop.config.sampling import (
    AugmentConfig,
    EngineConfig,
    ImportConfig,
    PromptConfig,
    RefineConfig,
    SamplingConfig,
    ServerConfig,
)
from arcloop.config.searching import BudgetConfig, ExecutionConfig, HealthConfig, SearchConfig, StoppingConfig
from arcloop.config.sessions import ClusterConfig, PretrainConfig, SessionConfig
from arcloop.config.stored import config_json, from_json, read_config, to_json
from arcloop.config.training import (
    AnchorsConfig,
    LoadingConfig,
    Optimizer,
    Policy,
    RelabelConfig,
    Schedule,
    SelectionConfig,
    TrainingConfig,
)

__all__ = [
    "MEMORY",
    "AnchorsConfig",
    "AugmentConfig",
    "BudgetConfig",
    "ClusterConfig",
    "Config",
    "EngineConfig",
    "ExecutionConfig",
    "HealthConfig",
    "ImportConfig",
    "LoadingConfig",
    "Optimizer",
    "Policy",
    "PretrainConfig",
    "PromptConfig",
    "RefineConfig",
    "RelabelConfig",
    "SamplingConfig",
    "Schedule",
    "SearchConfig",
    "SelectionConfig",
    "ServerConfig",
    "SessionConfig",
    "StoppingConfig",
    "TrainingConfig",
    "config_json",
    "from_json",
    "memory_of",
    "named_toml",
    "read_config",
    "recipe_names",
    "require",
    "shipped",
    "to_json",
    "with_memory",
    "with_recipe",
    "with_settings",
]
