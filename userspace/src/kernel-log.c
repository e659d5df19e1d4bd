// SPDX-License-Identifier: GPL-2.0-only
#include "kernel-log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

int kernel_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* "6,339,5140900,-;device-mapper: table: 253:4: xcopy: source dev: is too small (-EINVAL)" */
const char *kernel_log_sentence(const char *record)
{
	static const char prefix[] = "device-mapper: table: ";
	const char *text = strchr(record, ';'), *colon;

	if (!text || strncmp(text + 1, prefix, sizeof(prefix) - 1))
		return NULL;
	text += sizeof(prefix);
	colon = strstr(text, ": ");
	return colon ? colon + 2 : text;
}

char *kernel_log_reason(int fd)
{
	char record[8192], *reason = NULL;
	const char *sentence;
	ssize_t got;

	while (fd >= 0) {
		got = read(fd, record, sizeof(record) - 1);
		if (got < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (got <= 0)
			break;
		record[got] = 0;
		record[strcspn(record, "\n")] = 0;
		sentence = kernel_log_sentence(record);
		/* the last but one line is the target's; "unable to set table" only follows it */
		if (!sentence || (reason && strstr(sentence, "unable to")))
			continue;
		free(reason);
		reason = need_copy(sentence);
	}
	if (fd >= 0)
		close(fd);
	return reason;
}
