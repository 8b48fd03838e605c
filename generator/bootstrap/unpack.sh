# shellcheck shell=bash
# The user data's own end: writes the settings before it and the program inside it as one file, and
# becomes that.
set -euo pipefail
: "${PROGRAM:=${ROOT:=}/usr/local/sbin/clinic-backend}"
mkdir -p "${PROGRAM%/*}"
{
    sed '/^set -e/,$d' "$0"
    python3 -ISc 'import base64, bz2
print(bz2.decompress(base64.b85decode(input())).decode(), end="")' <<'PACKED'
@program@
PACKED
} >"${PROGRAM}.new"
chmod 0700 "${PROGRAM}.new"
mv "${PROGRAM}.new" "${PROGRAM}"
exec "${PROGRAM}" "$@"
