"""Starts the real server and runs a program with its address, its certificate authority and two
tokens in the environment.

with_service.py PROGRAM ARGUMENT…
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import county
from harness.process import Service


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="chronology-typescript.") as folder:
        service = Service(Path(folder))
        try:
            service.start()
            variables = {
                "NODE_EXTRA_CA_CERTS": str(service.ca_file),
                "STORY_URL": service.public_url,
                "STORY_NHS_NUMBER": county.NHS_NUMBERS[0],
                "STORY_WORKER": service.token(
                    county.SOCIAL_CARE, ["social_worker"], "worker", "Edda Quillfeather"
                ),
                "STORY_SURGERY": service.token(
                    "millrace-surgery", ["practitioner"], "surgery", "Dr Ottoline Pym"
                ),
            }
            return subprocess.run(sys.argv[1:], env=os.environ | variables, check=False).returncode
        finally:
            service.cleanup()


if __name__ == "__main__":
    sys.exit(main())
