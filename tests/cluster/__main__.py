"""24 real tasks on three nodes of a Ray cluster, one of which is killed on the way, against one process.

    python -m tests.cluster [--out FOLDER]

Ends with 1 if a table, an adapter or the submission of the two runs differs.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arcloop.assembly import begin
from arcloop.config import AnchorsConfig, Config, SamplingConfig
from tests import ROOT
from tests.cluster.test_ray import ARCLOOP, ENVIRONMENT, outcome

SMALL = [
    "67a3c6ac",
    "68b16354",
    "74dd1130",
    "3c9b0459",
    "6150a2bd",
    "9dfd6313",
    "ed36ccf7",
    "a416b8f3",
    "25ff71a9",
    "4c4377d9",
    "6d0aefbc",
    "8be77c9e",
    "c9e6f938",
    "a85d4709",
    "25d8a9c8",
    "0d3d703e",
    "d037b0a7",
    "a79310a0",
    "5582e5ca",
    "c8f0f002",
    "b1948b0a",
    "f76d97a5",
    "d511f180",
    "1e0a9b12",
]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    out = arguments.out or Path(tempfile.mkdtemp(prefix="arcloop-cluster-"))
    config = Config(
        "arc1-train",
        task_ids=tuple(SMALL),
        programs=8,
        seed=5,
        group_size=2,
        sampling=SamplingConfig(max_tokens=96),
        anchors=AnchorsConfig(share=0.0),
    )
    runs = {name: begin(config, out / name).path for name in ("alone", "spread")}
    commands = {
        "alone": [*ARCLOOP, "resume", runs["alone"]],
        "spread": [sys.executable, "-m", "tests.cluster.three_nodes", runs["spread"], "--kill"],
    }
    for name, command in commands.items():
        start = time.monotonic()
        subprocess.run(command, check=True, env=ENVIRONMENT, cwd=ROOT)
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
    found = {name: outcome(path) for name, path in runs.items()}
    differ = [
        name for name in found["alone"] | found["spread"] if found["alone"].get(name) != found["spread"].get(name)
    ]
    print(f"{len(found['alone'])} files of {len(SMALL)} tasks, {len(differ)} differ: {differ[:5]}")
    return 1 if differ else 0


sys.exit(main())
