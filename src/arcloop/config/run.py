"""A whole run's settings."""

from dataclasses import dataclass, field
from typing import Literal

from arcloop.config.require import require, require_finite
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
from arcloop.config.training import AnchorsConfig, LoadingConfig, RelabelConfig, SelectionConfig, TrainingConfig

__all__ = ["Config"]


@dataclass(frozen=True)
class Config:
    """A whole run. Equal configurations give equal programs, adapters and submissions on one machine."""

    tasks: str
    """Task set: arc1-train, arc1-eval, arc2-train, arc2-eval, drawing; or the path of a folder of ARC JSON files
    or of a Kaggle challenges file."""
    limit: int | None = None
    """Take only the first N tasks of the set."""
    task_ids: tuple[str, ...] = ()
    """Take only these tasks of the set."""
    skip_invalid: bool = False
    """Leave out tasks that are no valid ARC tasks, such as those with grids larger than 30×30, and name them; without it
    the first one is an error."""
    model: str = "embedded"
    """``embedded`` (ships with arcloop, runs on a CPU), the folder or hub name of a Hugging Face causal language model, or,
    in place of a model, ``grammar`` or ``replay``: see ``sampler``."""
    adapter: str | None = None
    """Folder of a saved adapter to begin with: the first search uses it, and learning starts from it where it would start
    from the base model; what is learned has its rank and kind."""
    rounds: int = 2
    """Search rounds, with learning between them: 1 is search only."""
    learn: bool = True
    """Learn between two rounds. Off: rounds are searches alone, of which each can use the programs of those before
    (``refine``, ``search``), also with a server that cannot load adapters."""
    programs: int = 64
    """Programs per task and round."""
    seed: int = 0
    """Every random choice follows from this number and its own coordinates."""
    group_size: int = 20
    """Tasks that share an adapter and are searched together; 0 = all."""
    restart: bool = True
    """Every round learns from the base model anew, on the best programs of all rounds; off: from the last round's adapter
    on, on the newest round's programs."""
    overlap: bool = True
    """A group learns while the next one is searched, where completions come from a server (``openai``); changes nothing
    but the time. Off: where the server computes on the device that is learned on, and its memory is short."""
    loading: LoadingConfig = field(default_factory=LoadingConfig)
    """How the model's weights are held."""
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    """How each prompt's task is changed before the model sees it."""
    prompt: PromptConfig = field(default_factory=PromptConfig)
    """In which words the model is asked."""
    refine: RefineConfig = field(default_factory=RefineConfig)
    """How many prompts show an earlier program of their task and ask for a better one."""
    search: SearchConfig = field(default_factory=SearchConfig)
    """How many programs are made of earlier ones, without a model."""
    sampler: Literal["transformers", "vllm", "openai", "grammar", "replay", "imported"] = "transformers"
    """What draws completions. ``transformers``: the network in this process that is also trained. ``vllm``: a vLLM engine
    in this process (extra gpu). ``openai``: any OpenAI-compatible server; it learns if it can load adapters, as vLLM's can.
    ``grammar``: random programs, without a model. ``replay``: the completions of an earlier run. These two search and
    never learn, so further rounds are further searches. ``imported``: the programs of a file (``arcloop import``)."""
    source: str | None = None
    """Folder of the run whose completions ``--sampler replay`` gives again; its settings are the defaults then. Of an import,
    the file of programs."""
    imported: ImportConfig = field(default_factory=ImportConfig)
    """How the file of an import is read."""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    """How completions are drawn from the model."""
    server: ServerConfig = field(default_factory=ServerConfig)
    """Where ``--sampler openai`` draws from."""
    engine: EngineConfig = field(default_factory=EngineConfig)
    """How ``--sampler vllm`` uses the GPUs."""
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    """How programs are run, and what they may use."""
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    """Which programs the model learns from."""
    relabel: RelabelConfig = field(default_factory=RelabelConfig)
    """How a program and what it gave become examples."""
    training: TrainingConfig = field(default_factory=TrainingConfig)
    """How the adapter is trained on the selected examples."""
    anchors: AnchorsConfig = field(default_factory=AnchorsConfig)
    """Rows from what the model was trained on, mixed into every learning against forgetting it."""
    health: HealthConfig = field(default_factory=HealthConfig)
    """When an adapter has done harm."""
    stopping: StoppingConfig = field(default_factory=StoppingConfig)
    """When a task is no longer sampled, and who gets its programs."""
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    """What a whole run may spend, spread evenly over all that is still to be searched."""

    def __post_init__(self) -> None:
        require_finite(self)
        for name in ("rounds", "programs"):
            value = getattr(self, name)
            require(value >= 1, name, value, "expected 1 or more")
        # It is kept beside numbers in tables.
        require(-(2**63) <= self.seed < 2**63, "seed", self.seed, "expected a whole number of 64 bits")
        require(self.group_size >= 0, "group-size", self.group_size, "expected 0 (all) or more")
        require(self.limit is None or self.limit >= 1, "limit", self.limit, "expected 1 or more")
        require(
            not (self.learns and self.training.use_dora) or self.sampler == "transformers",
            "training.use-dora",
            True,
            f"expected LoRA, which is what vLLM computes with, beside --sampler {self.sampler}; or --sampler transformers",
        )
        chat = self.sampler == "openai" and self.server.api == "chat"
        require(
            not (chat and self.learns),
            "rounds",
            self.rounds,
            "expected 1 with --server.api chat, which cannot learn, or --no-learn",
        )
        require(self.adapter is None or not self.weightless, "adapter", self.adapter, "expected none without a model")
        replays = bool({self.sampler, self.model} & {"replay", "imported"})
        expected = "expected a run's folder with --sampler replay, and nothing with another sampler"
        require(replays == (self.source is not None), "from", self.source, expected)

    @property
    def weightless(self) -> bool:
        """Do its programs come without a model: random ones, replayed or imported?"""
        return bool({self.sampler, self.model} & {"grammar", "replay", "imported"})

    @property
    def learns(self) -> bool:
        """Is an adapter trained, between two rounds?"""
        return self.learn and self.rounds > 1 and not self.weightless

    @property
    def computes(self) -> bool:
        """Is a network computed on the run's own machines, in a search or in a learning?"""
        return self.learns or (self.sampler != "openai" and not self.weightless)
