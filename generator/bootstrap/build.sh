# shellcheck shell=bash
: "${ROOT?}" "${APP:?}" "${BACKEND_REPOSITORY:?}" "${BACKEND_REVISION:?}"

# A machine with 1 GiB cannot build the backend in memory alone.
add_swap() {
    local present
    present=$(swapon --show --noheadings)
    [[ -z "${present}" ]] || return 0
    step "ADDING SWAP" "The root volume needs 2 GiB for it, 6 GiB for the build."
    fallocate -l 2G "${ROOT}/swapfile"
    chmod 0600 "${ROOT}/swapfile"
    mkswap "${ROOT}/swapfile"
    swapon "${ROOT}/swapfile"
}

# build_image: from the repository.
build_image() {
    add_swap
    step "CLONING THE REPOSITORY" "Is ${BACKEND_REPOSITORY} public, and has it ${BACKEND_REVISION}?"
    rm -rf -- "${APP}"
    mkdir -p "${APP%/*}"
    persist 4 git clone --depth 1 --branch "${BACKEND_REVISION}" -- "${BACKEND_REPOSITORY}" "${APP}"
    [[ -e "${APP}/Dockerfile" ]] || cat >"${APP}/Dockerfile" <<'DOCKERFILE'
@Dockerfile@
DOCKERFILE
    step "BUILDING THE DOCKER IMAGE" "See above. 'toomanyrequests' is the registry's \
limit for anonymous pulls: give BackendImage."
    persist 2 docker build -t nest-backend "${APP}"
}
