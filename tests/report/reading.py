"""What a page holds, read back from its HTML."""

import base64
import json
import re
import zlib
from typing import Any

__all__ = ["index_of", "pieces_of", "shown_programs"]


def index_of(html: str) -> dict[str, Any]:
    """What the page knows from the beginning."""
    found = re.search(r'<script type="application/json" id="index">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    content: dict[str, Any] = json.loads(found[1])
    return content


def pieces_of(html: str) -> list[dict[str, Any]]:
    """The pieces of its tasks."""
    found = re.findall(r'<script type="application/octet-stream" id="piece-\d+">(.*?)</script>', html, re.DOTALL)
    return [json.loads(zlib.decompress(base64.b64decode(piece))) for piece in found]


def shown_programs(html: str) -> list[dict[str, Any]]:
    """All programs, over tasks and runs."""
    return [program for piece in pieces_of(html) for run in piece["runs"] if run for program in run["programs"]]
