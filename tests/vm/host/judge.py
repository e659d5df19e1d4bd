# SPDX-License-Identifier: GPL-2.0-only
"""What a test printed, and what its guest's console showed, made into points."""

import re

BAD_CONSOLE = re.compile("|".join((
    r"\bBUG:", r"\bWARNING:", r"\bOops\b", r"Call Trace", r"blocked for more than", r"soft lockup", r"hard LOCKUP",
    r"Kernel panic", r"rcu:.*(stall|starved)", r"INFO: (possible|task|trying)", r"general protection fault",
    r"nable to handle", r"KASAN", r"UBSAN", r"refcount_t:", r"scheduling while atomic", r"list_(add|del) corruption",
    r"sleeping function called", r"Bad page state", r"Out of memory:", r"segfault at", r"still has waiters",
    r"kernel BUG at", r"KCSAN", r"ODEBUG:", r"suspicious RCU usage", r"inconsistent lock state",
    # What finds nothing any more must not look as if there were nothing to find.
    r"turning off the locking correctness validator", r"lockdep is turned off",
    r"kmemleak: (Kernel memory leak detector disabled|Cannot allocate)")))

# The kernel's own code has data races that it lives with: only those that the project has part in count.
KCSAN_REPORT = re.compile(r"^(?:\[[ .0-9]*\] )?=+\r?\n(?:\[[ .0-9]*\] )?BUG: KCSAN: .*?\n(?:\[[ .0-9]*\] )?=+\r?\n",
                          re.MULTILINE | re.DOTALL)
OWN_CODE = re.compile(r"\[(dm_)?xcopy")

# The kernel's SCSI target walks two lists under their mutexes with the iterator for readers.
TARGET_RCU_REPORT = re.compile(r"^(?:\[[ .0-9]*\] )?WARNING: suspicious RCU usage\r?\n(?:.*\n){2}"
                               r"(?:\[[ .0-9]*\] )?drivers/target/target_core_(?:tpg|device)\.c:.*\n(?:(?!.*</TASK>).*\n)*.*</TASK>",
                               re.MULTILINE)

# Reports that count only where the project has part in them, each with how many of its own lines are bad ones: with
# more, another processor's report stands within it.
KNOWN_REPORTS = ((KCSAN_REPORT, 1), (TARGET_RCU_REPORT, 2))


class Point:
    """One line of TAP."""

    def __init__(self, passed, text, skip=None, detail=()):
        self.passed = passed
        self.text = text
        self.skip = skip
        self.detail = list(detail)


def read_tap(output):
    """Returns (points, planned, skip reason of the whole file) of a test's output."""
    points, planned, skip_all, detail = [], None, None, []
    for line in output.splitlines():
        point = re.match(r"(ok|not ok)\b(?: \d+)?(?: - )?(.*)", line)
        plan = re.match(r"1\.\.(\d+)(?: # SKIP ?(.*))?$", line)
        if point:
            text, hash_, directive = point.group(2).partition(" # ")
            skip = re.match(r"SKIP ?(.*)", directive) if hash_ else None
            if skip:
                reason = skip.group(1).strip()
                points.append(Point(bool(reason), text if reason else f"{text} (skipped without a reason)", reason or None))
            else:
                points.append(Point(point.group(1) == "ok", point.group(2)))
            points[-1].detail = detail
            detail = []
        elif plan:
            planned = int(plan.group(1))
            if plan.group(2) is not None:
                skip_all = plan.group(2).strip()
        else:
            detail.append(line)
    return points, planned, skip_all, detail


def reached_init(text):
    """Has the kernel of this console started the first program?"""
    return bool(re.search(r"\bRun \S+ as init process", text))


def counts(report, own_lines):
    """Does a known report count all the same?"""
    bad = sum(bool(BAD_CONSOLE.search(line)) for line in report.splitlines())
    return bool(OWN_CODE.search(report)) or bad > own_lines


def judge_console(text, expected):
    """The bad lines of a console, less those that are expected; each with what follows it."""
    for known, own_lines in KNOWN_REPORTS:
        text = known.sub(lambda report, own=own_lines: report.group() if counts(report.group(), own) else "", text)
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if BAD_CONSOLE.search(line) and not any(regexp.search(line) for regexp in expected):
            return lines[max(0, number - 3):number + 40]
    return []
