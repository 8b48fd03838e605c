# shellcheck shell=bash
: "${STATE:?}" "${REGION:?}" "${LOG_GROUP:?}" "${CONFIG_BUCKET:?}" "${CONFIG_KEY:?}" "${IMAGE:?}"
: "${DATABASE_SECRET:?}" "${DATABASE_NAME:?}" "${BACKEND_ORIGIN:?}" "${HEALTH_PATH:?}"

# The .env as released, kept from boot to replacement: a new one is a release, which the group
# rolls out behind health checks. Only the database's secret is followed while running.
fetch_configuration() (
    umask 077
    aws s3 "/${CONFIG_BUCKET}/${CONFIG_KEY}" >"${STATE}/configuration.env"
)

# database_settings: lines for the container, nothing while the secret has no host yet.
database_settings() {
    local answer
    answer=$(rpc secretsmanager secretsmanager.GetSecretValue \
        "{\"SecretId\":\"${DATABASE_SECRET}\"}")
    if [[ -z "${answer}" ]]; then return 1; fi
    json '"\n".join(f"DB_{k.upper()}={s[k]}" for s in [json.loads(d["SecretString"])]
        if s.get("host") for k in ("host", "port", "username", "password"))' <<<"${answer}"
}

# compose: next.env = what the .env may change, the .env, what the deployment decides.
compose() (
    umask 077
    database=$(database_settings)
    if [[ -z "${database}" ]]; then return 1; fi
    echo NODE_OPTIONS=--require=/keep-alive.cjs >"${STATE}/next.env"
    sed -E -e 's/\r$//' -e '/^\s*(DB_\w*|SSL_ENABLED|PORT)\s*=/d' \
        "${STATE}/configuration.env" >>"${STATE}/next.env"
    printf '%s\n' "" "${database}" "DB_DATABASE=${DATABASE_NAME}" SSL_ENABLED=true PORT=3000 \
        >>"${STATE}/next.env"
)

database_answers() {
    local host port
    host=$(sed -n 's/^DB_HOST=//p' "${STATE}/next.env")
    port=$(sed -n 's/^DB_PORT=//p' "${STATE}/next.env")
    timeout 5 bash -c ": <>/dev/tcp/${host}/${port}" 2>/dev/null
}

# keep_alive: what the container's Node loads first; its user is not root, so all may read it.
keep_alive() {
    cat >"${STATE}/keep-alive.cjs" <<'SCRIPT'
@keep-alive.cjs@
SCRIPT
    chmod 0644 "${STATE}/keep-alive.cjs"
}

# start: replaces the container; backend.env is what the running one was started with.
start() {
    local instance
    instance=$(imds instance-id)
    if docker container inspect backend-api >/dev/null 2>&1; then docker rm --force backend-api; fi
    keep_alive
    docker run -d --restart always --name backend-api -p 3000:3000 --env-file "${STATE}/next.env" \
        --volume "${STATE}/keep-alive.cjs:/keep-alive.cjs:ro" \
        --log-driver awslogs --log-opt "awslogs-region=${REGION}" \
        --log-opt "awslogs-group=${LOG_GROUP}" --log-opt "awslogs-stream=${instance}/backend" \
        --log-opt mode=non-blocking "${IMAGE}"
    mv "${STATE}/next.env" "${STATE}/backend.env"
}

healthy() {
    local code
    code=$(curl -s --max-time 5 -o /dev/null -w '%{http_code}' "${BACKEND_ORIGIN}${HEALTH_PATH}")
    [[ "${code}" == 2?? ]]
}

# container_log: its last lines, with the values of secret settings blanked.
container_log() {
    (docker logs --tail 50 backend-api 2>&1 || true) | python3 -ISc '
import re, sys
text = sys.stdin.read()
for line in open(sys.argv[1]):
    name, _, value = line.strip().partition("=")
    if re.search("PASS|SECRET|KEY|TOKEN|URL", name) and len(value) > 3:
        text = text.replace(value, "***")
print(text)
' "${STATE}/backend.env"
}

# refresh: a rotated password restarts the container, by itself.
refresh() {
    compose
    if cmp --silent "${STATE}/next.env" "${STATE}/backend.env"; then return; fi
    echo "--- THE DATABASE'S SECRET HAS CHANGED: RESTARTING THE CONTAINER ---"
    start
}
