"""``python -m local_aws [PORT]``: serves on 127.0.0.1, prints the port it got, ends when standard input ends."""

import sys

from .server import serve

serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
