# shellcheck shell=bash
: "${STACK:?}" "${GROUP_RESOURCE:?}" "${CONFIG_SECONDS:?}" "${DATABASE_SECONDS:?}"
: "${BACKEND_IMAGE?}" "${WARM_POOL?}" "${INSTANCE:?}" "${CONFIG_BUCKET:?}" "${CONFIG_KEY:?}" "${STATE:?}" "${STEP?}" "${HINT?}" "${SHIPPER?}"
: "${REGION:?}" "${AWS_ENDPOINT?}" "${LIBRARY_PARAMETER:?}" "${LIBRARY_SECONDS:?}"

# signal SUCCESS|FAILURE: tells the stack. Outside a stack operation it is refused: no harm.
signal() {
    form cloudformation Action=SignalResource Version=2010-05-15 "StackName=${STACK}" \
        "LogicalResourceId=${GROUP_RESOURCE}" "UniqueId=${INSTANCE}" "Status=$1" >/dev/null
}

# failed STATUS NAME: what a person needs.
failed() {
    if [[ -e next.env ]]; then container_log "$2"; fi
    echo "--- DEPLOYMENT FAILED: ${STEP} (status $1) ---"
    echo "${HINT}"
}

# finish: however boot ends, its log is away before the signal lets the stack end the instance.
finish() {
    local status=$? outcome=SUCCESS name
    name=$(spare)
    trap - EXIT
    set +e
    if ((status != 0)); then
        outcome=FAILURE
        failed "${status}" "${name}"
    fi
    [[ -z "${SHIPPER}" ]] || kill "${SHIPPER}"
    ship
    # The group ends one that failed.
    if ((status == 0)) && [[ -n "${WARM_POOL}" ]]; then ready; fi
    signal "${outcome}"
    ship
    exit "${status}"
}

boot() {
    local name
    trap finish EXIT
    open_log
    step "STARTING AUTOMATED DEPLOYMENT" "The metadata service must answer (IMDSv2)."
    INSTANCE=$(imds instance-id)
    ship_while_running &
    SHIPPER=$!
    disown
    step "FINDING THE ROLE" "Has the instance its role, Rol-EC2-Acceso-S3?"
    persist 5 credentials >/dev/null
    install_packages
    step "READING THE LIBRARY" "May the role read ${LIBRARY_PARAMETER} in Parameter Store?"
    wait_for "${LIBRARY_SECONDS}" "the library" read_library
    # shellcheck source=/dev/null
    source ./library.sh
    mount_documents
    if [[ -n "${BACKEND_IMAGE}" ]]; then pull_image; else build_image; fi
    step "DOWNLOADING THE CONFIGURATION" "Has s3://${CONFIG_BUCKET}/${CONFIG_KEY} been uploaded?"
    wait_for "${CONFIG_SECONDS}" "the .env (upload it now)" fetch_env
    usable
    step "WAITING FOR THE DATABASE" "Was the database created, and may this instance reach it?"
    wait_for "${DATABASE_SECONDS}" "the database's address in its secret" \
        compose configuration.env
    wait_for "${DATABASE_SECONDS}" "the database's port" database_answers
    # RDS's certificate authorities of this region, which are in no system's store. The file changes
    # when AWS adds one, so no digest is known here: the host's own certificate vouches for it.
    persist 6 curl -sSf -m 10 -o database.crt \
        "${AWS_ENDPOINT:-https://truststore.pki.rds.amazonaws.com}/${REGION}/${REGION}-bundle.pem"
    wait_for "${DATABASE_SECONDS}" "the database's user" new_user
    step "RUNNING THE CONTAINER" "See above."
    alone
    settle
    name=$(spare)
    start "${name}"
    step "WAITING FOR THE BACKEND" "Its last lines are above: is the .env complete?"
    wait_healthy "${name}"
    switch "${name}" configuration.env
    step "INSTALLING THE SERVICES" "See above."
    install_services
    settle
    step "DEPLOYMENT COMPLETED" ""
}

case "${1:-boot}" in
    boot) boot ;;
    refresh) refresh ;;
    publish-cpu) publish_cpu ;;
    wake) wake ;;
    route) cd "${STATE}" && route ;;
    *) echo "Usage: clinic-backend [boot | refresh | publish-cpu | wake | route]" >&2 && exit 2 ;;
esac
