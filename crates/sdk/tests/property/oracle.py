"""Reads pages with Python's json and compares the rows with those that were delivered: a case a line on standard input."""
import itertools
import json
import sys

sys.setrecursionlimit(10_000)


def plain(value):
    """What is compared: members that are null may be missing, half a character is replaced, and NaN equals itself."""
    if isinstance(value, dict):
        return {plain(name): plain(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, float):
        return repr(value)
    return value


def read(text):
    return json.loads(text, strict=False, parse_float=str)


wrong = 0
for line in sys.stdin:
    case = json.loads(line)
    try:
        page = read(bytes.fromhex(case["body"]).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        continue
    rows = page.get("taskDetails") if isinstance(page, dict) else None
    if not isinstance(rows, list) or {"error_code", "resultcode", "error", "status"} & page.keys():
        continue
    pairs = itertools.zip_longest(rows, map(read, case["delivered"]), fillvalue="no row")
    different = [pair for pair in pairs if plain(pair[0]) != plain(pair[1])]
    if different:
        wrong += 1
        if wrong <= 5:
            print("%s: Python reads\n  %.900r\nand delivered was\n  %.900r" % (case["name"], *different[0]), file=sys.stderr)
print(wrong, "pages are read differently", file=sys.stderr)
sys.exit(1 if wrong else 0)
