# shellcheck shell=bash
: "${REGION:?}" "${IMDS_ENDPOINT:?}" "${AWS_ENDPOINT?}"

# Keys, tokens and passwords reach curl on stdin: arguments are in the process list.

# json EXPRESSION: prints it, with d bound to the JSON document on stdin.
json() {
    python3 -ISc "import json, sys; sys.tracebacklimit = 0; d = json.load(sys.stdin); print($1)"
}

# imds PATH: one value of the instance's metadata.
imds() {
    local token options=(-sSf -m 10 --retry 5 --retry-connrefused)
    token=$(curl "${options[@]}" -X PUT "${IMDS_ENDPOINT}/latest/api/token" \
        -H "X-aws-ec2-metadata-token-ttl-seconds: 60")
    curl "${options[@]}" -K - "${IMDS_ENDPOINT}/latest/meta-data/$1" \
        <<<"header = \"X-aws-ec2-metadata-token: ${token}\""
}

# credentials: the role's keys as lines of a curl configuration.
credentials() {
    local role keys
    role=$(imds iam/security-credentials/)
    keys=$(imds "iam/security-credentials/${role}")
    json '"user = \"{AccessKeyId}:{SecretAccessKey}\"\nheader = \"X-Amz-Security-Token: {Token}\""
        .format(**d)' <<<"${keys}"
}

# request SERVICE PATH CURL-ARGUMENT...: one signed request, its answer on stdout.
# Status 1: may work later; 65: refused.
request() {
    local service=$1 path=$2 host=$1 keys answer code
    shift 2
    if [[ "${service}" == ecr ]]; then host=api.ecr; fi
    keys=$(credentials)
    [[ -n "${keys}" ]] || return 1
    answer=$(curl -sS --connect-timeout 5 -m 30 -K - \
        --aws-sigv4 "aws:amz:${REGION}:${service}" -w '\n%{http_code}' "$@" \
        "${AWS_ENDPOINT:-https://${host}.${REGION}.amazonaws.com}${path}" <<<"${keys}")
    code=${answer##*$'\n'}
    answer=${answer%$'\n'*}
    case "${code}:${answer}" in
        2*) printf '%s' "${answer}" && return 0 ;;
        000* | 429* | 5* | *Throttl* | *TooManyRequests* | *ExpiredToken*) code="${code}, may pass" ;;
        *) ;;
    esac
    echo "${service} answered HTTP ${code}: ${answer:0:400}" >&2
    if [[ "${code}" == *pass ]]; then return 1; fi
    return 65
}

aws() {
    persist 5 request "$@"
}

# form SERVICE NAME=VALUE...: a call of the query protocol, its answer on stdout.
form() {
    local service=$1 fields=() pair
    shift
    for pair in "$@"; do fields+=(--data-urlencode "${pair}"); done
    aws "${service}" / "${fields[@]}"
}

# rpc SERVICE OPERATION BODY: a call of the JSON protocol; BODY is the text, or @FILE.
rpc() {
    aws "$1" / -H "Content-Type: application/x-amz-json-1.1" -H "X-Amz-Target: $2" --data-binary "$3"
}
