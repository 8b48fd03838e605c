"""The documents' mount with a real NFS client; `python -m tests.mount`, never by pytest itself."""
