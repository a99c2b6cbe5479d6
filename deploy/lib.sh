# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What quickstart and test share: packages, the build, and a private PostgreSQL cluster.
# Source it after `set -euo pipefail`. Everything it makes is under .punctual/ in the clone.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
state="$root/.punctual"
readonly root state
export LC_ALL=C.UTF-8

# --- Telling what happens ---------------------------------------------------------------------

# Microseconds since the epoch.
now_us() { echo "${EPOCHREALTIME/[.,]/}"; }

# say TEXT: a line of the script's own.
say() { printf '%s\n' "$*"; }

# die TEXT: ends the script with a message that says what to do.
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# attempt NAME COMMAND...: runs a command, its output in $log, and shows how long it took. Several
# may run beside one another, so each writes its line at once, and on a terminal says what it begins.
attempt() {
    local name=$1 started status=0
    shift
    log="$state/logs/${name//[^[:alnum:]._-]/-}.log"
    started=$(now_us)
    if [[ -t 2 ]]; then printf '%s …\n' "$name" >&2; fi
    (
        release_lock
        "$@"
    ) >"$log" 2>&1 || status=$?
    printf '%-44s%7.1f s%s\n' "$name" "$((($(now_us) - started) / 100000))e-1" \
        "$( ((status == 0)) || echo ', failed')"
    return "$status"
}

# step NAME COMMAND...: an attempt that must succeed.
step() {
    local status=0
    attempt "$@" || status=$?
    if ((status != 0)); then
        tail -n 40 "$log" >&2
        die "'$1' failed (status $status); the whole output is in $log"
    fi
}

# Gives up the script's lock in a subshell, so that no server left behind holds it.
release_lock() {
    if [[ -n ${lock_descriptor:-} ]]; then exec {lock_descriptor}>&-; fi
}

# rfc3339 MICROSECONDS: an instant as the API takes it.
rfc3339() { printf '%s.%06dZ' "$(date -u -d "@$(($1 / 1000000))" +%FT%T)" "$(($1 % 1000000))"; }

# --- What an operator's scripts need ----------------------------------------------------------

# require_programs NAME...: ends the script when one is not in PATH.
require_programs() {
    local name
    for name in "$@"; do
        command -v "$name" >/dev/null || die "$name is not in PATH. On Debian: apt-get install" \
            "curl jq postgresql-client"
    done
}

# Sets PUNCTUAL_DATABASE_URL from the file that PUNCTUAL_DATABASE_URL_FILE names, if it is not set.
database_url_from_environment() {
    if [[ -z ${PUNCTUAL_DATABASE_URL:-} && -n ${PUNCTUAL_DATABASE_URL_FILE:-} ]]; then
        [[ -r $PUNCTUAL_DATABASE_URL_FILE ]] || die "$PUNCTUAL_DATABASE_URL_FILE cannot be read"
        PUNCTUAL_DATABASE_URL=$(<"$PUNCTUAL_DATABASE_URL_FILE")
    fi
    [[ -n ${PUNCTUAL_DATABASE_URL:-} ]] || die "PUNCTUAL_DATABASE_URL is not set; it says which" \
        "database, such as postgresql://punctual@localhost/punctual"
    export PUNCTUAL_DATABASE_URL
}

# Sets $punctual to the program: the one that is named, the one built here, or the one in PATH.
find_punctual() {
    local candidate
    for candidate in "${PUNCTUAL_EXECUTABLE:-}" "$root/.build/release/punctual" \
        "$(command -v punctual || true)" "$root/.build/debug/punctual"; do
        [[ -n $candidate && -x $candidate ]] || continue
        # shellcheck disable=SC2034 # for the scripts that source this one
        punctual=$candidate
        return
    done
    die "there is no punctual in PATH and none is built here; PUNCTUAL_EXECUTABLE can name one"
}

# --- Packages ---------------------------------------------------------------------------------

required_packages=(
    ca-certificates curl jq kcat libcurl4-openssl-dev libpq-dev librdkafka-dev libsystemd-dev libuv1-dev
    pkg-config postgresql tzdata
)

is_installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing_packages() {
    local package
    for package in "${required_packages[@]}"; do
        is_installed "$package" || echo "$package"
    done
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends "$@"
}

# Installs what is missing, and does nothing when nothing is.
install_packages() {
    command -v dpkg-query >/dev/null || die "this script installs Debian packages, and this is" \
        "not Debian. Install libuv, libpq, libsystemd, PostgreSQL, curl and jq by hand."
    local -a missing
    mapfile -t missing < <(missing_packages)
    if ((${#missing[@]} == 0)); then
        say "Packages: all present"
        return
    fi
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        die "these packages are missing and neither root nor sudo is at hand. As root, run:" \
            "apt-get install ${missing[*]}"
    fi
    say "Packages to install: ${missing[*]}"
    step "Installing packages" apt_install "${missing[@]}"
}

require_swift() {
    command -v swift >/dev/null || die "no Swift toolchain in PATH." \
        "Install Swift 6.2 or later from https://www.swift.org/install/linux/"
    local version
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | head -n 1)
    version=${version##* }
    if ((${version%%.*} * 100 + ${version##*.} < 602)); then
        die "Swift $version is too old: 6.2 or later is needed"
    fi
}

# --- A private PostgreSQL cluster -------------------------------------------------------------

# The user that the cluster runs as: PostgreSQL refuses to run as root.
as_cluster_user() {
    if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi
}

find_postgres() {
    local found
    found=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
    [[ -n $found ]] || die "no initdb below /usr/lib/postgresql: install the package postgresql"
    dirname "$found"
}

# A folder for a cluster that its user can reach: in the clone, or else in that user's home.
cluster_folder() {
    local name=$1 folder="$state/$1"
    mkdir -p "$folder"
    if ((EUID == 0)); then
        chown postgres: "$folder"
        if ! as_cluster_user test -w "$folder" 2>/dev/null; then
            rmdir "$folder"
            folder="/var/lib/postgresql/punctual-$(cksum <<<"$root" | cut -d ' ' -f 1)-$name"
            as_cluster_user mkdir -p "$folder"
        fi
    fi
    echo "$folder"
}

# Settings by command line, so that they apply to a cluster that an earlier version made too.
cluster_options() {
    printf ' -c %s' "listen_addresses=" "unix_socket_directories=$cluster_socket" \
        "unix_socket_permissions=0700" "max_connections=100" "$@"
}

# start_cluster NAME [SETTING=VALUE...]: starts it and sets cluster_url. Stop it with stop_cluster.
start_cluster() {
    local name=$1 folder
    shift
    cluster_bin=$(find_postgres)
    folder=$(cluster_folder "$name")
    cluster_data="$folder/data"
    # A socket's path holds 107 bytes at most, so it is not in the clone, which may be anywhere.
    cluster_socket=$(as_cluster_user mktemp -d /tmp/punctual-XXXXXX)
    # shellcheck disable=SC2034 # for the scripts that source this one
    cluster_url="host=$cluster_socket user=postgres dbname=postgres"
    cd /  # The cluster's user may not be allowed to see the folder that we are in.
    if ! as_cluster_user test -f "$cluster_data/PG_VERSION"; then
        as_cluster_user rm -rf "$cluster_data"
        step "Creating a database cluster ($name)" as_cluster_user "$cluster_bin/initdb" \
            --pgdata "$cluster_data" --username postgres --auth trust --encoding UTF8 \
            --locale C.UTF-8 --no-sync
    elif as_cluster_user "$cluster_bin/pg_ctl" status -D "$cluster_data" >/dev/null; then
        say "Found a database server left behind by an earlier run."
        as_cluster_user "$cluster_bin/pg_ctl" stop -D "$cluster_data" -m fast -w >/dev/null
    fi
    step "Starting PostgreSQL ($name)" as_cluster_user "$cluster_bin/pg_ctl" start \
        -D "$cluster_data" -l "$folder/postgresql.log" -w -t 60 -o "$(cluster_options "$@")"
    cd "$root" || die "the folder $root has gone"
}

# Stops the cluster that start_cluster started; does nothing when there is none.
stop_cluster() {
    [[ -n ${cluster_socket:-} ]] || return 0
    cd /
    as_cluster_user "$cluster_bin/pg_ctl" stop -D "$cluster_data" -m fast -w -t 60 \
        >/dev/null 2>&1 || true
    as_cluster_user rm -rf "$cluster_socket"
    cluster_socket=
}

# --- Beginning --------------------------------------------------------------------------------

# begin NAME: makes the folders and refuses to run twice at once in one clone.
begin() {
    if ! mkdir -p "$state/logs" || [[ ! -w $state/logs ]]; then
        die "$state cannot be written to. If another user made it: sudo rm -r $state"
    fi
    exec {lock_descriptor}>"$state/$1.lock"
    flock --nonblock "$lock_descriptor" || die "deploy/$1 is already running in this folder"
    cd "$root" || die "the folder $root has gone"
}

# build_punctual CONFIGURATION: builds the executable; shows the compiler's progress on a terminal.
build_punctual() {
    if [[ -t 1 ]]; then
        say "Building punctual ($1); the first time this takes some minutes"
        swift build -c "$1" --product punctual
    else
        step "Building punctual ($1)" swift build -c "$1" --product punctual
    fi
}
