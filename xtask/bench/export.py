"""A million subtasks in a file, in one go, and killed half way and resumed: rows, bytes, memory. Linux only.

    cargo build --release -p northbound-cli
    python3 xtask/bench/export.py target/release/northbound

Fails unless every row is there once, both files are the same, and memory stays within the bound of the SDK.
"""

import filecmp
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

program = os.path.abspath(sys.argv[1])
ROWS = 1_000_000
# What the SDK's benchmark allows a read of that many rows with the repeat check on.
GROWN_MIB = 32
CASES = [("jsonl, whole task", ["--format", "jsonl"], 0), ("csv, whole task", ["--format", "csv"], 1),
         ("jsonl, Success", ["--format", "jsonl", "--status", "Success"], 0)]


def export(url, task, file, options, kill_at=None):
    """The most memory in MiB, and the seconds that it took. With `kill_at`, it is killed once that many rows are written."""
    command = [program, "--endpoint", url, "--app-id", "demo-app", "--quota", "0", "export", task, *options, "--out", file]
    start, peak = time.monotonic(), 0
    # What the command notes of the tasks that it sees goes beside the file, and not to the user's home.
    environment = os.environ | {"NORTHBOUND_SECRET": "demo-secret", "XDG_STATE_HOME": os.path.dirname(os.path.abspath(file))}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    record = pathlib.Path(f"{file}.part.json")
    while process.poll() is None:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        peak = max([peak, *(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))])
        if kill_at is not None and record.exists():
            try:
                written = json.loads(record.read_text())["written"]["subtasks"]["all"]
            except (ValueError, KeyError):
                continue
            if written >= kill_at:
                process.kill()
        time.sleep(0.005)
    assert process.returncode == (0 if kill_at is None else -9), f"the export ended with {process.returncode}"
    return peak, time.monotonic() - start


def distinct_lines(file):
    with open(file, "rb") as lines:
        seen, count = set(), 0
        for line in lines:
            assert line.endswith(b"\n"), "the last line is not complete"
            seen.add(hash(line))
            count += 1
    assert len(seen) == count, f"{count - len(seen)} of {count} lines came twice"
    return count


serve = [program, "emulator", "serve", "--listen", "127.0.0.1:0", "--quota", "0", "--subtasks", str(ROWS)]
emulator = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
within = True
try:
    url = emulator.stdout.readline().split()[-1]
    with tempfile.TemporaryDirectory() as folder:
        whole, parts = f"{folder}/whole", f"{folder}/parts"
        base, _ = export(url, "doc-example", f"{folder}/base", ["--format", "jsonl"])
        print(f"MiB beyond the {base:.1f} that two rows take; at most {GROWN_MIB}")
        for name, options, heading in CASES:
            def show(run, figures):
                global within
                within &= figures[0] - base <= GROWN_MIB
                print(f"{name:20} {run:12} {figures[1]:8.1f} s {figures[0] - base:8.1f} MiB", flush=True)

            show("in one go", export(url, "demo", whole, options))
            rows = distinct_lines(whole) - heading
            assert "--status" in options or rows == ROWS, f"{name}: {rows} distinct rows came, not {ROWS}"
            show("killed", export(url, "demo", parts, options, kill_at=rows // 2))
            show("resumed", export(url, "demo", parts, [*options, "--resume"]))
            assert filecmp.cmp(whole, parts, shallow=False), f"{name}: the two files differ"
            os.remove(whole), os.remove(parts)
finally:
    emulator.terminate()
    emulator.wait()
print("every row is there once, and a resumed file is byte for byte the same" if within else "too much memory")
sys.exit(0 if within else 1)
