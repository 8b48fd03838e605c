# shellcheck shell=bash
: "${STATE:?}" "${REGION:?}" "${LOG_GROUP:?}" "${CONFIG_BUCKET:?}" "${CONFIG_KEY:?}" "${IMAGE:?}"
: "${DATABASE_SECRET:?}" "${DATABASE_NAME:?}" "${BACKEND_ORIGIN:?}" "${HEALTH_PATH:?}" "${HEALTH_SECONDS:?}"

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

# database_settings: lines for the container, nothing while the secret has no host yet.
database_settings() {
    local answer
    answer=$(rpc secretsmanager secretsmanager.GetSecretValue \
        "{\"SecretId\":\"${DATABASE_SECRET}\"}")
    [[ -n "${answer}" ]] || return 1
    json '"\n".join(f"DB_{k.upper()}={s[k]}" for s in [json.loads(d["SecretString"])]
        if s.get("host") for k in ("host", "port", "username", "password"))' <<<"${answer}"
}

# compose: next.env = what the .env may change, the .env, what the deployment decides.
compose() (
    umask 077
    database=$(database_settings)
    [[ -n "${database}" ]] || return 1
    {
        echo NODE_OPTIONS=--require=/keep-alive.cjs
        sed -E 's/\r$//; /^\s*((DB_\w*|SSL_ENABLED|PORT)\s*=|#|$)/d' configuration.env
        printf '%s\n' "${database}" "DB_DATABASE=${DATABASE_NAME}" SSL_ENABLED=true PORT=3000
    } >next.env
)

database_answers() {
    local host port
    host=$(sed -n 's/^DB_HOST=//p' next.env)
    port=$(sed -n 's/^DB_PORT=//p' next.env)
    timeout 5 bash -c ": <>/dev/tcp/${host}/${port}" 2>/dev/null
}

# keep_alive: what the container's Node loads first; its user is not root, so all may read it.
keep_alive() {
    cat >keep-alive.cjs <<'SCRIPT'
@keep-alive.cjs@
SCRIPT
    chmod 0644 keep-alive.cjs
}

# start: replaces the container; backend.env is what the running one was started with.
start() {
    local instance
    instance=$(imds instance-id)
    docker rm -f backend-api 2>/dev/null || true
    keep_alive
    docker run -d --restart always --name backend-api -p 3000:3000 --env-file next.env \
        -v "${STATE}/keep-alive.cjs:/keep-alive.cjs:ro" \
        --log-driver awslogs --log-opt "awslogs-region=${REGION}" \
        --log-opt "awslogs-group=${LOG_GROUP}" --log-opt "awslogs-stream=${instance}/backend" \
        --log-opt mode=non-blocking "${IMAGE}"
    mv next.env backend.env
}

healthy() {
    local code
    code=$(curl -s -m 5 -o /dev/null -w '%{http_code}' "${BACKEND_ORIGIN}${HEALTH_PATH}")
    [[ "${code}" == 2?? ]]
}

wait_healthy() {
    wait_for "${HEALTH_SECONDS}" "2xx from ${BACKEND_ORIGIN}${HEALTH_PATH}" healthy
}

# container_log: how it is and its last lines, with the values of secret settings blanked.
container_log() {
    docker ps --all --format '{{.Names}}: {{.Status}}' || true
    (docker logs --tail 50 backend-api 2>&1 || true) | python3 -ISc '
import re, sys
text = sys.stdin.read()
for line in open(sys.argv[1]):
  name, _, value = line.strip().partition("=")
  secret = re.search("PASS|SECRET|KEY|TOKEN|URL", name) and len(value) > 3
  text = text.replace(value, "***") if secret else text
print(text)
' backend.env
}
