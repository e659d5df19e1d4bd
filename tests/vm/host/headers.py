# SPDX-License-Identifier: GPL-2.0-only
"""The header lines of a test: what it is, and what it needs."""

import re

SUITES = ("bookworm", "trixie", "sid", "debug", "kcsan")
TOPOLOGIES = ("default", "head", "multipath", "crossed")
ONCE = ("topology", "memory")
REPEATED = ("append", "qemu")
PER_DISK = ("drive", "device", "blkdebug", "size")


class HeaderError(Exception):
    """A header line that says something the harness does not know."""


class Test:
    """One file of tests/vm/t."""

    def __init__(self, name, text):
        self.name = name
        self.title = None
        self.needs = {"topology": "default", "memory": "2048", "append": [], "qemu": []}
        self.suites = SUITES
        self.timeout = 120
        self.phases = 1
        self.alone = None
        self.modules = True
        self.core = ()
        self.console = []
        self.expect = None
        for line in text.splitlines():
            if not line.startswith("#"):
                break
            match = re.match(r"# (test|needs|suites|timeout|phases|alone|modules|core|console|expect): *(.*)", line)
            if match:
                self._header(match.group(1), match.group(2).strip())
        if not self.title:
            raise HeaderError(f"{name}: no '# test:' line")
        if self.phases > 1 and not self.alone:
            self.alone = "it has phases"

    def _header(self, key, value):
        if not value:
            raise HeaderError(f"{self.name}: '# {key}:' says nothing")
        if key == "needs":
            self._need(value)
        elif key == "test":
            self.title = value
        elif key in ("suites", "core"):
            setattr(self, key, tuple(value.split()))
            unknown = set(value.split()) - set(SUITES)
            if unknown:
                raise HeaderError(f"{self.name}: '# {key}:' names {', '.join(unknown)}; known are {', '.join(SUITES)}")
        elif key in ("timeout", "phases"):
            if not value.isdigit() or int(value) < 1:
                raise HeaderError(f"{self.name}: '# {key}: {value}' is no number above 0")
            setattr(self, key, int(value))
        elif key == "modules":
            if value != "none":
                raise HeaderError(f"{self.name}: '# modules: {value}': only 'none' is known")
            self.modules = False
        elif key == "expect":
            self.expect = re.compile(value)
        elif key == "console":
            self.console.append(re.compile(value))
        else:
            self.alone = value

    def _need(self, value):
        key, equals, rest = value.partition("=")
        kind, _, disk = key.partition(".")
        if not equals or not rest:
            raise HeaderError(f"{self.name}: '# needs: {value}' is not KEY=VALUE")
        if key in ONCE:
            self.needs[key] = rest
        elif key in REPEATED:
            self.needs[key].append(rest)
        elif kind in PER_DISK and disk:
            self.needs[key] = rest
        else:
            raise HeaderError(f"{self.name}: '# needs: {value}': no such need")
        if self.needs["topology"] not in TOPOLOGIES:
            raise HeaderError(f"{self.name}: topology '{self.needs['topology']}' is none of {', '.join(TOPOLOGIES)}")

    def group(self):
        """Tests that say the same here can share a boot."""
        if self.alone:
            return self.name
        return repr((sorted(self.needs.items()), bool(self.console)))


def load(path):
    """Reads the header of the file at path."""
    with open(path, encoding="utf-8") as file:
        return Test(path.stem, file.read())
