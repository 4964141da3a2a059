# What the scripts of the clients share. Each `run` sets `needs`, `make` and `scenarios` and then reads this file. In a folder of
# its own, it does one of these:
#   run check            says which programs the machine lacks, and how to get them
#   run make             generates and compiles the client
#   run scenarios FILE   does that, and then runs the scenarios in FILE with it: a line of JSON for each
#   run steps            carries out the README beside it, from step 2 on, and prints what its last step prints
# What several clients need is installed beside that folder: `run` makes ../tools, Java's ../maven, and Rust's ../rust-target.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../../.." && pwd)
document=$project/spec/openapi.yaml
tools=$PWD/../tools

how_to_get() {
    case $1 in
        python3) echo "Python 3.11 or newer with venv (on Debian: apt-get install python3 python3-venv)" ;;
        java | javac) echo "a JDK, 11 or newer (on Debian: apt-get install default-jdk-headless)" ;;
        node | npm) echo "Node.js 20 or newer, with npm, from nodejs.org" ;;
        go) echo "Go 1.21 or newer, which fetches a newer one where oapi-codegen needs it (on Debian: apt-get install golang-go)" ;;
        sha256sum) echo "sha256sum (on Debian: apt-get install coreutils)" ;;
        mvn) echo "Maven 3.8 or newer (on Debian: apt-get install maven)" ;;
        *) echo "it (on Debian: apt-get install $1)" ;;
    esac
}

check() {
    missing=0
    for program in $needs; do
        command -v "$program" > /dev/null && continue
        echo "$program is not on the path: install $(how_to_get "$program")" >&2
        missing=1
    done
    return $missing
}

# The programs that python/requirements.txt pins, installed once for all clients.
python_tools() {
    pins=$project/spec/clients/python/requirements.txt
    if cmp -s "$pins" "$tools/installed"; then return; fi
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$pins"
    cp "$pins" "$tools/installed"
}

# openapi_generator GENERATOR FOLDER OPTION...
openapi_generator() {
    python_tools
    generator=$1 folder=$2
    shift 2
    "$tools/bin/openapi-generator-cli" generate -i "$document" -g "$generator" -o "$folder" \
        --global-property apis,models,supportingFiles,apiTests=false,modelTests=false "$@" > generator.log 2>&1 \
        || { cat generator.log; return 1; }
    # It warns of the first for every document with an object in it. For Rust, it renames a media type that is no name, and a member
    # `type`; for Go, the platform's parameter `select`; for Java, it takes no example of a body that is more than a text.
    known='Failed to get the schema name: null|ApplicationJson cannot be used as a model name|select \(reserved word\) cannot be used|type cannot be used as a field|Ignoring complex example on request body'
    if grep -E ' (WARN|ERROR) ' generator.log | grep -Ev "$known"; then
        echo "openapi-generator warns of something new"
        return 1
    fi
}

# The README as a script: its files, and its commands but for those of step 1, which start a server.
script_of() {
    awk -v file="$1" '
        function fail(text) { print file ": " text > "/dev/stderr"; failed = 1; exit 1 }
        /^[0-9]+\. / { steps++ }
        match($0, /Save this as `[^`]+`/) { name = substr($0, RSTART + 14, RLENGTH - 15) }
        /^```/ && inside { inside = 0; if (saves) print "END_OF_FILE"; next }
        /^```/ {
            inside = 1; saves = ($0 != "```sh"); blocks++
            if (saves && name == "") fail("a block is in no file: say `Save this as`")
            if (saves) print "cat > " name " << \"END_OF_FILE\""
            else if (blocks > 1) print "exec > printed"
            name = ""; next
        }
        inside && blocks == 1 { starts = starts || /emulator serve|gateway --emulator/; next }
        inside { print }
        END {
            if (!failed && steps != 4) fail(steps " steps, not 4")
            if (!failed && !starts) fail("step 1 starts neither the gateway nor the emulator")
        }' "$1"
}

steps() {
    NORTHBOUND=$project
    export NORTHBOUND
    script_of "$here/README.md" > steps.sh
    sh -e ./steps.sh >&2
    cat printed
}

case ${1-} in
    check) check ;;
    make) check && make >&2 ;;
    scenarios)
        check
        make >&2
        scenarios "$2"
        ;;
    steps) check && steps ;;
    *) sed -n '1,/^set/{/^#/p}' "$(dirname "$0")/../client.sh" >&2; exit 2 ;;
esac
