# shellcheck shell=bash
: "${DOCUMENTS_FILE_SYSTEM?}"

install_packages() {
    local options=(-y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    local packages=(docker.io git curl nftables postgresql-client) tools=(docker git curl nft psql)
    if [[ -n "${DOCUMENTS_FILE_SYSTEM}" ]]; then
        packages+=(nfs-common stunnel4) tools+=(mount.nfs4 stunnel4)
    fi
    step "INSTALLING DOCKER" "No way to the Ubuntu archive (NAT, routes), or its lock is held."
    if ! hash "${tools[@]}" 2>/dev/null; then
        # The lock option does not cover the package lists, hence the repetition.
        persist 6 apt-get "${options[@]}" update
        persist 4 apt-get "${options[@]}" install --no-install-recommends "${packages[@]}"
        hash -r
    fi
    systemctl enable --now docker
    usermod -aG docker ubuntu
}
