// SPDX-License-Identifier: GPL-2.0-only
#include <sys/stat.h>

#include "command.h"

int main(int argc, char **argv)
{
	/* lock files, LVM's among them, are nobody else's business */
	umask(077);
	return command_line(argc, argv);
}
