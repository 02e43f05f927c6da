"""``make run``: every process of the Procfile on this machine, until Ctrl-C.

When one process exits, all are stopped: a partly running system would hide the failure. In
production, a supervisor runs the same commands and restarts them.
"""

import os
import shlex
import signal
import sys
from pathlib import Path

from dotenv import dotenv_values
from honcho import manager as honcho_manager
from honcho.environ import parse_procfile
from honcho.manager import SIGNALS, Manager

from orchestrator.errors import SettingsError
from orchestrator.settings import load_settings
from tools.ports import free_port, is_port_free
from tools.stack import DEFAULT_REDIS_PORT, Stack, plan_stack

_ROOT = Path(__file__).resolve().parent.parent
# Honcho's default of five seconds is too short for ten processes on a busy machine.
_KILL_AFTER_S = 15
_STOPPED_BY_SIGNAL = {known["rc"] for known in SIGNALS.values()}


def main() -> int:
    """Run the stack that the environment (and ``.env``) describes.

    Returns:
        0 after a requested stop, 1 when it could not start or a process exited.
    """
    os.chdir(_ROOT)
    try:
        load_settings()
    except SettingsError as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    stack = plan_stack(_environment(), redis_port=_redis_port())
    if busy := _busy_ports(stack):
        print(f"cannot start: these ports are in use: {busy}", file=sys.stderr)
        return 1
    if not stack.has_flower:
        print("Flower is not started: FLOWER_BASIC_AUTH=user:password is not set")
    stack.data_directory.mkdir(parents=True, exist_ok=True)
    manager = _manager(stack)
    # The terminal was closed: nobody could stop the processes.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    if manager.returncode in _STOPPED_BY_SIGNAL:
        return 0
    print("stopped all processes, because one exited: see the first exit above")
    return 1


def _environment() -> dict[str, str]:
    file_values = {name: value or "" for name, value in dotenv_values(".env").items()}
    # The virtual environment's commands come first, even if it is not activated.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**file_values, **os.environ, "PATH": path}


def _redis_port() -> int:
    return DEFAULT_REDIS_PORT if is_port_free(DEFAULT_REDIS_PORT) else free_port()


def _busy_ports(stack: Stack) -> str:
    busy = {name: port for name, port in stack.ports().items() if not is_port_free(port)}
    return ", ".join(f"port {port} ({name})" for name, port in busy.items())


def _manager(stack: Stack) -> Manager:
    honcho_manager.KILL_WAIT = _KILL_AFTER_S
    manager = Manager()
    text = Path(stack.environment.get("PROCFILE", "Procfile")).read_text(encoding="utf-8")
    procfile = parse_procfile(text).processes
    for name, command in stack.processes(procfile).items():
        # Without `exec`, signals and exit status would be the shell's.
        manager.add_process(name, f"exec {command}", env=stack.process_environment(name))
    addresses = [f"{name}={url}" for name, url in stack.health_addresses().items()]
    announce = shlex.join([sys.executable, "-m", "tools.announce", *addresses])
    manager.add_process("ready", f"exec {announce}", env=stack.process_environment("ready"))
    return manager


if __name__ == "__main__":
    sys.exit(main())
