"""Sits the exam with the command as a child process, as README.md beside this file shows it."""

import json
import os
import sys
from pathlib import Path

README = Path(__file__).with_name("README.md").read_text()
# The page's piece of Python.
exec(README.split("```python\n")[1].split("```")[0], example := {"__name__": "example"})

with open(sys.argv[1]) as file:
    exam = [scenario for scenario in json.load(file) if "exam" in scenario]
for scenario in exam:
    login, query = scenario["login"], scenario["list-all"]
    os.environ |= {"NORTHBOUND_ENDPOINT": scenario["url"]}
    os.environ |= {"NORTHBOUND_APP_ID": login["appId"], "NORTHBOUND_SECRET": login["secret"]}
    options = ["--quota", str(scenario["quota"]["calls"])] + (["--status", query["status"]] if "status" in query else [])
    try:
        got = {"reply": {"taskDetails": list(example["subtasks"](query["taskId"], *options))}}
    except RuntimeError as error:
        got = {"failure": str(error)}
    print(json.dumps({"scenario": scenario["name"], "got": got}))
