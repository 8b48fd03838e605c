# shellcheck shell=bash
set -euo pipefail
shopt -s inherit_errexit
export HOME="${HOME:-/root}" DEBIAN_FRONTEND=noninteractive GIT_TERMINAL_PROMPT=0

# The head of the user data defines these.
: "${REGION:?}" "${STACK:?}" "${GROUP_RESOURCE:?}" "${LOG_GROUP:?}" "${CONFIG_BUCKET:?}"
: "${CONFIG_KEY:?}" "${DATABASE_SECRET:?}" "${DATABASE_NAME:?}" "${BACKEND_IMAGE?}"
: "${HEALTH_PATH:?}" "${METRIC_PERIOD:?}" "${DOCUMENTS_FILE_SYSTEM?}"
: "${METRIC_NAMESPACE:?}" "${GROUP_DIMENSION:?}" "${WARM_POOL?}" "${LIBRARY_PARAMETER:?}"

# Fixed on an instance; a rehearsal elsewhere shortens the times and moves the places.
: "${RETRY_SECONDS:=2}" "${POLL_SECONDS:=10}" "${SHIP_SECONDS:=3}"
: "${CONFIG_SECONDS:=900}" "${DATABASE_SECONDS:=1500}" "${HEALTH_SECONDS:=300}"
: "${DRAIN_SECONDS:=70}" "${LATER_SECONDS:=900}" "${MEMORY:=200}" "${MOUNT_SECONDS:=420}"
: "${LIBRARY_SECONDS:=180}"
: "${IMDS_ENDPOINT:=http://169.254.169.254}" "${AWS_ENDPOINT:=}"
: "${NETWORK:=198.18.0}" "${PORT:=3000}" "${ROOT:=}" "${CONSOLE:=/dev/console}"
: "${STATE:=${ROOT}/var/lib/clinic-backend}" "${LOG:=${ROOT}/var/log/user-data.log}"
: "${PROGRAM:=${ROOT}/usr/local/sbin/clinic-backend}" "${UNITS:=${ROOT}/etc/systemd/system}"
: "${APP:=${ROOT}/home/ubuntu/app}" "${IMAGE:=${BACKEND_IMAGE:-nest-backend}}"
# A tag alone is one in the stack's own registry.
IMAGE=${IMAGE/#:/"${IMAGE_REPOSITORY?}:"}
: "${DOCUMENTS:=${STATE}/documents}" "${BACKEND_REPOSITORY?}" "${BACKEND_REVISION?}"

# Where boot is, what to look at when it fails there, which machine this is, who ships its log;
# the current version of the database's secret, and what a restart has begun.
: "${STEP:=}" "${HINT:=}" "${INSTANCE:=unknown}" "${SHIPPER:=}" "${SECRET:=}" "${BEGUN:=}"

# persist TIMES COMMAND...: tries again, waiting twice as long each time; status 65 is final.
persist() {
    local times=$1 try=1 status
    shift
    while true; do
        status=0
        "$@" || status=$?
        if ((status == 0 || status == 65 || try >= times)); then return "${status}"; fi
        sleep "$((RETRY_SECONDS * 2 ** (try - 1)))"
        try=$((try + 1))
    done
}

# wait_for SECONDS WHAT COMMAND...: asks until the answer is yes; the deadline is a failure.
wait_for() {
    local start=${SECONDS} limit=$1 what=$2
    shift 2
    echo "Waiting up to ${limit} s for ${what}"
    until "$@"; do
        if ((SECONDS - start >= limit)); then
            echo "Gave up after ${limit} s: ${what}"
            return 1
        fi
        sleep "${POLL_SECONDS}"
    done
}
