# shellcheck shell=bash
: "${DATABASE_SECRET:?}" "${DATABASE_NAME:?}" "${REGION:?}" "${AWS_ENDPOINT?}"

# The container has a user of its own, one for each version of the master's secret, so a rotation
# takes nothing from a container that runs. Name and password follow from the secret: all instances
# come to the same ones.

# read_secret: the version that is current.
read_secret() {
    SECRET=$(rpc secretsmanager secretsmanager.GetSecretValue \
        "{\"SecretId\":\"${DATABASE_SECRET}\"}")
    [[ -n "${SECRET}" ]]
}

# database_user WORD: settings as lines for the container, nothing while the secret has no host
# yet; with WORD sql what users.sql needs. The database gets a verifier, never the password.
database_user() {
    python3 -ISc '
import base64, hashlib, hmac, json, sys
d = json.load(sys.stdin)
s = json.loads(d["SecretString"])
mac = lambda key, text: hmac.digest(key, text.encode(), "sha256")
coded = lambda octets: base64.b64encode(octets).decode()
user = "backend-%d" % d["CreatedDate"]
secret = mac(s["password"].encode(), user)
if sys.argv[1] == "sql":
  salt = mac(secret, "salt")[:16]
  key = hashlib.pbkdf2_hmac("sha256", secret.hex().encode(), salt, 4096)
  keys = coded(hashlib.sha256(mac(key, "Client Key")).digest()), coded(mac(key, "Server Key"))
  print("\\set user \x27%s\x27" % user)
  print("\\set verifier \x27SCRAM-SHA-256\x244096:%s\x24%s:%s\x27" % (coded(salt), *keys))
elif s.get("host"):
  print("DB_HOST=%s\nDB_PORT=%s" % (s["host"], s["port"]))
  print("DB_USERNAME=%s\nDB_PASSWORD=%s" % (user, secret.hex()))
' "$1" <<<"${SECRET}"
}

# fetch_authority: RDS's certificate authorities of this region, which are in no system's store. Their
# file changes when AWS adds one, so nothing here knows its digest: Amazon's public authority and the
# host's name vouch for it.
fetch_authority() {
    curl -sSf -m 30 -o database.pem \
        "${AWS_ENDPOINT:-https://truststore.pki.rds.amazonaws.com}/${REGION}/${REGION}-bundle.pem"
}

# make_user: as the master, by whose password alone this instance may.
make_user() {
    local values known
    values=$(json '"\n".join(str(s[k]) for s in [json.loads(d["SecretString"])]
        for k in ("host", "port", "username", "password"))' <<<"${SECRET}")
    mapfile -t known <<<"${values}"
    values=$(database_user sql)
    PGHOST=${known[0]} PGPORT=${known[1]} PGUSER=${known[2]} PGPASSWORD=${known[3]} \
        PGSSLMODE=verify-full PGSSLROOTCERT=database.pem PGCONNECT_TIMEOUT=5 PGOPTIONS=--client-min-messages=error \
        psql -Xq -v ON_ERROR_STOP=1 -d "${DATABASE_NAME}" -f - >/dev/null <<SQL
${values}
@users.sql@
SQL
}

# new_user: what a rotation under way refuses for some seconds.
new_user() {
    compose configuration.env && make_user
}

database_answers() {
    local host port
    host=$(sed -n 's/^DB_HOST=//p' next.env)
    port=$(sed -n 's/^DB_PORT=//p' next.env)
    timeout 5 bash -c ": <>/dev/tcp/${host}/${port}" 2>/dev/null
}
