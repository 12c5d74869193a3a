#!/bin/bash
# What htcondor.sub starts: the share of a run with the number of the job, counted from 0.
set -euo pipefail

arcloop=$1 process=$2 shares=$3 out=$4
shift 4
export OMP_NUM_THREADS=1
# In place of this shell, so that the pool's signals reach arcloop.
exec "$arcloop" run "$@" --out "$out" --share "$((process + 1))/$shares"
