# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests of what SCSI devices answer, sourced after "$XCOPY_LIB". What has to follow is not looked up in the copier's
# table, but in what was written down from the standards, tests/kunit/scsi-answers.h.

# shellcheck source=tests/vm/guest/scsi.sh
. "$XCOPY_SRC/tests/vm/guest/scsi.sh"

table=$XCOPY_SRC/dm-xcopy/scsi-command.c
answers=$XCOPY_SRC/tests/kunit/scsi-answers.h
# Several commands long, small enough for a clone a row.
MIB=4
all=$((MIB << 11))
array_start
array_unit one $MIB
array_unit two $MIB
array_target a one two
SRC=$(lio_disk a 0) DST=$(lio_disk a 1)
random_fill "$SRC"

# STATUS OUTCOME NAME
statuses() {
	sed -n 's/^STATUS(\(0x..\), \([A-Z_]*\), "\(.*\)").*/\1 \2 \3/p' "$answers"
}

# KEY ASC ASCQ OUTCOME NAME
senses() {
	sed -n 's/^SENSE(\(0x.\), \(0x..\), \(0x..\), \([A-Z_]*\), "\(.*\)").*/\1 \2 \3 \4 \5/p' "$answers"
}

field() {
	awk -v key="$1" '{ for (i = 1; i < NF; i++) if ($i == key) print $(i + 1) }' <<<"$STATUS"
}

# answered DESC STATUS KEY ASC ASCQ [OPTION]...: so is the second command, the first that is not verified
answered() {
	local desc=$1
	shift
	run dd if=/dev/zero of="$META" bs=64k count=1 oflag=direct status=none
	run blkdiscard -f "$DST"
	run array set profile instant
	run array stats reset
	array_fail 1 "$@" from 2
	log_mark
	clone_up offload_depth 1 offload_max_kib 512 quarantine_ms 500
	ok "$desc: it completes" wait_for 60 hydrated clone
	STATUS=$(dmsetup status clone)
	REFUSED=$(($(array_stat copies) - $(array_stat copies_good)))
	ok "$desc: the clone has the source's bytes" same /dev/mapper/clone "$SRC" $MIB
	run dmsetup remove --retry clone
	ok "$desc: the destination has the source's bytes" same "$DST" "$SRC" $MIB
}

all_by_storage() {
	is "$1: all by the storage, in the end" "$(field offloaded) $(field host_copied)" "$all 0"
	is "$1: one command was refused" "$REFUSED" 1
}

# leads DESC OUTCOME: where the command led
leads() {
	case $2 in
	BUSY | PATH)
		all_by_storage "$1"
		at_least "$1: it was sent again" "$(field retries)" 1
		;;
	TOO_BIG)
		all_by_storage "$1"
		at_least "$1: in smaller commands, and so in more" "$(array_stat copies)" $((all / 1024 + 2))
		;;
	RANGE)
		is "$1: one range by the host, the rest by the storage" "$(field offloaded) $(field host_copied)" "$((all - 1024)) 1024"
		like "$1: offload is not given up" "$(field offload)" '^(on|done)$'
		;;
	# Nothing larger than what was copied is refused here.
	UNSUPPORTED | REFUSED)
		is "$1: one command by the storage, the rest by the host" "$(field offloaded) $(field host_copied)" "1024 $((all - 1024))"
		is "$1: no more were sent" "$(array_stat copies)" 2
		ok "$1: the log says it" log_has 'The storage does not copy .*\(refused\); the host copies instead'
		;;
	UNKNOWN)
		ok "$1: its range was in quarantine" log_has 'A copy of 1024 sectors .* has no known outcome'
		is "$1: and was planned again after it" "$(field offloaded) $(field host_copied)" "$all 0"
		at_least "$1: the next command was verified" "$(field verified)" 2
		;;
	*) fail "$1: $2 is no outcome that this test knows" ;;
	esac
}

# Words of the copier's tables that no answer here has.
not_tried() {
	sed -n '/^static const struct status statuses/,/^static const struct status \*find/p' "$table" |
		grep -oE '"[a-z0-9-]+" }' | grep -oE '[a-z0-9-]+' | sort -u | comm -23 - <(
		statuses | awk '{ print $3 }' | cat - <(senses | awk '{ print $5 }') | sort -u
	)
}

# try_senses: all statuses, and all rows of the table for sense data
try_senses() {
	local rows=0
	try_statuses
	answered "a deferred error" 2 5 0x24 0 deferred
	leads "a deferred error" BUSY
	# What the table does not know concerns the range.
	answered "no row" 2 0xf 0 0
	leads "no row" RANGE
	try_rows
	at_least "rows were tried" $rows 52
	is "all words of the copier's tables were among them" "$(not_tried)" ""
}

try_statuses() {
	local status outcome name desc rows=0
	while read -r status outcome name; do
		rows=$((rows + 1))
		desc="status $status, $name"
		case $name in
		good) continue ;;
		*)
			answered "$desc" "$status" 0 0 0
			leads "$desc" "$outcome"
			is "$desc: status names it" "$(field last_error)" "$name"
			is "$desc: and has the code" "$(field last_answer)" "status-${status#0x}"
			;;
		esac
	done < <(statuses)
	at_least "all statuses" $rows 7
}

try_rows() {
	local key asc ascq outcome name desc
	while read -r key asc ascq outcome name; do
		rows=$((rows + 1))
		desc="$key/$asc/$ascq, $name"
		answered "$desc" 2 "$key" "$asc" "$ascq"
		# There is one path here: who does not reach a unit has no other.
		[ "$key $outcome" != "0xa PATH" ] || outcome=RANGE
		# A reset that somebody tells of may have been under the command.
		[ "$key $asc" != "0x6 0x29" ] || outcome=UNKNOWN
		leads "$desc" "$outcome"
		is "$desc: status names it" "$(field last_error)" "$name"
		is "$desc: and has the codes" "$(field last_answer)" "0${key#0x}/${asc#0x}/${ascq#0x}"
	done < <(senses)
}
