# shellcheck shell=bash
: "${STATE:?}" "${LOG:?}" "${INSTANCE:?}" "${TARGET_GROUP:?}" "${TURN:?}" "${TURN_SECONDS:?}"
: "${SERVICE_SECONDS:?}" "${DIGEST?}" "${BEGUN?}"

# Instances restart one after the other. An object in S3 says whose turn it is; of several that
# write at once S3 lets one win. It says "taken" until its writer serves again, however often that
# one has to begin anew; a writer that the balancer no longer knows has lost it. "refused" is the
# digest of settings with which a backend did not get well: nobody else tries those.

# balancer EXPRESSION [INSTANCE]: is it true? mine and theirs are the states of this target and
# of that one, others those of all but this one.
balancer() {
    local answer
    answer=$(form elasticloadbalancing Action=DescribeTargetHealth Version=2015-12-01 \
        "TargetGroupArn=${TARGET_GROUP}")
    answer=$(python3 -ISc "
import re, sys
states = dict(re.search(r'(?s)(?=.*<Id>(.+?)<).*<State>(.+?)<', target).groups()
    for target in sys.stdin.read().split('<member>')[1:])
theirs = states.get(sys.argv[2])
mine = states.pop(sys.argv[1], None)
others = states.values()
print($1)" "${INSTANCE}" "${2:-}" <<<"${answer}")
    [[ "${answer}" == True ]]
}

# take_turn: writes this instance's name where nothing speaks against it.
take_turn() (
    set +e
    entry=$(request s3 "${TURN}" -D turn 2>/dev/null)
    read -r word who what <<<"${entry}"
    if [[ "${word} ${what}" == "refused ${DIGEST}" ]]; then return 1; fi
    if [[ "${word}" == taken && "${who}" != "${INSTANCE}" ]]; then
        balancer "bool(mine) and not theirs" "${who}"
        lost=$?
        ((lost == 0)) || return 1
    fi
    write_turn taken
)

# write_turn WORD: in the place of the entry whose headers are in the file turn, or of none.
write_turn() {
    local etag condition
    etag=$(sed -nE 's/^etag: *("[^"]*").*/\1/Ip' turn)
    condition="If-Match: ${etag}"
    [[ -n "${etag}" ]] || condition="If-None-Match: *"
    aws s3 "${TURN}" -X PUT -H "${condition}" -H "Content-Type: text/plain" -D turn \
        --data-binary "$1 ${INSTANCE} ${DIGEST}" >/dev/null
}

# refresh: a new .env or a rotated password restarts the container, when it is this one's turn.
refresh() {
    cd "${STATE}" || exit
    fetch_env
    usable
    compose
    # An old.env is of a restart that was cut.
    if [[ ! -e old.env ]] && cmp -s next.env backend.env; then return; fi
    exec >>"${LOG}" 2>&1
    INSTANCE=$(imds instance-id)
    DIGEST=$(sha256sum configuration.env next.env)
    DIGEST=${DIGEST//[!0-9a-f]/}
    step "TAKING UP NEW SETTINGS" "The settings before are back: push a better .env."
    wait_for "${TURN_SECONDS}" "this instance's turn" take_turn
    trap end_turn EXIT
    trap "exit 143" TERM
    wait_for "${SERVICE_SECONDS}" "another instance in service" \
        balancer "mine != 'healthy' or not others or 'healthy' in others"
    BEGUN=yes
    [[ -e old.env ]] || cp -p backend.env old.env
    start
    wait_healthy
    wait_for "${SERVICE_SECONDS}" "the balancer" balancer "mine not in ('initial', 'unhealthy')"
    step "NEW SETTINGS TAKEN UP" ""
}

# end_turn: a restart that did not end well is undone; one that was cut by a signal goes on later,
# here, or nowhere if this instance goes.
end_turn() {
    local status=$? word=free
    trap - EXIT
    set +e
    ((status < 128)) || exit "${status}"
    if ((status > 0)) && [[ -n "${BEGUN}" ]]; then
        failed "${status}"
        word=refused
        cp -p old.env next.env
        start
    fi
    (
        set -e
        write_turn "${word}"
        rm -f old.env
    )
    ship
    exit "${status}"
}
