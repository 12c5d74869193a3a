"""``arcloop execute``: every line in gives one line out, in order, whatever is on it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from arcloop.cli import execute
from arcloop.errors import ArcloopError

TURN = "def transform(g):\n    return g.T"
GRID = [[1, 2], [3, 4]]
LINES = [
    json.dumps({"id": "turn", "source": TURN, "inputs": [GRID, [[5]]]}),
    "not json",
    "",
    json.dumps(
        {"id": 7, "source": "def transform(g):\n    return g / 0 if g.size > 1 else g", "inputs": [GRID, [[5]]]}
    ),
    json.dumps(["a", "list"]),
    json.dumps({"id": "no source", "inputs": [GRID]}),
    json.dumps({"id": "bad grid", "source": TURN, "inputs": [GRID, [[1, 2], [3]]]}),
    json.dumps({"id": "bad cell", "source": TURN, "inputs": [[[True]]]}),
    json.dumps({"id": None, "source": "'\ud83d'", "inputs": [GRID]}),
    json.dumps({"id": "crash", "source": "import os\nos.abort()", "inputs": [GRID]}),
    json.dumps({"id": "turn", "source": TURN, "inputs": [GRID, [[5]]]}),
    json.dumps(
        {"id": {"any": "json"}, "source": "def transform(g):\n    return g * 0 + hash('x') % 10", "inputs": [GRID]}
    ),
    "[" * 100_000,
]


def run(folder: Path, *options: str) -> list[dict[str, Any]]:
    (folder / "in.jsonl").write_text("\n".join(LINES) + "\n")
    assert execute.main(["--programs", str(folder / "in.jsonl"), "--out", str(folder / "out.jsonl"), *options]) == 0
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("mode", ["batch", "strict"])
def test_one_line_per_line_in_order(tmp_path: Path, mode: str) -> None:
    records = run(tmp_path, "--mode", mode, "--workers", "2", "--no-confirm")
    assert [record["id"] for record in records] == [
        *("turn", None, 7, None, "no source", "bad grid", "bad cell", None, "crash", "turn", {"any": "json"}, None)
    ]
    statuses = [record["status"] for record in records]
    refused = ["refused"] * 3
    assert statuses == [
        *("ok", "refused", "invalid_output", *refused, "refused", "syntax_error", "crash", "ok", "ok", "refused")
    ]
    assert records[0]["outputs"] == [[[1, 3], [2, 4]], [[5]]]
    assert records[2]["outputs"] == [None, [[5]]]
    assert set(records[0]) == {"id", "status", "outputs", "error", "cpu_seconds", "seconds"}
    assert "input 1 is not a grid" in records[5]["error"]


def test_confirming_finds_what_depends_on_the_hash_seed(tmp_path: Path) -> None:
    records = run(tmp_path, "--workers", "1")
    assert [record["status"] for record in records if record["id"] in ("turn", {"any": "json"})] == [
        *("ok", "ok", "nondeterministic")
    ]


def test_cached_lines_are_answered_again(tmp_path: Path) -> None:
    options = ["--cache", str(tmp_path / "cache"), "--mode", "strict"]
    first = run(tmp_path, *options)
    assert run(tmp_path, *options) == first


def test_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{LINES[0]}\n{LINES[1]}".encode())))
    assert execute.main(["--programs", "-", "--out", "-", "--workers", "1"]) == 0
    captured = capsys.readouterr()
    assert [json.loads(line)["status"] for line in captured.out.splitlines()] == ["ok", "refused"]
    assert "protection: " in captured.err
    assert "2 programs" in captured.err


def test_a_missing_file_and_a_bad_setting_are_the_users_errors(tmp_path: Path) -> None:
    with pytest.raises(ArcloopError, match="--programs"):
        execute.main(["--programs", str(tmp_path / "none"), "--out", "-"])
    with pytest.raises(ArcloopError, match="memory"):
        execute.main(["--programs", "-", "--out", "-", "--memory", "1"])


def test_input_and_output_must_differ_and_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    file, link, hard = (tmp_path / name for name in ("p.jsonl", "link.jsonl", "hard.jsonl"))
    file.write_text(LINES[0] + "\n")
    link.symlink_to(file)
    hard.hardlink_to(file)
    for out in (file, link, hard, tmp_path / "." / "p.jsonl"):
        with pytest.raises(ArcloopError, match="the file of --programs"):
            execute.main(["--programs", str(file), "--out", str(out)])
    assert file.read_text() == LINES[0] + "\n"
    out = tmp_path / "out.jsonl"
    out.write_text("earlier")

    def fail(*arguments: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execute, "_run", fail)
        with pytest.raises(KeyboardInterrupt):
            execute.main(["--programs", str(file), "--out", str(out)])
    assert out.read_text() == "earlier" and {path.name for path in tmp_path.iterdir()} == {
        *("p.jsonl", "link.jsonl", "hard.jsonl", "out.jsonl")
    }


def test_a_full_device_is_the_users_error(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(LINES[0] + "\n")
    for out in ("/dev/full", str(tmp_path / "p.jsonl" / "x"), "/proc/none/x", "a\0b"):
        with pytest.raises(ArcloopError, match="--out"):
            execute.main(["--programs", str(tmp_path / "p.jsonl"), "--out", out, "--no-confirm"])


def test_lines_that_cannot_be_read_are_refused_and_the_others_go_on(tmp_path: Path) -> None:
    good = LINES[0].encode()
    bad = [b'{"id": "\xff", "source": 1}', b'{"id": 1, "id": 2}', b'{"id": ' + b"1" * 5000 + b"}", b"\x00"]
    (tmp_path / "p.jsonl").write_bytes(b"\xef\xbb\xbf" + good + b"\n" + b"\n".join(bad) + b"\r\n" + good)
    assert execute.main(["--programs", str(tmp_path / "p.jsonl"), "--out", str(tmp_path / "o.jsonl")]) == 0
    made = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [one["status"] for one in made] == ["ok", *["refused"] * 4, "ok"]
    assert "not UTF-8: byte 0xff" in made[1]["error"] and "twice" in made[2]["error"]


def test_help_shows_the_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        execute.main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for word in ("--programs", "--timeout", '"inputs"', "nondeterministic", "batch"):
        assert word in text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_no_part_of_the_first_program(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes("\n".join([LINES[0], LINES[10]]).encode(encoding))
    main = ["--programs", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl")]
    assert execute.main(main) == 0
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [record["status"] for record in found] == ["ok", "ok"]
