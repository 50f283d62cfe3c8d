"""Lists a tar archive with Python's own reader.

Usage: tar_listing.py FILE

Prints a JSON list of members: name, size, kind, mode, time and bytes.
"""

import json
import sys
import tarfile


def main() -> None:
    with tarfile.open(sys.argv[1], "r:", errorlevel=2) as archive:
        members = [
            {
                "name": member.name,
                "size": member.size,
                "is_file": member.isreg(),
                "mode": member.mode,
                "mtime": member.mtime,
                "bytes": list(archive.extractfile(member).read()),
            }
            for member in archive
        ]
    print(json.dumps(members))


if __name__ == "__main__":
    main()
