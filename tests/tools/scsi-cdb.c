// SPDX-License-Identifier: GPL-2.0-only
/*
 * scsi-cdb: one SCSI command to a disk, as it is.
 *
 *   scsi-cdb [-t MS] DEVICE CDB                  without data
 *   scsi-cdb [-t MS] DEVICE CDB in BYTES         with data-in, which is printed
 *   scsi-cdb [-t MS] DEVICE CDB out DATA         with data-out
 *
 * MS is how long to wait for the answer.  CDB and DATA are hexadecimal; blanks between bytes are
 * ignored.  Prints "good", "status SS" or "sense K/CC/QQ" in hexadecimal digits, and then what came
 * in, if any.
 *
 * Exit status: 0 the device has answered, 1 it has not, 2 usage.
 */
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_DATA	(1U << 20)
#define MAX_CDB		16U
#define TIMEOUT_MS	120000U
#define CHECK_CONDITION	0x02U

static unsigned char cdb[MAX_CDB], data[MAX_DATA], sense[64];

/* Return: bytes, or -1. */
static int parse_hex(const char *text, unsigned char *bytes, size_t size)
{
	char digits[3] = "";
	size_t nr = 0;
	char *end;

	for (text += strspn(text, " \n"); *text; text += strspn(text, " \n"), nr++) {
		if (nr == size)
			return -1;
		memcpy(digits, text, 2);
		bytes[nr] = (unsigned char)strtoul(digits, &end, 16);
		if (end != digits + 2)
			return -1;
		text += 2;
	}
	return (int)nr;
}

/* Fixed or descriptor format, current or deferred. */
static void print_sense(void)
{
	if (sense[0] >= 0x72)
		printf("sense %x/%02x/%02x\n", sense[1] & 0xfU, sense[2], sense[3]);
	else
		printf("sense %x/%02x/%02x\n", sense[2] & 0xfU, sense[12], sense[13]);
}

static void print_data(unsigned int length)
{
	unsigned int i;

	for (i = 0; i < length; i++)
		printf("%02x%s", data[i], i % 16 == 15 || i + 1 == length ? "\n" : " ");
}

static int print_answer(const struct sg_io_hdr *io)
{
	if (io->host_status) {
		fprintf(stderr, "scsi-cdb: no answer: host byte %#x\n", io->host_status);
		return 1;
	}
	if (io->status == CHECK_CONDITION)
		print_sense();
	else if (io->status)
		printf("status %02x\n", io->status);
	else
		printf("good\n");
	if (io->dxfer_direction == SG_DXFER_FROM_DEV && !io->status)
		print_data(io->dxfer_len - (unsigned int)io->resid);
	return 0;
}

static int set_data(struct sg_io_hdr *io, const char *direction, const char *argument)
{
	int length;

	io->dxferp = data;
	if (!strcmp(direction, "in")) {
		io->dxfer_direction = SG_DXFER_FROM_DEV;
		length = atoi(argument);
	} else {
		io->dxfer_direction = SG_DXFER_TO_DEV;
		length = strcmp(direction, "out") ? -1 : parse_hex(argument, data, sizeof(data));
	}
	if (length <= 0 || length > (int)MAX_DATA)
		return -1;
	io->dxfer_len = (unsigned int)length;
	return 0;
}

static int submit(const char *device, struct sg_io_hdr *io)
{
	int fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC), r;

	if (fd < 0) {
		perror(device);
		return 1;
	}
	r = ioctl(fd, SG_IO, io);
	close(fd);
	if (r) {
		perror("SG_IO");
		return 1;
	}
	return print_answer(io);
}

int main(int argc, char **argv)
{
	struct sg_io_hdr io = {
		.interface_id = 'S', .dxfer_direction = SG_DXFER_NONE, .cmdp = cdb,
		.sbp = sense, .mx_sb_len = sizeof(sense), .timeout = TIMEOUT_MS,
	};
	int length;

	if (argc > 3 && !strcmp(argv[1], "-t")) {
		io.timeout = (unsigned int)atoi(argv[2]);
		argc -= 2;
		argv += 2;
	}
	length = argc == 3 || argc == 5 ? parse_hex(argv[2], cdb, sizeof(cdb)) : -1;
	if (length < 6 || (argc == 5 && set_data(&io, argv[3], argv[4]))) {
		fprintf(stderr, "usage: scsi-cdb [-t MS] DEVICE CDB [in BYTES|out DATA]\n");
		return 2;
	}
	io.cmd_len = (unsigned char)length;
	return submit(argv[1], &io);
}
