# shellcheck shell=bash
: "${STATE:?}" "${LOG:?}" "${LOG_GROUP:?}" "${CONSOLE:?}" "${SHIP_SECONDS:?}" "${INSTANCE:?}"
: "${STEP?}" "${HINT?}"

# step TITLE HINT: what happens now, and what a person should look at when it fails.
step() {
    STEP=$1 HINT=$2
    echo "--- ${STEP} ---"
}

# open_log: the working folder, which only root may read, and where all output goes: a file;
# a follower, whose death harms nobody, feeds the console.
open_log() {
    mkdir -p "${LOG%/*}"
    install -d -m 0700 "${STATE}"
    cd "${STATE}" || exit
    rm -f shipped
    install -m 0600 /dev/null "${LOG}"
    exec >>"${LOG}" 2>&1 </dev/null
    (tail -n +1 -f --pid "$$" "${LOG}" || true) | logger -t user-data -s 2>"${CONSOLE}" &
}

# batch OFFSET: writes the request for the lines after OFFSET; prints the offset after them.
batch() {
    python3 -ISc '
import json, sys, time
log, start, out, group, stream = sys.argv[1:]
with open(log, "rb") as file:
  file.seek(int(start))
  lines = file.readlines(200_000)[:5_000]
events = [
  {"timestamp": int(time.time() * 1000), "message": text[:8_000] or "-"}
  for text in (line.decode(errors="replace").rstrip() for line in lines)
]
with open(out, "w") as file:
  json.dump({"logGroupName": group, "logStreamName": stream, "logEvents": events}, file)
print(int(start) + sum(map(len, lines)))
' "${LOG}" "$1" batch.json "${LOG_GROUP}" "${INSTANCE}/boot"
}

# ship: sends what CloudWatch Logs has not got yet. A failure leaves it for the next time.
ship() (
    set +e
    flock 9
    if [[ ! -e shipped ]]; then
        rpc logs Logs_20140328.CreateLogStream \
            "{\"logGroupName\":\"${LOG_GROUP}\",\"logStreamName\":\"${INSTANCE}/boot\"}" >/dev/null
    fi
    sent=0
    if [[ -e shipped ]]; then sent=$(<shipped); fi
    while true; do
        next=$(batch "${sent}")
        if ((${next:-0} <= sent)); then break; fi
        answer=$(rpc logs Logs_20140328.PutLogEvents @batch.json)
        if [[ -z "${answer}" ]]; then break; fi
        sent=${next}
        echo "${sent}" >shipped
    done
) 9>ship.lock

ship_while_running() {
    while kill -0 "$$" 2>/dev/null; do
        ship
        sleep "${SHIP_SECONDS}"
    done
}
