"""What is in a file meanwhile is what was put there; where there is no room for a file, it is in memory."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Collection
from threading import Thread
from typing import Any

import pytest

from floe_compiler.model.spill import Kept, Spill, Spilled, content

PARTS = [b"one", b"", b"three" * 100_000]


def contents(kept: Collection[Kept]) -> list[bytes]:
    return [content(one) for one in kept]


def test_what_was_put_is_read_again_and_is_not_in_memory() -> None:
    spill = Spill()
    kept = [spill.put(b"first"), *spill.put_all(PARTS), spill.put(b"last")]
    assert all(isinstance(one, Spilled) for one in kept)
    assert contents(kept) == [b"first", *PARTS, b"last"]


def test_another_process_is_sent_the_bytes() -> None:
    sent: Any = pickle.loads(pickle.dumps(Spill().put(b"data")))
    assert sent == b"data"


def test_the_file_has_no_name_and_is_closed_with_the_last_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    opened, temporary = [], tempfile.TemporaryFile

    def noted(**options: Any) -> Any:
        opened.append(temporary(**options))
        return opened[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    spill = Spill()
    kept = spill.put(b"data")
    del spill
    (file,) = opened
    assert content(kept) == b"data"
    assert os.name == "nt" or os.fstat(file.fileno()).st_nlink == 0
    del kept
    assert file.closed


def test_without_a_file_all_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    spill = Spill()
    assert [spill.put(b"data"), *spill.put_all(PARTS)] == [b"data", *PARTS]
    with pytest.raises(ValueError, match="nothing was put into a file"):
        spill.read(0, 1)


def test_what_a_full_disk_does_not_take_is_in_memory_and_the_rest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    spill = Spill()
    first = spill.put(b"first")

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, _data: bytes) -> int:
            raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(spill, "_file", Full(spill._file))
        assert spill.put(b"second") == b"second"
    assert contents([first, spill.put(b"third")]) == [b"first", b"third"]


def test_two_threads_do_not_disturb_each_other() -> None:
    spill = Spill()
    kept = [spill.put(bytes([number]) * 1000) for number in range(200)]
    wrong: list[int] = []

    def read() -> None:
        wrong.extend(number for number, one in enumerate(kept) if content(one) != bytes([number]) * 1000)

    threads = [Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
