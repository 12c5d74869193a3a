"""What share of held-out rows does a model solve with 8 completions, and does it repair more than it finds anew?

    python -m experiments.held_out MODEL [--rows 400] [--seed 0]

Makes so many rows of each kind that no pretraining has seen (programs, drawings, and programs beside a nearly right one),
asks the model for 8 programs each, and prints the share of tasks for which one is right on all train pairs, with the 95 %
interval of a share. Rows with a nearly right program are asked with it and without; the ratio is that of the two shares.
``MODEL``: ``embedded`` or a folder. One thread.
"""

import argparse

import torch

from arcloop.config import ExecutionConfig, PretrainConfig, SamplingConfig
from arcloop.execution import Sandbox
from arcloop.exercises.exercise import sample_exercise
from arcloop.model.language import load_model
from arcloop.pretraining.solving import ANEW, MAX_TOKENS, REPAIRED, solve_rates
from arcloop.sampling.transformers import TransformersSampler
from arcloop.seeds import generator


def main() -> None:
    """Make rows, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cells", type=int, default=1200)
    options = parser.parse_args()
    torch.set_num_threads(1)
    config, model = PretrainConfig(), load_model(options.model)
    kinds = {"programs": (0.0, 0.0), "drawings": (1.0, 0.0), "refinements": (0.0, 1.0)}
    with Sandbox(ExecutionConfig(workers=1)) as sandbox:
        sampler = TransformersSampler(model, SamplingConfig(max_tokens=MAX_TOKENS))
        for kind, (drawing, refinement) in kinds.items():
            rows = [
                sample_exercise(
                    generator("held-out", options.seed, kind, number),
                    max_cells=options.cells,
                    drawing=drawing,
                    steps=config.steps,
                    refinement=refinement,
                )
                for number in range(options.rows)
            ]
            rates = solve_rates(sampler, sandbox, rows, options.seed)
            for name, share in rates.items():
                half = 1.96 * (share * (1 - share) / len(rows)) ** 0.5
                print(f"{name:22} {100 * share:5.1f} % ± {100 * half:.1f} of {len(rows)} rows", flush=True)
            if rates.get(ANEW):
                print(f"repaired / anew        {rates[REPAIRED] / rates[ANEW]:5.2f}", flush=True)


if __name__ == "__main__":
    main()
