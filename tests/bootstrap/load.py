"""Requests as a balancer sends them, run as a program: load.py ADDRESS, until its input ends.

24 a second over connections that stay open. One that the other end closed after it had said so is
made anew; a request that gets no answer on a connection that nobody said would close is lost.
Prints what the answers were, by count.
"""

import collections
import http.client
import json
import sys
import threading
import time

RATE, CONNECTIONS = 24, 8


def send(
    address: str, ended: threading.Event, first: float, answers: "collections.Counter[str]"
) -> None:
    """Send every CONNECTIONS / RATE seconds from `first` on."""
    due, connection = first, http.client.HTTPConnection(address, 3000, timeout=5)
    while not ended.is_set():
        time.sleep(max(0, due - time.monotonic()))
        try:
            connection.request("GET", "/api")
            answer = connection.getresponse()
            answers[answer.read().decode() if answer.status == 200 else str(answer.status)] += 1
        except (OSError, http.client.HTTPException) as error:
            answers[f"lost: {error!r}"] += 1
            connection.close()
        due += CONNECTIONS / RATE


def main(address: str) -> None:
    """Send from several threads, spread evenly."""
    answers = collections.Counter[str]()
    start, ended = time.monotonic(), threading.Event()
    threads = [
        threading.Thread(target=send, args=(address, ended, start + number / RATE, answers))
        for number in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
