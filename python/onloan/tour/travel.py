"""Memory that goes elsewhere: through a socket, into another process, beside a pickle."""

from __future__ import annotations

import hashlib
import os
import pickle
import socket
import subprocess
import sys
import threading

from .stage import MIB, Buffer, Stage, address, mib, rate

SIZE = 16 * MIB
_CHILD = """\
import sys
from onloan import Buffer
with Buffer.shared(sys.argv[1], format="q") as shared:
    view = memoryview(shared)
    print(sum(view))
    view[0] = -1
    view.release()
"""


def a_socket(stage: Stage) -> None:
    """A socket sends from one buffer and receives into another."""
    sent = Buffer(os.urandom(MIB) * (SIZE // MIB))
    received = Buffer.zeros(SIZE)
    left, right = socket.socketpair()
    with left, right, memoryview(received) as room:
        sender = threading.Thread(target=_send, args=(left, sent))
        sender.start()

        def receive() -> int:
            done = 0
            while done < SIZE and (count := right.recv_into(room[done:])):
                done += count
            return done

        count, seconds = stage.timed(receive)
        sender.join()
    stage.say(f"sendall(sent) to recv_into(received): {mib(count)}, {rate(count, seconds)}")
    same = hashlib.blake2b(sent).digest() == hashlib.blake2b(received).digest()
    stage.check("what arrived is what was sent", same)
    stage.check("both sides have given the memory back", sent.exports == received.exports == 0)


def _send(connection: socket.socket, data: Buffer) -> None:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def another_process(stage: Stage) -> None:
    """Another process writes into shared memory."""
    try:
        shared = Buffer.shared(create=True, shape=1000, format="q")
    except (NotImplementedError, OSError) as error:
        stage.skip(f"shared memory: {error}")
        return
    try:
        shared.fill(7)
        stage.show("shared", shared)
        child = subprocess.run(
            [sys.executable, "-c", _CHILD, shared.name or ""], capture_output=True, text=True, timeout=60
        )
        stage.check(f"the child read a sum of {child.stdout.strip() or child.stderr.strip()}", child.stdout.strip() == "7000")
        with memoryview(shared) as view:
            stage.check(f"and wrote {view[0]}, which is seen here", view[0] == -1 and view[1] == 7)
    finally:
        shared.unlink()
        shared.close()


def a_pickle(stage: Stage) -> None:
    """A pickle carries shape and format, and leaves the memory where it is."""
    table = Buffer.zeros((1024, 2048), "d")
    table.fill(1.5)
    beside: list[pickle.PickleBuffer] = []
    packed, seconds = stage.timed(lambda: pickle.dumps(table, 5, buffer_callback=beside.append))
    stage.say(f"pickle.dumps(table, 5, buffer_callback=…): {len(packed)} bytes in {seconds * 1e6:.0f} µs, {mib(table.nbytes)} beside it")
    again = pickle.loads(packed, buffers=beside)
    stage.show("pickle.loads(…, buffers=…)", again)
    stage.check("the same memory: nothing was copied", address(again) == address(table))
    stage.check(f"the ledger knows: table.exports is {table.exports}", table.exports == 2)
    stage.refused("table.close()", table.close, "2 exports are out")
    again.close()
    for buffer in beside:
        buffer.release()
    stage.check("given back, all of it", table.exports == 0)
    copied = pickle.loads(pickle.dumps(table, 4))
    stage.check("below protocol 5 the bytes travel inside", copied.shape == table.shape and copied.tobytes() == table.tobytes())
    table.close()
    copied.close()
