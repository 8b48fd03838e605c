# shellcheck shell=bash
# `clinic release --migrate` has an instance run this, with an image and a command: once, in a
# container of that image, with the settings of the container that serves there.
set -euo pipefail

# All that the instance's own program can do, without its last lines, which act.
program=$(sed '/^case .*:-boot/,$d' "${CLINIC_BACKEND:-/usr/local/sbin/clinic-backend}")
eval "${program}"

: "${STATE:?}"
BACKEND_IMAGE=$1
# An instance that builds knows no other way to an image: $3 is the one of those that pull.
eval "$3"
get_image >&2
docker run --rm --env-file "${STATE}/backend.env" \
    --volume "${STATE}/keep-alive.cjs:/keep-alive.cjs:ro" "${BACKEND_IMAGE}" sh -c "$2"
