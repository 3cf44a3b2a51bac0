"""Runs a command; prints how many seconds it took and how many bytes it had resident at most.

The figure is `ru_maxrss` of wait4(2). It counts what this process itself had when it started the command, so nothing
below some 10 MB can be seen. What the command says is shown only if it fails.
"""

import os
import sys
import tempfile
import time

with tempfile.TemporaryFile() as said:
    streams = [(os.POSIX_SPAWN_DUP2, said.fileno(), 1), (os.POSIX_SPAWN_DUP2, said.fileno(), 2)]
    begin = time.perf_counter()
    process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=streams)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - begin
    if status != 0:
        said.seek(0)
        sys.stderr.buffer.write(said.read())
        sys.exit(f"{sys.argv[1]}: status {status}")
# "maxrss" is in kilobytes on Linux (getrusage(2)) and in bytes on macOS.
print(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
