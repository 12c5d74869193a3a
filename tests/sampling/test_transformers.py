"""The shared-prefix decoder against ``generate``, and what a completion may depend on."""

import copy
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from arcloop.config import AugmentConfig, SamplingConfig, TrainingConfig
from arcloop.errors import RunError
from arcloop.model import attention
from arcloop.model.card import model_folder
from arcloop.model.language import LanguageModel, load_model
from arcloop.model.shape import shape_of
from arcloop.prompts.format import make_prompts
from arcloop.records import Completion, FinishReason
from arcloop.sampling import Draw, Request, memory, prefixes, suffixes
from arcloop.sampling import transformers as transformers_sampler
from arcloop.sampling.choose import choose
from arcloop.sampling.memory import PrefixMemory
from arcloop.sampling.transformers import TransformersSampler
from arcloop.seeds import seed_of
from arcloop.tasks.sets import load_tasks
from tests.arc_grids import FLIP


@pytest.fixture(scope="module")
def model() -> Iterator[LanguageModel]:
    yield load_model("embedded")


@pytest.fixture(params=["cpu", "gpu"])
def layout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompts and rows as they are laid out on a CPU, and as on a GPU."""
    if request.param == "gpu":
        monkeypatch.setattr(memory, "Ragged", lambda: prefixes.Padded(torch.device("cpu")))
        monkeypatch.setattr(memory, "Cohorts", lambda longest: suffixes.Level(torch.device("cpu"), longest))


def requests(draws: int, tasks: int = 3, temperature: float = 1.0) -> list[Request]:
    made = []
    small = [FLIP, *load_tasks("arc1-train", None, ("67a3c6ac", "25ff71a9", "3c9b0459", "6150a2bd"))]
    model_ = load_model("embedded")
    for task in small[:tasks]:
        for prompt in make_prompts(task, 0, 1, 1, AugmentConfig(), model_.format, seed=5):
            ids = [Draw(f"{task.id}/d{d}", seed_of(7, task.id, d), temperature) for d in range(draws)]
            made.append(Request(prompt, tuple(ids)))
    return made


def sample(model: LanguageModel, asked: list[Request], **settings: float) -> dict[str, Completion]:
    config = SamplingConfig(**{"max_tokens": 60, "max_prompt_tokens": 4096, **settings})  # type: ignore[arg-type]
    return {completion.id: completion for completion in TransformersSampler(model, config).sample(asked)}


@pytest.mark.usefixtures("layout")
def test_greedy_completions_equal_those_of_generate(model: LanguageModel) -> None:
    reference = AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype=torch.float32)
    ours = sample(model, requests(2, temperature=0))
    for request in requests(1):
        ids = torch.tensor([model.encode(request.prompt.text)])
        out = reference.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=60,
            pad_token_id=model.tokenizer.pad_token_id,
        )
        expected = model.decode([t for t in out[0, ids.shape[1] :].tolist() if t not in model.stop_ids])
        for draw in range(2):
            assert ours[f"{request.prompt.task_id}/d{draw}"].text == expected


@pytest.mark.usefixtures("layout")
def test_a_completion_does_not_depend_on_its_neighbours(model: LanguageModel) -> None:
    asked = requests(3, tasks=2)
    single = [Request(r.prompt, (d,)) for r in asked for d in r.draws]
    texts = [
        {i: c.text for i, c in sample(model, some, max_tokens=30, rows=rows).items()}
        for some, rows in ((asked, 64), (asked, 3), (single, 1))
    ]
    assert texts[0] == texts[1] == texts[2]


def grouped_model(model: LanguageModel) -> tuple[LanguageModel, LlamaForCausalLM]:
    """A random network with fewer key than query heads, as ours and untouched."""
    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=len(model.tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=8,
        num_key_value_heads=2,
        intermediate_size=64,
        eos_token_id=model.end_id,
    )
    plain = LlamaForCausalLM(shape).eval()
    # A network keeps its configuration, and with it the way it attends: each needs its own.
    ours = LlamaForCausalLM(copy.deepcopy(shape)).eval()
    ours.load_state_dict(plain.state_dict())
    attention.install(ours)
    return LanguageModel("grouped", ours, model.tokenizer, model.format), plain


@pytest.mark.usefixtures("layout")
def test_grouped_heads_give_the_tokens_of_generate_past_the_growth_of_the_memory(model: LanguageModel) -> None:
    ours, plain = grouped_model(model)
    made = sample(ours, requests(2, temperature=0), max_tokens=100)
    for request in requests(1):
        ids = torch.tensor([ours.encode(request.prompt.text)])
        out = plain.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=100,
            pad_token_id=ours.tokenizer.pad_token_id,
        )
        expected = ours.decode([t for t in out[0, ids.shape[1] :].tolist() if t not in ours.stop_ids])
        assert made[f"{request.prompt.task_id}/d1"].text == expected


def test_grouped_heads_attend_alike_in_both_ways(model: LanguageModel) -> None:
    ours, plain = grouped_model(model)
    ids = torch.tensor([ours.encode(requests(1)[0].prompt.text)])
    places = torch.arange(ids.shape[1])[None]
    with torch.inference_mode():
        expected = plain(ids, use_cache=False).logits
        exact = ours.logits(ours.hidden(ids, places, segments=[ids.shape[1]]))
        with torch.autocast("cpu", torch.bfloat16):
            rough = ours.logits(ours.hidden(ids, places, segments=[ids.shape[1]]))
    assert torch.allclose(exact, expected, atol=1e-5)
    assert (rough - expected).abs().max() < 0.05


def test_a_pass_that_would_mix_rows_fails(model: LanguageModel) -> None:
    with pytest.raises(RuntimeError, match="segments= or memory="):
        model.hidden(torch.tensor([[1, 2]]), torch.tensor([[0, 1]]))


def test_attention_that_is_not_computed_is_refused() -> None:
    some = torch.zeros(1, 1, 1, 2)
    with pytest.raises(ValueError, match="sliding_window"):
        attention._attention(None, some, some, some, None, 1.0, segments=[1], sliding_window=4)


def test_every_draw_gives_one_completion_with_its_facts(model: LanguageModel) -> None:
    asked = requests(5)
    made = sample(model, asked, max_tokens=24)
    assert made.keys() == {draw.completion_id for request in asked for draw in request.draws}
    for completion in made.values():
        assert 1 <= completion.tokens <= 24
        assert completion.logprob < 0
        assert (completion.finish_reason is FinishReason.LENGTH) <= (completion.tokens == 24)
        assert "<|" not in completion.text


def test_tokens_are_told_before_a_completion_ends(model: LanguageModel) -> None:
    told: list[int] = []
    config = SamplingConfig(max_tokens=20, max_prompt_tokens=4096)
    stream = TransformersSampler(model, config).sample(requests(2, tasks=1), told.append)
    first = next(stream)
    assert told and told[0] == 2 * 5 and told == sorted(told)
    list(stream)
    assert max(told) <= 2 * 20 and first.tokens <= 20


def test_log_probabilities_are_those_of_the_network(model: LanguageModel) -> None:
    request = requests(8)[0]
    checked = 0
    for completion in sample(model, [request], max_tokens=20).values():
        if completion.finish_reason is FinishReason.STOP:
            continue
        prompt = model.encode(request.prompt.text)
        # Special tokens are left out of the text; none may have been sampled for this check to hold.
        ids = [*prompt, *model.tokenizer(completion.text, add_special_tokens=False)["input_ids"]]
        if len(ids) != len(prompt) + 20:
            continue
        with torch.inference_mode():
            hidden = model.hidden(torch.tensor([ids]), torch.arange(len(ids))[None], segments=[len(ids)])
            logprobs = model.logits(hidden[0]).log_softmax(1)
        expected = sum(logprobs[i - 1, ids[i]].item() for i in range(len(prompt), len(ids)))
        assert completion.logprob == pytest.approx(expected, abs=1e-3)
        checked += 1
    assert checked > 0


def test_prompts_begin_with_exactly_one_bos(model: LanguageModel) -> None:
    ids = model.encode(requests(1)[0].prompt.text)
    assert ids[0] == model.tokenizer.bos_token_id
    assert ids.count(model.tokenizer.bos_token_id) == 1
    # A template that leaves the token to the tokenizer gets none from us unless the tokenizer adds it itself.
    assert model.encode("Black Blue").count(model.tokenizer.bos_token_id) == 0


def test_the_end_of_an_answer_stops_it_and_padding_is_another_token(model: LanguageModel) -> None:
    assert model.end_id in model.stop_ids
    assert model.tokenizer.convert_ids_to_tokens(model.end_id) == "<|eot_id|>"
    assert model.tokenizer.pad_token_id not in model.stop_ids


def test_sampled_frequencies_follow_the_cut_distribution() -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    count = 20_000
    uniform = torch.rand(count, generator=torch.Generator().manual_seed(0))
    tokens, logprobs = choose(logits.expand(count, 4), uniform, temperature=1.0, top_p=0.9)
    shares = {token: n / count for token, n in Counter(tokens.tolist()).items()}
    # 0.5 + 0.3 < 0.9, so the third stays and the fourth goes; the rest is renormalised.
    assert set(shares) == {0, 1, 2}
    for token, probability in enumerate((0.5, 0.3, 0.15)):
        assert shares[token] == pytest.approx(probability / 0.95, abs=4 * math.sqrt(0.25 / count))
    assert logprobs[tokens == 1][0].item() == pytest.approx(math.log(0.3), abs=1e-5)


def test_the_whole_vocabulary_is_looked_at_where_the_likeliest_tokens_hold_too_little() -> None:
    flat = torch.zeros(1, 5000)
    drawn = {choose(flat, torch.tensor([u]), 1.0, 0.95)[0].item() for u in (0.0, 0.2, 0.5, 0.8, 0.999)}
    assert len(drawn) == 5
    assert choose(flat, torch.tensor([0.9999]), 0.5, 1.0)[0].item() < 5000


def test_a_number_that_rounds_to_one_stays_in_the_nucleus() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]]))
    assert choose(logits, torch.tensor([1.0 - 1e-9]), 1.0, 0.9)[0].item() == 2


def test_temperature_zero_takes_the_likeliest() -> None:
    tokens, _ = choose(torch.tensor([[0.1, 2.0, 0.3]]), torch.tensor([0.99]), 0.0, 0.95)
    assert tokens.tolist() == [1]


def test_rows_of_several_temperatures_are_drawn_as_each_would_be_alone() -> None:
    logits = torch.randn(6, 50, generator=torch.Generator().manual_seed(1)) * 3
    uniform, heat = torch.linspace(0.05, 0.95, 6), [0.0, 0.3, 1.0, 0.0, 2.0, 0.7]
    together, _ = choose(logits, uniform, torch.tensor(heat), 0.95)
    alone = [choose(logits[i : i + 1], uniform[i : i + 1], t, 0.95)[0].item() for i, t in enumerate(heat)]
    assert together.tolist() == alone
    assert together[0] == logits[0].argmax() and together[3] == logits[3].argmax()


def test_a_completion_is_sampled_at_its_own_temperature_and_says_so(model: LanguageModel) -> None:
    (request,) = requests(4, tasks=1)
    heat = (0.0, 1.5, 0.0, 1.0)
    mixed = tuple(replace(draw, temperature=t) for draw, t in zip(request.draws, heat, strict=True))
    made = sample(model, [replace(request, draws=mixed)], max_tokens=30)
    assert tuple(made[draw.completion_id].temperature for draw in mixed) == heat
    assert made[mixed[0].completion_id].text == made[mixed[2].completion_id].text


def texts(model: LanguageModel, asked: list[Request], **settings: float) -> dict[str, str]:
    return {name: completion.text for name, completion in sample(model, asked, max_tokens=40, **settings).items()}


@pytest.mark.usefixtures("layout")
def test_completions_are_the_same_however_many_are_decoded_side_by_side(model: LanguageModel) -> None:
    asked = requests(6, tasks=4)
    expected = texts(model, asked, rows=32)
    # With 4 rows prompts are split, and enter while others are being decoded.
    assert texts(model, asked, rows=1) == texts(model, asked, rows=4) == texts(model, asked, rows=7) == expected


@pytest.mark.usefixtures("layout")
def test_a_prompt_that_is_read_in_parts_gives_the_same(model: LanguageModel) -> None:
    asked = requests(2, tasks=3)
    assert texts(model, asked, prefill_tokens=37) == texts(model, asked)


def test_out_of_memory_it_goes_on_with_half_as_many_rows(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, hidden = requests(6, tasks=3), LanguageModel.hidden
    expected = texts(model, asked)
    sizes: list[int] = []

    def short_of_memory(self: LanguageModel, input_ids: torch.Tensor, *rest: object, **others: object) -> torch.Tensor:
        if input_ids.shape[1] == 1:
            sizes.append(len(input_ids))
            if len(input_ids) > 5:
                raise torch.OutOfMemoryError("no more")
        return hidden(self, input_ids, *rest, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(LanguageModel, "hidden", short_of_memory)
    sampler = TransformersSampler(model, SamplingConfig(max_tokens=40, rows=16))
    assert {c.id: c.text for c in sampler.sample(asked)} == expected
    # 16, 8, then 4, which is kept to: also by the next call.
    seen = sizes.copy()
    assert max(seen) > 5 and sum(size > 5 for size in seen) == 2
    assert {c.id: c.text for c in sampler.sample(asked)} == expected
    assert max(sizes[len(seen) :]) <= 4


def test_out_of_memory_prompts_are_read_in_smaller_parts(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, hidden = requests(2, tasks=3), LanguageModel.hidden
    expected = texts(model, asked)
    sizes: list[int] = []

    def short_of_memory(self: LanguageModel, input_ids: torch.Tensor, *rest: object, **others: object) -> torch.Tensor:
        sizes.append(input_ids.shape[1])
        if input_ids.shape[1] > 64:
            raise torch.OutOfMemoryError("no more")
        return hidden(self, input_ids, *rest, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(LanguageModel, "hidden", short_of_memory)
    monkeypatch.setattr(transformers_sampler, "_LEAST", 32)
    sampler = TransformersSampler(model, SamplingConfig(max_tokens=40))
    assert {c.id: c.text for c in sampler.sample(asked)} == expected
    # 32,768 tokens halved nine times; a prompt is longer.
    assert max(sizes) > 64 and sampler.limits == (1, 64)


def test_a_row_that_has_ended_goes_on_until_it_is_looked_for(model: LanguageModel) -> None:
    asked = requests(5, tasks=4)
    whole = texts(model, asked)
    for most in (
        37,
        38,
        39,
    ):  # not all rows that are decoded side by side began together, and a look is every four steps
        made = sample(model, asked, max_tokens=most, rows=7)
        assert all(whole[name].startswith(completion.text) for name, completion in made.items())


@pytest.mark.usefixtures("layout")
def test_keys_and_values_stay_within_their_bytes(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, enter = requests(4, tasks=4), PrefixMemory.enter
    shape = shape_of(model.network.config)
    assert shape is not None
    longest = max(len(model.encode(request.prompt.text)) for request in asked)
    inside: list[int] = []

    def counted(self: PrefixMemory, owner: int, count: int) -> None:
        enter(self, owner, count)
        # Either way a prompt's keys are (heads, tokens, width).
        prompts = self._prefixes._keys[0]  # type: ignore[attr-defined]
        inside.append(sum(keys.shape[1] for keys in prompts) + len(self.owners) * 40)

    monkeypatch.setattr(PrefixMemory, "enter", counted)
    # Room for two prompts with their completions, then for less than one, which is let in all the same.
    for tokens, most in ((2 * (longest + 4 * 40), 2 * (longest + 4 * 40)), (1, longest + 4 * 40)):
        inside.clear()
        kept = tokens * shape.kept(model.network.dtype.itemsize) / 2**30
        assert texts(model, asked, cache_gib=kept) == texts(model, asked)
        assert longest < max(inside[: len(asked)]) <= most


def test_unlikely_tokens_go_by_min_p() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]]))
    drawn = {choose(logits, torch.tensor([u / 100]), 1.0, 1.0, min_p=0.4)[0].item() for u in range(100)}
    assert drawn == {0, 1}  # at least 0.4 × 0.5


def test_an_adapter_is_held_while_it_samples_and_no_longer(model: LanguageModel, tmp_path: Path) -> None:
    fresh = load_model("embedded")
    adapter = fresh.trainable_adapter(TrainingConfig(lora_r=4, use_dora=True))
    (request,) = requests(3, tasks=1)
    base = texts(fresh, [request])
    assert base == texts(model, [request])
    with torch.no_grad():
        for name, parameter in adapter.parameters.items():
            if "lora_B" in name:
                parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)) * 0.2)
    changed = texts(fresh, [request])
    assert changed != base
    adapter.save(tmp_path)
    ids = torch.tensor([fresh.encode(request.prompt.text)])
    with torch.inference_mode():
        places = torch.arange(ids.shape[1])[None]
        ours = fresh.logits(fresh.hidden(ids, places, segments=[ids.shape[1]]))
        network = AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype=torch.float32)
        theirs = PeftModel.from_pretrained(network, str(tmp_path))(ids, use_cache=False).logits
    assert torch.allclose(ours, theirs, atol=1e-2)  # of logits up to 9, after an adapter of noise
    fresh.use_adapter(None)
    assert texts(fresh, [request]) == base


def test_logits_that_are_no_numbers_are_told_in_one_line() -> None:
    for wrong in (math.nan, math.inf):
        logits = torch.zeros(2, 8)
        logits[1, 3] = wrong
        with pytest.raises(RunError, match="not finite"):
            choose(logits, torch.tensor([0.5, 0.5]), 1.0, 0.95)
    masked = torch.full((1, 8), -math.inf)
    masked[0, 2] = 0.0
    assert choose(masked, torch.tensor([0.5]), 1.0, 0.95)[0].tolist() == [2]
