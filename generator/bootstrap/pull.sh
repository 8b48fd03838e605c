# shellcheck shell=bash
: "${IMAGE:?}" "${CONFIG_SECONDS:?}"

# sign_in REGISTRY REGION
sign_in() {
    local answer password
    answer=$(REGION=$2 rpc ecr AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken '{}')
    password=$(json '__import__("base64").b64decode(
        d["authorizationData"][0]["authorizationToken"]).decode().partition(":")[2]' <<<"${answer}")
    docker login --username AWS --password-stdin "$1" <<<"${password}"
}

# pushed: false while the registry lacks the image; what else is wrong, the pull itself says.
pushed() {
    local output
    output=$(docker pull --quiet "${IMAGE}" 2>&1) || [[ "${output}" != *"not found"* ]]
}

# pull_image: the one that BackendImage names.
pull_image() {
    local registry=${IMAGE%%/*}
    # The password goes to ECR's own hosts only, whatever else a name looks like.
    if [[ "${registry}" =~ ^[0-9]{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$ ]]; then
        step "SIGNING IN TO ECR" "The role needs ecr:GetAuthorizationToken and a way to ECR."
        sign_in "${registry}" "${BASH_REMATCH[1]}"
    fi
    step "PULLING ${IMAGE}" "Does the tag exist, and may the role read it? 'toomanyrequests' \
is Docker Hub's limit per address, and a NAT gateway is one address: use ECR."
    # A first deployment makes the registry and these instances at about the same time.
    if [[ "${IMAGE%:*}" == "${IMAGE_REPOSITORY-}" ]]; then
        wait_for "${CONFIG_SECONDS}" "the image (push it now)" pushed
    fi
    persist 4 docker pull --quiet "${IMAGE}"
}
