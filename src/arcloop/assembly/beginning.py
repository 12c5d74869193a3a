"""What was asked for → a run directory: all that can be said before the work begins."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from arcloop.config import Config, LoadingConfig
from arcloop.errors import ConfigError, RunError
from arcloop.model.card import CARD, GRAMMAR, has_card, model_folder, read_card, resolve
from arcloop.prompts.format import PromptFormat, named_template
from arcloop.runs.origin import manifest
from arcloop.runs.rundir import RunDir
from arcloop.tasks.arcjson import task_to_json
from arcloop.tasks.sets import TASK_SETS, load_tasks, unasked

__all__ = ["begin", "replayed"]


def replayed(source: Path) -> Config:
    """The configuration under which a run's completions are given again as they were.

    Raises:
        RunError: ``source`` is no run directory.
    """
    run = RunDir.open(source)
    return dataclasses.replace(run.config(), sampler="replay", source=str(source.resolve()), adapter=None)


def begin(given: Config, out: Path, tell: Callable[[str], None] = lambda line: None, *, shared: bool = False) -> RunDir:
    """Begin a run, or find the one in ``out`` if it is the same; ``tell`` is given a line on tasks that are left out.

    ``shared``: other processes may begin it at the same time.

    Raises:
        ArcloopError: the tasks, the model, the adapter or the earlier run cannot be had, or ``out`` holds something else.
    """
    given = _with_files(_with_model(given))
    tasks = load_tasks(given.tasks, given.limit, given.task_ids, given.skip_invalid, tell)
    if given.source is not None:
        source = RunDir.open(Path(given.source))
        if source.config().sampler == "imported":
            raise RunError(
                f"--from {given.source}: programs of a file; expected a run that was sampled — import the file again, with "
                "other settings"
            )
        if not any(True for index in range(len(source.groups())) for _ in source.done_groups(index)):
            raise RunError(
                f"--from {given.source}: nothing in it is done; expected a run with completions — resume it first"
            )
        _same_prompts(given, source.config())
        known = [task_to_json(task) for task in source.tasks()]
        if not any(task_to_json(task) in known for task in tasks):
            raise RunError(
                f"--from {given.source}: none of its {len(known)} tasks is among the {len(tasks)} of {given.tasks}; "
                "expected the same task set — leave --tasks out"
            )
        config = given
    else:
        # Of a chat service the model is nowhere but there.
        here = given.sampler != "grammar" and not (given.sampler == "openai" and given.server.api == "chat")
        if here:
            model_folder(given.model)  # fetched, so that its card and its context are known
        card = read_card(given.model)
        config = resolve(given, card)
        if here and given.prompt.template is None and not has_card(given.model):
            tell(
                f"--model {given.model}: no {CARD} beside it; asked with the template {card.template}, as its name suggests "
                "— --prompt.template asks otherwise, and arcloop card writes such a file"
            )
        if given.refine.share:
            PromptFormat(given.prompt.template or card.template, lambda messages: "").check_refines()
    config = dataclasses.replace(config, loading=_decided(config, out))
    return RunDir.create(out, config, tasks, manifest(config, tasks), unasked(given.tasks, tasks), shared)


def _with_files(given: Config) -> Config:
    """Paths as they are from anywhere, so that a run can be resumed from another folder; and what a template's file says.

    Raises:
        ConfigError: a file is not there.
    """
    replace = dataclasses.replace
    given = replace(given, tasks=_absolute(given.tasks), model=_absolute(given.model))
    if given.engine.model is not None:
        given = replace(given, engine=replace(given.engine, model=_absolute(given.engine.model)))
    if given.anchors.path is not None:
        path = Path(given.anchors.path).resolve()
        if not path.exists():
            raise ConfigError(
                f"anchors.path {path}: not there; expected a training set of arcloop relabel — check the path"
            )
        given = replace(given, anchors=replace(given.anchors, path=str(path)))
    if given.adapter is not None:
        given = replace(given, adapter=str(_adapter(Path(given.adapter))))
    if given.prompt.template is not None:
        given = replace(given, prompt=replace(given.prompt, template=named_template(given.prompt.template)))
    return given


def _decided(config: Config, out: Path) -> LoadingConfig:
    """How the weights are held, for the whole run: as it began, else as they fit into this machine's GPU."""
    loading = config.loading
    if loading.use_4bit_quantization is not None:
        return loading
    if (out / "config.json").is_file():
        four_bit = RunDir.open(out).config().loading.use_4bit_quantization
    elif config.sampler == "transformers":
        from arcloop.footprint.device import fitted  # torch takes seconds

        training = config.training if config.learns else None
        four_bit = fitted(config.model, loading, config.sampling, training).loading.use_4bit_quantization
    else:
        four_bit = False
    return dataclasses.replace(loading, use_4bit_quantization=bool(four_bit))


def _with_model(given: Config) -> Config:
    """``--model grammar`` and ``--model replay`` say what ``--sampler`` can say too: here both are said."""
    if given.source is not None:
        source = Path(given.source).resolve()
        model = RunDir.open(source).config().model if given.model == "replay" else given.model
        return dataclasses.replace(given, sampler="replay", model=model, source=str(source))
    if GRAMMAR in (given.sampler, given.model):
        return dataclasses.replace(given, sampler="grammar", model=GRAMMAR)
    return given


def _same_prompts(given: Config, source: Config) -> None:
    """A replay asks what was asked: refuse settings that would change the prompts, or the completions after them."""
    for name in ("model", "seed", "augment", "prompt", "refine", "search", "sampling"):
        now, then = getattr(given, name), getattr(source, name)
        if now != then:
            if dataclasses.is_dataclass(then):
                changed = next(
                    f.name for f in dataclasses.fields(then) if getattr(now, f.name) != getattr(then, f.name)
                )
                name, now, then = f"{name}.{changed}", getattr(now, changed), getattr(then, changed)
            flag = name.replace("_", "-")
            raise ConfigError(
                f"{name} is {now!r}, but {then!r} in {given.source}; expected the same in a replay — leave --{flag} out"
            )


def _adapter(folder: Path) -> Path:
    if not (folder / "adapter_config.json").is_file():
        raise ConfigError(
            f"adapter {folder}: no adapter_config.json in it; expected the folder of a saved adapter — check the path"
        )
    return folder.resolve()


def _absolute(name: str) -> str:
    path = Path(name)
    return str(path.resolve()) if path.exists() and name not in (*TASK_SETS, "drawing", "embedded", GRAMMAR) else name
