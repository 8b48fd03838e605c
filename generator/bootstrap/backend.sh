# shellcheck shell=bash
: "${STATE:?}" "${REGION:?}" "${LOG_GROUP:?}" "${CONFIG_BUCKET:?}" "${CONFIG_KEY:?}" "${IMAGE:?}"
: "${DATABASE_NAME:?}" "${NETWORK:?}" "${PORT:?}" "${HEALTH_PATH:?}" "${HEALTH_SECONDS:?}"
: "${DOCUMENTS:?}" "${ROOT?}"

# fetch_env: the .env as it is now; an empty one is none.
fetch_env() (
    umask 077
    text=$(aws s3 "/${CONFIG_BUCKET}/${CONFIG_KEY}")
    [[ -n "${text}" ]] || return 1
    printf '%s\n' "${text}" >configuration.env
)

# usable: Docker refuses a line without a proper name, or that is not UTF-8, and repeats it; here
# its number is enough.
usable() {
    local bad
    bad=$(LC_ALL=C.UTF-8 sed -nE '/^\s*(#.*)?$/b; /^\s*[^[:space:]=]+(=.*|\r?)$/b; =' \
        configuration.env)
    [[ -n "${bad}" ]] || return 0
    echo "Docker cannot read line ${bad//$'\n'/, } of the .env: run clinic env check."
    return 1
}

# compose FILE: next.env = what the .env may change, the .env, what the deployment decides.
compose() {
    local database
    read_secret || return 1
    database=$(database_user env)
    [[ -n "${database}" ]] || return 1
    (
        umask 077
        {
            echo NODE_OPTIONS=--require=/keep-alive.cjs
            sed -E 's/\r$//; /^\s*((DB_\w*|SSL_ENABLED|PORT)\s*=|#|$)/d' "$1"
            printf '%s\n' "${database}" "DB_DATABASE=${DATABASE_NAME}" SSL_ENABLED=true PORT=3000
        } >next.env
    )
}

# keep_alive: what the container's Node loads first; its user is not root, so all may read it.
keep_alive() {
    cat >keep-alive.cjs <<'SCRIPT'
@keep-alive.cjs@
SCRIPT
    chmod 0644 keep-alive.cjs
}

# documents_folder: where the backend keeps documents unless CLOUD is true; what is mounted there
# before is used. The folder around it is root's alone, and the image's user may be any.
documents_folder() {
    mkdir -p "${DOCUMENTS}"
    chmod 0777 "${DOCUMENTS}"
}

# address NAME: of a container. Each has a fixed one, so that a rule outlives restarts; from a
# range for benchmarks (RFC 2544), in which no VPC of this stack can be.
address() {
    local number=2
    [[ "$1" == *-a ]] || number=3
    echo "${NETWORK}.${number}"
}

# memory NAME...: sum of these lines of /proc/meminfo, in MiB.
memory() {
    local sum=0 name kib
    while read -r name kib _; do
        [[ " $* " != *" ${name%:} "* ]] || sum=$((sum + kib))
    done <"${ROOT}/proc/meminfo"
    echo "$((sum / 1024))"
}

# start NAME: a container with next.env beside whatever runs. The port is published for Docker's
# filter alone, which lets nothing in that is not; one that leaks memory ends before the machine.
start() {
    local instance folder total ip
    instance=$(imds instance-id)
    folder=$(docker image inspect --format '{{.Config.WorkingDir}}' "${IMAGE}")
    total=$(memory MemTotal)
    ip=$(address "$1")
    documents_folder
    keep_alive
    docker network inspect clinic >/dev/null 2>&1 ||
        docker network create --subnet "${NETWORK}.0/28" \
            --opt com.docker.network.bridge.name=clinic0 clinic >/dev/null
    docker run -d --restart always --name "$1" --network clinic --ip "${ip}" -p 127.0.0.1::3000 \
        --env-file next.env --cap-drop ALL --security-opt no-new-privileges --pids-limit 1024 \
        --memory "$((total * 4 / 5))m" -v "${STATE}/keep-alive.cjs:/keep-alive.cjs:ro" \
        -v "${STATE}/database.crt:/database.crt:ro" -v "${DOCUMENTS}:${folder%/}/docs-0d3nt" \
        --log-driver awslogs --log-opt "awslogs-region=${REGION}" \
        --log-opt "awslogs-group=${LOG_GROUP}" --log-opt "awslogs-stream=${instance}/backend" \
        --log-opt mode=non-blocking "${IMAGE}"
}

healthy() {
    local ip code
    ip=$(address "$1")
    code=$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://${ip}:${PORT}${HEALTH_PATH}")
    [[ "${code}" == 2?? ]]
}

wait_healthy() {
    wait_for "${HEALTH_SECONDS}" "2xx from $1 on ${HEALTH_PATH}" healthy "$1"
}

# container_log NAME: how it is and its last lines, with the values of secret settings blanked.
container_log() {
    docker ps --all --format '{{.Names}}: {{.Status}}' || true
    (docker logs --tail 50 "$1" 2>&1 || true) | python3 -ISc '
import re, sys
text = sys.stdin.read()
for line in open(sys.argv[1]):
  name, _, value = line.strip().partition("=")
  secret = re.search("PASS|SECRET|KEY|TOKEN|URL", name) and len(value) > 3
  text = text.replace(value, "***") if secret else text
print(text)
' next.env
}
