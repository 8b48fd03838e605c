# shellcheck shell=bash
: "${STACK:?}" "${GROUP_RESOURCE:?}" "${CONFIGURATION_SECONDS:?}" "${DATABASE_SECONDS:?}" "${HEALTH_SECONDS:?}" "${PROGRAM:?}"
: "${BACKEND_IMAGE?}" "${BACKEND_ORIGIN:?}" "${HEALTH_PATH:?}" "${INSTANCE:?}" "${STATE:?}"
: "${CONFIG_BUCKET:?}" "${CONFIG_KEY:?}" "${STEP?}" "${HINT?}" "${SHIPPER?}"

# signal SUCCESS|FAILURE: tells the stack. Outside a stack operation it is refused: no harm.
signal() {
    form cloudformation Action=SignalResource Version=2010-05-15 "StackName=${STACK}" \
        "LogicalResourceId=${GROUP_RESOURCE}" "UniqueId=${INSTANCE}" "Status=$1"
}

# finish: however boot ends, its log is away before the signal lets the stack end the instance.
finish() {
    local status=$? outcome=SUCCESS
    trap - EXIT
    set +e
    if ((status != 0)); then
        outcome=FAILURE
        if [[ -e "${STATE}/backend.env" ]]; then container_log; fi
        echo "--- DEPLOYMENT FAILED: ${STEP} (status ${status}) ---"
        echo "${HINT}"
    fi
    if [[ -n "${SHIPPER}" ]]; then kill "${SHIPPER}"; fi
    ship
    signal "${outcome}"
    ship
    exit "${status}"
}

boot() {
    trap finish EXIT
    open_log
    step "STARTING AUTOMATED DEPLOYMENT" "The metadata service must answer (IMDSv2)."
    INSTANCE=$(imds instance-id)
    ship_while_running &
    SHIPPER=$!
    disown
    if ! [[ "$0" -ef "${PROGRAM}" ]]; then install -D -m 0700 "$0" "${PROGRAM}"; fi
    install_packages
    if [[ -n "${BACKEND_IMAGE}" ]]; then pull_image; else build_image; fi
    step "DOWNLOADING THE CONFIGURATION" "Has s3://${CONFIG_BUCKET}/${CONFIG_KEY} been uploaded?"
    wait_for "${CONFIGURATION_SECONDS}" "s3://${CONFIG_BUCKET}/${CONFIG_KEY} (upload it now)" \
        fetch_configuration
    step "WAITING FOR THE DATABASE" "Was the database created, and may this instance reach it?"
    wait_for "${DATABASE_SECONDS}" "the database's address in its secret" compose
    wait_for "${DATABASE_SECONDS}" "the database's port" database_answers
    step "RUNNING THE CONTAINER" "See the lines above."
    start
    step "WAITING FOR THE BACKEND" "The container's last lines are above: is the .env complete?"
    wait_for "${HEALTH_SECONDS}" "2xx from ${BACKEND_ORIGIN}${HEALTH_PATH}" healthy
    step "INSTALLING THE SERVICES" "See the lines above."
    install_services
    step "DEPLOYMENT COMPLETED" ""
}

case "${1:-boot}" in
    boot) boot ;;
    refresh) refresh ;;
    publish-cpu) publish_cpu ;;
    *) echo "Usage: clinic-backend [boot | refresh | publish-cpu]" >&2 && exit 2 ;;
esac
