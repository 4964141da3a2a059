"""What the runners of both Python clients share: they read scenarios and print what a program gets to see."""

import json
import sys
from urllib import request


class Refused(Exception):
    """The client refused the arguments before it sent anything."""


class PlatformError(Exception):
    """The platform's error, as far as the client hands it out."""

    def __init__(self, status, body=None):
        """`body` is an `ErrorResponse` of the generated client, or nothing."""
        code = body and (body.error_code or body.resultcode)
        text = body and (body.error_desc or body.resultmsg)
        self.error = {"status": int(status), "code": code or None, "text": text or None}


def control(url, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request.urlopen(request.Request(url + path, data, headers, method=method)).close()


def every_page(list_subtasks, arguments):
    rows, number = [], 0
    while True:
        page = list_subtasks(**arguments, pageNo=number)
        rows += page["taskDetails"]
        if not page["taskDetails"] or len(rows) >= page["totalCount"]:
            return {"taskDetails": rows}
        number += 1


def run(scenario, client):
    """`client` makes a client that has `login` and `list_subtasks`; both return plain data."""
    url = scenario["url"]
    if not scenario.get("exam"):
        control(url, "POST", "/_emulator/reset")
    for fault in scenario.get("faults", []):
        control(url, "POST", "/_emulator/faults", fault)
    platform = client(url, scenario["login"]["appId"])
    token = platform.login(**scenario["login"])
    if "token" in scenario:
        platform.token = scenario["token"]
    if "list" in scenario:
        return platform.list_subtasks(**scenario["list"])
    if "list-all" in scenario:
        return every_page(platform.list_subtasks, scenario["list-all"])
    return token


def main(client):
    with open(sys.argv[1]) as file:
        scenarios = json.load(file)
    for scenario in scenarios:
        try:
            got = {"reply": run(scenario, client)}
        except Refused as refused:
            got = {"refused": str(refused)}
        except PlatformError as error:
            got = {"error": error.error}
        except Exception as failure:
            got = {"failure": f"{type(failure).__name__}: {failure}"}
        print(json.dumps({"scenario": scenario["name"], "got": got}))
