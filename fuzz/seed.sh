#!/bin/sh
# Makes corpus/<target> from the small datasets, for all targets or the named ones. A seed is a file of a dataset behind
# the byte that says which file it is; room.rs counts the files, and the arrays in NumPy archives, in the same order.
set -eu
cd "$(dirname "$0")"
formats=../tests/reference/formats

# seed TARGET DATASET...
seed() {
    target=$1
    shift
    case " $wanted " in "  " | *" $target "*) ;; *) return ;; esac
    mkdir -p "corpus/$target"
    list=$(for dataset in "$@"; do
        find "$formats/$dataset" -type f | LC_ALL=C sort
        [ ! -f "$formats/$dataset.toml" ] || echo "$formats/$dataset.toml"
    done)
    n=0
    for file in $list; do
        put cat "$file"
        case $file in
        *.npz) for array in $(unzip -Z1 "$file"); do put unzip -p "$file" "$array"; done ;;
        esac
    done
    # A lone file needs no byte in front of it.
    if [ "$n" = 1 ]; then
        cat "$list" >"corpus/$target/seed-0"
    fi
}

# put COMMAND...: the next seed, which is what the command prints.
put() {
    { printf "\\$(printf %03o "$n")"; "$@"; } >"corpus/$target/seed-$n"
    n=$((n + 1))
}

wanted="$*"
seed minari minari/hdf5-v0
seed minari_arrow minari/arrow-v0
seed minari_parquet minari/parquet-v0
seed lerobot lerobot2 lerobot3
seed robomimic robomimic.hdf5
seed d3rlpy d3rlpy1.h5 d3rlpy2.h5
seed d4rl d4rl-next.hdf5 d4rl.hdf5
seed exorl exorl
seed dreamer dreamer-episodes dreamer-stream
seed mbrl_replay replay_buffer.npz
seed ogbench ogbench.npz
seed plain plain.npz qlearning.npz columns
seed tianshou tianshou.hdf5
seed maniskill maniskill.h5
seed groups robohive.h5
seed imitation imitation.npz
seed stable_worldmodel stable_worldmodel.h5
seed csv named.csv table.csv
seed parquet flat.parquet lists.parquet

# Logs of runs: the byte before them says their kind, the next one where they are cut in two.
case " $wanted " in "  " | *" runlog "*)
    mkdir -p corpus/runlog
    n=0
    for file in ../tests/reference/runlogs/tensorboard/*; do
        { printf '\000\100'; cat "$file"; } >"corpus/runlog/seed-$n"
        n=$((n + 1))
    done
    printf '\002\020{"step": 1, "a": {"b": 2}}\n{"step": 2, "a": NaN}\n' >corpus/runlog/seed-lines
    printf '\003\020step,a,"b, c"\n1,2,3\n2,nan,\n' >corpus/runlog/seed-table
    ;;
esac
