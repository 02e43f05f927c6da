"""Sessions of onnxruntime for machines that several services share."""

from pathlib import Path

import onnxruntime

__all__ = ["open_session"]


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """Load a model for the CPU.

    Idle threads sleep. By default they spin while they wait, and beside other processes a window
    of audio then takes two to three times as long.

    Args:
        path: The model's file.
    """
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
