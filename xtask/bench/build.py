"""What builds cost from an empty target folder, in CPU seconds: the command, and the crates that others depend on. Linux only.

    python3 xtask/bench/build.py

Fails if the SDK costs more than 1.15 times the generated client with the same TLS. Takes minutes.
"""

import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import tomllib

project = pathlib.Path(__file__).resolve().parent.parent.parent
shared = tomllib.loads((project / "Cargo.toml").read_text())["workspace"]["dependencies"]
RUNS, GOAL = 3, 1.15


def seconds(folder, *arguments):
    """CPU time of a build with nothing built before."""
    target = pathlib.Path(folder, "target")
    shutil.rmtree(target, ignore_errors=True)
    # A cache of compiled crates would answer in place of the compiler.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("RUSTC_W", "CARGO_TARGET"))}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["cargo", "build", "--quiet", "--locked", "--target-dir", target, *arguments]
    subprocess.run(command, cwd=folder if not arguments else project, env=env, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(target)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def consumer(folder, *dependencies):
    """A crate that depends on these and does nothing, with the versions of the project's own lock file."""
    path = pathlib.Path(folder, dependencies[0].split(" ")[0])
    (path / "src").mkdir(parents=True)
    (path / "src/lib.rs").touch()
    head = '[package]\nname = "consumer"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n'
    (path / "Cargo.toml").write_text(head + "\n".join(dependencies) + "\n")
    shutil.copy(project / "Cargo.lock", path)
    subprocess.run(["cargo", "fetch", "--quiet"], cwd=path, check=True)
    return path


def ours(name, folder):
    return f'{name} = {{ path = "{project}/crates/{folder}" }}'


def foreign(name, *features):
    """A dependency as the project has it, with these features."""
    given = shared[name] if isinstance(shared[name], dict) else {"version": shared[name]}
    defaults = str(given.get("default-features", True)).lower()
    features = str(list(features) or given.get("features", []))
    return f'{name} = {{ version = "{given["version"]}", default-features = {defaults}, features = {features} }}'


with tempfile.TemporaryDirectory() as folder:
    print(f"the command, as in the README: {seconds(folder, '-p', 'northbound-cli'):.0f}", flush=True)
    # What the SDK's feature `rustls` asks of reqwest and rustls.
    tls = [foreign("reqwest", "rustls-no-provider"), foreign("rustls")]
    sdk, client = consumer(folder, ours("northbound", "sdk")), consumer(folder, ours("northbound-client", "client"), *tls)
    each = [(seconds(sdk), seconds(client)) for _ in range(RUNS)]
print("the SDK, and the client alone:", ", ".join(f"{one:.0f} and {other:.0f}" for one, other in each))
ratio = sorted(one for one, _ in each)[RUNS // 2] / sorted(other for _, other in each)[RUNS // 2]
print(f"ratio of the medians {ratio:.2f}, at most {GOAL}")
sys.exit(0 if ratio <= GOAL else 1)
