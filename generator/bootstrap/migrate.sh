# shellcheck shell=bash
# `clinic release --migrate` has an instance run this, with an image and a command: once, in a
# container of that image, with the settings of the container that serves there.
set -euo pipefail

# All that the instance's own program can do, without its last lines, which act.
program=$(sed '/^case "\${1:-boot}" in/,$d' "${CLINIC_BACKEND:-/usr/local/sbin/clinic-backend}")
eval "${program}"

: "${STATE:?}"
# A program of before knows one way to an image, and another name for it.
@pull.sh@
IMAGE=${1/#:/"${IMAGE_REPOSITORY-}:"}
pull_image
docker run --rm --env-file "${STATE}/backend.env" --cap-drop ALL \
    --security-opt no-new-privileges --pids-limit 1024 \
    --volume "${STATE}/keep-alive.cjs:/keep-alive.cjs:ro" "${IMAGE}" sh -c "$2"
