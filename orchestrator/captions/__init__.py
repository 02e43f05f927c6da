"""Captions: timed segments become cues that can be read, and cues become files. Pure.

``time_tokens`` gives every word its time, ``make_lanes`` keeps speakers apart, ``make_cues``
decides what is shown together, ``break_lines`` where the lines end, and ``write_srt`` and
``write_vtt`` write it down. ``write_text`` makes paragraphs.
"""

from orchestrator.captions.cues import Cue, make_cues
from orchestrator.captions.files import write_srt, write_vtt
from orchestrator.captions.paragraphs import write_text
from orchestrator.captions.scripts import join_texts
from orchestrator.captions.style import CueStyle

__all__ = ["Cue", "CueStyle", "join_texts", "make_cues", "write_srt", "write_text", "write_vtt"]
