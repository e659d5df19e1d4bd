# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that crash clones, sourced after "$XCOPY_LIB".

# shellcheck source=tests/tools/clone-lib.sh
. "$XCOPY_SRC/tests/tools/clone-lib.sh"

# Power cuts: see tests/tools/xcopy-crash.c

crash_modules() {
	run modprobe dm-xcopy-test
	run modprobe xcopy-cut
}

# cuts COUNT SEED [OPTION]...: so many, in one point; SEED and CUTS of the environment count more.
cuts() {
	local count=${CUTS:-$1} seed=${SEED:-$2}
	shift 2
	ok "$count cuts, seed $seed: nothing that was flushed is lost" cut_run --cuts "$count" --seed "$seed" "$@"
	diag "$(tail -n 2 /tmp/cuts.log)"
}

cut_run() {
	local log
	log=$(mktemp /dev/shm/crash.XXXXXX)
	xcopy-crash --log "$log" --verbose "$@" >/tmp/cuts.log 2>&1 || {
		tail -n 60 /tmp/cuts.log
		return 1
	}
	rm -f "$log"
}

# Every crash point: see tests/tools/xcopy-points.c

points_modules() {
	run modprobe xcopy-cut
	run modprobe dm-xcopy-order
	run modprobe dm-log-writes
}

# A log that lags behind what it tells of; POINTS_LOG of the environment is where the log lies.
points_log_slow() {
	run modprobe dm-delay
	run dmsetup create slow-log --table "0 $(blockdev --getsz "$(disk s1)") delay $(disk s1) 0 0 $(disk s1) 0 200"
	POINTS_LOG=/dev/mapper/slow-log
}

# points DESC OPERATIONS [OPTION]...: every instant of a clone's filling; SEED of the environment counts.
points() {
	local desc=$1 count=$2
	shift 2
	ok "$desc: nothing is lost, whenever it ends" points_run --ops "$count" --seed "${SEED:-1}" "$@"
	diag "$desc: $(tail -n 1 /tmp/points.log)"
}

points_run() {
	local log
	log=$(mktemp /dev/shm/points.XXXXXX)
	xcopy-points --log "$log" --writes "${POINTS_LOG:-$(disk s1)}" "$@" >/tmp/points.log 2>&1 || {
		tail -n 60 /tmp/points.log
		return 1
	}
	rm -f "$log"
}

# Kills of the machine. Two clones on QEMU's disks, one copied by the storage, one by the host. Every third
# kill finds them being made or activated; every fifth makes them anew.

kill_offloaded() {
	clone offloaded "$(disk a1)" "$(disk a2)" "$(slice_once meta "$(disk s0)" 0 16384)" 65543 128
	ARGUMENTS=(4 hydration_rate "$1" quarantine_ms 1000)
	FEATURES=()
}

kill_plain() {
	clone plain "$(slice_once plain-src "$(disk s0)" 65536 32775)" "$(slice_once plain-dst "$(disk s1)" 65536 32775)" \
		"$(slice_once plain-meta "$(disk s1)" 0 16384)" 32775 8
	ARGUMENTS=(4 hydration_rate "$1" commit_ms 200)
	FEATURES=(no_offload)
}

slice_once() {
	[ -e "/dev/mapper/$1" ] || slice "$@" >/dev/null
	echo "/dev/mapper/$1"
}

kill_each() { # COMMAND...: for both clones
	kill_offloaded 1024
	"$@"
	kill_plain 256
	"$@"
}

kill_up() {
	local features=("${FEATURES[@]}")
	[ ! -e "$STATE/$NAME.up" ] || features+=(no_format)
	clone_up ${#features[@]} "${features[@]}" "${ARGUMENTS[@]}"
	touch "$STATE/$NAME.up"
}

kill_new() {
	rm -f "$STATE/$NAME.up"
	clone_prepare
}

kill_judge() {
	ok "$NAME: nothing flushed is lost, kill $((PHASE - 1))" clone_verify_crash
	diag "$(clone_hydrated) regions of $NAME are hydrated"
}

kill_load() {
	clone_io_start /dev/null --seconds 60 --random "$PHASE$RANDOM" --window "$(clone_half)"
}

kill_wait() {
	sleep "$((RANDOM % 4)).$((RANDOM % 10))"
	if [ $((PHASE % 2)) = 0 ]; then vm_crash; else vm_kill; fi
}

kill_finish() {
	run dmsetup message "$NAME" 0 set hydration_rate 0
	clone_finish 90 "$NAME, in the end"
}

# kill_again KILLS: a phase each, and one more to see what is left.
kill_again() {
	local judge=kill_judge
	RANDOM=$((PHASE + ${SEED:-0}))
	if [ "$PHASE" -gt "$1" ]; then
		kill_each kill_up
		kill_each kill_judge
		kill_each kill_finish
		return
	fi
	if [ $((PHASE % 5)) = 1 ]; then
		kill_each kill_new
		judge=true
	fi
	[ $((PHASE % 3)) != 0 ] || kill_wait &
	kill_each kill_up
	kill_each $judge
	kill_each kill_load
	kill_wait
}
