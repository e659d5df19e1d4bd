# SPDX-License-Identifier: GPL-2.0-only
"""Runs the demo in a guest and prints what it says, line by line, as it says it. Started by ../run in the tools root."""

import argparse
import pathlib
import re
import sys
import time

import headers
import judge
from guest import Guest, GuestError
from runner import BOOT_TIMEOUT, CLEANUP_TIMEOUT, LOCK, SCALE, Config

# What guest/demo.sh says last when every claim held.
SUCCESS = re.compile(r"==> All \d+ claims held")


class DemoError(Exception):
    """Why the demo did not come to its end."""


class Output:
    """What the guest writes into a file that it shares with us."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.succeeded = False

    def follow(self):
        """Prints the whole lines that are new."""
        if not self.path.exists():
            return
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            data = file.read()
        data = data[:data.rfind(b"\n") + 1]
        self.offset += len(data)
        for line in data.decode(errors="replace").splitlines():
            print(line, flush=True)
            self.succeeded = bool(SUCCESS.match(line))


def drive(guest, test, output):
    """Boots the guest, has its agent run the demo once, returns when that is over."""
    deadline = time.monotonic() + BOOT_TIMEOUT * SCALE
    guest.start()
    while not output.succeeded:
        for channel, line in guest.poll(0.2):
            if channel is guest.agent and line == "NEXT":
                limit = int(test.timeout * SCALE)
                deadline = time.monotonic() + limit + CLEANUP_TIMEOUT
                guest.agent.send(f"RUN {test.name} 1 {limit} load")
            elif channel is guest.agent:
                output.follow()
                return
        output.follow()
        if not guest.running():
            raise DemoError(guest.ending())
        for event in guest.events:
            if event["event"] in ("RESET", "SHUTDOWN", "GUEST_PANICKED"):
                raise DemoError("the guest has crashed")
        if time.monotonic() > deadline:
            raise DemoError("the guest takes too long")


def console_end(guest):
    """The last lines of the guest's console, if it came that far."""
    return guest.console_text().splitlines()[-40:] if guest and guest.console else []


def demo(config):
    """Returns what there is to complain of, as lines."""
    test = headers.load(pathlib.Path(config.src) / "tests/vm/t/demo.sh")
    test.needs["append"].append("xcopy.demo")
    output = Output(pathlib.Path(config.out) / f"{test.name}.1.log")
    guest = None
    try:
        print(f"==> Booting a virtual machine ({config.accel[1].split(',')[0]}) with emulated storage; this takes half a minute", flush=True)
        guest = Guest(test.needs, config, config.work)
        drive(guest, test, output)
        bad = judge.judge_console(guest.console_text(), test.console)
        if bad:
            return ["The kernel has complained:", *bad]
        return [] if output.succeeded else ["not every claim held"]
    except (DemoError, GuestError) as error:
        output.follow()
        return [f"{error}; the end of its console:", *console_end(guest)]
    finally:
        if guest:
            guest.kill()


def main():
    """Exit status 0 if everything held."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", required=True)
    parser.add_argument("--accel", required=True)
    arguments = parser.parse_args()
    try:
        LOCK.take()
        complaint = demo(Config(arguments.suite, arguments.accel))
        LOCK.give()
    except KeyboardInterrupt:
        sys.exit(130)
    for line in complaint:
        print(f"demo: {line}", flush=True)
    sys.exit(1 if complaint else 0)


if __name__ == "__main__":
    main()
