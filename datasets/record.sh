#!/bin/sh
# Records datasets/ anew: each from a sandbox of its own whose clock moves by actions, so the same labkit
# makes the same files. Takes two minutes. Usage: datasets/record.sh [NAME]…   (labkit on PATH)
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'labkit down ${exercise:+--exercise exercise-1} >/dev/null 2>&1 || true; rm -rf "$work"' EXIT INT TERM
unset LABKIT_TARGET LABKIT_TRAINEE
export LABKIT_CLOCK=manual
exercise=

record() { # NAME TITLE DURATION DESCRIPTION TRUTH
    printf '%s\n' "$5" >"$work/truth.json"
    labkit dataset record "$1" --in "$here" --replace --last "$3" --title "$2" --description "$4" \
        --truth "$work/truth.json" --licence CC-BY-4.0 --origin "labkit's sandbox, recorded by datasets/record.sh"
}

healthy_hour() {
    LABKIT_HOME="$work/$1" && export LABKIT_HOME
    labkit up --detach --seed 5
    record "$1" 'An hour in which nothing is wrong' 1h \
        'LLM-Research-Lab as it is on most days: what the other recordings are to be compared with.' \
        '{"scenario": "healthy", "component": "none"}'
    labkit down
}

worker_crash_loop() {
    LABKIT_HOME="$work/$1" && export LABKIT_HOME
    exercise=yes
    (cd "$work" && labkit up --detach --exercise exercise-1 --trainee recording-47)
    LABKIT_HOME="$work/$1/exercises/exercise-1"
    record "$1" 'One experiment worker cannot start' 2h \
        'A worker has restarted ever since; the others do its work. Find which one, since when, and why. The answer is at the end of this page.' \
        '{"scenario": "worker-crash-loop", "component": "experiment-worker", "mechanism": "corrupt-local-state"}'
    LABKIT_HOME="$work/$1"
    labkit down --exercise exercise-1
    exercise=
}

[ $# -gt 0 ] || set -- healthy-hour worker-crash-loop
for name in "$@"; do
    case $name in
        healthy-hour) healthy_hour "$name" ;;
        worker-crash-loop) worker_crash_loop "$name" ;;
        *) echo "there is no $name: healthy-hour or worker-crash-loop" >&2; exit 2 ;;
    esac
done
