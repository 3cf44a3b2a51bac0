"""``download_terraform.py URL SHA256 FOLDER``: puts ``terraform`` from the zip at URL in FOLDER, if the sum is right."""

import hashlib
import io
import sys
import urllib.request
import zipfile
from pathlib import Path


def main(url, expected, folder):
    """Downloads, compares, unpacks; nothing is written before the sum has been found right."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            data = answer.read()
    except OSError as error:
        sys.exit(f"{url}: {error}")
    actual = hashlib.sha256(data).hexdigest()
    if actual != expected:
        sys.exit(f"{url}: its SHA-256 is {actual}, but it should be {expected}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        program = Path(folder, "terraform")
        program.write_bytes(archive.read("terraform"))
        program.chmod(0o755)


main(*sys.argv[1:])
