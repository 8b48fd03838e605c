# shellcheck shell=bash

install_packages() {
    local options=(-y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    step "INSTALLING DOCKER" "No way to the Ubuntu archive (NAT, routes), or its lock is held."
    if ! hash docker git curl nft psql 2>/dev/null; then
        # The lock option does not cover the package lists, hence the repetition.
        persist 6 apt-get "${options[@]}" update
        persist 4 apt-get "${options[@]}" install --no-install-recommends \
            docker.io git curl nftables postgresql-client
        hash -r
    fi
    systemctl enable --now docker
    usermod -aG docker ubuntu
}
