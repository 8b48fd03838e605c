"""The backend's production ``.env``: checked, pushed, compared, shown.

dotenv.py        reads a file exactly as ``docker run --env-file`` would
supplied.py      what the stack gives the container besides, whatever the file says
keys.py          what the backend needs, from params/env.schema.json
documents.py     whether patients' documents stay, which the parameters decide as well
check.py         all together: every remark about a file, with its line
fingerprint.py   tells whether a value changed without holding it
deployed.py      the file in the configuration bucket, its version and fingerprint
push.py, diff.py, show.py
report.py         what was found in a file, for people and programs
"""
