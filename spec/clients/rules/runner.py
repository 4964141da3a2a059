"""Sits the exam with the client that is written by hand: one token and one quota for all its questions."""

import functools
import json
import sys

import reader


@functools.cache
def platform(url, app_id, secret, calls, window_ms):
    return reader.Platform(url, app_id, secret, calls, window_ms / 1000)


with open(sys.argv[1]) as file:
    exam = [scenario for scenario in json.load(file) if "exam" in scenario]
for scenario in exam:
    login, query, quota = scenario["login"], scenario["list-all"], scenario["quota"]
    asked = platform(scenario["url"], login["appId"], login["secret"], quota["calls"], quota["window_ms"])
    try:
        rows = list(reader.subtasks(asked, query["taskId"], query.get("status")))
        got = {"reply": {"taskDetails": rows}}
    except (reader.Refused, reader.Incomplete) as error:
        got = {"failure": f"{type(error).__name__}: {error}"}
    print(json.dumps({"scenario": scenario["name"], "got": got}))
