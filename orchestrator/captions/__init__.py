"""Captions: convert timed segments to readable cues, and cues to files. Pure.

``time_tokens`` assigns a time to every word, ``make_lanes`` separates speakers, ``make_cues``
groups words, ``break_lines`` breaks lines, and ``write_srt`` and ``write_vtt`` write the files.
``write_text`` writes paragraphs.
"""

from orchestrator.captions.cues import Cue, make_cues
from orchestrator.captions.files import write_srt, write_vtt
from orchestrator.captions.paragraphs import write_text
from orchestrator.captions.scripts import join_texts
from orchestrator.captions.style import CueStyle

__all__ = ["Cue", "CueStyle", "join_texts", "make_cues", "write_srt", "write_text", "write_vtt"]
