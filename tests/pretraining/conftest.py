"""A network like the embedded model's, too small to know anything."""

import pytest

from arcloop.config import PretrainConfig
from arcloop.exercises.exercise import example_of
from arcloop.model.language import LanguageModel, chat_text
from arcloop.pretraining.network import new_network
from arcloop.pretraining.packs import held_out_row
from arcloop.pretraining.tokenizer import train_tokenizer
from arcloop.prompts.format import PromptFormat

SMALL = PretrainConfig(vocabulary=400, width=16, layers=1, heads=2, inner=32, cells=300, easy=0.5, pack=400)


@pytest.fixture(scope="session")
def small() -> PretrainConfig:
    return SMALL


@pytest.fixture
def model() -> LanguageModel:
    plain = PromptFormat("compact", lambda messages: messages[-1].content)
    tokenizer = train_tokenizer((example_of(held_out_row(SMALL, i), plain).completion for i in range(20)), 400)
    words = PromptFormat("compact", lambda messages: chat_text(tokenizer, messages))
    return LanguageModel("embedded", new_network(SMALL, tokenizer), tokenizer, words)
