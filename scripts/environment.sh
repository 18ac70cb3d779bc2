# Sourced by scripts/run and scripts/test, which set $root, the folder of the checkout. `environment` makes the
# environments they run in, once, and quietly. Needs only a POSIX shell and a Python >= 3.11 with venv and pip.

# The caller's Python may be set up for something else; nothing of that belongs into our environment.
unset PYTHONHOME PYTHONPATH

say() { printf 'tracetui: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# The Python to build with: $PYTHON, else the newest we know, else python3. Some of these names may be on the PATH and
# still not start (version managers put them there), so each one is tried.
find_python() {
    is_new_enough='import sys, venv; sys.exit(sys.version_info < (3, 11))'
    if [ -n "${PYTHON:-}" ]; then
        "$PYTHON" -c "$is_new_enough" >/dev/null 2>&1 ||
            die "PYTHON=$PYTHON does not start, is older than 3.11, or has no venv module"
        printf '%s\n' "$PYTHON"
        return
    fi
    for name in python3.13 python3.12 python3.11 python3 python3.14 python; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c "$is_new_enough" >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    die "needs Python 3.11 or newer with the venv module; set PYTHON to its path if it is not on the PATH"
}

# What an environment is made from: it is brought up to date when this changes, and also when the checkout was moved.
recipe=$({ cat -- "$root/pyproject.toml" "$root/constraints.txt"; printf '%s' "$root"; } | cksum)

# is_built DIR LEVEL: an environment for the tests also serves to run.
is_built() {
    for stamp in "$1/tracetui-$2.stamp" "$1/tracetui-test.stamp"; do
        [ "$(cat -- "$stamp" 2>/dev/null)" = "$recipe" ] && [ -x "$1/bin/tracetui" ] && return 0
    done
    return 1
}

# environment DIR LEVEL [GROUP...]: make sure that DIR holds tracetui and these dependency groups. Started twice at the
# same time, the second waits for the first.
environment() {
    is_built "$1" "$2" && return 0
    if command -v flock >/dev/null 2>&1; then
        (
            flock 9 || exit 1
            is_built "$1" "$2" || build "$@"
        ) 9>"$1.lock" || exit 1
    else
        (
            lock_folder "$1.lock.d"
            trap 'rm -rf -- "$1.lock.d"' EXIT
            trap 'exit 130' INT TERM HUP
            is_built "$1" "$2" || build "$@"
        ) || exit 1
    fi
}

# The same as flock, for systems without it: a folder is made by one only. It names its owner, so that one left by a
# killed process is noticed.
lock_folder() {
    until mkdir -- "$1" 2>/dev/null; do
        [ -d "$1" ] || die "cannot write into $root"
        owner=$(cat -- "$1/pid" 2>/dev/null)
        if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf -- "$1"
        else
            sleep 1
        fi
    done
    echo $$ >"$1/pid"
}

# build DIR LEVEL [GROUP...]
build() {
    dir=$1 level=$2
    shift 2
    if ! "$dir/bin/python" -m pip --version >/dev/null 2>&1; then
        python=$(find_python) || exit 1
        say "preparing ${dir##*/}, once; this takes a minute"
        quietly "$dir" "$python" -m venv --clear "$dir"
        # Dependency groups need pip 25.1; what comes with Python is often older.
        quietly "$dir" "$dir/bin/python" -m pip install --upgrade pip
    else
        say "bringing ${dir##*/} up to date"
        "$dir/bin/python" -m pip install --help 2>/dev/null | grep -q -e --group ||
            quietly "$dir" "$dir/bin/python" -m pip install --upgrade pip
    fi
    # Groups are read from the pyproject.toml of the current folder.
    cd -- "$root" || exit 1
    for group in "$@"; do
        set -- "$@" --group "$group"
        shift
    done
    quietly "$dir" "$dir/bin/python" -m pip install --constraint constraints.txt --editable . "$@"
    printf '%s\n' "$recipe" >"$dir/tracetui-$level.stamp"
}

# producer DIR FILE: an environment with one producer alone, in the versions that the file names: what producers pin would
# not go together. A FILE that ends in .npm names packages of npm; without npm nothing is made.
producer() {
    stamp=$1/producer.stamp
    wanted=$(cat -- "$2")
    [ "$(cat -- "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
    case $2 in
        *.npm)
            command -v npm >/dev/null 2>&1 || { say "no npm: ${1##*/} is left out"; return 0; }
            say "preparing ${1##*/}, once"
            mkdir -p -- "$1"
            # shellcheck disable=SC2086 # a package a word
            quietly "$1" npm install --no-audit --no-fund --loglevel=error --prefix "$1" $wanted
            ;;
        *)
            python=$(find_python) || exit 1
            say "preparing ${1##*/}, once"
            quietly "$1" "$python" -m venv --clear "$1"
            quietly "$1" "$1/bin/python" -m pip install --requirement "$2"
            ;;
    esac
    printf '%s\n' "$wanted" >"$stamp"
}

# quietly DIR COMMAND...: nothing is shown unless it fails; the whole is in DIR.log.
quietly() {
    log=$1.log
    shift
    # Without a home folder pip would keep its cache in the file system's root.
    [ -n "${HOME:-}" ] || export PIP_NO_CACHE_DIR=1
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_USER=0 PIP_PROGRESS_BAR=off PIP_ROOT_USER_ACTION=ignore
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 15 -- "$log" >&2
        die "could not prepare ${log%.log}; the whole output is in $log"
    fi
}
