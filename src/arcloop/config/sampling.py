"""How a model is shown tasks, and who samples from it."""

from dataclasses import dataclass
from typing import Literal

from arcloop.config.require import require

__all__ = [
    "AugmentConfig",
    "EngineConfig",
    "ImportConfig",
    "PromptConfig",
    "RefineConfig",
    "SamplingConfig",
    "ServerConfig",
]

_FIELDS = ("task_id", "source", "completion", "round", "logprob", "tokens", "temperature", "finish_reason", "examples")


@dataclass(frozen=True)
class AugmentConfig:
    """How each prompt's task is changed before the model sees it."""

    dihedral: bool = True
    """Turn and mirror the task by a random element of D8."""
    colors: bool = True
    """Permute the colours at random."""
    keep_background: float = 0.9
    """How often a colour permutation leaves 0 (black, the usual background) in place."""
    order: bool = True
    """Shuffle the train pairs."""

    def __post_init__(self) -> None:
        require(0 <= self.keep_background <= 1, "augment.keep-background", self.keep_background, "expected 0–1")


@dataclass(frozen=True)
class PromptConfig:
    """In which words the model is asked."""

    template: str | None = None
    """``barc``: the BARC models' own format, byte for byte. ``compact``: the embedded model's. ``plain``: for chat models
    that were not trained on the program library. Or a file with a template of your own (docs/search.md), whose text is
    stored with the run. Default: what the model was trained on."""
    library: bool = False
    """List the program library's functions in the prompt; the ``plain`` template has a place for them."""
    cells: int | None = None
    """Show no more train pairs than keep all grids of a prompt at so many cells together, at least one; programs are run
    on all pairs. Default: what suits the model (the embedded one was trained on small prompts; others see all pairs)."""

    def __post_init__(self) -> None:
        fits = not self.library or self.template not in (None, "barc", "compact")
        require(self.cells is None or self.cells >= 1, "prompt.cells", self.cells, "expected 1 or more")
        require(fits, "prompt.library", self.library, "expected --prompt.template plain, or a file, beside it")


@dataclass(frozen=True)
class RefineConfig:
    """How many prompts show an earlier program of their task and ask for a better one."""

    share: float = 0.0
    """Share of a task's prompts in every round but the first; 0 = none. The earlier programs are those of the rounds before,
    each in the frame that it was written in; which ones says docs/search.md."""
    exploration: float = 1.0
    """How much those are favoured that few prompts have shown, over those that have had the best child; 0 = not at all."""

    def __post_init__(self) -> None:
        require(0 <= self.share <= 1, "refine.share", self.share, "expected 0 (none) to 1 (all)")
        require(self.exploration >= 0, "refine.exploration", self.exploration, "expected 0 (not at all) or more")


@dataclass(frozen=True)
class SamplingConfig:
    """How completions are drawn from the model."""

    temperature: tuple[float, ...] = (1.0,)
    """Divides the logits before the softmax; 0 takes the likeliest token. Several: a task's draws take them in turn, so
    that some explore and some exploit."""
    diversity: float = 0.0
    """Share of a task's programs in a round that should differ from each other. Where fewer did in the round before, its
    temperatures are raised by a quarter, up to the double and to 2; where more did, they fall again. 0 = never."""
    top_p: float = 0.95
    """Keep the likeliest tokens that together have this probability (nucleus sampling)."""
    min_p: float = 0.0
    """Keep tokens with at least this share of the likeliest token's probability; 0 = all that top_p keeps."""
    max_tokens: int | None = None
    """Longest completion, in tokens; a longer one is cut there and usually invalid. Default: what suits the model."""
    max_prompt_tokens: int | None = None
    """Prompts longer than this are skipped and counted. Default: what suits the model."""
    completions_per_prompt: int = 8
    """Completions drawn after one augmented prompt before the task is augmented afresh."""
    rows: int | None = None
    """Completions decoded side by side; fewer need less memory. Default: 128, and on a GPU as many of these as fit."""
    prefill_tokens: int | None = None
    """Prompt tokens that are read at once; fewer need less memory. Default: 32,768, and on a GPU as many of these as fit."""
    cache_gib: float | None = None
    """GiB for the keys and values of prompts and completions; who does not fit waits. Default: on a GPU what is left there
    beside the rest; on a CPU as much as ``rows`` completions and their prompts take."""

    def __post_init__(self) -> None:
        heat = self.temperature
        fits = bool(heat) and all(0 <= one <= 100 for one in heat)
        require(fits, "sampling.temperature", heat, "expected numbers from 0 to 100")
        require(0 <= self.diversity <= 1, "sampling.diversity", self.diversity, "expected 0 (off) to 1 (all)")
        require(0 <= self.min_p < 1, "sampling.min-p", self.min_p, "expected 0 or more, less than 1")
        require(0 < self.top_p <= 1, "sampling.top-p", self.top_p, "expected more than 0, at most 1")
        for name in ("max_tokens", "max_prompt_tokens", "completions_per_prompt", "rows", "prefill_tokens"):
            value = getattr(self, name)
            require(value is None or value >= 1, f"sampling.{name.replace('_', '-')}", value, "expected 1 or more")
        require(
            self.cache_gib is None or self.cache_gib > 0, "sampling.cache-gib", self.cache_gib, "expected more than 0"
        )


@dataclass(frozen=True)
class ServerConfig:
    """The OpenAI-compatible server that ``--sampler openai`` draws from.

    Its key is in the environment's ARCLOOP_API_KEY or OPENAI_API_KEY, and nowhere else.
    """

    base_url: str | None = None
    """Address of its API, such as http://127.0.0.1:8000/v1. Default: the environment's OPENAI_BASE_URL, so that a run
    can be resumed with a server elsewhere, or else that address."""
    model: str | None = None
    """Name under which it serves the model. Default: the only one it serves, or the one called like --model."""
    api: Literal["completions", "chat"] = "completions"
    """Which interface of the server: ``completions``, or ``chat``. ``completions``: the rendered prompt is continued, as in training. ``chat``: for services that take messages only;
    search alone, and a prompt template that does not begin the answer (plain)."""
    concurrency: int = 32
    """Requests under way at once; each asks for all completions of a prompt."""
    retries: int = 6
    """How often a request is repeated that failed in passing (rate limits, overload, lost connections)."""
    timeout: float = 600.0
    """Seconds to wait for the whole answer to a request."""
    prompt_price: float = 0.0
    """Price of a million prompt tokens, for the sum that a run prints."""
    completion_price: float = 0.0
    """Price of a million sampled tokens, for the sum that a run prints."""

    def __post_init__(self) -> None:
        url = self.base_url
        fits = url is None or url.startswith(("http://", "https://"))
        require(fits, "server.base-url", url, "expected an address that begins with http:// or https://")
        # The configuration is stored in the run's folder.
        secret = url is not None and "@" in url
        require(not secret, "server.base-url", "…@…", "expected no password in it; put a key into ARCLOOP_API_KEY")
        query = url is not None and ("?" in url or "#" in url)
        require(not query, "server.base-url", "…?…", "expected no query in it; put a key into ARCLOOP_API_KEY")
        require(self.concurrency >= 1, "server.concurrency", self.concurrency, "expected 1 or more")
        require(self.retries >= 0, "server.retries", self.retries, "expected 0 or more")
        require(self.timeout > 0, "server.timeout", self.timeout, "expected more than 0 seconds")
        require(self.prompt_price >= 0, "server.prompt-price", self.prompt_price, "expected 0 or more")
        require(self.completion_price >= 0, "server.completion-price", self.completion_price, "expected 0 or more")


@dataclass(frozen=True)
class EngineConfig:
    """The vLLM engine that ``--sampler vllm`` starts in this process."""

    tensor_parallel_size: int = 1
    """GPUs that share the model's matrices."""
    gpu_memory_utilization: float = 0.85
    """Share of each GPU's memory that the engine takes for weights, keys and values. While the adapter is trained it
    gives all of it back."""
    enforce_eager: bool = False
    """Leave out CUDA graphs: starts in seconds and needs less memory, samples slower."""
    model: str | None = None
    """Folder or hub name of the same model in another form, such as AWQ or FP8 weights, for the engine alone; its weights are
    not trained. Default: ``--model``."""
    quantization: str | None = None
    """How the engine quantizes weights that it loads: ``fp8``, or ``bitsandbytes`` (4 bits), or what else vLLM has. Default: as
    they are stored. ``loading.use-4bit-quantization`` is that of the network that is trained."""
    extra: tuple[str, ...] = ()
    """Further engine arguments of vLLM, each as ``KEY=VALUE`` with a value in JSON or text, such as ``kv_cache_dtype=fp8`` and
    ``max_num_seqs=512``."""

    def __post_init__(self) -> None:
        require(
            self.tensor_parallel_size >= 1,
            "engine.tensor-parallel-size",
            self.tensor_parallel_size,
            "expected 1 or more",
        )
        share = self.gpu_memory_utilization
        require(0 < share <= 1, "engine.gpu-memory-utilization", share, "expected more than 0, at most 1")
        keys = [word.partition("=")[0].replace("-", "_") for word in self.extra]
        for word, key in zip(self.extra, keys, strict=True):
            fits = "=" in word and key.isidentifier() and keys.count(key) == 1
            require(fits, "engine.extra", word, "expected KEY=VALUE, each key once")


@dataclass(frozen=True)
class ImportConfig:
    """How a file of programs that were sampled elsewhere is read."""

    layout: Literal["auto", "rows", "soar", "barc"] = "auto"
    """``rows``: a row is a program, with the id of its task. ``soar``: the same as SOAR's data sets have it, programs that
    take and give lists of rows. ``barc``: as BARC's generated problems have it, a row is a program and the pairs of a task of
    its own. ``auto``: by the columns of each row."""
    columns: tuple[str, ...] = ()
    """Columns that have other names than docs/import.md says, as FIELD=COLUMN."""
    grids: Literal["auto", "arrays", "lists"] = "auto"
    """What programs are called with: arrays, as here, or lists of rows; ``auto``: lists in the layout ``soar``."""

    def __post_init__(self) -> None:
        for pair in self.columns:
            field, equals, column = pair.partition("=")
            fits = field in _FIELDS and bool(equals and column)
            require(fits, "columns", pair, f"expected FIELD=COLUMN with a field of {', '.join(_FIELDS)}")
