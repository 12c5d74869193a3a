"""A process that trains along with another one, which has started it: ``python -m arcloop.training.peer``.

Its settings, then one training after another, come as lines of JSON on the standard input. When that ends, so does it, in
the midst of whatever it does: whoever it worked for is gone.
"""

import json
import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from arcloop.config import LoadingConfig, TrainingConfig
from arcloop.config.stored import built
from arcloop.model.language import load_model
from arcloop.training.processes import Processes, connect
from arcloop.training.store import RowStore
from arcloop.training.trainer import take_steps

__all__ = ["main"]


def main() -> None:
    """Load the model, say so, and train as often as asked."""
    # What libraries print is not for who reads this.
    answers = os.dup(1)
    os.dup2(2, 1)
    orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(orders,), daemon=True).start()
    asked = orders.get()
    loading = built(LoadingConfig, asked["loading"], "loading")
    training: TrainingConfig = built(TrainingConfig, asked["training"], "training")
    model = load_model(asked["model"], None, loading)
    os.write(answers, b"ready\n")
    connect(Path(asked["store"]), asked["rank"], asked["count"], asked["nccl"])
    processes = Processes(asked["rank"], asked["count"], exact=True)
    while True:
        order = orders.get()
        model.use_adapter(None if order["start"] is None else Path(order["start"]))
        model.trainable_adapter(training)
        model.pack_limit = order["pack_limit"]
        if order["checkpointing"]:
            model.start_checkpointing()
        for _ in take_steps(model, training, RowStore(Path(order["rows"])), order["batches"], order["seed"], processes):
            pass


def _read(orders: "queue.SimpleQueue[dict[str, Any]]") -> None:
    for line in sys.stdin.buffer:
        orders.put(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
    # At once: an interpreter that ends properly would wait for the input.
    sys.stderr.flush()
    os._exit(1)
