"""``arcloop search`` and what it shares with ``run``, on random programs and on the embedded model."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from arcloop.cli import main, search
from arcloop.config import PromptConfig, read_config
from arcloop.model.card import model_folder
from arcloop.model.description import adapter_rank
from arcloop.prompts.format import PromptFormat, named_template
from arcloop.runs.rundir import RunDir
from arcloop.submission.kaggle import validate
from tests import ROOT
from tests.arc_grids import FLIP

Printed = pytest.CaptureFixture[str]

TEMPLATE = """{% block system %}{% endblock %}
{% block user %}Rule?{% for example in examples %}{{ example.input }}>{{ example.output }};{% endfor %}{{ test_input }}{% endblock %}
{% block prefix %}{% endblock %}
{% block answer %}{{ source }}{% endblock %}
"""


@pytest.fixture
def arcloop(monkeypatch: pytest.MonkeyPatch, capsys: Printed):  # type: ignore[no-untyped-def]
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["arcloop", *map(str, arguments)])
        code = main()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


SMALL = ("--dataset", "drawing", "--limit", 2, "--n-predictions", 6)


def test_a_search_writes_an_ordinary_run(arcloop, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "run"
    code, printed, _ = arcloop("search", "--model-path", "grammar", *SMALL, "--batch-size", 3, "--output-dir", out)
    assert code == 0 and "random programs of the grammar" in printed and "pass@n" in printed
    run = RunDir.open(out)
    validate(run.read("submission.json"), run.tasks())
    assert len(run.group(0, 0).prompts()) == 4 and run.numbers().run.programs == 12
    assert arcloop("evaluate", out)[0] == arcloop("resume", out)[0] == 0
    # The same words again are the same run; other ones are not.
    assert arcloop("search", "--model", "grammar", *SMALL, "--batch-size", 3, "--out", out)[0] == 0
    code, _, error = arcloop("search", "--sampler", "grammar", *SMALL, "--out", out)
    assert code == 2 and "completions_per_prompt" in error


def test_a_search_is_replayed_to_the_same_submission(arcloop, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    arcloop("search", "--sampler", "grammar", *SMALL, "--no-use-data-augmentation", "--output-dir", first)
    for command, out in (("search", second), ("run", third)):
        code, printed, error = arcloop(command, "--model", "replay", "--from", first, "--out", out)
        assert code == 0, error
        assert f"completions of the run {first}" in printed and "skipped" not in printed
        for name in ("prompts", "completions", "programs", "scores"):
            path = Path("round_000", "group_000", f"{name}.parquet")
            assert (out / path).read_bytes() == (first / path).read_bytes(), name
        assert (out / "submission.json").read_bytes() == (first / "submission.json").read_bytes()
    code, printed, _ = arcloop("run", "--from", first, "--limit", 3, "--programs", 8, "--out", tmp_path / "more")
    assert code == 0
    assert f"skipped     1 prompts (not asked in {first}, or too long there): r0/" in printed
    assert f"failed      4 completions (not in {first})" in printed


def test_every_option_reaches_the_configuration(arcloop, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "own.jinja").write_text(TEMPLATE)
    options = (
        "--max-model-len", 3000, "--max-output-tokens", 500, "--temperature", 0.5, "--top-p", 0.9, "--seed", 7,
        "--tensor-parallel-size", 2, "--use-4bit-quantization", "--execution.workers", 1,
        "--no-use-data-augmentation", "--prompt-template", tmp_path / "own.jinja",
        "--prompt.library", "--prompt.cells", 40, "--sampling.rows", 5,
        "--engine.quantization", "fp8", "--engine.extra", "max_num_seqs=9", "kv_cache_dtype=fp8",
    )  # fmt: skip
    code, _, error = arcloop("search", "--sampler", "grammar", *SMALL, *options, "--output-dir", tmp_path / "run")
    assert code == 0, error
    config = read_config(tmp_path / "run" / "config.json")
    sampling = config.sampling
    assert (sampling.max_prompt_tokens, sampling.max_tokens, sampling.temperature, sampling.top_p) == (
        2500,
        500,
        (0.5,),
        0.9,
    )
    assert (config.seed, config.programs, config.rounds, config.limit) == (7, 6, 1, 2)
    assert config.engine.tensor_parallel_size == 2 and config.loading.use_4bit_quantization
    assert (config.engine.quantization, config.engine.extra) == ("fp8", ("max_num_seqs=9", "kv_cache_dtype=fp8"))
    assert config.augment.dihedral is config.augment.colors is config.augment.order is False
    assert config.execution.workers == 1 and config.prompt == PromptConfig(TEMPLATE, True, 40)
    assert sampling.rows == 5
    assert RunDir.open(tmp_path / "run").group(0, 0).prompts()[0].text.startswith("Rule?Black")


def test_a_search_in_4_bits_is_one_of_the_engine_where_there_is_one() -> None:
    asked = replace(search._defaults(search.RUN), tasks="drawing", output_dir=Path("out"), use_4bit_quantization=True)
    assert search._config(asked, search.RUN).engine.quantization is None
    assert search._config(replace(asked, sampler="vllm"), search.RUN).engine.quantization == "bitsandbytes"
    asked = replace(asked, sampler="vllm", engine_quantization="fp8")
    assert search._config(asked, search.RUN).engine.quantization == "fp8"


def test_the_embedded_model_searches_with_an_adapter_and_skips_what_is_too_long(
    arcloop,
    tmp_path: Path,  # type: ignore[no-untyped-def]
) -> None:
    ids = ("25ff71a9", "007bbfb7")  # 3 × 3 grids, and 9 × 9 ones
    learned = tmp_path / "learned"
    settings = ("--tasks", "arc1-train", "--task-ids", ids[0])
    arcloop("run", *settings, "--programs", 4, "--sampling.max-tokens", 48, "--out", learned)
    adapter = learned / "round_000" / "group_000" / "adapter"
    assert (adapter / "adapter_config.json").is_file()
    few = ("--n-predictions", 2, "--max-output-tokens", 16, "--max-model-len", 216)
    code, printed, error = arcloop(
        "search",
        "--tasks",
        "arc1-train",
        "--task-ids",
        *ids,
        *few,
        "--lora-path",
        adapter,
        "--output-dir",
        tmp_path / "run",
    )
    assert code == 0, error
    assert f"model embedded with adapter {adapter}" in printed
    assert "skipped     1 prompts (longer than 200 tokens): r0/007bbfb7/p0" in printed
    run = RunDir.open(tmp_path / "run")
    assert run.group(0, 0).search_numbers().completions == 2
    shutil.rmtree(adapter)
    assert arcloop("evaluate", run.path)[0] == 0


def test_errors_are_one_line(arcloop, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bad.jinja").write_text(TEMPLATE.replace("block answer", "block reply"))
    out = ("--out", tmp_path / "o")
    cases = [
        (("search", *out), "expected a task set such as arc1-train, or --from"),
        (("search", *SMALL, "--lora-path", tmp_path, *out), "no adapter_config.json in it"),
        (
            ("search", *SMALL, "--max-model-len", 10, "--max-output-tokens", 10, *out),
            "expected more than max-output-tokens",
        ),
        (("search", *SMALL, "--prompt-template", tmp_path / "bad.jinja", *out), "no block 'answer'"),
        (("run", "--tasks", "drawing", "--prompt-template", "haiku", *out), "barc, compact, plain or a file"),
        (("search", *SMALL, "--model", "replay", *out), "expected a run's folder with --sampler replay"),
        (("search", "--from", tmp_path, *out), "no config.json in it"),
        (("run", "--tasks", "drawing", "--adapter", tmp_path, *out), "no adapter_config.json in it"),
        (
            ("run", "--tasks", "drawing", "--model", "grammar", "--adapter", tmp_path, "--rounds", 1, *out),
            "expected none",
        ),
    ]
    for arguments, words in cases:
        code, _, error = arcloop(*arguments)
        assert code == 2, (arguments, error)
        (line,) = error.splitlines()
        assert words in line
    assert not (tmp_path / "o").exists()


def test_random_programs_search_on_where_a_model_would_learn(arcloop, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "run"
    code, printed, _ = arcloop(
        "run", "--model", "grammar", "--tasks", "drawing", "--limit", 1, "--programs", 4, "--out", out
    )
    assert code == 0 and "nothing here learns: 2 rounds are 2 searches" in printed
    sources = [{c.program.source for c in RunDir.open(out).group(r, 0).candidates()} for r in range(2)]
    assert sources[0] != sources[1] and not (out / "round_000" / "group_000" / "adapter").exists()
    code, _, error = arcloop("relabel", out, "--out", tmp_path / "set")
    assert code == 2 and "random programs, without weights or a tokenizer" in error
    prompts = []
    for name, template in (("set", ()), ("plain", ("--prompt-template", "plain"))):
        assert arcloop("relabel", out, "--model", "embedded", *template, "--out", tmp_path / name)[0] == 0
        prompts.append(pq.read_table(tmp_path / name / "examples.parquet")["prompt"][0].as_py())
    assert prompts[0] != prompts[1]


def test_show_prompt_shows_a_template_of_ones_own(arcloop, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "own.jinja").write_text(TEMPLATE)
    code, printed, error = arcloop("show", "prompt", "25ff71a9", "--prompt-template", tmp_path / "own.jinja")
    assert code == 0 and "Rule?Blue Blue Blue" in printed and "tokens; embedded is asked with up to 4,096" in error


def test_a_model_without_a_chat_template_is_refused(arcloop, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "model"
    shutil.copytree(model_folder("embedded"), folder)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"chat_template": None}))
    assert not AutoTokenizer.from_pretrained(folder).chat_template
    for arguments in (("show", "prompt", "25ff71a9"), ("search", *SMALL, "--out", tmp_path / "o")):
        code, _, error = arcloop(*arguments, "--model", folder)
        assert code == 2
        assert f"--model {folder}: its tokenizer has no chat template; expected a chat model" in error.splitlines()[-1]


def test_the_template_in_the_documentation_works(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "search.md").read_text()
    start = text.index("{% block system %}")
    (tmp_path / "own.jinja").write_text(text[start : text.index("\n```\n\n`system`", start)])
    words = PromptFormat(named_template(str(tmp_path / "own.jinja")), lambda messages: messages[-1].content)
    assert "Blue Red Black\nBlack Black Black\nbecomes\nBlack Red Blue" in words.prompt_text(FLIP, 0)


def test_the_rank_of_an_adapter_is_its_largest(tmp_path: Path) -> None:
    description = {"peft_type": "LORA", "r": 8, "rank_pattern": {"layers.1.q_proj": 24}}
    (tmp_path / "adapter_config.json").write_text(json.dumps(description))
    assert adapter_rank(tmp_path) == 24
    (tmp_path / "adapter_config.json").write_text(json.dumps(description | {"rank_pattern": None}))
    assert adapter_rank(tmp_path) == 8


@pytest.mark.parametrize("special", [{"use_dora": True}, {"bias": "lora_only"}, {"trainable_token_indices": [3, 4]}])
def test_adapters_that_vllm_cannot_compute_with_are_searched_with(  # type: ignore[no-untyped-def]
    arcloop, special: dict[str, Any], tmp_path: Path
) -> None:
    base = AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype="float32")
    get_peft_model(base, LoraConfig(r=4, target_modules=["q_proj"], **special)).save_pretrained(tmp_path / "adapter")
    code, printed, error = arcloop("search", *SMALL, "--lora-path", tmp_path / "adapter", "--out", tmp_path / "run")
    assert code == 0, error
    assert "pass@n" in printed
