# SPDX-License-Identifier: GPL-2.0-only
"""
When is a guest's boot repeated, and when has it failed? The runner, on guests that are scripts. And which of a kernel's
reports count. Prints TAP.
"""

import pathlib
import re
import sys
import tempfile
import types

import judge
import runner

INIT = "[    5.0] Run /init as init process\n"
RESET = {"event": "RESET"}


class Channel(list):
    """What the runner says."""

    send = list.append


class ScriptedGuest:
    """
    Its boots are dictionaries: console, events, ends (how, in words) and answers (how often it is still found running,
    for it may end at any instant); nothing of these: it comes up. With "in_test" it does, and ends when it runs one.
    """

    boots = []
    begun = 0       # of all guests

    def __init__(self, *_):
        self.boot = None
        self.starts = self.polls = self.asked = 0
        self.up = False
        self.console = "console"
        self.agent = None
        self.events = []

    def start(self):
        """The next boot; the last one again when there is none."""
        self.boot = self.boots[min(ScriptedGuest.begun, len(self.boots) - 1)]
        ScriptedGuest.begun += 1
        self.starts += 1
        self.agent = Channel()
        self.events = []
        self.up = not self.boot or "in_test" in self.boot
        self.polls = self.asked = 0

    def poll(self, _):
        """An agent that asks for a test, has run it, and asks again. What happens to a guest happens here."""
        self.polls += 1
        self.events = list(self.boot.get("events", []))
        if not self.up:
            return []
        said = self.agent[-1].split()[0] if self.agent else ""
        if said == "RUN" and "in_test" in self.boot:
            return []
        return [(self.agent, "END" if said == "RUN" else "NEXT")]

    def running(self):
        """Is it?"""
        if "in_test" in self.boot:
            return not self.agent or not self.agent[-1].startswith("RUN")
        self.asked += bool(self.polls)
        return "ends" not in self.boot or self.asked <= self.boot.get("answers", 0)

    def ending(self):
        """How it ended."""
        return self.boot["ends"]

    def console_text(self, start=0):
        """Its console."""
        return self.boot.get("console", INIT)[start:]

    def console_size(self):
        """Bytes."""
        return len(self.console_text())

    def kill(self):
        """Ends it."""
        self.agent = None


class QuietReport(runner.Report):
    """Counts, and keeps what it would have printed."""

    def __init__(self):
        super().__init__()
        self.said = []

    def comment(self, text):
        self.said.append(text)

    def _print(self, test, point):
        self.count["skipped" if point.skip else "passed" if point.passed else "failed"] += 1
        self.said.append(point.text)


def scripted_test(**more):
    """One that passes, if a guest comes up."""
    return types.SimpleNamespace(**{"name": "test", "title": "a test", "phases": 1, "timeout": 5, "console": [],
                                    "expect": None, "modules": False, "core": [], "needs": {"topology": "default"}, **more})


def play(*boots):
    """Runs a test: returns (starts, points that passed, that failed, words)."""
    ScriptedGuest.boots = boots
    ScriptedGuest.begun = 0
    with tempfile.TemporaryDirectory() as out:
        (pathlib.Path(out) / "test.1.log").write_text("ok 1 - it\n1..1\n")
        # So that a boot has 50 ms to come as far as init, and half a second to come up.
        config = types.SimpleNamespace(suite="none", out=out, slow=1, scale=0.002, leaks=False)
        group = runner.Group()
        group.add(scripted_test())
        report = QuietReport()
        session = runner.Session(group, config, report, out)
        session.run()
    return session.guest.starts, report.count["passed"], report.count["failed"], " ".join(report.said)


UP = {}
ENDED = {"console": "", "ends": "QEMU ended by itself, signal 11"}
FAULT = {"in_test": True, "ends": "QEMU ended by itself, signal 6: block_account_one_io: Assertion failed."}
HANGS = {"console": "[    1.0] PCI\n"}
PANICS = {"console": "Oops: int3\n", "events": [RESET]}

CASES = (
    ("a guest that comes up is started once", (UP,), (1, 1, 0), "it"),
    ("QEMU ends before init: again", (ENDED, UP), (2, 1, 0), "as far as init: QEMU ended by itself, signal 11; it is started"),
    *((f"QEMU ends before init, a little later ({answers}): again", ({**ENDED, "answers": answers}, UP), (2, 1, 0),
       "it is started again") for answers in range(1, 7)),
    ("the kernel hangs before init: again", (HANGS, UP), (2, 1, 0), "nothing after"),
    ("it panics before init: again", (PANICS, UP), (2, 1, 0), "reset itself"),
    ("twice, each time for another reason: again", (HANGS, PANICS, UP), (3, 1, 0), "started again"),
    ("three times: it has failed", (ENDED,), (3, 0, 1), "QEMU ended by itself, signal 11"),
    ("three hangs: it has failed", (HANGS,), (3, 0, 1), "did not come up"),
    ("QEMU's own fault in a test: the test again", (FAULT, UP), (1, 1, 0), "it is run again"),
    ("twice: it has failed", (FAULT, FAULT, UP), (1, 1, 1), "Assertion failed"),
    ("another end in a test: it has failed", ({**FAULT, "ends": ENDED["ends"]}, UP), (1, 1, 1), "signal 11"),
    ("QEMU ends after init: it has failed", ({**ENDED, "console": INIT}, UP), (1, 0, 1), "signal 11"),
    ("it panics after init: it has failed", ({**PANICS, "console": INIT}, UP), (1, 0, 1), "reset itself"),
    ("it hangs after init: it has failed", ({"console": INIT}, UP), (1, 0, 1), "did not come up"),
)


def rcu_report(place, caller, between=()):
    """As lockdep prints one; between is what another processor has said meanwhile."""
    lines = ["=" * 29, "WARNING: suspicious RCU usage", "6.12 #1 Tainted: G           O", "-" * 29,
             f"{place} RCU-list traversed in non-reader section!!", "", "1 lock held by bash/436:", *between,
             "Call Trace:", " <TASK>", f" {caller}", " vfs_write+0x5ac/0x11c0", " </TASK>", ""]
    return "\n".join(f"[  383.414491] {line}" for line in lines)


TARGET = "drivers/target/target_core_tpg.c:114"
LIO = "core_tpg_add_node_to_devs+0x3d6/0x530 [target_core_mod]"

# (what, console, does it count?)
CONSOLES = (
    ("the SCSI target's own list does not count", rcu_report(TARGET, LIO), False),
    ("nor do two of them", rcu_report(TARGET, LIO) + rcu_report(TARGET, LIO), False),
    ("another place counts", rcu_report("drivers/md/dm.c:1", LIO), True),
    ("nor does its other list", rcu_report("drivers/target/target_core_device.c:266", LIO), False),
    ("another place of the target's does", rcu_report("drivers/target/target_core_alua.c:1", LIO), True),
    ("a report within it counts", rcu_report(TARGET, LIO, ["BUG: KASAN: slab-out-of-bounds", "Call Trace:"]), True),
    ("a caller of ours counts", rcu_report(TARGET, "xcopy_map+0x1/0x2 [dm_xcopy]"), True),
    ("what follows counts", rcu_report(TARGET, LIO) + "[  384.0] ODEBUG: free active\n", True),
    ("what comes between two counts", rcu_report(TARGET, LIO) + "[  384.0] BUG: KASAN\n" + rcu_report(TARGET, LIO), True),
)


def judge_consoles(first):
    """Returns how many were judged wrongly."""
    failed = 0
    for number, (text, console, counts) in enumerate(CONSOLES, first):
        good = bool(judge.judge_console(console, [])) == counts
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - reports: {text}", flush=True)
    return failed


def judge_lateness(number):
    """Tests that are begun too late are skipped, in groups that have a guest and that have none; returns 1 if not."""
    groups = [runner.Group(), runner.Group()]
    for group, expect in zip(groups, (None, re.compile("it fails"))):
        group.add(scripted_test(expect=expect))
    report = QuietReport()
    runner.UNTIL = 0
    with tempfile.TemporaryDirectory() as out:
        runner.work(groups, types.SimpleNamespace(work=out), report)
        runner.Session(groups[0], None, report, out).run()
    good = report.count == {"skipped": 2}
    print(f"{'ok' if good else 'not ok'} {number} - time: what is too late is skipped, and says so", flush=True)
    return not good


def judge_turns(number):
    """Where the time may end, tests of the core come first, and the others have different ends; returns 1 if not."""
    orders = []
    for day in range(4):
        group = runner.Group()
        for name in "abcdefg":
            group.add(scripted_test(name=name, core=["sid"] if name in "ce" else []))
        group.take_turns(day)
        orders.append("".join(test.name for test in group.todo))
    good = orders == ["ceabdfg", "cebdfga", "ecfgabd", "ceabdfg"]
    print(f"{'ok' if good else 'not ok'} {number} - time: each day other tests are the last", flush=True)
    return not good


def main():
    """Exit status 0 if all is well."""
    runner.Guest = ScriptedGuest
    failed = 0
    for number, (text, boots, wanted, words) in enumerate(CASES, 1):
        *got, said = play(*boots)
        good = tuple(got) == wanted and words in said
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - boots: {text}", flush=True)
        if not good:
            print(f"    starts, passed, failed: {got}, not {wanted}; it said: {said}", flush=True)
    failed += judge_consoles(len(CASES) + 1)
    count = len(CASES) + len(CONSOLES) + 2
    failed += judge_lateness(count - 1)
    failed += judge_turns(count)
    print(f"{count - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
