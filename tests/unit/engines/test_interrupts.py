"""Ctrl-C waits while a worker starts, and the worker does not hear it."""

import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from augury.engines.interrupts import ignore_interrupts, interrupts_held

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

BLOCKED = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"


def blocked():
    """Return what a process that is started now says of the signal."""
    return subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=True).stdout.strip()


def test_an_interrupt_waits_for_the_end():
    """What comes inside is raised after, once, and the handler and mask are those of before."""
    handler, reached = signal.getsignal(signal.SIGINT), []
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        reached.append(True)
    assert reached and signal.getsignal(signal.SIGINT) is handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_an_interrupt_that_another_thread_takes_waits_too():
    """The kernel may give the signal to any thread that lets it in."""
    told, taken = socket.socketpair()
    told.setblocking(False)
    ending, reached = threading.Event(), []
    other = threading.Thread(target=ending.wait)
    other.start()
    before = signal.set_wakeup_fd(told.fileno())
    try:
        with pytest.raises(KeyboardInterrupt), interrupts_held():
            signal.pthread_kill(other.ident, signal.SIGINT)
            reached.append(taken.recv(1))
    finally:
        signal.set_wakeup_fd(before)
        ending.set()
        other.join()
        told.close()
        taken.close()
    assert reached == [bytes([signal.SIGINT])]


def test_what_is_started_inside_does_not_hear():
    """A process inherits the mask, whatever thread starts it."""
    said = []
    with interrupts_held():
        said.append(blocked())
    assert said == ["True"] and blocked() == "False"

    def start():
        with interrupts_held():
            said.append(blocked())

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert said == ["True", "True"]


def test_a_handler_that_ignores_stays():
    """A program that ignores Ctrl-C goes on ignoring it."""
    before = signal.getsignal(signal.SIGINT)
    try:
        ignore_interrupts()
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
