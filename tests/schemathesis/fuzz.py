"""Lets Schemathesis hold the emulator against the document: `cargo xtask schemathesis` starts this.

Schemathesis reads the document, makes requests that keep to it and requests that do not, and judges the replies. A run in which a
broken token got only refusals would look clean, so each run has to show which replies it got.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
from urllib import parse, request

northbound, examples = sys.argv[1], int(sys.argv[2])
here = pathlib.Path(__file__).resolve().parent
project = here.parent.parent
st = pathlib.Path(sys.executable).parent / "st"

# Operation, mode, what the emulator knows, the status that such requests are for, and its least share of the replies in percent.
# The login runs apart: the fuzzer would cancel its own token, and see nothing but 403 from then on.
RUNS = [
    ("listSubtasks", "positive", "subtasks.toml", 200, 70),
    ("listSubtasks", "negative", "subtasks.toml", 400, 80),
    ("login", "positive", "login.toml", 200, 70),
    # A form has texts only, so a value of another type is a wrong secret (401) and no wrong form.
    ("login", "negative", None, 400, 20),
]


def log_in(url):
    """The headers of a caller who has logged in."""
    document = json.loads((project / "spec/openapi.json").read_text())
    path = next(path for path, item in document["paths"].items() if item.get("post", {}).get("operationId") == "login")
    form = parse.urlencode({"appId": "demo-app", "secret": "demo-secret"}).encode()
    with request.urlopen(url + path, form) as reply:
        token = json.load(reply)["accessToken"]
    return ["--header", "app_key: demo-app", "--header", f"Authorization: Bearer {token}"]


def fuzz(url, folder, operation, mode, known, status, share):
    """What is wrong with one run, as a list of texts."""
    report = pathlib.Path(folder, f"{operation}-{mode}.har")
    command = [st, *(["--config-file", here / known] if known else []), "run", project / "spec/openapi.yaml"]
    command += ["--url", url, "--include-operation-id", operation, "--mode", mode, "--checks", "all"]
    # The fuzzer wants 401 where a header is missing; this platform answers 403.
    command += ["--exclude-checks", "missing_required_header", "--max-examples", str(examples), "--seed", "1"]
    command += ["--generation-database", "none", "--no-color", "--report", "har", "--report-har-path", report]
    command += log_in(url) if operation != "login" else []
    # It leaves nothing behind where it runs.
    run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    faults = [run.stdout] if run.returncode else []
    entries = json.loads(report.read_text())["log"]["entries"]
    tally = collections.Counter(entry["response"]["status"] for entry in entries)
    print(f"{operation}, {mode} requests: {tally.total()} replies, {dict(sorted(tally.items()))}", flush=True)
    if tally.total() < examples:
        faults.append(f"{tally.total()} requests were made, not {examples}")
    if tally[status] * 100 < tally.total() * share:
        faults.append(f"below {share} % of the replies have the status {status}: the run did not see what it is for")
    return faults


serve = [northbound, "emulator", "serve", "--listen", "127.0.0.1:0", "--quota", "0"]
with tempfile.TemporaryDirectory() as folder:
    emulator = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = emulator.stdout.readline().split()[-1]
        faults = [fault for run in RUNS for fault in fuzz(url, folder, *run)]
    finally:
        emulator.terminate()
        emulator.wait()
print("\n".join(faults) if faults else "Schemathesis finds nothing")
sys.exit(1 if faults else 0)
