#!/usr/bin/env python3
"""Prints how large the project is: lines of code and of tests in each room, without blank lines and comments.

A room is a crate, or a folder at the top. Scripts count where they are, by the same rule. The clients in spec/clients are examples
for users, so they have a line of their own. Files that are generated do not count.
"""

import re
import subprocess
from collections import Counter
from pathlib import Path

COMMENTS = {".rs": "//", ".mjs": "//", ".ts": "//", ".go": "//", ".java": "//", ".py": "#", ".sh": "#", "": "#"}
BLOCKS = {".py": ('"""', '"""'), ".rs": ("/*", "*/"), ".mjs": ("/*", "*/"), ".ts": ("/*", "*/"), ".java": ("/*", "*/")}
PRODUCT = ["client", "sdk", "shared", "gateway", "cli", "emulator"]


def lines(path):
    """The lines of a file that are neither blank nor comments."""
    opening, closing = BLOCKS.get(path.suffix, (None, None))
    in_block = False
    for line in map(str.strip, path.read_text(encoding="utf-8").splitlines()):
        if in_block:
            in_block = closing not in line
        elif opening and line.startswith(opening):
            in_block = closing not in line[len(opening) :]
        elif line and not line.startswith(COMMENTS[path.suffix]):
            yield line


def in_test_items(lines):
    """How many lines belong to items under `#[cfg(test)]`, which end with their block or at a semicolon."""
    count = depth = 0
    in_test = opened = False
    for line in lines:
        if not in_test and re.match(r"#\[cfg\((all\()?test", line):
            in_test, opened, depth = True, False, 0
        if in_test:
            count += 1
            depth += line.count("{") - line.count("}")
            opened = opened or "{" in line
            in_test = depth > 0 if opened else not line.endswith(";")
    return count


def main():
    code, tests, clients = Counter(), Counter(), 0
    files = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.splitlines()
    for path in map(Path, files):
        if path.suffix not in COMMENTS or not path.is_file() or "generated" in path.parts:
            continue
        if not path.suffix and path.read_bytes()[:2] != b"#!":
            continue
        found, room = list(lines(path)), path.parts[1 if path.parts[0] == "crates" else 0]
        is_test = {"tests", "benches"} & set(path.parts[:-1])
        if room == "spec" and path.name not in ("run", "client.sh"):
            clients += len(found)
        elif is_test or path.name in ("tests.rs", "model.rs", "simulation.rs", "scripts.rs"):
            tests[room] += len(found)
        else:
            of_tests = in_test_items(found) if path.suffix == ".rs" else 0
            tests[room] += of_tests
            code[room] += len(found) - of_tests
    for room in sorted(code | tests):
        print(f"{room:12} code {code[room]:6}   tests {tests[room]:6}")
    product = sum(code[room] for room in PRODUCT)
    print(f"product {product}, workshop {code.total() - product}, all tests {tests.total()}, clients in spec {clients}")


main()
