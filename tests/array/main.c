// SPDX-License-Identifier: GPL-2.0-only
/*
 * xcopy-array: see array.h and README.md.
 *
 *   xcopy-array SOCKET serve           be the array
 *   xcopy-array SOCKET COMMAND...      tell it something; control.c lists what
 */
#include <signal.h>
#include <string.h>

#include "array.h"

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: xcopy-array SOCKET serve|COMMAND...\n");
		return 2;
	}
	if (strcmp(argv[2], "serve"))
		return control_ask(argv[1], argc - 2, argv + 2);
	signal(SIGPIPE, SIG_IGN);
	return control_serve(argv[1]);
}
