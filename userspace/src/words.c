// SPDX-License-Identifier: GPL-2.0-only
#include "words.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "scsi-command.h"

struct meaning {
	const char *word;
	const char *sentence;
};

static const struct meaning meanings[] = {
	/* why a clone is not offloaded; "no-path" and "busy" are last errors too */
	{ "block-sizes-differ", "the disks have logical blocks of different size; put the destination on one like the source" },
	{ "busy", "the storage refused for the moment; offload goes on by itself" },
	{ "copy-between-namespaces-refused", "the controller has no Copy Format 2h, or the source is not attached to it" },
	{ "granularity", "the copy manager wants segments in units of more than 2 GiB, which no command can say" },
	{ "integrity", "a disk has protection information, which a copy would not carry" },
	{ "kernel-without-integrity", "this kernel cannot tell whether a disk has protection information (CONFIG_BLK_DEV_INTEGRITY)" },
	{ "message", "somebody switched offload off; dmsetup message DEVICE 0 enable_offload switches it on" },
	{ "no-block-to-block-copy", "the copy manager has no segment descriptor 02h (block to block); another firmware of the array may have it" },
	{ "no-copier", "no module copies from the one disk to the other; is dm-xcopy-nvme or dm-xcopy-scsi installed, and are both disks of one kind?" },
	{ "no-extents", "LVM has put plain linear tables back; the waiter replaces them, see its log" },
	{ "no-identification-targets", "the copy manager has no target descriptor E4h (identification); another firmware of the array may have it" },
	{ "no-identity", "nothing names the unit: VPD page 83h has no designator for it, or the WWID of the dm-multipath device is neither NAA nor EUI-64; use the disk itself where it has one path only" },
	{ "no-memory", "the kernel had no memory for it; offload goes on by itself" },
	{ "no-nsid", "a disk does not tell its NSID" },
	{ "no-path", "no path to the destination's unit is running and active; multipath -ll shows them; it goes on when one is back" },
	{ "not-offloadable", "the copier does not copy between these disks" },
	{ "not-resolved", "the kernel cannot tell where the volume lies; the volume may be suspended or its disk gone" },
	{ "nsids-ambiguous", "two namespaces with one NSID, or one with two" },
	{ "one-unit-by-two-names", "source and destination are two paths to one unit; use its dm-multipath device for both" },
	{ "operating-parameters-short", "what the copy manager says of itself is cut off, and not believed; report it to the vendor" },
	{ "other-controller", "the disks belong to two NVMe controllers; a namespace is copied by its own" },
	{ "other-subsystem", "the namespaces belong to two NVMe subsystems; put the destination into that of the source" },
	{ "payload", "the modules do not fit each other; install them again" },
	{ "ranges-refused", "the storage refused sixteen ranges in a row, and last_error says why; when that is mended: dmsetup message DEVICE 0 enable_offload" },
	{ "refused", "the storage has no such copy, or none between these disks; last_error says how it refused; when that is mended: dmsetup message DEVICE 0 enable_offload" },
	{ "stack", "below the volume is a device-mapper device that cannot be looked through; put it on disks, partitions, dm-multipath or linear LVs" },
	{ "table", "the table says no_offload; dmsetup message DEVICE 0 enable_offload switches it on" },
	{ "too-big", "the storage refuses even the smallest command; report it to the vendor" },
	{ "too-few-targets", "the copy manager takes fewer than two target descriptors: it cannot copy from one place to another" },
	{ "unknown-outcomes", "two copies within an hour had no known outcome (timeout, reset, abort); look into the kernel log and at the array; a smaller offload_max_kib makes copies shorter; then dmsetup message DEVICE 0 enable_offload" },
	{ "unsupported", "the copier does not copy between these disks" },
	{ "verify-failed", "what the storage copied was not what it had to copy; the host copied it again, so that the clone is right; report it to the vendor" },
	{ "zoned", "a disk is zoned; copies to zones are not supported" },

	/* the last error of a copy */
	{ "aborted-by-host", "the host ended the copy, after a timeout or with its controller; the range was in quarantine; look into the kernel log" },
	{ "aborted-by-power-loss", "the device was about to lose power; the range was in quarantine" },
	{ "aborted-by-preemption", "another host took the reservation over and ended the copy; the range was in quarantine" },
	{ "aborted-by-queue-deletion", "the copy ended with its queue, the controller being reset or taken away; the range was in quarantine" },
	{ "aborted-by-request", "the copy was aborted by somebody; the range was in quarantine" },
	{ "aborted-command", "the device ended the copy without saying how far it came; the range was in quarantine" },
	{ "aca-active", "the device has an auto contingent allegiance; the copy is tried again" },
	{ "access-denied", "the storage does not let this host do that; look for access controls on the array" },
	{ "ana-inaccessible", "the path does not lead to the namespace (ANA inaccessible); another is used" },
	{ "ana-persistent-loss", "the path will not lead to the namespace again (ANA persistent loss); another is used" },
	{ "ana-transition", "the path is changing its ANA state; another is used" },
	{ "application-tag-check", "protection information does not fit the source's data; the host tries to copy it" },
	{ "asymmetric-access-state-transition", "the path is changing its ALUA state; another is used" },
	{ "blank-check", "the device found blank blocks; the host copies the range" },
	{ "capacity-exceeded", "the namespace has no room left: it is thin, and what is behind it is full; the host tries it, and may meet the same" },
	{ "command-id-conflict", "the controller takes the command's identifier for one that is in use; the host copies the range" },
	{ "command-sequence-error", "the device refuses the command at this time; the host copies the range" },
	{ "command-size-limit-exceeded", "the controller takes fewer or smaller ranges in a command; smaller commands are tried, and remembered" },
	{ "commands-cleared-by-iscsi-event", "the iSCSI session was lost in the middle of the copy; the range was in quarantine" },
	{ "condition-met", "the device answered with a status that no copy has; the host copies the range" },
	{ "conflicting-attributes", "the controller finds the command's attributes in conflict; the host copies the range" },
	{ "connection-lost", "the device lost its connection in the middle of the copy; the range was in quarantine" },
	{ "controller-path-error", "the controller lost its way to the namespace in the middle of the copy; the range was in quarantine" },
	{ "copy-aborted", "the copy manager began and gave up; the host copies the range" },
	{ "copy-segment-granularity-violation", "a segment is no multiple of the copy manager's granularity; the host copies the range" },
	{ "copy-target-device-data-overrun", "one of the units transferred more than was asked for; the host copies the range" },
	{ "copy-target-device-data-underrun", "one of the units transferred less than was asked for; the host copies the range" },
	{ "copy-target-device-not-reachable", "the copy manager does not reach the other unit; another path is tried, then the host copies the range: are both mapped to this host, on the same controllers?" },
	{ "data-phase-error", "the transport garbled data; the copy is tried again" },
	{ "data-protect", "the device protects these blocks; the host tries to copy them" },
	{ "data-transfer-error", "the controller could not read the list of ranges; the host copies the range" },
	{ "deferred-error", "the device told an error of an earlier command, which may have been a write; if it was, the clone is read-only: look at the array and the kernel log; the copy is tried again" },
	{ "destination-write", "the host could not write to the destination there; look into the kernel log" },
	{ "fast-copy-not-possible", "the controller has no fast way to copy between these namespaces; the host copies" },
	{ "format-in-progress", "a namespace is being formatted; the copy is tried again: is it the right one?" },
	{ "good", "the device said GOOD, but did not take the whole parameter list; it was not believed, and the host copies the range" },
	{ "guard-check", "protection information does not fit the source's data; the host tries to copy it" },
	{ "hardware-error", "the device reports a hardware error; look at the array; the host copies the range" },
	{ "host-path-error", "the host lost its path to the controller; the range was in quarantine; another path is used" },
	{ "illegal-request", "the device refuses the command in this form; the host copies the range" },
	{ "incompatible-namespaces", "the controller does not copy between these namespaces: their formats differ" },
	{ "incorrect-copy-target-device-type", "the copy manager takes one of the units for no disk; report it to the vendor" },
	{ "inline-data-length-exceeded", "the copy manager misreads the parameter list; report it to the vendor" },
	{ "insufficient-resources", "the copy manager is out of resources; the copy is tried again" },
	{ "internal-error", "the controller failed inside, and may still be at it; the range was in quarantine; look at its log (nvme error-log)" },
	{ "internal-path-error", "the controller failed inside, on the way to the namespace; the range was in quarantine" },
	{ "internal-target-failure", "the array failed inside, and may still be at it; the range was in quarantine; look at the array" },
	{ "interrupted", "the controller was interrupted; the copy is tried again" },
	{ "invalid-command-operation-code", "the device has no EXTENDED COPY; it may have to be enabled or licensed on the array, as third-party copy or VAAI" },
	{ "invalid-command-set", "the namespace's command set has no Copy" },
	{ "invalid-field", "the controller refuses the command in this form; if it was larger than those before, smaller ones are used, else a newer firmware may take it" },
	{ "invalid-field-in-cdb", "the device refuses EXTENDED COPY in this form; a newer firmware may take it" },
	{ "invalid-field-in-parameter-list", "the copy manager refuses the parameter list; if it refused a larger one than before, smaller ones are used; else xcopysetup set CLONE offload_list_id_usage 2 (or 0) may help, then dmsetup message DEVICE 0 enable_offload" },
	{ "invalid-namespace", "the controller does not know the namespace any more: was it detached?" },
	{ "invalid-opcode", "the controller has no Copy command, whatever it says of itself; report it to the vendor" },
	{ "invalid-operation-for-copy-source-or-destination", "the copy manager does not copy between these units; are they of one kind, and in one pool?" },
	{ "invalid-protection-information", "the namespaces have protection information that does not allow this copy" },
	{ "keep-alive-expired", "the controller had not heard of the host for too long; the range was in quarantine; look at the network" },
	{ "lba-out-of-range", "the copy ends behind one of the disks; if one was resized, rescan it" },
	{ "locked-down", "Copy was forbidden on this controller (Command and Feature Lockdown)" },
	{ "logical-unit-communication-failure", "the array does not reach what the unit lies on, and the copy may still be under way there; the range was in quarantine; look at the array" },
	{ "logical-unit-does-not-respond", "the unit does not respond to the array's controller, and the copy may still be under way; the range was in quarantine; look at the array" },
	{ "logical-unit-failure", "the unit has failed, and the copy may still be under way; the range was in quarantine; look at the array" },
	{ "logical-unit-not-supported", "the unit is no longer mapped on this path; another is used; rescan, or map it again" },
	{ "medium-error", "the medium failed; the host copies the range" },
	{ "medium-not-present", "the unit has no medium: was its volume taken away?" },
	{ "miscompare", "the device compared and found a difference; the host copies the range" },
	{ "namespace-not-reachable", "the controller does not reach the source for the moment; the copy is tried again" },
	{ "namespace-not-ready", "the namespace is not ready; the copy is tried again" },
	{ "no-answer", "the device did not answer: timeout, reset, or a lost path; the range was in quarantine; look into the kernel log" },
	{ "no-sense", "the device failed the command and does not say why; the host copies the range" },
	{ "no-sense-data", "the device failed the command and gave no sense data; the range was in quarantine" },
	{ "not-permitted", "the kernel does not let this process send the command; CAP_SYS_RAWIO is needed" },
	{ "not-ready", "the unit is not ready; the copy is tried again" },
	{ "not-verified", "what the storage copied could not be compared with the source, or the destination not be prepared for that: a disk failed, or its map changed; the range was in quarantine" },
	{ "nvme-error", "the controller answered with a status that is not known here; the host copies the range" },
	{ "operation-denied", "the controller does not let this host do that; look for access controls" },
	{ "operation-in-progress", "the device says that an operation is still under way; the range was in quarantine" },
	{ "overlapping-range", "the controller finds that ranges overlap; the host copies the range" },
	{ "parameter-list-length-error", "the parameter list is longer than the copy manager takes; shorter ones are tried" },
	{ "read-only-range", "a part of the destination is read-only; the host tries it too" },
	{ "recovered-error", "the device recovered from an error, and does not say which; the host copies the range" },
	{ "reference-tag-check", "protection information does not fit the source's data; the host tries to copy it" },
	{ "reservation-conflict", "another host has reserved the disk: sg_persist or nvme resv-report shows which; the host's copy meets the same; offload goes on when it is released" },
	{ "sanitize-failed", "a sanitize operation has failed, and the controller does nothing before that is mended" },
	{ "sanitize-in-progress", "the controller is being sanitized; the copy is tried again: is it the right one?" },
	{ "scsi-error", "the device answered with something that no standard has; the host copies the range" },
	{ "scsi-parity-error", "the transport garbled data; the copy is tried again" },
	{ "source-read", "the host could not read the source there; look into the kernel log: a region that fails six times is given up, and goes on to be read from the source" },
	{ "space-allocation-failed-write-protect", "the thin pool behind the unit is full: make room on the array" },
	{ "system-buffer-full", "the copy manager is out of buffers; the copy is tried again" },
	{ "target-port-in-standby-state", "the path is in standby; another is used" },
	{ "target-port-in-unavailable-state", "the path is unavailable; another is used" },
	{ "task-aborted", "the copy was aborted by somebody; the range was in quarantine" },
	{ "task-set-full", "the device has too many commands; the copy is tried again" },
	{ "third-party-device-failure", "one of the units failed during the copy; the host copies the range" },
	{ "timeout-on-logical-unit", "the copy manager has stopped waiting for a unit, where the copy may still be under way; the range was in quarantine; look at the array" },
	{ "too-many-segment-descriptors", "the copy manager takes fewer segments in a command; fewer are tried, and remembered" },
	{ "too-many-target-descriptors", "the copy manager does not take two target descriptors: it cannot copy from one place to another" },
	{ "transient-transport-error", "the transport failed for a moment; the copy is tried again" },
	{ "unexpected-inexact-segment", "a segment does not fit the blocks of the units; the host copies the range" },
	{ "unit-attention", "the unit had something to tell first; the copy is tried again, after a quarantine if that was a reset" },
	{ "unreachable-copy-target", "the copy manager does not reach one of the units; another path is tried, then the host copies the range: are both mapped to this host, on the same controllers?" },
	{ "unrecovered-read-error", "the source cannot be read there; the host tries it too" },
	{ "unsupported-segment-descriptor-type", "the copy manager has no segment descriptor 02h (block to block); another firmware of the array may have it" },
	{ "unsupported-target-descriptor-type", "the copy manager does not take this designator in a target descriptor E4h; report it to the vendor" },
	{ "unwritten-block", "the source has blocks that were never written, and says so; the host copies the range" },
	{ "vendor-specific", "the device answered in a way that only its vendor knows; the host copies the range" },
	{ "volume-overflow", "the device says that it is full; the host copies the range, and may meet the same" },
	{ "write-error", "the destination cannot be written there; the host tries it too" },
	{ "write-fault", "the destination cannot be written there; the host tries it too" },
	{ "write-protected", "the destination is write protected on the storage" },
};

const char *words_explain(const char *word)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (!strcmp(meanings[i].word, word))
			return meanings[i].sentence;
	return NULL;
}

void words_print(const struct clone_status *status, const char *key)
{
	const char *word = clone_status_value(status, key, "-"), *sentence = words_explain(word);

	if (sentence)
		printf("%s: %s\n", word, sentence);
}

/* SPC-4 4.5 */
static const char *const sense_keys[16] = {
	"NO SENSE", "RECOVERED ERROR", "NOT READY", "MEDIUM ERROR", "HARDWARE ERROR",
	"ILLEGAL REQUEST", "UNIT ATTENTION", "DATA PROTECT", "BLANK CHECK", "VENDOR SPECIFIC",
	"COPY ABORTED", "ABORTED COMMAND", "a reserved sense key", "VOLUME OVERFLOW", "MISCOMPARE",
	"COMPLETED",
};

bool words_decode(const char *answer, char text[WORDS_DECODED])
{
	struct xcopy_scsi_sense sense;
	uint32_t word;

	if (!xcopy_scsi_parse_status(answer, &word))
		return false;
	if (xcopy_scsi_status_sense(word, &sense))
		snprintf(text, WORDS_DECODED, "%s, %s%s", sense_keys[sense.key],
			 sense.deferred ? "about an earlier command: " : "",
			 xcopy_scsi_status_name(word));
	else
		snprintf(text, WORDS_DECODED, "%s", xcopy_scsi_status_name(word));
	return true;
}

void words_print_answer(const struct clone_status *status)
{
	const char *answer = clone_status_value(status, "last_answer", "-");
	char text[WORDS_DECODED];

	if (words_decode(answer, text))
		printf("%s: %s\n", answer, text);
}
