#!/usr/bin/env python3
"""Writes crates/cli/THIRD-PARTY-NOTICES.txt: the works of others in the program `northbound`, with their licences.

    xtask/tools/notices/notices.py                  after a change of Cargo.lock
    xtask/tools/notices/notices.py --check          fails if the file is stale
    xtask/tools/notices/notices.py --swagger-ui     also lists anew what is in the bundle of Swagger UI; needs npm, and takes a minute

The crates and their licences are what cargo says, for every platform. The packages in Swagger UI's bundle are those that its source map
names; their list is swagger-ui.json beside this file, since npm is asked for it only when Swagger UI changes."""
import json, pathlib, re, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
NOTICES = ROOT / "crates/cli/THIRD-PARTY-NOTICES.txt"
BUNDLE = HERE / "swagger-ui.json"
LICENCE_FILE = re.compile(r"(licen[sc]e|copying|notice|unlicense)", re.I)
# Packages whose archive lacks the text of a licence that has to be given.
MISSING = {"MPL-2.0": HERE / "MPL-2.0.txt"}
HEAD = """\
The program `northbound` contains the works below. Each is used under its own licence, and the texts follow the list. Where a
work comes under several licences to choose from, Apache-2.0 among them, it is used under Apache-2.0. The source code of each
work is at the address beside it.

It also contains parts of the Rust standard library (MIT OR Apache-2.0, https://github.com/rust-lang/rust). The programs that
are handed out for Linux contain the unwinder of LLVM (Apache-2.0 WITH LLVM-exception, https://github.com/llvm/llvm-project).
"""

def run(*command, folder=ROOT):
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout

def texts(folder, licence):
    """The texts in a package's folder that go with its licence; a NOTICE always does."""
    found = {path.name: path.read_text(errors="replace") for path in sorted(folder.iterdir())
             if path.is_file() and LICENCE_FILE.match(path.name)}
    if "Apache-2.0" in licence.replace("/", " OR ").strip("()").split(" OR ") and " AND " not in licence:
        notices = {name: text for name, text in found.items() if name.upper().startswith("NOTICE")}
        found = {"Apache-2.0": (ROOT / "LICENSE-APACHE").read_text(), **notices}
    if not found and licence in MISSING:
        found = {licence: MISSING[licence].read_text()}
    if not found and (readme := next(folder.glob("[Rr][Ee][Aa][Dd][Mm][Ee]*"), None)):
        about = re.search(r"^(#+ *licen[sc]e.*|licen[sc]e\n-+.*)", readme.read_text(errors="replace"), re.I | re.M | re.S)
        found = {readme.name: about[0]} if about else {}
    return list(found.values())

def crates():
    """Name, version, licence, address and folder of each crate of others in the program, as its features are by default."""
    tree = run("cargo", "tree", "--locked", "--package", "northbound-cli", "--edges", "normal,no-proc-macro",
               "--target", "all", "--prefix", "none", "--format", "{p}")
    ids = {tuple(line.split()[:2]) for line in tree.splitlines()}
    for package in json.loads(run("cargo", "metadata", "--locked", "--format-version", "1"))["packages"]:
        if package["source"] and (package["name"], "v" + package["version"]) in ids:
            folder, licence = pathlib.Path(package["manifest_path"]).parent, package["license"] or "see below"
            if not (found := texts(folder, licence)):
                sys.exit(f"{folder} has no text of its licence ({licence}): put one beside {sys.argv[0]}, and into its MISSING")
            yield dict(name=package["name"], version=package["version"], licence=licence,
                       address=package["repository"] or package["homepage"] or "", texts=found)

def bundle(version):
    """The same of each npm package in the bundle of Swagger UI."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "package.json").write_text("{}")
        install = "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"
        run(*install, f"swagger-ui@{version}", f"swagger-ui-dist@{version}", folder=folder)
        modules = folder / "node_modules"
        sources = json.loads((modules / "swagger-ui-dist/swagger-ui-bundle.js.map").read_text())["sources"]
        names = {found[-1] for source in sources if (found := re.findall(r"node_modules/((?:@[^/]+/)?[^/]+)", source))}
        def place(name):
            return next(modules.glob(f"{name}/package.json"), None) or next(modules.glob(f"**/node_modules/{name}/package.json"), None)

        run(*install, *(name for name in sorted(names) if not place(name)), folder=folder)
        packages = []
        for name in ["swagger-ui-dist", *sorted(names)]:
            about = json.loads(place(name).read_text())
            address = about.get("repository") or about.get("homepage") or ""
            address = address if isinstance(address, str) else address.get("url", "")
            address = re.sub(r"^.*github\.com[:/](.+?)(\.git)?$", r"https://github.com/\1", address)
            licence = about.get("license") or "see below"
            # Which versions the bundle was made of, its source map does not say.
            packages.append(dict(name=name, version="", licence=licence, address=address, texts=texts(place(name).parent, licence)))
        return {"swagger-ui": version, "packages": packages}

def label(package):
    return f"{package['name']} {package['version']}".rstrip()

def written(packages):
    """The list of a kind of packages."""
    return "".join(f"{label(each)}  {each['licence']}  {each['address']}".rstrip() + "\n" for each in packages)

def main(options):
    found = sorted(crates(), key=lambda each: (each["name"], each["version"]))
    vendored = next(each for each in json.loads(run("cargo", "metadata", "--locked", "--format-version", "1"))["packages"]
                    if each["name"] == "utoipa-swagger-ui-vendored")
    archive = next((pathlib.Path(vendored["manifest_path"]).parent / "res").glob("v*.zip"))
    version = archive.stem.removeprefix("v")
    if "--swagger-ui" in options:
        BUNDLE.write_text(json.dumps(bundle(version), indent=1, ensure_ascii=False) + "\n")
    listed = json.loads(BUNDLE.read_text())
    if listed["swagger-ui"] != version:
        sys.exit(f"{BUNDLE.name} lists Swagger UI {listed['swagger-ui']}, and the program has {version}: run {sys.argv[0]} --swagger-ui")
    users = {}
    for each in found + listed["packages"]:
        for text in each["texts"]:
            # The same text, however its lines are broken and indented.
            users.setdefault(" ".join(text.split()), (text, []))[1].append(label(each))
    parts = [HEAD, "RUST CRATES\n\n" + written(found), f"IN THE DOCS PAGE: SWAGGER UI {version}, AND WHAT ITS BUNDLE CONTAINS\n\n" + written(listed["packages"])]
    for text, names in users.values():
        lines = [line.rstrip() for line in text.strip("\n").replace("\r", "").split("\n")]
        parts.append("TEXT OF " + ", ".join(names) + "\n\n" + "\n".join(lines) + "\n")
    wanted = ("\n" + "=" * 80 + "\n\n").join(parts)
    if "--check" not in options:
        NOTICES.write_text(wanted)
    elif NOTICES.read_text() != wanted:
        sys.exit(f"{NOTICES.relative_to(ROOT)} does not list what the program contains: run {sys.argv[0]}, and read what changed")

main(sys.argv[1:])
