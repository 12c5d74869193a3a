"""Have a running server complete a prompt, and keep what was said.

    python -m tests.servers.record http://127.0.0.1:8080/v1 completions llama-cpp "llama.cpp (b1234)"

The file is one of those that ``tests/sampling/test_dialogues.py`` says again. Look at it before it is kept: what became
of the answers is written down as it is, right or wrong.
"""

import argparse
import dataclasses

from tests.sampling.dialogue import recording, sampled


def main() -> None:
    """Record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("api", choices=("completions", "chat"))
    parser.add_argument("name", help="of the file")
    parser.add_argument("server", help="its name as in docs/samplers.md, and in brackets its version")
    parser.add_argument("--model", default="served", help="its name there")
    options = parser.parse_args()
    source = "recorded with tests/servers/record.py"
    with recording(options.url, options.api, options.server, source, options.model) as (url, kept):
        made = sampled(url, options.api)
    dataclasses.replace(kept[0], made=tuple(made)).write(options.name)


main()
