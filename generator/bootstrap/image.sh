# shellcheck shell=bash
: "${ROOT?}" "${APP:?}" "${BACKEND_IMAGE?}" "${BACKEND_REPOSITORY?}" "${BACKEND_REVISION?}"

install_packages() {
    local options=(-y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    step "INSTALLING DOCKER" "No way to the Ubuntu archive (NAT, routes), or its lock is held."
    if ! hash docker git curl 2>/dev/null; then
        # The lock option does not cover the package lists, hence the repetition.
        persist 6 apt-get "${options[@]}" update
        persist 4 apt-get "${options[@]}" install --no-install-recommends docker.io git curl
        hash -r
    fi
    systemctl enable --now docker
    usermod -aG docker ubuntu
}

# sign_in REGISTRY REGION
sign_in() {
    local answer password
    answer=$(REGION=$2 rpc ecr AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken '{}')
    password=$(json '__import__("base64").b64decode(
        d["authorizationData"][0]["authorizationToken"]).decode().partition(":")[2]' <<<"${answer}")
    docker login --username AWS --password-stdin "$1" <<<"${password}"
}

pull_image() {
    local registry=${BACKEND_IMAGE%%/*}
    if [[ "${registry}" =~ \.dkr\.ecr\.([a-z0-9-]+)\. ]]; then
        step "SIGNING IN TO ECR" "The role needs ecr:GetAuthorizationToken and a way to ECR."
        sign_in "${registry}" "${BASH_REMATCH[1]}"
    fi
    step "PULLING ${BACKEND_IMAGE}" "Does the tag exist, and may the role read it? 'toomanyrequests' \
is Docker Hub's limit per address, and a NAT gateway is one address: use ECR."
    persist 4 docker pull --quiet "${BACKEND_IMAGE}"
}

# A machine with 1 GiB cannot build the backend in memory alone.
add_swap() {
    local present
    present=$(swapon --show --noheadings)
    if [[ -n "${present}" ]]; then return; fi
    step "ADDING SWAP" "The root volume needs 2 GiB for it, 6 GiB for the build."
    fallocate -l 2G "${ROOT}/swapfile"
    chmod 0600 "${ROOT}/swapfile"
    mkswap "${ROOT}/swapfile"
    swapon "${ROOT}/swapfile"
}

build_image() {
    add_swap
    step "CLONING THE REPOSITORY" "Is ${BACKEND_REPOSITORY} public, and has it ${BACKEND_REVISION}?"
    rm -rf -- "${APP}"
    mkdir -p "${APP%/*}"
    persist 4 git clone --depth 1 --branch "${BACKEND_REVISION}" -- "${BACKEND_REPOSITORY}" "${APP}"
    if [[ ! -e "${APP}/Dockerfile" ]]; then default_dockerfile >"${APP}/Dockerfile"; fi
    step "BUILDING THE DOCKER IMAGE" "The lines above say why. 'toomanyrequests' is the \
registry's limit for anonymous pulls: give BackendImage instead."
    persist 2 docker build -t nest-backend "${APP}"
}

default_dockerfile() {
    cat <<'DOCKERFILE'
@Dockerfile@
DOCKERFILE
}
