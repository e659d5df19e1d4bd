# SPDX-License-Identifier: GPL-2.0-only
"""Prints those of kmemleak's reports (stdin) that code of the project has part in.

The modules may be gone: the file of /proc/kallsyms lines that is named on the command line tells what was where.
Addresses without a symbol that are not in it are those of an earlier load of them, and count.
"""

import bisect
import re
import sys

FRAME = re.compile(r"^( +(?:\[<.*>\] )?)(?:0x([0-9a-f]{16})|(\S+ \[(?:dm_)?xcopy\w*\]))\s*$")


def load(path):
    """Returns [(address, name [module])], sorted."""
    symbols = []
    with open(path, encoding="ascii") as file:
        for line in file:
            address, _, name, module = line.split()
            symbols.append((int(address, 16), f"{name} {module}"))
    return sorted(symbols)


def name(address, symbols):
    """What was at this address."""
    index = bisect.bisect(symbols, (address, chr(0x10ffff))) - 1
    if index < 0 or address - symbols[index][0] > 1 << 16:
        return f"{address:#x} [an earlier load of a module]"
    return f"{symbols[index][1]}+{address - symbols[index][0]:#x}"


def main():
    """Reads, filters, prints."""
    symbols = load(sys.argv[1])
    for report in re.split(r"^(?=unreferenced object)", sys.stdin.read(), flags=re.MULTILINE):
        ours, lines = False, []
        for line in report.splitlines():
            frame = FRAME.match(line)
            if frame:
                ours = True
                line = frame.group(1) + (frame.group(3) or name(int(frame.group(2), 16), symbols))
            lines.append(line)
        if ours:
            print("\n".join(lines))


if __name__ == "__main__":
    main()
