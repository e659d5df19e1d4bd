# SPDX-License-Identifier: GPL-2.0-only
"""Runs VM tests: makes the boots they need, drives the guest's agent, prints TAP. Started by ../run in the tools root."""

import argparse
import collections
import fcntl
import fnmatch
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from concurrent import futures

import headers
import judge
from guest import Guest, GuestError

BOOT_TIMEOUT = 240
# QEMU's multi-threaded emulation has races where a kernel patches itself, as it does all the time while it boots: about
# one boot in a hundred loses a timer interrupt, or runs into a breakpoint that is not there any more. What has not come
# as far as init, in these seconds, is started again. From there on it has failed.
KERNEL_TIMEOUT = 25
BOOT_TRIES = 3
# QEMU accounts for a Copy that it refuses before it has begun to account for it, and so by what memory held: a value that
# is none ends it. A test in which that happens has said nothing; once it is run again.
EMULATOR_FAULT = "block_account_one_io: Assertion"
CLEANUP_TIMEOUT = 150
# Emulated by instructions of 16 bytes, without AVX, XSAVE and "fast" strings a guest is a fifth faster than QEMU's
# "max": kernels and libraries choose what is slowest there. The ciphers are for random data and checksums.
EMULATED_CPU = "Nehalem,+aes,+pclmulqdq,+sha-ni"
VERBOSE = os.environ.get("V") == "1"


class Config:
    """Where things are, in the tools root's names."""

    image = "/run/mnt/image"
    src = "/run/mnt/src"
    build = "/run/mnt/build"
    out = "/run/mnt/out"
    work = "/run/mnt/work"
    stdin = subprocess.DEVNULL
    stdout = None
    mode = "xcopy.run"
    # Kernels that check themselves are slow, and need memory for it: how many times as slow, and MiB.
    slower = {"debug": 3, "kcsan": 4}
    larger = {"debug": 4096, "kcsan": 3072}

    def __init__(self, suite, accel):
        self.suite = suite
        self.slow = self.slower.get(suite, 1)
        self.scale = SCALE * self.slow
        self.memory = self.larger.get(suite, 0)
        self.leaks = suite == "debug"
        self.panic_on_warn = suite != "kcsan"   # a data race of the kernel's own would be the end
        self.boots = itertools.count(1)
        self.accel = ["-accel", "kvm", "-cpu", "host"] if accel == "kvm" else \
            ["-accel", "tcg,thread=multi", "-cpu", EMULATED_CPU]

    def boot_number(self):
        """The next one: guests may be started by several threads."""
        return next(self.boots)

    @staticmethod
    def serial(console):
        """The console goes to a file."""
        return ["-serial", f"file:{console}"]


class Report:
    """Prints points as one stream of TAP, and counts them."""

    def __init__(self):
        self.count = collections.Counter()
        self.held = {}
        self.lock = threading.RLock()   # held while a test's points are printed, so that they stay together

    def comment(self, text):
        """A line that is no point."""
        with self.lock:
            print(f"# {text}", flush=True)

    def point(self, test, point):
        """One point. Those of a test that is expected to fail wait for its end."""
        if test.expect:
            self.held.setdefault(test.name, []).append(point)
        else:
            with self.lock:
                self._print(test, point)

    def skip(self, test, why):
        """A test that is not run."""
        with self.lock:
            self._print(test, judge.Point(True, test.title, skip=why))

    def end(self, test):
        """The test is over: did it fail as it should?"""
        points = self.held.pop(test.name, None)
        if points is None:
            return
        seen = [point for point in points if not point.passed and test.expect.search(point.text)]
        detail = [f"{'ok' if point.passed else 'not ok'} - {point.text}" for point in points]
        with self.lock:
            self._print(test, judge.Point(bool(seen), f"{test.title} (fails with '{test.expect.pattern}')", detail=detail))

    def _print(self, test, point):
        number = sum(self.count.values()) + 1
        text = f"{test.name}: {point.text}"
        if point.skip:
            self.count["skipped"] += 1
            print(f"ok {number} - {text} # SKIP {point.skip}", flush=True)
            return
        self.count["passed" if point.passed else "failed"] += 1
        print(f"{'ok' if point.passed else 'not ok'} {number} - {text}", flush=True)
        if VERBOSE or not point.passed:
            for line in point.detail[-60:]:
                print(f"    {line}", flush=True)

    def summary(self):
        """The closing line."""
        line = f"{self.count['passed']} passed, {self.count['failed']} failed"
        if self.count["skipped"]:
            line += f", {self.count['skipped']} skipped"
        return line


class Group:
    """Tests that can share a boot; more than one guest may work on it."""

    def __init__(self):
        self.todo = collections.deque()
        self.repeated = set()   # names
        self.started = False

    def take_turns(self, day):
        """Where the time may end before the tests do: those of any core first, and of each kind different ones each day."""
        core = [test for test in self.todo if test.core]
        others = [test for test in self.todo if not test.core]
        self.todo = collections.deque(in_turn(core, day) + in_turn(others, day))

    def add(self, test):
        """One more."""
        self.todo.append(test)
        self.needs = test.needs
        self.quiet_warnings = bool(test.console)

    def take(self):
        """The next one, or None."""
        try:
            return None if late() else self.todo.popleft()
        except IndexError:
            return None


class Session:
    """Runs tests of one group, in as many boots as that takes."""

    def __init__(self, group, config, report, work):
        self.group = group
        self.config = config
        self.report = report
        self.work = work
        self.guest = None
        self.test = None        # the one that is running
        self.last = None        # the one that ran before in this boot, and can fail
        self.again = None       # the one whose next phase the next boot is for
        self.phase = 1
        self.ended = False      # the phase has asked for the guest's end
        self.leaving = False    # no test is left; it has been asked for leaks
        self.resetting = False  # a reset that was asked for: the firmware makes another one out of it
        self.started = 0
        self.deadline = 0
        self.console_from = 0
        self.boot_deadline = 0  # init has to be running by then
        self.tries = 0          # boots so far that did not come as far as that

    def run(self):
        """Runs them until none is left."""
        while self.group.todo and not late():
            self.phase = 1
            self.again = None
            LOCK.take()
            try:
                self.guest = Guest(self.group.needs, self.config, self.work, self.group.quiet_warnings)
                self._drive()
            except GuestError as error:
                self._fail_group(str(error))
            finally:
                if self.guest:
                    self.guest.kill()
                LOCK.give()

    def _boot(self):
        self.guest.start()
        self.console_from = 0
        self.test = None
        self.last = None
        self.ended = False
        self.resetting = False
        self.leaving = False
        self.deadline = time.monotonic() + BOOT_TIMEOUT * self.config.scale
        self.boot_deadline = time.monotonic() + KERNEL_TIMEOUT * self.config.scale

    def _again(self, why):
        """The kernel is no use where nothing of ours is yet: True when the guest was started again."""
        if not why and time.monotonic() > self.boot_deadline:
            why = f"nothing after {KERNEL_TIMEOUT * self.config.scale:.0f} s"
        if not why or not self.boot_deadline:
            return False
        self.boot_deadline = 0
        if judge.reached_init(self.guest.console_text(self.console_from)) or self.tries + 1 >= BOOT_TRIES:
            return False
        self.tries += 1
        self.report.comment(f"a guest's kernel did not come as far as init: {why}; it is started again")
        self.guest.kill()
        self._boot()
        return True

    def _drive(self):
        """One guest, until it has run what it can."""
        self.tries = 0
        self._boot()
        while True:
            for channel, line in self.guest.poll(0.5):
                if channel is self.guest.agent:
                    if not self._agent(line):
                        return
                elif not self._control(line):
                    return
                if self.guest.agent is None:
                    self._boot()
                    break
            else:
                if self._lost():
                    return

    # What ends a guest that should go on

    def _lost_how(self):
        for event in [] if self.resetting else self.guest.events:
            if event["event"] in ("RESET", "SHUTDOWN", "GUEST_PANICKED"):
                return f"the guest reset itself (a panic?): {event['event']} {event.get('data', '')}"
        return None if self.guest.running() else self.guest.ending()

    def _lost(self):
        why = self._lost_how()      # once: it may end at any instant, and then has to be judged as a whole
        if self._again(why):
            return False
        if why:
            return self._over(why)
        if time.monotonic() > self.deadline:
            if self.test is None:
                return self._over("the guest did not come up")
            return self._over(f"did not end within {self.test.timeout} s")
        return False

    def _over(self, why):
        if self.leaving:
            self._judge_leaks(why)
            return True
        if self.test is None:
            self._fail_group(why)
            return True
        if not self._repeat(why):
            self._finish(why, last=True)
        return True

    def _repeat(self, why):
        """It was QEMU's own fault: True when the test, from its first phase on, is to be run once more."""
        name = self.test.name
        if EMULATOR_FAULT not in why or name in self.group.repeated:
            return False
        self.group.repeated.add(name)
        self.group.todo.appendleft(self.test)
        self.report.comment(f"{name}: {why}; it is run again")
        return True

    def _fail_group(self, why):
        """The guest is no use: nothing of the group can be run."""
        console = self.guest.console_text().splitlines()[-40:] if self.guest and self.guest.console else []
        test = self.again or self.group.take()
        while test:
            self.report.point(test, judge.Point(False, why, detail=console))
            self.report.end(test)
            console = []
            test = self.group.take()

    # The agent

    def _agent(self, line):
        """Handles a line of the agent; False when the guest is done with."""
        word, *rest = line.split(" ")
        self.boot_deadline = 0
        self.tries = 0
        if word == "NEXT":
            return self._next()
        if word == "END" and self.test and not self.ended:
            self._finish(None if self.phase == self.test.phases else
                         f"ended in phase {self.phase} of {self.test.phases} without vm_kill, vm_crash or vm_reboot",
                         last=True)
            self.phase = 1
            self.last = self.last if self.test.expect else self.test
            self.test = None
            self.deadline = time.monotonic() + CLEANUP_TIMEOUT * self.config.slow
            self.guest.agent.send("OK")
        elif word == "AGAIN":
            return False
        elif word == "CLEAN" and rest:
            self.report.comment(f"{rest[0]} left: {' '.join(rest[1:])}")
        return True

    def _next(self):
        test = self.again or self.group.take()
        if not test:
            return self._leave()
        if self.resetting:
            self.guest.events.clear()
        self.resetting = False
        self.test = test
        self.again = None
        self.ended = False
        self.started = time.monotonic()
        self.deadline = self.started + self.test.timeout * self.config.scale + CLEANUP_TIMEOUT * self.config.slow
        self.guest.agent.send(f"RUN {self.test.name} {self.phase} {int(self.test.timeout * self.config.scale)} "
                              f"{'load' if self.test.modules else 'none'}")
        return True

    def _leave(self):
        """Nothing is left to run: what have the tests of this boot left behind?"""
        if self.last and self.config.leaks and not self.leaving:
            self.leaving = True
            self.console_from = self.guest.console_size()
            self.deadline = time.monotonic() + CLEANUP_TIMEOUT * self.config.scale
            self.guest.agent.send("LEAKS")
            return True
        if self.leaving:
            self._judge_leaks()
        self.guest.agent.send("STOP")
        return False

    def _judge_leaks(self, failure=None):
        bad = judge.judge_console(self.guest.console_text(self.console_from), [])
        if failure:
            bad = [failure, *bad]
        point = judge.Point(not bad, "this and the tests before it in this boot leak no memory", detail=bad)
        with self.report.lock:
            self.report.point(self.last, point)

    # What a test asks of the host

    def _control(self, line):
        """Handles a request; False never, the guest goes on or is booted again."""
        word, _, rest = line.partition(" ")
        if word == "KILL":
            self._next_phase(self.guest.kill)
        elif word == "CRASH":
            self._next_phase(self._reset)
        elif word == "REBOOT":
            self.ended = True
            self.guest.control.send("OK")
            self._next_phase(lambda: self.guest.wait_event("RESET", 90 * self.config.slow))
        elif word == "HOTREMOVE":
            answer = self.guest.command({"execute": "device_del", "arguments": {"id": rest}})
            if "error" in answer:
                self.guest.control.send("ERROR " + answer["error"]["desc"])
            elif not self.guest.wait_event("DEVICE_DELETED", 60, device=rest):
                self.guest.control.send("ERROR the guest did not let the device go within 60 s")
            else:
                self.guest.control.send("OK")
        elif word == "QMP":
            try:
                answer = self.guest.command(json.loads(rest))
            except ValueError as error:
                answer = {"error": {"desc": f"no JSON: {error}"}}
            self.guest.control.send(("ERROR " if "error" in answer else "OK ") + json.dumps(answer))
        else:
            self.guest.control.send(f"ERROR the host knows no '{word}'")
        return True

    def _reset(self):
        self.guest.command({"execute": "system_reset"})
        self.guest.wait_event("RESET", 30)

    def _next_phase(self, end):
        """Ends the guest, and the phase with it. A guest reset in place keeps its QEMU, and what that has in flight."""
        if self.test is None or self.phase >= self.test.phases:
            self.guest.control.send("ERROR no phase follows: the test's '# phases:' line says so")
            return
        self.ended = True
        console = self.guest.console_size()
        end()
        self._finish(None, console)
        self.phase += 1
        self.again = self.test
        if self.guest.agent is None:
            return
        self.test = None
        self.ended = False
        self.resetting = True
        self.console_from = self.guest.console_size()
        self.deadline = time.monotonic() + BOOT_TIMEOUT * self.config.scale
        self.boot_deadline = time.monotonic() + KERNEL_TIMEOUT * self.config.scale

    # The verdict on a phase

    def _finish(self, failure, console_to=None, last=False):
        with self.report.lock:
            self._judge(failure, console_to)
            if last:
                self.report.end(self.test)

    def _judge(self, failure, console_to):
        test = self.test
        phase = f", phase {self.phase}" if test.phases > 1 else ""
        self.report.comment(f"{test.name} ({self.config.suite}, {test.needs['topology']}{phase}): {test.title}, "
                            f"{time.monotonic() - self.started:.0f} s")
        text = self.guest.console_text(self.console_from)
        if console_to is not None:
            text = text[:console_to - self.console_from]
        self.console_from += len(text.encode(errors="replace"))
        log = pathlib.Path(self.config.out) / f"{test.name}.{self.phase}.log"
        output = log.read_text(errors="replace") if log.exists() else ""
        points, planned, skip_all, rest = judge.read_tap(output)
        for point in points:
            self.report.point(test, point)
        if skip_all:
            self.report.point(test, judge.Point(True, test.title, skip=skip_all))
        elif skip_all is not None:
            self.report.point(test, judge.Point(False, "skipped without a reason"))
        if failure:
            self.report.point(test, judge.Point(False, failure, detail=rest[-20:] + ["console:"] + text.splitlines()[-40:]))
        elif not self.ended and planned is None:
            self.report.point(test, judge.Point(False, "ended without a plan", detail=rest))
        elif not self.ended and not points and skip_all is None:
            self.report.point(test, judge.Point(False, "tested nothing", detail=rest))
        bad = judge.judge_console(text, test.console)
        if bad:
            self.report.point(test, judge.Point(False, "the console is clean", detail=bad))


class Lock:
    """The lock on XCOPY_VM_LOCK, which ../run has opened for us; held while any guest runs."""

    def __init__(self):
        self.descriptor = os.environ.get("XCOPY_VM_LOCK_FD")
        self.guests = 0
        self.mutex = threading.Lock()

    def take(self):
        """For one guest."""
        with self.mutex:
            if self.descriptor and not self.guests:
                fcntl.flock(int(self.descriptor), fcntl.LOCK_EX)
            self.guests += 1

    def give(self):
        """One guest less."""
        with self.mutex:
            self.guests -= 1
            if self.descriptor and not self.guests:
                fcntl.flock(int(self.descriptor), fcntl.LOCK_UN)


LOCK = Lock()
JOBS = int(os.environ.get("XCOPY_VM_JOBS") or 1)
# Guests that share the host's processors are slower.
SCALE = float(os.environ.get("XCOPY_TIMEOUT_SCALE") or JOBS)
# Seconds since 1970: what has not begun by then is skipped, and says so. Only where the time is given, as in CI.
UNTIL = float(os.environ.get("XCOPY_VM_UNTIL") or "inf")


def late():
    """Is it too late to begin another test?"""
    return time.time() > UNTIL


def in_turn(items, day):
    """The same, each day from another third of them on."""
    first = day % 3 * len(items) // 3
    return items[first:] + items[:first]


def next_group(groups):
    """One that nobody works on, else the one with most left to do, if that is worth a boot."""
    for group in groups:
        if not group.started:
            group.started = True
            return group
    group = max(groups, key=lambda group: len(group.todo), default=None)
    return group if group and len(group.todo) > 2 else None


def work(groups, config, report):
    """Runs all groups, several guests at a time."""
    mutex = threading.Lock()

    def worker(number):
        directory = pathlib.Path(config.work) / str(number)
        directory.mkdir()
        while True:
            with mutex:
                group = None if late() else next_group(groups)
            if not group:
                return
            Session(group, config, report, directory).run()

    groups.sort(key=lambda group: -len(group.todo))
    if UNTIL != float("inf"):
        day = int(UNTIL) // 86400
        groups[1:] = in_turn(groups[1:], day)
        for group in groups:
            group.take_turns(day)
    with futures.ThreadPoolExecutor(JOBS) as pool:
        for done in [pool.submit(worker, number) for number in range(JOBS)]:
            done.result()
    for group in groups:
        for test in group.todo:
            report.skip(test, "there was no time left to begin it")


def wanted(name, patterns):
    """Measurements (NAME-bench) and long runs (NAME-long) run only when they are named."""
    for kind in ("-bench", "-long"):
        if name.endswith(kind):
            return any(pattern.endswith(kind) and fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    return not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def chosen(directory, patterns, core_of):
    """The tests whose names match."""
    tests = [headers.load(path) for path in sorted(directory.glob("*.sh")) if wanted(path.stem, patterns)]
    return [test for test in tests if not core_of or core_of in test.core]


def main():
    """Runs what the command line names."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os._exit(130))     # the guests end with us
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", required=True)
    parser.add_argument("--accel", required=True)
    parser.add_argument("--test", action="append", default=[])
    parser.add_argument("--core", action="store_true")
    arguments = parser.parse_args()
    config = Config(arguments.suite, arguments.accel)
    report = Report()
    try:
        tests = chosen(pathlib.Path(config.src) / "tests/vm/t", arguments.test, arguments.core and arguments.suite)
    except headers.HeaderError as error:
        sys.exit(f"run: {error}")
    if not tests:
        sys.exit(f"run: no {'core ' * arguments.core}test is named like {' or '.join(arguments.test) or 'anything'}")
    groups = collections.defaultdict(Group)
    for test in tests:
        if config.suite in test.suites:
            groups[test.group()].add(test)
        else:
            report.skip(test, f"it is for {', '.join(test.suites)}")
    work(list(groups.values()), config, report)
    print(report.summary(), flush=True)
    sys.exit(1 if report.count["failed"] or not report.count["passed"] else 0)


if __name__ == "__main__":
    main()
