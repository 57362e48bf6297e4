#!/usr/bin/env bash
# An experiment as a SLURM array: every task of the array takes its share of the cells, and then what is free.
#
#   sbatch --array=0-7 assets/slurm.sh PLAN.toml FOLDER
#
# FOLDER is on a file system that all nodes see. A task that is killed or runs out of time leaves its cell to the others; sending
# the same command again goes on with what is left. Set OODSCOPE to the program where it is not on the PATH.
#
#SBATCH --job-name=oodscope
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=08:00:00
#SBATCH --requeue
set -euo pipefail

plan=${1:?name the plan}
folder=${2:?name the folder that all tasks share}
index=${SLURM_ARRAY_TASK_ID:-0}
first=${SLURM_ARRAY_TASK_MIN:-0}
count=${SLURM_ARRAY_TASK_COUNT:-1}

export RAYON_NUM_THREADS=${SLURM_CPUS_PER_TASK:-2}
exec "${OODSCOPE:-oodscope}" experiment "$plan" --out "$folder" --headless --jobs 1 --cell "$((index - first))/$count"
