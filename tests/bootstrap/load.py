"""Requests as a balancer sends them, run as a program until its input ends:

    load.py ADDRESS [RATE [METHOD PATH]]

RATE a second (24) over connections that stay open. One that the other end closed after it had said
so is made anew; a request that gets no answer on a connection that nobody said would close is lost.
Prints [seconds of the monotonic clock, answer] of each.
"""

import http.client
import json
import sys
import threading
import time

CONNECTIONS = 8
"""At most, and so few that each is used every second: a drain of some seconds outlasts that."""
Answers = list[tuple[float, str]]


def send(
    address: str,
    every: float,
    method: str,
    path: str,
    due: float,
    ended: threading.Event,
    answers: Answers,
) -> None:
    """Send one request each so many seconds from `due` on."""
    connection = http.client.HTTPConnection(address, 3000, timeout=5)
    while not ended.wait(max(0, due - time.monotonic())):
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            text = answer.read().decode()
            said = text if answer.status < 300 else f"{answer.status}: {text}"
        except (OSError, http.client.HTTPException) as error:
            said = f"lost: {error!r}"
            connection.close()
        answers.append((time.monotonic(), said))
        due += every


def main(address: str, rate: str = "24", method: str = "GET", path: str = "/api") -> None:
    """Send from several threads, spread evenly."""
    answers: Answers = []
    connections = max(1, min(CONNECTIONS, int(float(rate))))
    start, ended, every = time.monotonic(), threading.Event(), connections / float(rate)
    threads = [
        threading.Thread(
            target=send,
            args=(
                address,
                every,
                method,
                path,
                start + number * every / connections,
                ended,
                answers,
            ),
        )
        for number in range(connections)
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
