# shellcheck shell=bash
: "${STATE:?}" "${LOG:?}" "${INSTANCE:?}" "${DRAIN_SECONDS:?}" "${MEMORY:?}"
: "${LATER_SECONDS:?}" "${BEGUN?}"

# A new container starts beside the one that serves; when it is well, one rule leads new connections
# to it, and the one before goes when the balancer has let go of its connections. What serves is
# what the link backend.env points to: one rename changes it, and whatever is cut is put in order
# by the next one.

# alone OPTION...: one restart at a time.
alone() {
    exec 8>restart.lock
    flock "$@" 8
}

# serving: the container that serves, if any. An earlier program's is backend-api, with a file.
serving() {
    local file=backend-api.env
    [[ -e backend.env ]] || return 0
    [[ ! -L backend.env ]] || file=$(readlink backend.env)
    echo "${file%.env}"
}

# spare: the name for the next one.
spare() {
    local name
    name=$(serving)
    if [[ "${name}" == backend-a ]]; then echo backend-b; else echo backend-a; fi
}

# route: new connections to port 3000 go to the container that serves, from one transaction on;
# those that stand stay where they are. Before Docker's own rules, which see what is left; what
# containers send elsewhere is not meant.
route() {
    local name ip
    name=$(serving)
    [[ "${name}" == backend-[ab] ]] || return 0
    ip=$(address "${name}")
    nft -f - <<RULES
table ip clinic
delete table ip clinic
table ip clinic {
  chain arriving {
    type nat hook prerouting priority dstnat - 10;
    iifname != { "clinic0", "docker0" } tcp dport 3000 dnat to ${ip}:3000
  }
}
RULES
}

# switch NAME FILE: this one serves from now on, with the .env in FILE.
switch() {
    [[ -L backend.env || ! -e backend.env ]] || cp -p backend.env backend-api.env
    mv next.env "$1.env"
    [[ "$2" == accepted.env ]] || cp -p "$2" accepted.env
    ln -sfn "$1.env" backend.link
    mv -T backend.link backend.env
    route
}

# let_go NAME: has its Node close each connection with the next response.
let_go() {
    local pids pid caught program
    pids=$(docker top "$1" -eo pid)
    for pid in ${pids#PID}; do
        program=$(readlink "/proc/${pid}/exe" || true)
        caught=$(sed -n 's/^SigCgt:\s*//p' "/proc/${pid}/status" || true)
        # SIGUSR2 ends a process that does not know it.
        if [[ "${program}" == */node ]] && ((0x${caught:-0} & 0x800)); then kill -USR2 "${pid}"; fi
    done
}

# retire NAME: one with settings under its name has served, and may have connections.
retire() {
    if [[ -e "$1.env" ]]; then
        let_go "$1" || true
        sleep "${DRAIN_SECONDS}"
        docker stop -t 30 "$1" >/dev/null || true
    fi
    docker rm -f "$1" >/dev/null
    rm -f "$1.env"
}

# settle: everything but the container that serves goes.
settle() {
    local keep names name
    route
    keep=$(serving)
    names=$(docker ps --all --filter 'name=^/?backend-(a|b|api)$' --format '{{.Names}}')
    for name in ${names}; do
        [[ "${name}" == "${keep}" ]] || retire "${name}"
    done
}

# has_memory: for a second container.
has_memory() {
    local free
    free=$(memory MemAvailable SwapFree)
    ((free < MEMORY)) || return 0
    step "LOOKING FOR MEMORY" "Not switched, the container before goes on serving: ${free} MiB of memory are free and a \
second one needs ${MEMORY}. Choose a larger InstanceType, or replace the instance."
    return 1
}

# put_off: have these settings failed a short time ago?
put_off() {
    local digest failed=0 when=0
    [[ -e later ]] || return 1
    read -r failed when <later
    digest=$(sha256sum <next.env)
    [[ "${failed}" == "${digest%% *}" ]] && ((EPOCHSECONDS - when < LATER_SECONDS))
}

# refresh: a new .env or a rotated password puts a new container in the place of the one that
# serves. A .env that was refused is not tried again, and does not keep a password from being taken.
refresh() {
    local name file=configuration.env
    cd "${STATE}" || exit
    # shellcheck source=/dev/null
    source ./library.sh
    alone -n || return 0
    settle
    fetch_env
    usable
    if [[ -e refused ]] && sha256sum --status -c refused; then file=accepted.env; fi
    compose "${file}"
    if cmp -s next.env backend.env || put_off; then return; fi
    exec >>"${LOG}" 2>&1
    INSTANCE=$(imds instance-id)
    trap end_refresh EXIT
    name=$(spare)
    step "MAKING THE DATABASE'S USER" "It is made as the secret's user: is its password in force?"
    persist 5 make_user
    step "TAKING UP NEW SETTINGS" "The container before goes on serving: push a better .env."
    BEGUN=nothing
    has_memory
    start "${name}"
    BEGUN=container
    wait_healthy "${name}"
    BEGUN=
    switch "${name}" "${file}"
    settle
    step "NEW SETTINGS TAKEN UP" ""
}

# end_refresh: what did not get well goes, and is remembered.
end_refresh() {
    local status=$? digest name
    trap - EXIT
    set +e
    if ((status > 0 && status < 128)); then
        name=$(spare)
        failed "${status}" "${name}"
        if [[ -n "${BEGUN}" ]]; then
            docker rm -f "${name}" >/dev/null 2>&1
            digest=$(sha256sum <next.env)
            echo "${digest%% *} ${EPOCHSECONDS}" >later
            if [[ "${BEGUN}" == container ]] && ! cmp -s configuration.env accepted.env; then
                sha256sum configuration.env >refused
            fi
        fi
    fi
    ship
    exit "${status}"
}
