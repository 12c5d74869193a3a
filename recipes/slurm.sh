#!/bin/bash
# A run on a Slurm cluster: one array task for each share of the groups of tasks, one GPU each, and no coordinator.
#
#     sbatch recipes/slurm.sh --tasks arc1-eval --model barc0/Llama-3.1-ARC-Potpourri-Induction-8B --sampler vllm
#
# What follows the script's name are the settings of arcloop run. Submitted again, the run goes on where it stopped;
# sbatch --array=3 recipes/slurm.sh … goes on with the third share alone. The folder has to be on a file system that all
# nodes share. Whoever is done last writes the table; arcloop evaluate writes it at any time.
#SBATCH --job-name=arcloop
#SBATCH --array=1-8
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --mem=64G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
#SBATCH --output=%x-%A-%a.log
set -euo pipefail

# As many as --array has, also where only some of them are submitted again.
SHARES=${SHARES:-8}
OUT=${OUT:-runs/slurm}
# The command of the environment that arcloop is installed in.
ARCLOOP=${ARCLOOP:-.venv/bin/arcloop}

share=${SLURM_ARRAY_TASK_ID:?"submit it with sbatch; expected an array task's number"}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# In place of this shell, so that Slurm's signal before the time is over reaches arcloop, which then stores what it has.
exec "$ARCLOOP" run "$@" --out "$OUT" --share "$share/$SHARES"
