"""The backend's production ``.env``: checked, pushed, compared, shown.

dotenv.py        reads a file exactly as ``docker run --env-file`` would
supplied.py      what the stack gives the container besides, whatever the file says
keys.py          what the backend needs, from params/env.schema.json
documents.py     whether patients' documents are kept, which the parameters decide as well
check.py         every remark of these about a file, with its line
fingerprint.py   tells whether a value changed without holding it
deployed.py      the file in the configuration bucket, its version and fingerprint
push.py, diff.py, show.py   a command each
rehearse.py      a push as `clinic rehearse` does it
report.py        the remarks about a file, for people and programs
"""
