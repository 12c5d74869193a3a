"""Processes that train together wait for each other, however long one of them takes."""

import json
import subprocess
import sys
from pathlib import Path

from arcloop.training.session import METRICS


def test_the_others_wait_for_the_first_one_to_tokenise(tmp_path: Path) -> None:
    rows = [{"prompt": f"draw {k}", "completion": f"def transform(grid):\n    return grid + {k}"} for k in range(8)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    options = ["--train-dataset-path", "rows.jsonl", "--out", "out", "--max-steps", "2", "--lora-r", "4"]
    script = Path(__file__).with_name("slow_start.py")
    done = subprocess.run(
        [*launcher, str(script), *options, "--logging-steps", "1"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert len((tmp_path / "out" / METRICS).read_text().splitlines()) == 2
