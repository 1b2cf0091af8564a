# shellcheck shell=bash
# For the scripts beside it: a virtual environment that holds what a lock file names, and the playground's bundle.

project=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
venv=${VENV:-$project/.venv}
[[ $venv == /* ]] || venv=$PWD/$venv
venv_python=$venv/bin/python

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "lexora: $*"
    exit 1
}

# The oldest that will do comes first: every library has wheels for it.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3.14 python3 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v -- "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed, and is not on PATH (PYTHON=... names one)."
}

has_uv() { command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; }

make_venv() {
    local python
    "$venv_python" -c '' >/dev/null 2>&1 && return
    python=$(find_python) || exit 1
    say "Making a virtual environment in $venv"
    if has_uv; then
        uv venv --quiet --allow-existing --python "$python" "$venv" || fail "$venv cannot be made by uv."
    else
        "$python" -m venv "$venv" >/dev/null || fail "$python -m venv fails (on Debian: apt-get install python3-venv)."
    fi
}

pip_install() {
    if has_uv; then
        uv pip install --quiet --compile-bytecode --python "$venv_python" "$@"
    else
        "$venv_python" -m pip install --quiet --disable-pip-version-check "$@"
    fi
}

# Another start may be installing at this moment; it ends sooner or later, and ours then has nothing to do.
one_at_a_time() {
    command -v flock >/dev/null 2>&1 || return 0
    exec {install_lock}>"$venv/.lexora-installing"
    flock "$install_lock"
}

# install NAME LOCK: installs what a lock names, hashes checked, and the project itself; nothing when it is all there.
install() {
    local stamp=$venv/.lexora-$1 lock=$2 wanted
    wanted=$(printf '%s ' "$project" && cat -- "$lock" "$project/pyproject.toml" | cksum)
    if [[ -x $venv_python && $(cat -- "$stamp" 2>/dev/null) == "$wanted" ]]; then
        return
    fi
    mkdir -p -- "$venv" 2>/dev/null || fail "$venv cannot be made; VENV=... names another place."
    [[ -w $venv ]] || fail "$venv is out of date and not this user's to change; VENV=... names another place."
    one_at_a_time
    make_venv
    say "Installing what $(basename -- "$lock") names (once)"
    pip_install --require-hashes --requirement "$lock" || fail "Not all that $lock names can be installed; see above."
    pip_install --no-deps --no-build-isolation --editable "$project" || fail "The project cannot be installed; see above."
    # A start that has to compile everything takes three times as long.
    "$venv_python" -m compileall -q "$project/lexora_gql" || true
    printf '%s' "$wanted" >"$stamp"
    if [[ -n ${install_lock:-} ]]; then
        exec {install_lock}>&-
    fi
}

# The playground is a comfort: without it everything else still runs.
build_playground() {
    local failed=$venv/.lexora-playground-failed log=$venv/.lexora-playground.log
    if [[ -d $project/lexora_gql/transport/graphiql/static || ! -w $venv ]]; then
        return
    fi
    # Where there is no way to the packages, each start would wait for them again.
    if [[ -n $(find "$failed" -mmin -60 2>/dev/null) ]]; then
        return
    fi
    say "Building the playground (once)"
    if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
        pip_install --require-hashes --requirement "$project/ops/requirements-playground.lock" >/dev/null 2>&1 || true
    fi
    if ! "$venv_python" -P -m lexora_gql.transport.graphiql.build >"$log" 2>&1; then
        say "lexora: the playground is not built ($(tail -n 1 -- "$log")); all else works."
        touch -- "$failed"
    fi
}

# read_settings FILE: takes NAME=VALUE lines into the environment, where a name that is set already wins.
read_settings() {
    local line
    [[ -f $1 ]] || return 0
    while IFS= read -r line || [[ -n $line ]]; do
        [[ $line =~ ^([A-Z][A-Z0-9_]*)=(.*)$ ]] || continue
        local name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
        if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then
            value=${BASH_REMATCH[1]}
        fi
        [[ -v $name ]] || export "$name=$value"
    done <"$1"
}
