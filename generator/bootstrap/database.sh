# shellcheck shell=bash
: "${DATABASE_SECRET:?}" "${DATABASE_NAME:?}"

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
# yet; with WORD sql how the master connects and what users.sql needs, a line each. The database gets
# a verifier, never the password.
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
  print("%(host)s\n%(port)s\n%(username)s\n%(password)s" % s)
  print("\\set user %s\n\\set verifier \x27SCRAM-SHA-256\x244096:%s\x24%s:%s\x27" %
    (user, coded(salt), *keys))
elif s.get("host"):
  print("DB_HOST=%s\nDB_PORT=%s" % (s["host"], s["port"]))
  print("DB_USERNAME=%s\nDB_PASSWORD=%s" % (user, secret.hex()))
' "$1" <<<"${SECRET}"
}

# make_user: as the master, by whose password alone this instance may. What the backend may put into
# its schemas must not stand in for what the master calls, hence the path.
make_user() {
    local values known
    values=$(database_user sql)
    mapfile -t known <<<"${values}"
    PGHOST=${known[0]} PGPORT=${known[1]} PGUSER=${known[2]} PGPASSWORD=${known[3]} \
        PGSSLMODE=verify-full PGSSLROOTCERT=database.crt PGCONNECT_TIMEOUT=5 \
        PGOPTIONS=--search-path=pg_catalog \
        psql -Xq -v ON_ERROR_STOP=1 -d "${DATABASE_NAME}" >/dev/null <<SQL
${known[4]}
${known[5]}
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
