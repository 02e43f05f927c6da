"""Translates text with CTranslate2 and SentencePiece."""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

import ctranslate2
import sentencepiece

from services.kit.work import WorkError
from services.transcriber.transcript import Segment
from services.transcriber.translation import TOKENIZER, Package

logger = logging.getLogger(__name__)

# Argos Translate's own decoding options for these models.
LENGTH_PENALTY = 0.2
BEAM_SIZE = 4
BATCH_TOKENS = 1024
SENTENCE_END = re.compile(r"(?<=[.?!…])\s+|(?<=[。？！])")
UNSPACED = frozenset({"ja", "km", "lo", "my", "th", "zh"})
"""Languages without a space between sentences."""


class Translator:
    """A loaded translation model.

    Args:
        package: The package to load.
        device: ``cpu`` or ``cuda``.

    Raises:
        WorkError: ``model_unavailable`` if the package cannot be loaded.
    """

    def __init__(self, package: Package, device: str) -> None:
        self._package = package
        self._separator = "" if package.target in UNSPACED else " "
        try:
            self._model = ctranslate2.Translator(str(package.folder / "model"), device=device)
            self._tokenizer = sentencepiece.SentencePieceProcessor(
                model_file=str(package.folder / TOKENIZER)
            )
        except (OSError, RuntimeError, ValueError) as error:
            logger.exception("cannot load the translation package folder=%s", package.folder)
            raise WorkError(
                "model_unavailable",
                "The server cannot load the translation model. Report this to its operator.",
            ) from error

    def translate(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return segments in the target language with the same times.

        The words are left out, because translated words have no times.
        """
        split = [SENTENCE_END.split(segment.text.strip()) for segment in segments]
        translated = self._translate([sentence for sentences in split for sentence in sentences])
        edges = accumulate(map(len, split), initial=0)
        texts = [self._separator.join(translated[start:end]) for start, end in pairwise(edges)]
        return [
            replace(segment, text=f"{self._separator}{text}", words=())
            for segment, text in zip(segments, texts, strict=True)
        ]

    def _translate(self, sentences: Sequence[str]) -> list[str]:
        """Translate each sentence separately, as the models were trained on single sentences."""
        prefix = self._package.target_prefix
        results = self._model.translate_batch(
            self._tokenizer.encode([*sentences], out_type=str),
            target_prefix=[[prefix]] * len(sentences) if prefix else None,
            beam_size=BEAM_SIZE,
            length_penalty=LENGTH_PENALTY,
            replace_unknowns=True,
            max_batch_size=BATCH_TOKENS,
            batch_type="tokens",
        )
        written = (result.hypotheses[0][bool(prefix) :] for result in results)
        return [self._tokenizer.decode_pieces(pieces).strip() for pieces in written]
