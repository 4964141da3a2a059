"""Lets Schemathesis hold the emulator and the gateway each against its document: `cargo xtask schemathesis` starts this.

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

listen = ["--listen", "127.0.0.1:0", "--quota", "0"]
# Each document with who answers.
servers = {
    "spec/openapi.json": [northbound, "emulator", "serve", *listen],
    "crates/gateway/openapi.json": [northbound, "gateway", "--emulator", *listen],
}

def operations():
    """Every operation with its path. Each runs apart: one that logs in would cancel the fuzzer's own token."""
    for path, item in document["paths"].items():
        for operation in item.values():
            yield path, operation


def is_login(operation):
    return operation["operationId"] == "login"


def runs(operation):
    """Mode, whether to use what the emulator knows, the status that such requests are for, and its least share of the replies in
    percent."""
    body = next(iter(operation.get("requestBody", {}).get("content", {})), None)
    is_json = body == "application/json"
    # Members of JSON that need each other: half of such bodies are refused.
    yield "positive", True, 200, 40 if is_json else 60
    if body is None:
        rules = [resolve(parameter)["schema"] for parameter in operation.get("parameters", [])]
        # Where each parameter is any text, no request breaks a rule.
        if any(resolve(rule).get("type") != "string" or "enum" in resolve(rule) for rule in rules):
            # Without a number among them, few requests break one.
            yield "negative", True, 400, 80 if any(resolve(rule).get("type") == "integer" for rule in rules) else 30
    else:
        # The fuzzer would put known values over what it has just spoiled. A form has texts only, so a value of another type is
        # a wrong secret (401) and no wrong form. In JSON, many a made-up value is well-formed and names nothing (200, 404).
        yield "negative", False, 400, 50 if is_json else 20


def resolve(node):
    for step in node.get("$ref", "").split("/")[1:]:
        found = document[step] if step == "components" else found[step]
    return found if "$ref" in node else node


def log_in(url):
    """The headers of a caller who has logged in."""
    path = next((path for path, operation in operations() if is_login(operation)), None)
    if path is None:
        return []
    form = parse.urlencode({"appId": "demo-app", "secret": "demo-secret"}).encode()
    with request.urlopen(url + path, form) as reply:
        token = json.load(reply)["accessToken"]
    return ["--header", "app_key: demo-app", "--header", f"Authorization: Bearer {token}"]


def fuzz(url, folder, operation, mode, known, status, share):
    """What is wrong with one run, as a list of texts."""
    name = operation["operationId"]
    report = pathlib.Path(folder, f"{name}-{mode}.har")
    command = [st, *(["--config-file", here / "known.toml"] if known else []), "run", project / name_of_document]
    command += ["--url", url, "--include-operation-id", name, "--mode", mode, "--checks", "all"]
    # Which members of a body of JSON need each other no schema says: such a body may be refused. So may an id at the gateway that holds
    # an invisible character.
    if "application/json" in operation.get("requestBody", {}).get("content", {}) or "gateway" in name_of_document:
        command += ["--exclude-checks", "positive_data_acceptance"]
    # The fuzzer wants 401 where a header is missing; this platform answers 403.
    command += ["--exclude-checks", "missing_required_header", "--max-examples", str(examples), "--seed", "1"]
    command += ["--generation-database", "none", "--no-color", "--report", "har", "--report-har-path", report]
    command += log_in(url) if not is_login(operation) else []
    # It leaves nothing behind where it runs.
    run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    faults = [run.stdout] if run.returncode else []
    entries = json.loads(report.read_text())["log"]["entries"]
    tally = collections.Counter(entry["response"]["status"] for entry in entries)
    print(f"{name}, {mode} requests: {tally.total()} replies, {dict(sorted(tally.items()))}", flush=True)
    # Of a call with few parameters, many requests would be the same.
    if operation.get("parameters") and tally.total() < min(examples, 20):
        faults.append(f"only {tally.total()} requests were made")
    if tally[status] * 100 < tally.total() * share:
        faults.append(f"below {share} % of the replies have the status {status}: the run did not see what it is for")
    return faults


faults = []
for name_of_document, serve in servers.items():
    document = json.loads((project / name_of_document).read_text())
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            url = server.stdout.readline().split()[-1]
            # Some calls act on devices: they are for an emulator of this machine alone.
            assert url.startswith("http://127.0.0.1:"), url
            faults += [fault for _, one in operations() for run in runs(one) for fault in fuzz(url, folder, one, *run)]
        finally:
            server.terminate()
            server.wait()
print("\n".join(faults) if faults else "Schemathesis finds nothing")
sys.exit(1 if faults else 0)
