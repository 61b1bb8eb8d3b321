"""`centrala doctor`: looks at the machine as the PBX would find it; every finding that is not good names its remedy."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.table import Table
from rich.text import Text

from pbx.api.client import ControlClient, ControlError
from pbx.cli import doctor_network
from pbx.cli.console import data_dir, out
from pbx.cli.doctor_media import check_codecs, check_encryption
from pbx.cli.finding import Finding
from pbx.config import Config
from pbx.configfile.check_network import split_host_port, split_listen
from pbx.runtime.startup import StartError, check_core, descriptors_needed

MARKS = {"good": ("ok", "green"), "look": ("look", "yellow"), "bad": ("bad", "red")}
MIN_DISK_MB = 500


def examine(config: Config) -> int:
    """Prints every finding; returns 1 when one of them is bad."""
    running = _is_running(config)
    findings = [finding for check in CHECKS for finding in check(config)]
    if not running:
        findings += _ports(config)
    else:
        findings.append(Finding("ports", "good", "a PBX is running with this configuration and has them"))
    table = Table(box=None, show_header=False, padding=(0, 1))
    for finding in findings:
        mark, style = MARKS[finding.level]
        table.add_row(Text(mark, style=style), finding.what, Text(finding.text))
        if finding.remedy:
            table.add_row("", "", Text(f"→ {finding.remedy}", style=style))
    out.print(table)
    return 1 if any(finding.level == "bad" for finding in findings) else 0


def _is_running(config: Config) -> bool:
    try:
        ControlClient(data_dir(config) / "control.sock", timeout_s=2).get("/status")
    except ControlError:
        return False
    return True


def _core(_: Config) -> Iterator[Finding]:
    try:
        check_core()
    except StartError as error:
        yield Finding("core", "bad", str(error), "make setup")
    else:
        yield Finding("core", "good", "the Cython core is built and is ours")


def _ports(config: Config) -> Iterator[Finding]:
    """Binds every SIP and HTTP address and samples the RTP range."""
    for text in config.sip.listen:
        transport, host, port = split_listen(text)
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        yield _bind(f"SIP {transport}", kind, host, port, "stop the other program or change sip.listen")
    for what, key, text in (("HTTP", "listen", config.http.listen), ("HTTPS", "listen_tls", config.http.listen_tls)):
        if text:
            host, port = split_host_port(text)
            yield _bind(what, socket.SOCK_STREAM, host, port, f"stop the other program or change http.{key}")
    media = config.media
    step = max(2, (media.port_max - media.port_min) // 100 // 2 * 2)
    ports = range(media.port_min + media.port_min % 2, media.port_max, step)
    taken = [port for port in ports if _bind_error(socket.SOCK_DGRAM, media.listen, port)]
    free = f"{len(ports) - len(taken)} of {len(ports)} tried are free"
    text = f"RTP {media.listen}:{media.port_min}-{media.port_max}: {free}"
    if len(taken) > len(ports) // 10:
        yield Finding("ports", "look", text, "another program uses the range: change media.port_min and port_max")
    else:
        yield Finding("ports", "good", text)


def _bind(what: str, kind: int, host: str, port: int, remedy: str) -> Finding:
    error = _bind_error(kind, host, port)
    if error:
        return Finding("ports", "bad", f"{what} {host}:{port}: {os.strerror(error)}", _port_remedy(error, port, remedy))
    return Finding("ports", "good", f"{what} {host}:{port} is free")


def _port_remedy(error: int, port: int, remedy: str) -> str:
    if error == errno.EADDRNOTAVAIL:
        return "this machine has no such address: `ip addr` shows those it has"
    if error == errno.EACCES:
        return f"ports below 1024 need CAP_NET_BIND_SERVICE: choose one above instead of {port}"
    return remedy


def _bind_error(kind: int, host: str, port: int) -> int:
    """0 when the address can be bound, else the errno."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
        if ":" in host:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno or errno.EIO
    return 0


def _limits(config: Config) -> Iterator[Finding]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = descriptors_needed(config)
    if hard != resource.RLIM_INFINITY and hard < need:
        text = f"{hard} open files are allowed, {need} are needed for sip.max_calls = {config.sip.max_calls}"
        yield Finding("limits", "look", text, f"ulimit -n {need}, or LimitNOFILE={need} in systemd")
    else:
        yield Finding("limits", "good", f"enough open files are allowed for {config.sip.max_calls} calls ({need})")


def _realtime(config: Config) -> Iterator[Finding]:
    if not config.media.realtime:
        yield Finding("realtime", "good", "media.realtime is off")
        return
    # In a child: the scheduling class of this process stays as it is.
    command = ["chrt", "--fifo", "1", "true"]
    if shutil.which("chrt") and subprocess.run(command, capture_output=True, check=False).returncode == 0:  # noqa: S603
        yield Finding("realtime", "good", "media threads may run under SCHED_FIFO")
    else:
        remedy = "grant CAP_SYS_NICE or rtprio in limits.conf (LimitRTPRIO=10 in systemd); calls work without"
        yield Finding("realtime", "look", "media threads may not run under SCHED_FIFO", remedy)


def _speech(config: Config) -> Iterator[Finding]:
    if shutil.which("espeak-ng") is None:
        remedy = "apt-get install --no-install-recommends espeak-ng (make setup does it)"
        yield Finding("speech", "bad", "espeak-ng is missing: no prompt can be spoken", remedy)
        return
    listed = subprocess.run(["espeak-ng", "--voices"], capture_output=True, text=True, check=False).stdout  # noqa: S607
    voices = {line.split()[1] for line in listed.splitlines()[1:] if len(line.split()) > 1}
    named = {entry.name: entry for entry in config.speech.voice}
    for language, wanted in config.speech.voices.items():
        entry = named.get(wanted)
        if entry is not None and entry.engine != "espeak":
            yield from _other_engine(config, entry.engine, language, wanted)
            continue
        voice = entry.voice if entry is not None else wanted
        # "en" is also spoken by "en-gb" and the like: pyttsx3 picks by prefix.
        if voice in voices or any(name.startswith(f"{voice}-") for name in voices):
            yield Finding("speech", "good", f"voice {voice!r} for {language}")
        else:
            remedy = f"choose one of `espeak-ng --voices={language}` for speech.voices.{language}"
            yield Finding("speech", "bad", f"espeak-ng has no voice {voice!r} for {language}", remedy)


def _other_engine(config: Config, name: str, language: str, voice: str) -> Iterator[Finding]:
    """A voice of an engine that the configuration adds: whether its command is there. No address is asked."""
    for engine in config.speech.engine:
        if engine.name != name:
            continue
        if engine.kind == "piper" and shutil.which(engine.command[0]) is None:
            remedy = (
                "install it (pip install piper-tts) or correct speech.engine.command; espeak-ng stands in meanwhile"
            )
            yield Finding("speech", "bad", f"{engine.command[0]}, which speaks {language}, cannot be found", remedy)
        else:
            yield Finding("speech", "good", f"voice {voice!r} of engine {name} for {language}")


def _clock(_: Config) -> Iterator[Finding]:
    year = time.gmtime().tm_year
    if year < 2026:
        yield Finding("clock", "bad", f"the clock says {year}", "set the time, and keep it with NTP (chrony)")
        return
    synchronised = Path("/run/systemd/timesync/synchronized").exists() or Path("/run/chrony").exists()
    if synchronised:
        yield Finding("clock", "good", f"{time.strftime('%Y-%m-%d %H:%M:%SZ', time.gmtime())}, kept by NTP")
    else:
        text = f"{time.strftime('%Y-%m-%d %H:%M:%SZ', time.gmtime())}; no NTP service was found"
        yield Finding(
            "clock", "look", text, "records need right times: apt-get install chrony, unless the host keeps it"
        )


def _disk(config: Config) -> Iterator[Finding]:
    folder = data_dir(config)
    existing = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    free_mb = shutil.disk_usage(existing).free // 1_000_000
    if not os.access(existing, os.W_OK):
        yield Finding("disk", "bad", f"{existing} is not writable", "change server.data_dir or the folder's owner")
    elif free_mb < MIN_DISK_MB:
        yield Finding("disk", "look", f"{free_mb} MB are free for {folder}", "an hour of recorded calls takes 115 MB")
    else:
        hours = free_mb // 115
        yield Finding("disk", "good", f"{free_mb} MB are free for {folder}: {hours} hours of stereo recordings")


def _music(config: Config) -> Iterator[Finding]:
    if config.media.music_dir and not Path(config.media.music_dir).is_dir():
        remedy = 'make it, or set media.music_dir = "" for the built-in music'
        yield Finding("music", "bad", f"media.music_dir {config.media.music_dir} is no folder", remedy)


CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (
    _core,
    check_codecs,
    check_encryption,
    _limits,
    _realtime,
    _speech,
    _music,
    _clock,
    _disk,
    doctor_network.certificates,
    doctor_network.names,
)
