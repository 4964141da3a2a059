"""A client written by hand from RULES.md alone, with Python's standard library. It sits the exam of the emulator in CI.

The loop of a forward read is not here: it is taken from the page, as it is there. Calls are made one after another, so neither the quota
nor the token needs a lock. `createBatchTask` is left out.
"""

import collections
import http.client
import json
import random
import time
import urllib.parse
from pathlib import Path

PAGE = (Path(__file__).resolve().parents[2] / "RULES.md").read_text()
TASK_DETAILS = "/iocm/app/batchtask/v1.1.0/taskDetails"
REPEATED = {"50252", "100501"}
DEADLINE = 180


class Incomplete(Exception):
    """A read that cannot be completed."""


class Refused(Exception):
    """A call that failed for good: HTTP status, code, and the beginning of the body."""


class Platform:
    """Token, quota and retries of one application: sections 1 to 4."""

    def __init__(self, url, app_id, secret, calls=100, window=60.0):
        self.address = urllib.parse.urlsplit(url).netloc
        self.credentials, self.slots, self.window = {"appId": app_id, "secret": secret}, [0.0] * (calls or 10_000), window
        self.token, self.ends, self.refusals, self.spread_until = None, 0, 0, 0

    def send(self, method, path, body=None, headers=()):
        """One request in one slot of the quota; status and body, or nothing if no reply came."""
        slot = min(range(len(self.slots)), key=self.slots.__getitem__)
        time.sleep(max(0, self.slots[slot] - time.monotonic()))
        if time.monotonic() < self.spread_until:
            time.sleep(self.window / len(self.slots))
        connection, late = http.client.HTTPConnection(self.address, timeout=60), 10
        try:
            connection.request(method, path, body, dict(headers))
            reply = connection.getresponse()
            body, late = reply.read(), 0
            return reply.status, body, reply.getheader("Retry-After")
        except (OSError, http.client.HTTPException):
            return None, b"", None
        finally:
            connection.close()
            self.slots[slot] = time.monotonic() + self.window + late

    def call(self, method, path, body=None, with_token=True):
        """The body of a good reply: section 3. Errors are decided by their code."""
        deadline, attempts = time.monotonic() + DEADLINE, 1
        while True:
            headers = {} if body is None else {"Content-Type": "application/x-www-form-urlencoded"}
            if with_token:
                token = self.current_token()
                headers |= {"app_key": self.credentials["appId"], "Authorization": f"Bearer {token}"}
            status, text, retry_after = self.send(method, path, body, headers)
            try:
                reply = json.loads(text)
            except ValueError:
                reply = None
            code = error_code(reply)
            pause = float(retry_after) if (retry_after or "").isdigit() else None
            if code == "1010005" and with_token and self.refusals < 3:
                self.refusals += 1
                self.token = None if self.token == token else self.token
                time.sleep(0 if self.refusals == 1 else random.uniform(0, 5))
                continue
            if code == "1010009" or code is None and status == 429:
                pause = min(max(pause, 1), 3600) if pause else self.window
                if time.monotonic() + pause > deadline:
                    raise Refused(status, code, text[:200])
                time.sleep(pause + random.uniform(0, self.window / 10))
                self.spread_until = time.monotonic() + self.window
                continue
            if code is None and status is not None and 200 <= status < 300 and isinstance(reply, dict):
                self.refusals = 0
                return reply
            may_repeat = code in REPEATED or code is None and status in (None, 408, 500, 502, 503, 504)
            if not may_repeat or attempts == 4 or time.monotonic() > deadline:
                raise Refused(status, code, text[:200])
            time.sleep(pause or random.uniform(0, 2 ** (attempts - 2)))
            attempts += 1

    def current_token(self):
        if self.token is None or time.monotonic() > self.ends:
            sent = time.monotonic()
            reply = self.call("POST", "/iocm/app/sec/v1.1.0/login", urllib.parse.urlencode(self.credentials), False)
            life = float(reply["expiresIn"])
            self.token, self.ends = reply["accessToken"], sent + life - (min(300, life / 10) if life >= 10 else -1e9)
        return self.token


def error_code(reply):
    """Section 4: among the members at the top, text or number, null and empty are none."""
    codes = [reply.get(name) for name in ("error_code", "resultcode")] if isinstance(reply, dict) else []
    return next((str(code) for code in codes if code not in (None, "")), None)


def keys(rows):
    """Section 5: the `param` of a row with its members in any order, and which one of equal ones on the page it is."""
    equal, found = collections.Counter(), []
    for row in rows:
        param = row.get("param")
        key = json.dumps(param, sort_keys=True)
        equal[key] += 1
        is_empty = not param or isinstance(param, dict) and all(value is None for value in param.values())
        found.append(None if is_empty else (key, equal[key]))
    return found


class Pages:
    """The pages of one read, with what holds in every direction."""

    def __init__(self, platform, query):
        self.platform, self.query = platform, query
        self.total, self.largest, self.longest, self.received, self.last, self.calls = None, 0, 0, 0, [], 0

    def __call__(self, number):
        query = {**self.query, "pageNo": number, "pageSize": 250}
        page = self.platform.call("GET", f"{TASK_DETAILS}?{urllib.parse.urlencode(query)}")
        if "taskDetails" not in page:
            raise Incomplete(f"page {number} is no page")
        rows, said, before = page["taskDetails"] or [], page.get("totalCount"), self.total
        self.said = said if said is not None and 0 <= said <= 100_000_000 else None
        self.total = before if self.said is None else self.said
        is_full = len(rows) >= 250 or len(rows) >= self.longest > 0 or len(rows) == page.get("pageSize")
        moved = None if None in (self.total, before) else abs(self.total - before)
        alike = self.total is not None and all(row == rows[0] for row in rows)
        self.received = self.received + len(rows) if number else len(rows)
        self.longest, self.largest, self.calls = max(self.longest, len(rows)), max(self.largest, self.total or 0), self.calls + 1
        if self.total is not None and self.received > self.largest + max(250, self.longest):
            raise Incomplete(f"{self.received} rows, of {self.largest}")
        if rows and rows == self.last and not alike and (moved is None or moved < len(rows)) or self.calls > 10_000:
            raise Incomplete(f"page {number} is the page before it")
        self.last = rows
        return rows, is_full, self.total


def whole(ask, keys):
    seen, delivered, received, number, is_false, repeats, first = set(), 0, 0, 0, False, 0, None
    while True:
        rows, is_full, total = ask(number)
        first = total if first is None else first
        for row, key in zip(rows, keys(rows)):
            if key is not None and key in seen:
                repeats += 1
                continue
            seen.add(key)
            delivered += 1
            yield row
        received, number = received + len(rows), number + 1
        is_false = is_false or total is not None and (received > total or total > first)
        if not rows or received == total and not is_false and not (number == 1 and is_full):
            break
    if total is not None and delivered < total or is_false and repeats:
        raise Incomplete(f"{delivered} of {total} rows")


def backward(ask, keys):
    rows, is_full, total = ask(0)
    if total is not None and len(rows) >= total and not is_full:
        yield from rows
        return
    size = min(len(rows), 250) or 250
    if total is None or len(rows) > total:
        number = 1
        while ask(number)[0]:
            number *= 2
        number //= 2
    else:
        number = max(0, -(-total // size) - 1)
    order, seen, delivered, was_empty, again = [], set(), 0, False, False
    while True:
        rows, is_full, total = ask(number)
        repeated = [key for key in keys(rows) if key in seen]
        fresh = [(row, key) for row, key in zip(rows, keys(rows)) if key not in seen and not (again and key is None)]
        tail = [key for key in keys(rows)][len(rows) - len(repeated):]
        if tail != repeated or [key for key in order if key in set(repeated)] != repeated:
            raise Incomplete("the platform has changed the order of the rows")
        for row, key in fresh:
            delivered += 1
            yield row
        order = [key for row, key in fresh if key is not None] + order
        seen.update(key for key in order)
        if not rows and was_empty and ask.said is not None and ask.said > (number + 1) * size:
            raise Incomplete("two pages without the rows that their total counts")
        was_empty = not rows
        if number == 0:
            if total is None or delivered >= total:
                return
            if again:
                raise Incomplete(f"{delivered} of {total} rows")
            again = True
            continue
        is_false = rows and ask.said is not None and ask.said <= number * size
        by_total = number - 1 if total is None or is_false else -(-total // size) - 1
        number = max(0, min(number - 1, by_total))


def subtasks(platform, task, status=None):
    """The rows of a task, or those of one status."""
    final, pending = ("Success", "Fail", "Timeout"), "Pending"
    read = forward if status in final else backward if status == pending else whole
    query = {"taskId": task} | ({"status": status} if read is not whole else {})
    for row in read(Pages(platform, query), keys):
        if status is None or row.get("status") == status:
            yield row


# The page's piece of Python.
exec(PAGE.split("```python\n")[1].split("```")[0])
