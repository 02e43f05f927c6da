"""Missing requirements of vocal isolation are reported at submission."""

from pathlib import Path

import pytest

from services.kit.work import WorkError
from services.normalizer.capabilities import capabilities
from services.normalizer.isolation import SPLEETER, check_isolation
from services.normalizer.options import SubmissionOptions, check
from services.normalizer.settings import NormalizerSettings


def test_without_its_model_file_the_error_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(WorkError) as refusal:
        check_isolation(NormalizerSettings(models_dir=tmp_path))
    assert refusal.value.code == "model_unavailable"
    assert "python -m services.normalizer.spleeter_model" in refusal.value.message
    assert "ytcaption-orchestrator[vocals]" in refusal.value.message


def test_without_the_package_the_error_names_it(tmp_path: Path) -> None:
    settings = NormalizerSettings(models_dir=tmp_path, vocals_backend="audio-separator")
    with pytest.raises(WorkError, match="audio-separator"):
        check_isolation(settings)


def test_only_submissions_that_need_it_are_refused(tmp_path: Path) -> None:
    settings = NormalizerSettings(models_dir=tmp_path)
    check(SubmissionOptions(), settings)
    with pytest.raises(WorkError, match="model_unavailable"):
        check(SubmissionOptions(isolate_vocals=True), settings)


def test_with_its_model_file_it_is_accepted(tmp_path: Path) -> None:
    (tmp_path / SPLEETER.filename).touch()
    check(SubmissionOptions(isolate_vocals=True), NormalizerSettings(models_dir=tmp_path))


def test_capabilities_are_reported_without_a_submission(tmp_path: Path) -> None:
    settings = NormalizerSettings(models_dir=tmp_path)
    assert capabilities(settings) == {"isolate_vocals": False}
    (tmp_path / SPLEETER.filename).touch()
    assert capabilities(settings) == {"isolate_vocals": True}
