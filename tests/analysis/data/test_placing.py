"""What is written comes to its place as a whole, or nothing does; what was placed is known."""

from __future__ import annotations

import errno
import os

import pytest

from analysis.data import placing


def folder_of(place, text):
    place.mkdir()
    (place / "a.txt").write_text(text)
    return place


def test_writing_replaces_a_file_and_a_folder_in_one_step_and_leaves_nothing(tmp_path):
    folder_of(tmp_path / "made", "old")
    (tmp_path / "made" / "gone.txt").write_text("old")
    with placing.writing(tmp_path / "made") as fresh:
        folder_of(fresh, "new")
        assert (tmp_path / "made" / "a.txt").read_text() == "old"
    placing.write_text(tmp_path / "new" / "file.txt", "text")
    placing.write_text(tmp_path / "new" / "file.txt", "other")
    held = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert held == ["made", "made/a.txt", "new", "new/file.txt"]
    assert (tmp_path / "made" / "a.txt").read_text() == "new"
    assert (tmp_path / "new" / "file.txt").read_text() == "other"


def test_what_fails_leaves_the_old_one_and_names_its_place(tmp_path):
    place = folder_of(tmp_path / "made", "old")
    with pytest.raises(OSError, match="No space left") as raised, placing.writing(place):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert raised.value.filename == str(place)
    with pytest.raises(OSError, match="No space left") as raised, placing.writing(place):
        raise RuntimeError("IO Error: Could not write file: No space left on device")
    assert (raised.value.filename, raised.value.errno) == (str(place), errno.ENOSPC)
    with pytest.raises(PermissionError) as raised, placing.writing(place):
        raise PermissionError(errno.EACCES, "denied", "/another/file")
    assert raised.value.filename == "/another/file"
    assert (place / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_folders_are_exchanged_where_the_file_system_has_no_such_step(tmp_path, monkeypatch):
    monkeypatch.setattr(placing.ctypes, "CDLL", lambda *_, **__: object())
    place = folder_of(tmp_path / "made", "old")
    with placing.writing(place) as fresh:
        folder_of(fresh, "new")
    assert (place / "a.txt").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_folder_that_was_moved_away_comes_back(tmp_path):
    place = folder_of(tmp_path / "made", "old")
    place.rename(placing.last_path(place))
    placing.recover(place)
    assert (place / "a.txt").read_text() == "old"
    folder_of(placing.last_path(place), "older")
    placing.recover(place)
    assert (place / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_seal_tells_a_file_that_was_cut_changed_or_removed(tmp_path):
    long = tmp_path / "long.bin"
    long.write_bytes(b"x" * 3 * placing.ENDS)
    short = folder_of(tmp_path / "short", "text") / "a.txt"
    seals = placing.seals_of([long, tmp_path / "short"], tmp_path)
    assert set(seals) == {"long.bin", "short/a.txt"}
    assert placing.are_whole(seals, tmp_path)
    assert not placing.are_whole({}, tmp_path)
    for path, raw in ((long, b"x" * (3 * placing.ENDS - 1)), (short, b"tex_"), (short, None)):
        kept = path.read_bytes()
        path.unlink()
        if raw is not None:
            path.write_bytes(raw)
        assert not placing.are_whole(seals, tmp_path), path
        path.write_bytes(kept)
        assert placing.are_whole(seals, tmp_path)


def test_file_of_another_day_is_of_the_future(tmp_path):
    place = tmp_path / "a"
    place.write_text("")
    assert not placing.is_of_the_future(place)
    os.utime(place, (4e9, 4e9))
    assert placing.is_of_the_future(place)


def test_file_that_names_persons_is_its_owners_alone(tmp_path):
    placing.write_text(tmp_path / "list.csv", "a", mode=placing.OWNER_ONLY)
    assert (tmp_path / "list.csv").stat().st_mode & 0o777 == 0o600


def test_everything_is_synced_before_it_takes_its_place(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(placing, "_sync_one", lambda path: told.append(("sync", path.name)))
    monkeypatch.setattr(placing, "_exchange", lambda fresh, place: told.append(("put", place.name)))
    folder_of(tmp_path / "made", "old")
    with placing.writing(tmp_path / "made") as fresh:
        folder_of(fresh, "new")
    hidden = placing.partial_path(tmp_path / "made").name
    order = [("sync", "a.txt"), ("sync", hidden), ("put", "made"), ("sync", tmp_path.name)]
    assert told == order
