# SPDX-License-Identifier: GPL-2.0-only
"""A virtual machine: its disks, QEMU's arguments, its control channels, its end."""

import json
import pathlib
import selectors
import shlex
import signal
import socket
import subprocess
import time

LARGE = "mssrl=65535,mcl=16777216,msrc=127"

# name: (array, size, nvme-ns options)
DISKS = {
    "a1": ("a", "4G", f"nsid=1,logical_block_size=512,{LARGE}"),
    "a2": ("a", "4G", f"nsid=2,logical_block_size=512,{LARGE}"),
    "a3": ("a", "2G", f"nsid=3,logical_block_size=4096,physical_block_size=4096,{LARGE}"),
    "a4": ("a", "2G", f"nsid=4,logical_block_size=4096,physical_block_size=4096,{LARGE}"),
    "a5": ("a", "1G", "nsid=5,logical_block_size=512"),
    "a6": ("a", "1G", "nsid=6,logical_block_size=512"),
    "b1": ("b", "1G", f"nsid=1,logical_block_size=512,{LARGE}"),
    "s0": ("s", "4G", ""),
    "s1": ("s", "4G", ""),
}

ALL = tuple(DISKS)
CROSSED = ("a1", "a2", "b1", "s0", "s1")


class GuestError(Exception):
    """Something about QEMU itself that went wrong."""


class Channel:
    """Lines over a UNIX socket that QEMU serves."""

    def __init__(self, path, deadline):
        self.buffer = b""
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > deadline:
                    raise GuestError(f"QEMU does not serve {path.name}") from None
                time.sleep(0.05)
        self.socket.setblocking(False)

    def send(self, line):
        """Sends one line."""
        try:
            self.socket.sendall(line.encode() + b"\n")
        except OSError:
            pass

    def lines(self):
        """The whole lines that have arrived."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        self.buffer += data
        *whole, self.buffer = self.buffer.split(b"\n")
        return [line.decode(errors="replace").rstrip("\r") for line in whole]

    def close(self):
        """Ends it."""
        self.socket.close()


class Guest:
    """One machine with its disks; it may be killed and started again with the same ones."""

    def __init__(self, needs, config, work, quiet_warnings=False):
        self.needs = needs
        self.config = config
        self.quiet_warnings = quiet_warnings
        self.work = pathlib.Path(work)
        self.process = None
        self.qmp = self.agent = self.control = None
        self.console = None
        self.errors = None
        self.selector = None
        self.events = []
        self.replies = []
        self._make_disks()

    # The disks

    def _make_disks(self):
        for file in self.work.glob("*.img"):
            file.unlink()
        for name in self._disks():
            size = self.needs.get(f"size.{name}", DISKS[name][1])
            with open(self.work / f"{name}.img", "wb") as file:
                file.truncate(int(size[:-1]) << {"M": 20, "G": 30}[size[-1]])
        overlay = self.work / "root.qcow2"
        overlay.unlink(missing_ok=True)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b",
                        f"{self.config.image}/root.img", overlay], check=True)

    def _disks(self):
        return CROSSED if self.needs["topology"] == "crossed" else ALL

    def _drive(self, name):
        extra = self.needs.get(f"drive.{name}")
        rules = self.needs.get(f"blkdebug.{name}")
        file = self.work / f"{name}.img"
        if rules:
            drive = f"driver=blkdebug,image.driver=raw,image.discard=unmap,image.file.driver=file," \
                    f"image.file.filename={file},{rules}"
        else:
            drive = f"file={file},format=raw"
        return f"if=none,id={name},{drive},discard=unmap,cache=writeback" + (f",{extra}" if extra else "")

    def _device(self, name, bus):
        array, _, options = DISKS[name]
        if array == "s":
            device = f"virtio-blk-pci,id={name}-dev,drive={name},serial=xcopy-{name},bus={bus}"
        else:
            device = f"nvme-ns,id={name}-ns,drive={name},bus={bus},shared=on,{options}"
            if self.needs["topology"] == "crossed" and name == "a1":
                device += ",detached=on"
        extra = self.needs.get(f"device.{name}")
        return device + (f",{extra}" if extra else "")

    # QEMU

    def _controllers(self):
        """Which array each of them leads to."""
        if self.needs["topology"] == "multipath":
            return {"ca": "a", "ca2": "a", "cb": "b"}
        return {"ca": "a", "cb": "b"}

    def _attached(self):
        """What the guest is to wait for: the disks that are there from the start, and the paths to the NVMe ones."""
        names = [name for name in self._disks() if self.needs["topology"] != "crossed" or name != "a1"]
        arrays = list(self._controllers().values())
        return [f"xcopy.disks={','.join(names)}", f"xcopy.paths={sum(arrays.count(DISKS[name][0]) for name in names)}"]

    def _arguments(self):
        """The disks, behind root ports: only there can they be unplugged."""
        controllers = self._controllers()
        args = ["-device", "nvme-subsys,id=sub-a,nqn=xcopy-a", "-device", "nvme-subsys,id=sub-b,nqn=xcopy-b"]
        for number, port in enumerate([*controllers, "s0", "s1"], 1):
            args += ["-device", f"pcie-root-port,id=port-{port},chassis={number},slot={number}"]
        for controller, array in controllers.items():
            args += ["-device", f"nvme,id={controller},serial=XCOPY-{array.upper()},subsys=sub-{array},"
                     f"bus=port-{controller}"]
        for name in self._disks():
            array = DISKS[name][0]
            args += ["-drive", self._drive(name),
                     "-device", self._device(name, f"port-{name}" if array == "s" else f"c{array}")]
        return args

    def _initrd(self):
        """A kernel that has the drivers built in needs none."""
        initrd = pathlib.Path(self.config.image, "initrd")
        return ["-initrd", str(initrd)] if initrd.exists() else []

    def _append(self):
        words = ["console=ttyS0", f"root={'LABEL=xcopy-root' if self._initrd() else '/dev/vda'}", "rw", "panic=-1", "oops=panic", "mitigations=off",
                 "sysctl.kernel.hung_task_panic=1", "sysctl.kernel.softlockup_panic=1", "watchdog_thresh=30",
                 "rcupdate.rcu_cpu_stall_timeout=100", "systemd.show_status=false", "nokaslr",
                 f"xcopy.topology={self.needs['topology']}", *self._attached(), self.config.mode]
        if self.config.slow > 1:
            words.append(f"xcopy.slow={self.config.slow}")
        if not self.quiet_warnings and self.config.panic_on_warn:
            words.append("panic_on_warn=1")
        if self.needs["topology"] in ("default", "crossed"):
            words.append("nvme_core.multipath=N")
        return " ".join(words + self.needs["append"])

    def _command(self):
        image = self.config.image
        args = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults", "-no-user-config",
                "-display", "none", "-machine", "q35", *self.config.accel, "-smp", "2",
                "-m", str(max(int(self.needs["memory"]), self.config.memory)),
                "-name", "dm-xcopy-test", "-kernel", f"{image}/vmlinuz", *self._initrd(),
                "-append", self._append(), "-device", "virtio-rng-pci",
                "-drive", f"if=none,id=root,file={self.work}/root.qcow2,format=qcow2,cache=unsafe",
                "-device", "virtio-blk-pci,drive=root,serial=xcopy-root",
                "-qmp", f"unix:{self.work}/qmp,server=on,wait=off", "-device", "virtio-serial-pci"]
        for port in ("agent", "control"):
            args += ["-chardev", f"socket,id={port},path={self.work}/{port},server=on,wait=off",
                     "-device", f"virtserialport,chardev={port},name=xcopy.{port}"]
        for tag, path, readonly in (("src", self.config.src, ",readonly=on"),
                                    ("build", self.config.build, ",readonly=on"), ("out", self.config.out, "")):
            args += ["-virtfs", f"local,id={tag},path={path},mount_tag={tag},security_model=none{readonly},"
                     "multidevs=remap"]
        args += self.config.serial(self.console)
        args += self._arguments()
        for words in self.needs["qemu"]:
            args += shlex.split(words)
        return args

    def start(self):
        """Boots it."""
        boot = self.config.boot_number()
        self.console = pathlib.Path(self.config.out) / f"console.{boot}.log"
        self.console.write_bytes(b"")
        for name in ("qmp", "agent", "control"):
            (self.work / name).unlink(missing_ok=True)
        self.errors = pathlib.Path(self.config.out) / f"qemu.{boot}.log"
        self.events = []
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(self._command(), stdin=self.config.stdin, stdout=self.config.stdout or errors,
                                            stderr=errors)
        deadline = time.monotonic() + 20
        try:
            self.qmp = Channel(self.work / "qmp", deadline)
            self.agent = Channel(self.work / "agent", deadline)
            self.control = Channel(self.work / "control", deadline)
        except GuestError as error:
            self.kill()
            raise GuestError(f"{error}: {self.errors.read_text(errors='replace').strip()}") from None
        self.selector = selectors.DefaultSelector()
        for channel in (self.qmp, self.agent, self.control):
            self.selector.register(channel.socket, selectors.EVENT_READ, channel)
        self.command({"execute": "qmp_capabilities"})

    def poll(self, timeout):
        """Waits for input; returns [(channel, line)] of the agent and the control channel, QMP's go to events."""
        found = []
        for key, _ in self.selector.select(timeout):
            channel = key.data
            lines = channel.lines()
            if not lines and self.process.poll() is not None:
                self.selector.unregister(channel.socket)
            for line in lines:
                if channel is self.qmp:
                    self._qmp_line(line)
                else:
                    found.append((channel, line))
        return found

    def _qmp_line(self, line):
        message = json.loads(line)
        if "event" in message:
            self.events.append(message)
        elif "return" in message or "error" in message:
            self.replies.append(message)

    def command(self, request, timeout=30):
        """Sends a QMP command and returns its answer."""
        self.replies = []
        self.qmp.send(json.dumps(request))
        deadline = time.monotonic() + timeout
        while not self.replies:
            if time.monotonic() > deadline or not self.running():
                return {"error": {"desc": "QEMU does not answer"}}
            time.sleep(0.01)
            for line in self.qmp.lines():
                self._qmp_line(line)
        return self.replies.pop(0)

    def wait_event(self, name, timeout, **data):
        """Waits for a QMP event with these data."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.running():
            for event in self.events:
                if event["event"] == name and data.items() <= event.get("data", {}).items():
                    return True
            time.sleep(0.05)
            for line in self.qmp.lines():
                self._qmp_line(line)
        return False

    def running(self):
        """Is QEMU there?"""
        return self.process is not None and self.process.poll() is None

    def ending(self):
        """How a QEMU that is not running any more ended, in words."""
        status = self.process.wait()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        said = self.errors.read_text(errors="replace").strip().splitlines()[-3:]
        return ": ".join([f"QEMU ended by itself, {how}", *said])

    def kill(self):
        """Ends QEMU at once, as a power cut would."""
        if self.process is None:
            return
        if self.running():
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        for channel in (self.qmp, self.agent, self.control):
            if channel:
                channel.close()
        self.qmp = self.agent = self.control = None
        if self.selector:
            self.selector.close()
            self.selector = None

    def console_text(self, start=0):
        """The console from byte start on."""
        with open(self.console, "rb") as file:
            file.seek(start)
            return file.read().decode(errors="replace")

    def console_size(self):
        """Its length now."""
        return self.console.stat().st_size
