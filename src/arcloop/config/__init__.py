"""The settings of a run: what the command line offers, what a run directory records.

One frozen dataclass per stage, each handed only its own section; the docstring under a field is
its help text. A value out of range raises ``ConfigError`` when the section is built.
"""

from arcloop.config.learning import (
    AnchorsConfig,
    LoadingConfig,
    Optimizer,
    Policy,
    RelabelConfig,
    Schedule,
    SelectionConfig,
    TrainingConfig,
)
from arcloop.config.require import require
from arcloop.config.run import Config
from arcloop.config.sampling import (
    AugmentConfig,
    EngineConfig,
    PromptConfig,
    RefineConfig,
    SamplingConfig,
    ServerConfig,
)
from arcloop.config.searching import BudgetConfig, ExecutionConfig, HealthConfig, StoppingConfig, VotingConfig
from arcloop.config.sessions import PretrainConfig, SessionConfig
from arcloop.config.stored import from_json, to_json

__all__ = [
    "AnchorsConfig",
    "AugmentConfig",
    "BudgetConfig",
    "Config",
    "EngineConfig",
    "ExecutionConfig",
    "HealthConfig",
    "LoadingConfig",
    "Optimizer",
    "Policy",
    "PretrainConfig",
    "PromptConfig",
    "RefineConfig",
    "RelabelConfig",
    "SamplingConfig",
    "Schedule",
    "SelectionConfig",
    "ServerConfig",
    "SessionConfig",
    "StoppingConfig",
    "TrainingConfig",
    "VotingConfig",
    "from_json",
    "require",
    "to_json",
]
