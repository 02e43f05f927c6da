"""The normalizer's work on real files with the real FFmpeg."""

import gzip
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import av
import numpy as np
import pytest

from benchmarks.services.noise import LEAST_GAIN_DB, RATE_HZ, add_noise, measure_ratio_db
from benchmarks.services.normalizer import Recording, measure_peak_mib
from benchmarks.services.signals import read_sound, write_sound
from services.kit.work import JobCancelledError, WorkError
from services.normalizer.ffmpeg import find_ffmpeg, run_ffmpeg
from services.normalizer.noise import WINDOW_S
from services.normalizer.settings import NormalizerSettings
from services.normalizer.work import run
from tests.support.work_context import SAMPLES, RecordingReport, make_context

JFK = SAMPLES / "jfk.wav"

Generate = Callable[..., Path]


@pytest.fixture
def generate(tmp_path: Path) -> Generate:
    """Make a media file with FFmpeg from the arguments before the output's name."""

    def make(name: str, *arguments: str) -> Path:
        target = tmp_path / name
        command = [find_ffmpeg(), "-loglevel", "error", "-y", *arguments, str(target)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return target

    return make


def normalize(work_dir: Path, source: Path, **options: str) -> Path:
    return run(make_context(work_dir / "work", source, options)).path


def measure(path: Path, filters: str) -> str:
    """Return the output of FFmpeg's filters for a file."""
    command = [find_ffmpeg(), "-hide_banner", "-nostdin", "-i", str(path), "-af", filters]
    finished = subprocess.run(
        [*command, "-f", "null", "-"], check=True, capture_output=True, text=True
    )
    return finished.stderr


def measure_rms_dbfs(path: Path, filters: str = "anull") -> float:
    """Return the level of a file's sound after some filters."""
    report = measure(path, f"{filters},astats=measure_perchannel=none")
    found = re.search(r"RMS level dB: (\S+)", report)
    assert found
    return float(found[1])


def measure_loudness(path: Path) -> tuple[float, float]:
    """Return LUFS and the true peak in dBTP, as an EBU R128 meter shows them."""
    report = measure(path, "ebur128=peak=true:framelog=quiet")
    loudness = re.findall(r"I:\s+(\S+) LUFS", report)[-1]
    peak = re.findall(r"Peak:\s+(\S+) dBFS", report)[-1]
    return float(loudness), float(peak)


def count_channels(path: Path) -> int:
    with av.open(str(path)) as container:
        return container.streams.audio[0].codec_context.channels


def count_seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


@pytest.mark.parametrize("output_format", ["webm", "flac"])
@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("*.wav")))
def test_speech_is_brought_to_the_target_loudness(
    tmp_path: Path, name: str, output_format: str
) -> None:
    path = normalize(tmp_path, SAMPLES / name, output_format=output_format)
    loudness, peak = measure_loudness(path)
    assert loudness == pytest.approx(-16, abs=1.2)  # what is held down loses a little
    assert peak <= -1.5


def test_a_clip_of_less_than_loudnorms_window_keeps_its_length(tmp_path: Path) -> None:
    clip = SAMPLES / "sense_and_sensibility_01_austen_64kb-0880.wav"
    path = normalize(tmp_path, clip, output_format="wav")
    assert count_seconds(path) == pytest.approx(count_seconds(clip), abs=WINDOW_S)


def test_the_result_is_opus_in_webm_with_one_channel_and_no_metadata(
    tmp_path: Path, generate: Generate
) -> None:
    stereo = generate("stereo.mka", "-i", str(JFK), "-ac", "2", "-metadata", "title=private")
    artifact = run(make_context(tmp_path / "work", stereo))
    assert (artifact.filename, artifact.media_type) == ("audio_normalized.webm", "audio/webm")
    with av.open(str(artifact.path)) as container:
        assert container.format.name == "matroska,webm"
        assert container.streams.audio[0].codec_context.name == "opus"
        assert "title" not in {key.lower() for key in container.metadata}
    assert count_channels(artifact.path) == 1


@pytest.mark.parametrize(
    ("output_format", "codec", "media_type"),
    [("flac", "flac", "audio/flac"), ("wav", "pcm_s16le", "audio/wav")],
)
def test_lossless_formats_are_available_on_request(
    tmp_path: Path, output_format: str, codec: str, media_type: str
) -> None:
    artifact = run(make_context(tmp_path, JFK, {"output_format": output_format}))
    assert (artifact.filename, artifact.media_type) == (
        f"audio_normalized.{output_format}",
        media_type,
    )
    with av.open(str(artifact.path)) as container:
        assert container.streams.audio[0].codec_context.name == codec
    assert measure_loudness(artifact.path)[0] == pytest.approx(-16, abs=1)


def test_peaks_without_headroom_are_limited(tmp_path: Path, generate: Generate) -> None:
    """Quiet speech with a click: a plain gain would clip the click."""
    click = "aevalsrc='0.9*sin(2*PI*500*t)*between(t,5,5.02)':s=16000:d=11"
    mix = "[0]volume=-20dB[quiet];[quiet][1]amix=normalize=0"
    inputs = ["-i", str(JFK), "-f", "lavfi", "-i", click]
    source = generate("click.wav", *inputs, "-filter_complex", mix)
    artifact = run(make_context(tmp_path / "work", source, {"output_format": "wav"}))
    loudness, peak = measure_loudness(artifact.path)
    assert loudness == pytest.approx(-16, abs=1.5)
    assert peak <= -1.4


def test_peaks_with_headroom_are_only_amplified(tmp_path: Path, generate: Generate) -> None:
    source = generate(
        "even.wav", "-f", "lavfi", "-i", "sine=f=440:d=8:r=16000,volume=-3dB", "-ac", "1"
    )
    options = {"output_format": "wav", "remove_noise": "false"}
    artifact = run(make_context(tmp_path / "work", source, options))
    assert measure_loudness(artifact.path)[0] == pytest.approx(-16, abs=0.2)


def test_no_tone_of_a_sweep_is_folded_back_below_8_khz(tmp_path: Path, generate: Generate) -> None:
    """A tone of 1 kHz, then a sweep from 9 to 23 kHz, which must not appear at 16 kHz."""
    sweep = "aevalsrc='if(lt(t,2),0.3*sin(2*PI*1000*t),0.3*sin(2*PI*(9000*(t-2)+875*(t-2)^2)))'"
    source = generate("sweep.wav", "-f", "lavfi", "-i", f"{sweep}:s=48000:d=10")
    result = normalize(tmp_path, source, remove_noise="false", output_format="wav")
    tone_dbfs = measure_rms_dbfs(result, "atrim=end=1.9")
    assert measure_rms_dbfs(result, "atrim=start=2.2") < tone_dbfs - 50


@pytest.mark.parametrize(("layout", "channels"), [("mono", 1), ("stereo", 2), ("5.1(side)", 2)])
def test_stereo_is_kept_on_demand(
    tmp_path: Path, generate: Generate, layout: str, channels: int
) -> None:
    source = generate("wide.wav", "-i", str(JFK), "-af", f"aformat=channel_layouts={layout}")
    assert count_channels(normalize(tmp_path, source, convert_to_mono="false")) == channels


@pytest.mark.parametrize(("rate", "is_cut"), [("true", True), ("false", False)])
def test_16_khz_keeps_nothing_above_8_khz_and_folds_nothing_below(
    tmp_path: Path, generate: Generate, rate: str, *, is_cut: bool
) -> None:
    tones = "sine=f=1000:d=4:r=48000[low];sine=f=12000:d=4:r=48000[high];[low][high]amix"
    source = generate("tones.wav", "-f", "lavfi", "-i", tones)
    result = normalize(tmp_path, source, remove_noise="false", set_sample_rate_16k=rate)
    without_low = ",".join(["bandreject=f=1000:width_type=h:w=400"] * 4)
    rest_db = measure_rms_dbfs(result, without_low) - measure_rms_dbfs(result)
    assert (rest_db < -40) == is_cut


def test_the_highpass_takes_rumble_and_leaves_the_voice(tmp_path: Path, generate: Generate) -> None:
    tones = "sine=f=40:d=5:r=16000[low];sine=f=300:d=5:r=16000[voice];[low][voice]amix"
    source = generate("tones.wav", "-f", "lavfi", "-i", tones)
    low, voice = "bandpass=f=40:width_type=h:w=8", "bandpass=f=300:width_type=h:w=20"
    result = normalize(tmp_path, source, remove_noise="false", apply_highpass_filter="true")
    before_db = measure_rms_dbfs(source, low) - measure_rms_dbfs(source, voice)
    after_db = measure_rms_dbfs(result, low) - measure_rms_dbfs(result, voice)
    assert after_db < before_db - 24


def test_the_highpass_is_flat_where_voices_are(tmp_path: Path, generate: Generate) -> None:
    tones = "sine=f=300:d=5:r=16000[low];sine=f=2000:d=5:r=16000[high];[low][high]amix"
    source = generate("tones.wav", "-f", "lavfi", "-i", tones)
    low, high = "bandpass=f=300:width_type=h:w=20", "bandpass=f=2000:width_type=h:w=20"
    result = normalize(tmp_path, source, remove_noise="false", apply_highpass_filter="true")
    before_db = measure_rms_dbfs(source, low) - measure_rms_dbfs(source, high)
    after_db = measure_rms_dbfs(result, low) - measure_rms_dbfs(result, high)
    assert after_db == pytest.approx(before_db, abs=0.5)


def test_noise_is_lowered_and_the_voice_is_not(tmp_path: Path, generate: Generate) -> None:
    hiss = ["-f", "lavfi", "-i", "anoisesrc=d=11:c=white:a=0.2:r=16000:seed=1"]
    mix = ["-filter_complex", "[0][1]amix=duration=shortest:normalize=0"]
    noisy = generate("noisy.wav", "-i", str(JFK), *hiss, *mix)
    ratio_db = {}
    for choice in ("true", "false"):
        path = normalize(tmp_path / choice, noisy, remove_noise=choice)
        voice_dbfs = measure_rms_dbfs(path, "atrim=start=0.4:end=2")
        ratio_db[choice] = voice_dbfs - measure_rms_dbfs(path, "atrim=start=2.4:end=3.1")
    assert ratio_db["true"] > ratio_db["false"] + 5


def test_noise_that_is_mostly_rumble_is_lowered_too(tmp_path: Path) -> None:
    """Pink noise, as that of rooms and streets is, 10 dB below the voice."""
    pause = np.zeros((RATE_HZ, 1))
    clean = np.concatenate([pause, read_sound(JFK, rate_hz=RATE_HZ, layout="mono"), pause])
    noisy = write_sound(tmp_path / "noisy.wav", add_noise(clean), rate_hz=RATE_HZ)
    ratios_db = []
    for choice in ("false", "true"):
        path = normalize(tmp_path / choice, noisy, remove_noise=choice, output_format="wav")
        sound = read_sound(path, rate_hz=RATE_HZ, layout="mono")
        ratios_db.append(measure_ratio_db(sound, clean))
    assert ratios_db[1] > ratios_db[0] + LEAST_GAIN_DB


def test_a_clean_recording_is_not_put_through_noise_removal(tmp_path: Path) -> None:
    details = run(make_context(tmp_path, JFK)).details
    assert details == {
        "duration": 11.0,
        "noise_removed": False,
        "levelled": True,
        "vocals_isolated": False,
        "channels": "mix",
        "warnings": [],
        "audio_tracks": [
            {
                "number": 1,
                "language": None,
                "title": None,
                "codec": "pcm_s16le",
                "channels": 1,
                "default": False,
                "chosen": True,
            }
        ],
    }


def test_silence_passes_and_stays_silent(tmp_path: Path, generate: Generate) -> None:
    silence = generate("silence.wav", "-f", "lavfi", "-i", "anullsrc=r=16000", "-t", "3")
    artifact = run(make_context(tmp_path / "work", silence))
    assert artifact.details["levelled"] is False
    assert measure_rms_dbfs(artifact.path) < -80


def test_the_audio_of_a_video_keeps_its_time(tmp_path: Path, generate: Generate) -> None:
    """Sound that starts late is preceded by silence, for readers that look at no timestamps."""
    picture = ["-f", "lavfi", "-i", "color=s=32x32:d=14:r=5"]
    video = generate("video.mkv", *picture, "-itsoffset", "2", "-i", str(JFK), "-c:a", "flac")
    assert count_seconds(normalize(tmp_path, video)) == pytest.approx(13, abs=0.2)


def test_half_of_a_truncated_file_is_still_used(tmp_path: Path, generate: Generate) -> None:
    whole = generate("whole.mp3", "-i", str(JFK)).read_bytes()
    half = tmp_path / "half.mp3"
    half.write_bytes(whole[: len(whole) // 2])
    assert run(make_context(tmp_path / "work", half)).details["duration"] == pytest.approx(
        5.5, abs=0.5
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"This is a letter, not a recording.\n" * 50,
        JFK.read_bytes()[:44],  # a header with no sound after it
        b"ffconcat version 1.0\nfile neighbour.wav\n",
        f"#EXTM3U\n#EXTINF:11,\n{JFK}\n#EXT-X-ENDLIST\n".encode(),
        Random(1).randbytes(100_000),
        gzip.compress(bytes(10_000_000)),
    ],
    ids=["empty", "text", "header", "concat", "playlist", "garbage", "bomb"],
)
def test_what_is_not_audio_is_refused(tmp_path: Path, content: bytes) -> None:
    shutil.copyfile(JFK, tmp_path / "neighbour.wav")
    upload = tmp_path / "upload"
    upload.write_bytes(content)
    with pytest.raises(WorkError) as refusal:
        run(make_context(tmp_path / "work", upload))
    assert (refusal.value.code, refusal.value.retryable) == ("not_audio", False)


def test_a_video_without_sound_is_refused(tmp_path: Path, generate: Generate) -> None:
    video = generate("silent.mp4", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64")
    with pytest.raises(WorkError, match="not_audio: The file contains no audio"):
        run(make_context(tmp_path / "work", video))


def test_a_recording_that_is_too_long_is_refused(tmp_path: Path) -> None:
    settings = NormalizerSettings(max_duration_hours=5 / 3600)
    with pytest.raises(WorkError, match="file_too_large"):
        run(make_context(tmp_path, JFK), settings)


def test_progress_grows_with_the_decoded_time(tmp_path: Path, generate: Generate) -> None:
    long = generate("long.wav", "-stream_loop", "59", "-i", str(JFK))  # eleven minutes
    report = RecordingReport()
    run(make_context(tmp_path / "work", long, report=report))
    assert report.progress == sorted(report.progress)
    assert report.progress[-1] == 100
    assert len({value for value in report.progress if 10 < value < 100}) >= 3
    assert set(report.statuses) == {"processing"}


@pytest.mark.parametrize(("is_noisy", "minutes"), [(False, 10), (True, 4)])
def test_memory_does_not_grow_with_the_recording(
    tmp_path: Path, minutes: float, *, is_noisy: bool
) -> None:
    """The full comparison, a minute and three hours, is a benchmark."""
    recording = Recording(is_noisy=is_noisy)
    peaks_mib = [
        measure_peak_mib(recording.make(tmp_path / f"{length}.flac", length), tmp_path)
        for length in (1, minutes)
    ]
    assert peaks_mib[1] == pytest.approx(peaks_mib[0], rel=0.2)


def test_a_small_file_that_decodes_to_years_is_stopped(tmp_path: Path, generate: Generate) -> None:
    """Two hours of silence are a file of less than a megabyte; a few minutes are taken."""
    bomb = generate("bomb.flac", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "7200")
    assert bomb.stat().st_size < 1_000_000
    with pytest.raises(WorkError, match="file_too_large"):
        run(make_context(tmp_path / "work", bomb), NormalizerSettings(max_duration_hours=0.05))


def test_a_hole_of_days_is_not_filled_in_memory(tmp_path: Path, generate: Generate) -> None:
    """Sound whose timestamps continue after thirty hours, in a file of a few hundred kilobytes."""
    late = ["-itsoffset", "108000", "-i", str(JFK)]
    hole = generate("hole.mkv", "-i", str(JFK), *late, "-map", "1:a", "-map", "0:a", "-c:a", "flac")
    with pytest.raises(WorkError, match="file_too_large"):
        run(make_context(tmp_path / "work", hole), NormalizerSettings(max_duration_hours=0.05))


def test_a_cancelled_job_stops_its_work(tmp_path: Path) -> None:
    with pytest.raises(JobCancelledError):
        run(make_context(tmp_path, JFK, report=RecordingReport(cancel_at="processing")))
    assert not (tmp_path / "audio_normalized.webm").exists()


def test_an_endless_ffmpeg_ends_when_its_watcher_raises(tmp_path: Path) -> None:
    heartbeat = tmp_path / "log.json"

    def cancel(decoded_s: float) -> None:
        heartbeat.write_text(json.dumps(decoded_s))
        raise JobCancelledError

    with pytest.raises(JobCancelledError):
        run_ffmpeg(
            ["-re", "-f", "lavfi", "-i", "anullsrc", "-f", "null", "-"], cancel, most_idle_s=60
        )
    assert json.loads(heartbeat.read_text()) < 5


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A source that never delivers: FFmpeg waits for it."""
    path = tmp_path / "pipe.wav"
    os.mkfifo(path)
    return path


def test_a_silent_ffmpeg_does_not_keep_its_watcher_waiting(pipe: Path) -> None:
    def cancel(_decoded_s: float) -> None:
        raise JobCancelledError

    with pytest.raises(JobCancelledError):
        run_ffmpeg(["-i", str(pipe), "-f", "null", "-"], cancel, most_idle_s=60)


def test_an_ffmpeg_that_gets_no_further_is_stopped(pipe: Path) -> None:
    seen: list[float] = []
    with pytest.raises(WorkError) as stopped:
        run_ffmpeg(["-i", str(pipe), "-f", "null", "-"], seen.append, most_idle_s=0.8)
    assert (stopped.value.code, stopped.value.retryable) == ("decoding_stalled", True)
    assert seen


def test_an_ffmpeg_that_is_slow_but_gets_on_is_not_stopped() -> None:
    slow = ["-re", "-f", "lavfi", "-i", "anullsrc", "-t", "2", "-f", "null", "-"]
    ended = run_ffmpeg(slow, lambda _seconds: None, most_idle_s=1.5)
    assert ended.decoded_s == pytest.approx(2, abs=0.1)
