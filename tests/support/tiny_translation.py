"""A hand-made translation model that writes in capitals, for tests without a model hub.

It is a real Transformer of CTranslate2 with a real SentencePiece model, in the folder that an
unpacked package of Argos Translate has. Its weights are not learned but laid out so that each
word attends to the word at its own position and becomes that word in capitals.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import sentencepiece
from ctranslate2.specs import TransformerSpec
from numpy.typing import NDArray

SPECIAL = ["<unk>", "<s>", "</s>"]
MOST_WORDS = 300  # more than the engine ever tries
SHARPNESS = 30.0  # of attention: all of it goes to one position
LOUDNESS = 30.0  # what was attended to drowns the word before

Weights = NDArray[np.float32]


def make_package(folder: Path, texts: Iterable[str], *, source: str, target: str) -> Path:
    """Write a package that translates the words of given texts.

    Args:
        folder: Where packages lie.
        texts: Hold every word that it shall know.
        source: ISO 639-1 code of the language that it claims to read.
        target: The same of the one that it claims to write.
    """
    package = folder / f"translate-{source}_{target}"
    (package / "model").mkdir(parents=True)
    lines = [line for line in texts if line.strip()]
    words = sorted({word for line in lines for word in line.split()})
    _train_tokenizer(package / "sentencepiece", [*lines, *(line.upper() for line in lines)])
    metadata = {"from_code": source, "to_code": target, "package_version": "1.0"}
    (package / "metadata.json").write_text(json.dumps(metadata))
    _build_model([f"▁{word}" for word in words]).save(str(package / "model"))
    return package


def _train_tokenizer(prefix: Path, lines: list[str]) -> None:
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(prefix),
        model_type="word",
        vocab_size=1000,
        hard_vocab_limit=False,
        minloglevel=2,
    )


def _build_model(words: list[str]) -> TransformerSpec:
    sources, targets = [*SPECIAL, *words], [*SPECIAL, *(word.upper() for word in words)]
    size = len(sources)
    width = size + MOST_WORDS
    tokens = np.eye(size, width, dtype=np.float32)
    places = np.eye(MOST_WORDS, width, k=size, dtype=np.float32)
    spec = TransformerSpec.from_config(num_layers=1, num_heads=1)
    spec.config.add_source_eos = True
    spec.register_source_vocabulary(sources)
    spec.register_target_vocabulary(targets)
    spec.encoder.embeddings[0].weight = tokens
    spec.decoder.embeddings.weight = tokens
    spec.decoder.projection.weight = tokens
    for part in (spec.encoder, spec.decoder):
        part.scale_embeddings = False
        part.position_encodings.encodings = places
        _fill_layer(part.layer[0], width)
        _fill_norm(part.layer_norm, width)
    token_part = np.diag(np.arange(width) < size).astype(np.float32)
    place_part = np.diag(np.arange(width) >= size).astype(np.float32)
    attention = spec.decoder.layer[0].attention
    _fill_norm(attention.layer_norm, width)
    attention.linear[0].weight = SHARPNESS * place_part
    attention.linear[1].weight = np.concatenate([place_part, token_part])
    attention.linear[2].weight = LOUDNESS * token_part
    spec.validate()
    return spec


def _fill_layer(layer: TransformerSpec, width: int) -> None:
    """Set self-attention and feed-forward to add nothing."""
    nothing = np.zeros((width, width), np.float32)
    layer.self_attention.linear[0].weight = np.zeros((3 * width, width), np.float32)
    layer.self_attention.linear[1].weight = nothing
    layer.ffn.linear_0.weight = nothing
    layer.ffn.linear_1.weight = nothing
    _fill_norm(layer.self_attention.layer_norm, width)
    _fill_norm(layer.ffn.layer_norm, width)


def _fill_norm(norm: TransformerSpec, width: int) -> None:
    norm.gamma, norm.beta = np.ones(width, np.float32), np.zeros(width, np.float32)
