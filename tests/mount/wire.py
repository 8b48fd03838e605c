"""What goes over the virtual machine's loopback: said at the end, or on SIGINT, for each port."""

import contextlib
import socket
import struct
import sys
import time

SECRET, PORTS = b"receta-de-ana", (20049, 2049)

sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
sniffer.bind(("lo", 0))
sniffer.settimeout(1)
seen = dict.fromkeys(PORTS, b"")
deadline = time.monotonic() + float(sys.argv[1])
with contextlib.suppress(KeyboardInterrupt):
    while time.monotonic() < deadline:
        with contextlib.suppress(TimeoutError):
            frame = sniffer.recv(1 << 17)
            if len(frame) < 54 or frame[23] != 6:
                continue
            # The wire is to the server's address; nfsd itself, behind its TLS, has another.
            addresses = {socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])}
            ports = struct.unpack("!HH", frame[34:38])
            for port in PORTS:
                if port in ports and "127.0.0.5" not in addresses:
                    seen[port] += frame[54:]
for port, octets in seen.items():
    print(port, "traffic" if octets else "nothing")
    if SECRET in octets:
        print(port, "seen")
