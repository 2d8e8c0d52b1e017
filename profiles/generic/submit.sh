#!/bin/sh
# Submit a job script: cores, memory in MB, minutes, cards, name, script. Prints the job's number.
set -eu
cores=$1 memory=$2 minutes=$3 cards=$4 name=$5 script=$6
log=$PWD/.snakemake/cluster
mkdir -p "$log"
if command -v bsub > /dev/null; then
    # Memory is a host's here; where LSF_UNIT_FOR_LIMITS is old and knows no unit, take MB away.
    [ "$cards" -gt 0 ] && set -- -gpu "num=$cards" || set --
    answer=$(bsub -n "$cores" -R "span[hosts=1] rusage[mem=${memory}MB]" -M "${memory}MB" \
        -W "$minutes" "$@" -J "$name" -o "$log/%J.log" "$script")
    echo "$answer" | sed -n 's/^Job <\([0-9]*\)>.*/\1/p'
elif command -v qconf > /dev/null; then
    # SGE counts memory by core. The parallel environment `smp` and the resource `gpu` are of the site.
    [ "$cards" -gt 0 ] && set -- -l "gpu=$cards" || set --
    qsub -terse -cwd -pe smp "$cores" -l "h_vmem=$(((memory + cores - 1) / cores))M" \
        -l "h_rt=$((minutes * 60))" "$@" -N "$name" -j y -o "$log" "$script"
elif command -v qsub > /dev/null; then
    request="select=1:ncpus=$cores:mem=${memory}mb"
    [ "$cards" -gt 0 ] && request="$request:ngpus=$cards"
    qsub -l "$request" -l "walltime=$((minutes / 60)):$((minutes % 60)):00" \
        -N "$name" -j oe -o "$log" "$script"
else
    echo "neither bsub (LSF) nor qsub (PBS, SGE) is installed here" >&2
    exit 1
fi
