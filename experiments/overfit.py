"""Can a small training set be learned by heart? 77 programs with their tasks, until greedy sampling gives them back.

    python -m experiments.overfit [--rows 77] [--epochs 40]

The sanity check of a trainer and its sampler together: labels, the end of an answer, the prompt's
words and the adapter in use must all fit, or few programs come back. Exits with 1 if the loss does
not fall below a tenth of the first, or fewer than 70 of 77 programs are reproduced.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from arcloop.config import SamplingConfig, TrainingConfig
from arcloop.model.language import load_model
from arcloop.records import Augmentation, Prompt
from arcloop.sampling import Draw, Request
from arcloop.sampling.transformers import TransformersSampler
from arcloop.training import Fitting
from arcloop.training.trainer import LoraTrainer
from tests.training.relabeled import relabeled


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=77)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--cells", type=int, default=120, help="cells of all grids of a row, at the most")
    options = parser.parse_args()
    model = load_model("embedded")
    examples = relabeled(model, options.rows, options.cells)
    config = TrainingConfig(
        lora_r=32, lora_alpha=64, learning_rate=2e-3, lr_scheduler_type="cosine", batch_size=8, epochs=options.epochs
    )

    def on_step(step: int, steps: int, loss: float) -> None:
        if step % 20 == 0 or step == steps:
            print(f"step {step}/{steps}: loss {loss:.4f}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        fit = LoraTrainer(model, config).fit(Fitting(examples, None, Path(folder), random.Random(0), on_step))
        sampler = TransformersSampler(model, SamplingConfig(max_tokens=256))
        sampler.use_adapter(Path(folder))
        requests = [
            Request(Prompt(e.id, e.task_id, 0, Augmentation(), 0, e.prompt), (Draw(e.id, 0, 0.0),)) for e in examples
        ]
        answers = {completion.id: completion.text for completion in sampler.sample(requests)}
    same = sum(answers[e.id] == e.completion for e in examples)
    per_epoch = -(-options.rows // config.batch_size)
    first, last = (sum(part) / per_epoch for part in (fit.losses[:per_epoch], fit.losses[-per_epoch:]))
    print(
        f"loss {first:.4f} → {last:.5f}, {last / first:.4f} of the first epoch's; {same} of {options.rows} programs reproduced"
    )
    return 0 if last < first / 10 and same * 77 >= 70 * options.rows else 1


if __name__ == "__main__":
    sys.exit(main())
