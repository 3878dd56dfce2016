#!/bin/sh
# Run a test command with its files in memory where there is room: thousands of small writes, each forced to a disk, take
# longer than what the tests look at. A kill loses no more there than on a disk; power cuts are played by the simulation's
# own disk. MOTCUA_SCRATCH=FOLDER: put them elsewhere, for example on the disk in question.
set -eu
parent=${MOTCUA_SCRATCH:-${TMPDIR:-/tmp}}
room_kb=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
if [ -z "${MOTCUA_SCRATCH:-}" ] && [ -w /dev/shm ] && [ "${room_kb:-0}" -gt 8000000 ]; then
	parent=/dev/shm
fi
scratch=$(mktemp -d "$parent/motcua-test-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
# The process tests start programs hundreds of times: where Python may keep no compiled modules, each start compiles all of them.
if [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; then
	unset PYTHONDONTWRITEBYTECODE
	export PYTHONPYCACHEPREFIX="$scratch/compiled"
fi
TMPDIR=$scratch "$@"
