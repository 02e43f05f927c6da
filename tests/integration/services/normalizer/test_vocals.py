"""Vocal isolation with the real weights, measured on speech that is mixed with music."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.services.normalizer import Recording, measure_peak_mib
from benchmarks.services.signals import (
    Sound,
    make_music,
    measure_si_sdr_db,
    mix,
    read_sound,
    write_sound,
)
from benchmarks.services.vocals import LEAST_GAIN_DB, separate
from services.kit.work import JobCancelledError, WorkError
from services.normalizer.isolation import RATE_HZ, SPLEETER
from services.normalizer.settings import NormalizerSettings
from services.normalizer.spleeter import restore, transform
from services.normalizer.voice import open_isolator
from services.normalizer.work import run
from tests.support.models import require_model
from tests.support.work_context import SAMPLES, RecordingReport, make_context

JFK = SAMPLES / "jfk.wav"
AUSTEN = SAMPLES / "sense_and_sensibility_01_austen_64kb-0870.wav"
PICTURE = (1, 2, 64, 64)
STAND_IN = '''
import wave


class Separator:
    """Has the package's interface, and returns its input."""

    def __init__(self, *, output_dir, normalization_threshold, output_single_stem, **options):
        assert (normalization_threshold, output_single_stem) == (1.0, "Vocals")
        self.output_dir = output_dir

    def load_model(self, *, model_filename):
        if model_filename == "none":
            raise ConnectionError(model_filename)

    def separate(self, path, *, custom_output_names):
        name = custom_output_names["Vocals"] + ".wav"
        with wave.open(path) as source, wave.open(f"{self.output_dir}/{name}", "wb") as target:
            assert source.getnframes() <= 60 * 44_100
            target.setparams(source.getparams())
            target.writeframes(source.readframes(source.getnframes() - 3))
        return [name]
'''


@pytest.fixture(scope="module")
def settings() -> NormalizerSettings:
    return NormalizerSettings(models_dir=require_model(SPLEETER))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A voice over music as loud as itself, 11 seconds."""
    voice = read_sound(JFK, rate_hz=RATE_HZ)
    mixed = mix(voice, make_music(len(voice), rate_hz=RATE_HZ), ratio_db=0)
    return write_sound(tmp_path / "song.wav", mixed, rate_hz=RATE_HZ)


@pytest.mark.parametrize("clip", [JFK, AUSTEN], ids=["jfk", "austen"])
def test_the_voice_is_separated_from_the_music(
    tmp_path: Path, settings: NormalizerSettings, clip: Path
) -> None:
    found = separate(open_isolator(settings), clip, ratio_db=0, scratch=tmp_path)
    assert found.before_db == pytest.approx(0, abs=0.2)
    assert found.gain_db > LEAST_GAIN_DB
    assert found.duration_s >= 20


def test_a_normalized_recording_holds_the_voice_alone(
    tmp_path: Path, settings: NormalizerSettings, song: Path
) -> None:
    alike_db = {}
    for choice in ("true", "false"):
        options = {"isolate_vocals": choice, "output_format": "wav", "remove_noise": "false"}
        artifact = run(make_context(tmp_path / choice, song, options), settings)
        assert artifact.details["vocals_isolated"] is (choice == "true")
        assert artifact.details["duration"] == pytest.approx(11, abs=0.05)
        result = read_sound(artifact.path, rate_hz=16_000, layout="mono")
        alike_db[choice] = measure_si_sdr_db(result, read_sound(JFK, rate_hz=16_000))
    assert alike_db["true"] > alike_db["false"] + LEAST_GAIN_DB


def test_stereo_stays_stereo_where_it_is_wanted(
    tmp_path: Path, settings: NormalizerSettings, song: Path
) -> None:
    options = {"isolate_vocals": "true", "convert_to_mono": "false", "output_format": "wav"}
    path = run(make_context(tmp_path / "work", song, options), settings).path
    result = read_sound(path, rate_hz=16_000)
    assert np.abs(result[:, 0] - result[:, 1]).max() > 0


def test_progress_grows_and_a_cancelled_job_stops(
    tmp_path: Path, settings: NormalizerSettings, song: Path
) -> None:
    report = RecordingReport()
    options = {"isolate_vocals": "true"}
    run(make_context(tmp_path / "first", song, options, report=report), settings)
    assert report.progress == sorted(report.progress)
    assert {70.0, 100.0} <= set(report.progress)
    cancelled = RecordingReport(cancel_at="processing")
    with pytest.raises(JobCancelledError):
        run(make_context(tmp_path / "second", song, options, report=cancelled), settings)
    assert cancelled.progress[0] < 75


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    require_model(SPLEETER)
    peaks_mib = [
        measure_peak_mib(
            Recording().make(tmp_path / f"{minutes}.flac", minutes), tmp_path, "isolate_vocals=true"
        )
        for minutes in (1, 2.5)
    ]
    assert peaks_mib[1] == pytest.approx(peaks_mib[0], rel=0.2)


def test_a_recording_that_is_too_long_is_refused(
    tmp_path: Path, settings: NormalizerSettings, song: Path
) -> None:
    short = settings.model_copy(update={"max_duration_hours": 5 / 3600})
    with pytest.raises(WorkError, match="file_too_large"):
        run(make_context(tmp_path / "work", song, {"isolate_vocals": "true"}), short)


def test_a_header_without_sound_is_no_audio(tmp_path: Path, settings: NormalizerSettings) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(JFK.read_bytes()[:44])
    with pytest.raises(WorkError, match="not_audio"):
        run(make_context(tmp_path / "work", upload, {"isolate_vocals": "true"}), settings)


def test_a_model_that_was_changed_is_not_used(tmp_path: Path, settings: NormalizerSettings) -> None:
    content = bytearray((settings.models_dir / SPLEETER.filename).read_bytes())
    content[1_000_000] ^= 1
    (tmp_path / SPLEETER.filename).write_bytes(content)
    with pytest.raises(WorkError) as refusal:
        open_isolator(NormalizerSettings(models_dir=tmp_path))
    assert (refusal.value.code, refusal.value.retryable) == ("model_unavailable", False)


@pytest.fixture
def audio_separator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fake of the package, whose models cannot be fetched here."""
    folder = tmp_path / "packages" / "audio_separator" / "separator"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    yield
    for name in [name for name in sys.modules if "separator" in name]:
        del sys.modules[name]


@pytest.mark.usefixtures("audio_separator")
def test_the_other_back_end_is_driven_through_the_same_interface(tmp_path: Path) -> None:
    settings = NormalizerSettings(models_dir=tmp_path, vocals_backend="audio-separator")
    sound = make_music(70 * RATE_HZ, rate_hz=RATE_HZ).astype(np.float32)
    made = np.concatenate([*open_isolator(settings).isolate([sound])])
    assert made.shape == sound.shape
    np.testing.assert_allclose(made[:-3], sound[:-3], atol=2e-4)
    with pytest.raises(WorkError) as refusal:
        open_isolator(settings.model_copy(update={"vocals_model": "none"}))
    assert (refusal.value.code, refusal.value.retryable) == ("model_unavailable", True)


def test_a_spectrum_is_restored_to_its_samples() -> None:
    sound = make_music(3 * RATE_HZ, rate_hz=RATE_HZ).astype(np.float32)
    np.testing.assert_allclose(restore(transform(sound), len(sound)), sound, atol=1e-5)


def test_the_graph_computes_what_the_paper_says(settings: NormalizerSettings) -> None:
    """The whole network of the voice against plain numpy, on a small picture."""
    model = onnx.load(SPLEETER.locate(settings.models_dir))
    weights = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    model.graph.output.append(onnx.ValueInfoProto(name="voice"))
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    picture = np.random.default_rng(1).gamma(1, 5, PICTURE).astype(np.float32)
    (found,) = session.run(["voice"], {"magnitudes": picture})
    layers = {name[6:]: array for name, array in weights.items() if name.startswith("voice.")}
    expected = compute_voice(layers, picture[0].astype(np.float64))
    assert np.abs(found[0] - expected).max() < 1e-4 * expected.max()


Weights = dict[str, NDArray[np.float64]]


def compute_voice(weights: Weights, picture: Sound) -> Sound:
    """Return the magnitudes of the voice, computed without any framework."""
    seen, image = [], picture
    for level in range(1, 7):
        seen.append(shrink(image, weights, f"down{level}_conv.1"))
        image = normalize(seen[-1], weights, f"down{level}_act.0")
        image = np.where(image > 0, image, 0.2 * image)
    image = seen.pop()
    for level in range(1, 7):
        if level > 1:
            image = np.concatenate([seen.pop(), image])
        image = np.maximum(grow(image, weights, f"up{level}.0"), 0)
        image = normalize(image, weights, f"up{level}.3")
    padded = np.pad(image, ((0, 0), (3, 3), (3, 3)))
    views = sliding_window_view(padded, (7, 7), axis=(1, 2))[..., ::2, ::2]
    last = np.einsum("iyxkl,oikl->oyx", views, weights["up7.0.weight"], optimize=True)
    share = 1 / (1 + np.exp(-last - weights["up7.0.bias"][:, None, None]))
    return np.asarray(share * picture)


def shrink(image: Sound, weights: Weights, layer: str) -> Sound:
    """Convolve in steps of two."""
    padded = np.pad(image, ((0, 0), (1, 2), (1, 2)))
    views = sliding_window_view(padded, (5, 5), axis=(1, 2))[:, ::2, ::2]
    made = np.einsum("iyxkl,oikl->oyx", views, weights[f"{layer}.weight"], optimize=True)
    return np.asarray(made + weights[f"{layer}.bias"][:, None, None])


def grow(image: Sound, weights: Weights, layer: str) -> Sound:
    """Spread every point over five by five, in steps of two."""
    kernel = weights[f"{layer}.weight"]
    _, height, width = image.shape
    made = np.zeros((kernel.shape[1], 2 * height + 3, 2 * width + 3))
    for row in range(5):
        for column in range(5):
            part = np.einsum("iyx,io->oyx", image, kernel[:, :, row, column])
            made[:, row : row + 2 * height : 2, column : column + 2 * width : 2] += part
    return np.asarray(made[:, 1:-2, 1:-2] + weights[f"{layer}.bias"][:, None, None])


def normalize(image: Sound, weights: Weights, layer: str) -> Sound:
    """Apply what a batch normalization has learned."""
    mean, variance, scale, shift = (
        weights[f"{layer}.{part}"][:, None, None]
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    return np.asarray((image - mean) / np.sqrt(variance + 1e-3) * scale + shift)
