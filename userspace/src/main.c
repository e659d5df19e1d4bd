// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <sys/stat.h>

#include "command.h"

int main(int argc, char **argv)
{
	/* lock files, LVM's among them, are nobody else's business */
	umask(077);
	/* a reader that goes away does not end what is half done */
	signal(SIGPIPE, SIG_IGN);
	return command_line(argc, argv);
}
