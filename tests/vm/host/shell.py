# SPDX-License-Identifier: GPL-2.0-only
"""An interactive shell in a guest: its console is this terminal. Started by ../run in the tools root.

It takes no lock: a person may leave it open for hours.
"""

import argparse

import headers
from guest import Guest, GuestError
from runner import Config


class ShellConfig(Config):
    """The console is the terminal, and ctrl-c is the guest's."""

    stdin = None
    mode = "xcopy.shell"

    @staticmethod
    def serial(console):
        """A log is kept as well, as for tests."""
        return ["-chardev", f"stdio,id=console,signal=off,mux=off,logfile={console}", "-serial", "chardev:console"]


def main():
    """Runs it until the guest is off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", required=True)
    parser.add_argument("--accel", required=True)
    arguments = parser.parse_args()
    config = ShellConfig(arguments.suite, arguments.accel)
    with open("/dev/tty", "wb", buffering=0) as terminal:
        config.stdout = terminal
        needs = headers.Test("shell", "# test: a shell\n").needs
        guest = Guest(needs, config, config.work, quiet_warnings=True)
        try:
            guest.start()
            guest.process.wait()
        except GuestError as error:
            print(error)
        finally:
            guest.kill()


if __name__ == "__main__":
    main()
