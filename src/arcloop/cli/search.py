"""``arcloop search``: sampling and execution alone, on one round."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, cast

import tyro

from arcloop.assembly import begin, replayed
from arcloop.cli.job import go_on, say, wide
from arcloop.cli.options import Drawn, flags, source_in
from arcloop.config import AugmentConfig, Config, ExecutionConfig, PromptConfig, ServerConfig, require, with_recipe
from arcloop.model.card import GRAMMAR, read_card
from arcloop.prompts.format import named_template

__all__ = ["main"]

RUN = Config("", rounds=1)
UNCHANGED = with_recipe(RUN, "no-augmentation").augment


@dataclass(frozen=True)
class Arguments:
    """Sample programs for tasks and run them, without learning: one round of a run, with its table and submission.

    The output folder is that of an ordinary run: evaluate, resume, relabel and replay take it.
    """

    output_dir: Annotated[Path, tyro.conf.arg(aliases=("--out",))]
    """Folder of the run; new, empty, or that of the same search."""
    tasks: Annotated[str | None, tyro.conf.arg(aliases=("--dataset",))] = None
    """Task set: arc1-train, arc1-eval, arc2-train, arc2-eval, drawing; or the path of a folder of ARC JSON files or of
    a Kaggle challenges file. Needed, except with ``--from``."""
    task_ids: tuple[str, ...] = ()
    """Take only these tasks of the set."""
    limit: int | None = None
    """Take only the first N tasks of the set."""
    skip_invalid: Annotated[bool, tyro.conf.arg(aliases=("--tasks.skip-invalid",))] = False
    """Leave out tasks that are no valid ARC tasks, such as those with grids larger than 30×30, and name them; without it
    the first one is an error."""
    model_path: Annotated[str, tyro.conf.arg(aliases=("--model",))] = RUN.model
    """``embedded``, or the folder or hub name of a Hugging Face causal language model; ``grammar`` or
    ``replay`` in place of one."""
    lora_path: str | None = None
    """Folder of a saved adapter to sample with."""
    sampler: Drawn = "transformers"
    """What draws completions (docs/samplers.md)."""
    source: Annotated[Path | None, tyro.conf.arg(name="from", metavar="RUN")] = None
    """Folder of the run whose completions ``--sampler replay`` gives again; its settings are the defaults then."""
    n_predictions: int = RUN.programs
    """Programs per task."""
    batch_size: int = RUN.sampling.completions_per_prompt
    """Completions drawn after one augmented prompt before the task is augmented afresh."""
    use_data_augmentation: bool = True
    """Turn, mirror and recolour each prompt's task, and shuffle its pairs."""
    max_model_len: int | None = None
    """Longest prompt and completion together, in tokens; prompts that leave too little room are skipped and counted.
    Default: what suits the model."""
    max_output_tokens: int | None = None
    """Longest completion, in tokens; default: what suits the model."""
    temperature: tuple[float, ...] = RUN.sampling.temperature
    """Divides the logits before the softmax; 0 takes the likeliest token. With several, the draws take turns."""
    top_p: float = RUN.sampling.top_p
    """Nucleus sampling: the likeliest tokens that together have this probability."""
    prompt_template: Annotated[str | None, tyro.conf.arg(metavar="NAME|FILE")] = None
    """``barc``, ``compact``, ``plain``, or a file with a template of your own (docs/search.md); default: the model's."""
    library: Annotated[bool, tyro.conf.arg(name="prompt.library")] = RUN.prompt.library
    """List the program library's functions in the prompt; the ``plain`` template has a place for them."""
    cells: Annotated[int | None, tyro.conf.arg(name="prompt.cells")] = RUN.prompt.cells
    """Show no more train pairs than keep all grids of a prompt at so many cells together; default: what suits the model."""
    rows: Annotated[int | None, tyro.conf.arg(name="sampling.rows")] = RUN.sampling.rows
    """Completions that are decoded side by side at the most: less memory, and less speed, with fewer."""
    use_4bit_quantization: bool | None = RUN.loading.use_4bit_quantization
    """Hold the base weights in 4 bits; default: where they fit on a GPU in no other way."""
    tensor_parallel_size: int = RUN.engine.tensor_parallel_size
    """GPUs that share the model's matrices, with ``--sampler vllm``."""
    gpu_memory_utilization: float = RUN.engine.gpu_memory_utilization
    """Share of each GPU's memory that ``--sampler vllm`` takes."""
    engine_quantization: Annotated[str | None, tyro.conf.arg(name="engine.quantization")] = RUN.engine.quantization
    """How ``--sampler vllm`` quantizes weights that it loads, such as ``fp8``; default: as they are stored."""
    engine_extra: Annotated[tuple[str, ...], tyro.conf.arg(name="engine.extra")] = RUN.engine.extra
    """Further engine arguments of vLLM, each as ``KEY=VALUE`` with a value in JSON or text."""
    seed: int = RUN.seed
    """Every random choice follows from this number and its own coordinates."""
    server: ServerConfig = field(default_factory=ServerConfig)
    """Where ``--sampler openai`` draws from."""
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    """How programs are run, and what they may use."""


def main(argv: list[str]) -> int:
    """Parse the arguments and search."""
    source = source_in(argv)
    base = replace(replayed(source), rounds=1) if source else RUN
    arguments = tyro.cli(Arguments, args=flags(argv), prog="arcloop search", default=_defaults(base))
    return go_on(begin(_config(arguments, base), arguments.output_dir, partial(say, wide())))


def _defaults(base: Config) -> Arguments:
    """The arguments that ask for ``base`` itself."""
    return Arguments(
        tyro.MISSING,
        task_ids=base.task_ids,
        limit=base.limit,
        skip_invalid=base.skip_invalid,
        model_path=base.model,
        sampler=cast(Drawn, base.sampler),
        source=None if base.source is None else Path(base.source),
        n_predictions=base.programs,
        batch_size=base.sampling.completions_per_prompt,
        use_data_augmentation=base.augment != UNCHANGED,
        max_output_tokens=base.sampling.max_tokens,
        temperature=base.sampling.temperature,
        top_p=base.sampling.top_p,
        library=base.prompt.library,
        cells=base.prompt.cells,
        rows=base.sampling.rows,
        use_4bit_quantization=base.loading.use_4bit_quantization,
        tensor_parallel_size=base.engine.tensor_parallel_size,
        gpu_memory_utilization=base.engine.gpu_memory_utilization,
        engine_quantization=base.engine.quantization,
        engine_extra=base.engine.extra,
        seed=base.seed,
        server=base.server,
        execution=base.execution,
    )


def _config(arguments: Arguments, base: Config) -> Config:
    """The run that is asked for; what no argument speaks of is as in ``base``."""
    tasks = arguments.tasks or base.tasks
    require(bool(tasks), "tasks", None, "expected a task set such as arc1-train, or --from with a run")
    augment = AugmentConfig() if arguments.use_data_augmentation else UNCHANGED
    if (augment == UNCHANGED) == (base.augment == UNCHANGED):
        augment = base.augment
    named = arguments.prompt_template
    template = base.prompt.template if named is None else named_template(named)
    four_bits = arguments.use_4bit_quantization and arguments.sampler == "vllm"
    quantization = arguments.engine_quantization or ("bitsandbytes" if four_bits else None)
    config = replace(
        base,
        tasks=tasks,
        task_ids=arguments.task_ids,
        limit=arguments.limit,
        skip_invalid=arguments.skip_invalid,
        model=arguments.model_path,
        adapter=arguments.lora_path,
        sampler=arguments.sampler,
        source=None if arguments.source is None else str(arguments.source),
        programs=arguments.n_predictions,
        seed=arguments.seed,
        augment=augment,
        prompt=PromptConfig(template, arguments.library, arguments.cells),
        sampling=replace(
            base.sampling,
            max_tokens=arguments.max_output_tokens,
            completions_per_prompt=arguments.batch_size,
            temperature=arguments.temperature,
            top_p=arguments.top_p,
            rows=arguments.rows,
        ),
        server=arguments.server,
        engine=replace(
            base.engine,
            tensor_parallel_size=arguments.tensor_parallel_size,
            gpu_memory_utilization=arguments.gpu_memory_utilization,
            quantization=quantization,
            extra=arguments.engine_extra,
        ),
        loading=replace(base.loading, use_4bit_quantization=arguments.use_4bit_quantization),
        execution=arguments.execution,
    )
    return config if arguments.max_model_len is None else _within(config, arguments.max_model_len)


def _within(config: Config, length: int) -> Config:
    """The configuration with prompts cut off where they leave no room for a whole completion within ``length`` tokens."""
    limit = config.sampling.max_tokens
    if limit is None:
        limit = read_card(GRAMMAR if config.sampler == GRAMMAR else config.model).max_tokens
    require(length > limit, "max-model-len", length, f"expected more than max-output-tokens ({limit})")
    return replace(config, sampling=replace(config.sampling, max_tokens=limit, max_prompt_tokens=length - limit))
