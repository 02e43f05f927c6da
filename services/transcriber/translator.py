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

# What Argos Translate itself uses with these models.
LENGTH_PENALTY = 0.2
BEAM_SIZE = 4
BATCH_TOKENS = 1024
SENTENCE_END = re.compile(r"(?<=[.?!…])\s+|(?<=[。？！])")
UNSPACED = frozenset({"ja", "km", "lo", "my", "th", "zh"})
"""Languages that write no space between sentences."""


class Translator:
    """A loaded package.

    Args:
        package: Which one.
        device: ``cpu`` or ``cuda``.

    Raises:
        WorkError: ``model_unavailable`` when it cannot be loaded.
    """

    def __init__(self, package: Package, device: str) -> None:
        self._package = package
        self._gap = "" if package.target in UNSPACED else " "
        try:
            self._model = ctranslate2.Translator(str(package.folder / "model"), device=device)
            self._tokenizer = sentencepiece.SentencePieceProcessor(
                model_file=str(package.folder / TOKENIZER)
            )
        except (OSError, RuntimeError, ValueError) as error:
            logger.exception("cannot load the package %s", package.folder)
            raise WorkError(
                "model_unavailable", "The translation model cannot be loaded on this server."
            ) from error

    def translate(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return segments in the target language, at the same times.

        Words of another language are not spoken at times of their own, so these are left out.
        """
        split = [SENTENCE_END.split(segment.text.strip()) for segment in segments]
        made = self._translate([sentence for sentences in split for sentence in sentences])
        edges = accumulate(map(len, split), initial=0)
        texts = [self._gap.join(made[start:end]) for start, end in pairwise(edges)]
        return [
            replace(segment, text=f"{self._gap}{text}", words=())
            for segment, text in zip(segments, texts, strict=True)
        ]

    def _translate(self, sentences: Sequence[str]) -> list[str]:
        """Translate sentences one by one, since such models have learned from single ones."""
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
