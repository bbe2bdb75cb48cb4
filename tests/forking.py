"""Python programs begun quickly: in forks of one process that has already imported what they import.

Each is a process of its own, with its own folder, environment, streams and end, as the system begins any other; only
its modules are there already. So what is about that (what is imported, what Python says meanwhile, whose child it is)
starts Python itself; and so does this where options or ``PYTHON…`` variables are given that the tests do not have.

    forking.py ask SOCKET PYTHON ARGUMENT…   has it done, and ends as it does: 20 ms where Flowbook alone takes 250
    forking.py fork SOCKET MODULE…           forks for those who ask, until its standard input ends
"""

from __future__ import annotations

import _socket
import posix
import sys

TYPE_CHECKING = False  # as that of typing, whose import takes as long as all else that asks
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_BY_SIGNAL = 0x100  # what ended by itself is below
_NUMBER = 4  # so many bytes


def _received(line: _socket.socket, size: int) -> bytes:
    """Exactly so many bytes; fewer where the other end is gone."""
    got = b""
    while len(got) < size and (more := line.recv(size - len(got))):
        got += more
    return got


# -- what asks: of as few modules as can be --------------------------------------------------------------------------


def ask(address: str, python: str, *arguments: str) -> int:
    """Have done what ``python ARGUMENT…`` would do here, and end as it does."""
    import _signal  # type: ignore[import-not-found]  # without the enumerations of signal
    import array

    said = [python.encode(), posix.getcwdb(), b"%d" % len(arguments)]
    said += [argument.encode("utf-8", "surrogateescape") for argument in arguments]
    message = b"\0".join([*said, *(name + b"=" + value for name, value in posix.environ.items())])
    try:
        for stream in (0, 1, 2):  # what is closed would be the line's number
            posix.fstat(stream)
        line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        line.connect(address)
        streams = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))
        line.sendmsg([len(message).to_bytes(_NUMBER, "big")], [streams])
        line.sendall(message)
        child = int.from_bytes(_received(line, _NUMBER), "big")
    except OSError:  # nor can that be passed on
        child = 0
    if not child:
        posix.execv(python, [python, *arguments])
    for number in (_signal.SIGHUP, _signal.SIGINT, _signal.SIGTERM):
        if _signal.getsignal(number) is not _signal.SIG_IGN:
            _signal.signal(number, lambda number, frame: posix.kill(child, number))
    ended = int.from_bytes(_received(line, _NUMBER), "big")
    if ended > _BY_SIGNAL:
        if ended - _BY_SIGNAL != _signal.SIGKILL:
            _signal.signal(ended - _BY_SIGNAL, _signal.SIG_DFL)
        posix.kill(posix.getpid(), ended - _BY_SIGNAL)
    return ended


# -- what forks ------------------------------------------------------------------------------------------------------


class Forks:
    """Forks for those who ask; :meth:`serve` returns in each fork, with what it is to do."""

    def __init__(self, address: str) -> None:
        import selectors
        import signal
        import socket

        self.children: dict[Any, int] = {}
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(f"{address}~")
        self.listening.listen(100)
        posix.rename(f"{address}~", address)  # so that it is there when it can be asked
        self.ended, self.ending = socket.socketpair()
        self.ending.setblocking(False)
        signal.set_wakeup_fd(self.ending.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector = selectors.DefaultSelector()
        for one in (0, self.listening, self.ended):
            self.selector.register(one, selectors.EVENT_READ)

    def serve(self) -> list[bytes]:
        """Do so until standard input ends; what a fork is to do is what :func:`ask` says."""
        while True:
            for key, _ in self.selector.select():
                if key.fileobj == 0:
                    posix._exit(0)
                elif key.fileobj is self.listening:
                    asked = self._asked()
                    if asked is not None:
                        return asked
                elif key.fileobj is self.ended:
                    self.ended.recv(4096)
                    self._tell()
                elif key.fileobj in self.children:  # who asked is gone
                    posix.kill(self.children[key.fileobj], 9)
                    self.selector.unregister(key.fileobj)

    def _asked(self) -> list[bytes] | None:
        """What was asked for, in the fork; None in the process that forks."""
        import os
        import selectors
        import socket

        line, _ = self.listening.accept()
        size, streams, *_ = socket.recv_fds(line, _NUMBER, 3)
        said = _received(line, int.from_bytes(size, "big")).split(b"\0")
        child = os.fork() if _as_here(said) else -1
        if not child:
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            ours = (line, *self.children, self.listening, self.ended, self.ending)
            for one in (*streams, *(one.detach() for one in ours)):
                os.close(one)
            self.selector.close()
            return said
        for stream in streams:
            os.close(stream)
        line.sendall(max(child, 0).to_bytes(_NUMBER, "big"))
        if child > 0:
            self.children[line] = child
            self.selector.register(line, selectors.EVENT_READ)
        else:
            line.close()
        return None

    def _tell(self) -> None:
        """Tell those whose forks have ended how."""
        import contextlib
        import os

        for line, child in list(self.children.items()):
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                with contextlib.suppress(OSError):
                    line.sendall((code if code >= 0 else _BY_SIGNAL - code).to_bytes(_NUMBER, "big"))
                with contextlib.suppress(KeyError):
                    self.selector.unregister(line)
                line.close()
                del self.children[line]


def _as_here(said: list[bytes]) -> bool:
    """Whether a fork of this process is what Python would be that is started with these arguments and variables."""
    import os

    python, _, count, *words = said
    arguments = words[: int(count)]
    environment = dict(word.partition(b"=")[::2] for word in words[int(count) :])
    return (
        python == os.fsencode(sys.executable)
        and bool(arguments)
        and (arguments[0] in (b"-m", b"-c") or not arguments[0].startswith(b"-"))
        and _read_by_python(environment) == _read_by_python(os.environb)
    )


def _read_by_python(environment: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Those of the variables that Python reads when it starts."""
    return {name: value for name, value in environment.items() if name.startswith((b"PYTHON", b"LC_", b"LANG", b"TZ"))}


def _become(said: list[bytes]) -> None:
    """Be the program that was asked for, in a fork: returns or raises as it does."""
    import gc
    import io
    import os
    import runpy
    import signal
    import types

    python, folder, count, *words = said
    arguments = [os.fsdecode(word) for word in words[: int(count)]]
    os.chdir(folder)
    os.environb.clear()
    os.environb.update(word.partition(b"=")[::2] for word in words[int(count) :])
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        was: Any = getattr(sys, name)
        at_once = number > 0 and was.write_through
        stream = open(number, "wb" if number else "rb", 0 if at_once else -1, closefd=False)  # noqa: SIM115
        lines = number == 2 or stream.isatty()
        now = io.TextIOWrapper(stream, was.encoding, was.errors, line_buffering=lines, write_through=at_once)
        setattr(sys, name, now)
        setattr(sys, f"__{name}__", now)
    sys.orig_argv = [os.fsdecode(python), *arguments]
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    gc.enable()
    first, *rest = arguments
    if first == "-m":
        sys.path[0] = os.getcwd()
        sys.argv = [first, *rest[1:]]
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        return
    if first == "-c":
        sys.path[0], sys.argv = "", [first, *rest[1:]]
        text, name = rest[0].encode("utf-8", "surrogateescape"), "<string>"
    else:
        sys.path[0], sys.argv = os.path.dirname(os.path.abspath(first)), arguments
        with open(first, "rb") as file:
            text, name = file.read(), first
        main.__file__ = first
    exec(compile(text, name, "exec"), main.__dict__)


if __name__ == "__main__":
    way, address, *more = sys.argv[1:]
    if way == "ask":
        sys.exit(ask(address, *more))
    import gc
    import importlib

    gc.disable()
    for module in more:
        importlib.import_module(module)
    gc.freeze()
    try:
        _become(Forks(address).serve())
    except Exception as error:
        at = error.__traceback__
        while at is not None and at.tb_frame.f_code.co_filename == __file__:
            at = at.tb_next
        sys.excepthook(type(error), error, at)
        sys.exit(1)
