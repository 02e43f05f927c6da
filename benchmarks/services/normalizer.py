"""Speed of the normalizer, compared with ffmpeg, and its memory for long recordings.

``python -m benchmarks.services.normalizer`` fails if the normalizer takes more than 10 % longer
than ffmpeg alone with the same arguments, or 20 % more memory for three hours than for a minute.
Clean speech needs two passes; noisy speech a third one, for loudnorm.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.kit.work import JobContext, discard
from services.normalizer.ffmpeg import find_ffmpeg, run_ffmpeg
from services.normalizer.work import run

SAMPLE = Path("samples/jfk.wav")
NOISE = "anoisesrc=c=pink:a=0.2:r=16000:seed=1"  # enough to be removed
MOST_EXTRA_TIME = 1.1
MOST_EXTRA_MEMORY = 1.2
SPEED_MINUTES = 15
LONG_MINUTES = 180
ROUNDS = 3
# Arguments that the normalizer adds to monitor ffmpeg.
WATCHING = ["-progress", "pipe:1", "-stats_period", "0.5"]
CONVERSION = "aresample=async=1:first_pts=0,aformat=channel_layouts=mono,aresample=16000"
RECORDER = """#!/bin/sh
printf '%s\\n' "$@" > "$(mktemp "{folder}/$(date +%s%N)-XXXXXX")"
exec "{ffmpeg}" "$@"
"""


@dataclass(frozen=True)
class Recording:
    """The sample, repeated to a given length."""

    is_noisy: bool = False

    @property
    def passes(self) -> int:
        """Return the number of ffmpeg passes."""
        return 3 if self.is_noisy else 2

    def make(self, target: Path, minutes: float) -> Path:
        """Write it with a length in minutes."""
        source = ["-stream_loop", "-1", "-i", str(SAMPLE)]
        if self.is_noisy:
            mix = "[0][1]amix=duration=shortest:normalize=0"
            source += ["-f", "lavfi", "-i", NOISE, "-filter_complex", mix]
        length = ["-t", str(minutes * 60)]
        command = [*source, *length, "-c:a", "flac", str(target)]
        run_ffmpeg(command, lambda _seconds: None, most_idle_s=60)
        return target

    def __str__(self) -> str:
        return "noisy speech" if self.is_noisy else "clean speech"


def normalize(source: Path, work_dir: Path, **options: str) -> None:
    """Run the normalizer's whole work."""
    work_dir.mkdir(exist_ok=True)
    run(JobContext("benchmark", options, work_dir, discard, source))


def record_commands(source: Path, work_dir: Path) -> list[list[str]]:
    """Normalize with an ffmpeg that records its arguments; return one list per pass."""
    folder, path = work_dir / "commands", os.environ["PATH"]
    (folder / "bin").mkdir(parents=True)
    recorder = folder / "bin" / "ffmpeg"
    recorder.write_text(RECORDER.format(folder=folder, ffmpeg=find_ffmpeg()))
    recorder.chmod(0o755)
    os.environ["PATH"] = f"{recorder.parent}:{path}"
    try:
        normalize(source, work_dir)
    finally:
        os.environ["PATH"] = path
    calls = sorted(call for call in folder.iterdir() if call.is_file())
    return [call.read_text().splitlines() for call in calls]


def run_bare(commands: list[list[str]], source: Path) -> None:
    """Run ffmpeg alone, once per pass."""
    for arguments in commands:
        filters = [word for word in arguments if word not in WATCHING]
        filters = filters[filters.index("pipe:0") + 1 :]
        filters[filters.index("-af") + 1] = f"{CONVERSION},{filters[filters.index('-af') + 1]}"
        bare = ["-hide_banner", "-nostdin", "-y", "-nostats", "-i", str(source), *filters]
        subprocess.run([find_ffmpeg(), *bare], check=True, capture_output=True)  # noqa: S603 - our own arguments


def measure_peak_mib(source: Path, work_dir: Path, *options: str) -> float:
    """Return the sum of the peak memory of the normalizer and its ffmpeg.

    Args:
        source: The recording.
        work_dir: A folder for the result.
        options: Fields of the submission, each ``name=value``.
    """
    command = [sys.executable, "-m", "benchmarks.services.normalizer", str(source), str(work_dir)]
    finished = subprocess.run([*command, *options], check=True, capture_output=True, text=True)  # noqa: S603
    return float(finished.stdout)


def print_own_peak(source: str, work_dir: str, *options: str) -> None:
    """Normalize in this process and print the peak, in MiB."""
    normalize(Path(source), Path(work_dir), **dict(option.split("=") for option in options))
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(sum(usage.ru_maxrss for usage in usages) / 1024)


def compare_speed(recording: Recording, scratch: Path) -> float:
    """Print the time of both, the best of several alternating rounds; return their ratio."""
    source = recording.make(scratch / "speed.flac", SPEED_MINUTES)
    commands = record_commands(source, scratch)
    if len(commands) != recording.passes:
        sys.exit(f"{recording} took {len(commands)} passes, not {recording.passes}.")
    ways = (lambda: run_bare(commands, source), lambda: normalize(source, scratch))
    rounds = [[_time(way) for way in ways] for _ in range(ROUNDS)]
    bare_s, ours_s = (min(seconds[number] for seconds in rounds) for number in (0, 1))
    ratio = ours_s / bare_s
    seconds = f"ours {ours_s:.2f} s, ffmpeg alone {bare_s:.2f} s in {len(commands)} passes"
    print(f"{SPEED_MINUTES} minutes of {recording}: {seconds}, {ratio:.2f} x", flush=True)
    return ratio


def _time(way: Callable[[], None]) -> float:
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def compare_memory(recording: Recording, scratch: Path) -> float:
    """Print the peaks for a minute and for hours; return their ratio."""
    peaks = []
    for minutes in (1, LONG_MINUTES):
        source = recording.make(scratch / f"{minutes}.flac", minutes)
        peaks.append(measure_peak_mib(source, scratch))
        print(f"{minutes} minutes of {recording}: {peaks[-1]:.0f} MiB at the peak", flush=True)
    return peaks[1] / peaks[0]


def main() -> None:
    """Print speed and memory, and fail if a limit is exceeded."""
    for recording in (Recording(), Recording(is_noisy=True)):
        with tempfile.TemporaryDirectory() as directory:
            if compare_speed(recording, Path(directory)) > MOST_EXTRA_TIME:
                sys.exit("The normalizer is slower than ffmpeg alone.")
            if compare_memory(recording, Path(directory)) > MOST_EXTRA_MEMORY:
                sys.exit("The normalizer's memory grows with the recording.")


if __name__ == "__main__":
    if arguments := sys.argv[1:]:
        print_own_peak(*arguments)
    else:
        main()
