"""The journal: a chain that is read back whole, and breaks where a line was touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import journal
from labkit.errors import JournalError
from labkit.journal import Header, Journal

HEADER = Header(seed=7, start=1000, exercise="exercise-1", trainee="anna")


def write(path, count=3):
    written = Journal.create(path, HEADER)
    for number in range(count):
        written.append(1000 + number, "trainee", "lab", {"type": "lab.answer", "n": number}, {"ok": True})
    written.close()
    return written


def test_what_was_written_is_read(tmp_path):
    written = write(tmp_path / "j" / "journal.jsonl")
    header, entries = journal.read(tmp_path / "j" / "journal.jsonl")
    assert (header, entries) == (HEADER, written.entries)
    assert entries[-1].hash == written.hash


@given(actions=st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()), max_size=5))
def test_equal_journals_have_equal_hashes_whatever_the_order_of_keys(actions):
    one, other = Journal(HEADER), Journal(HEADER)
    for action in actions:
        one.append(0, "a", "f", action, {})
        other.append(0, "a", "f", dict(reversed(action.items())), {})
    assert one.hash == other.hash
    assert Journal(Header(seed=8, start=1000)).hash != Journal(HEADER).hash


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda lines: [*lines[:2], lines[2].replace(b'"n":1', b'"n":9'), *lines[3:]], 3),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines[:3], lines[3][:20]], 4),
        (lambda lines: [lines[0].replace(b'"seed":7', b'"seed":8'), *lines[1:]], 2),
        (lambda lines: [b"\xff\xfe", *lines[1:]], 1),
    ],
)
def test_damage_is_found_where_it_is(tmp_path, damage, line):
    path = tmp_path / "journal.jsonl"
    write(path)
    path.write_bytes(b"".join(line + b"\n" for line in damage(path.read_bytes().splitlines())))
    with pytest.raises(JournalError) as caught:
        journal.read(path)
    assert caught.value.where == f"{path}:{line}"


def test_no_file_an_empty_file_and_another_format_are_told_apart(tmp_path):
    path = tmp_path / "journal.jsonl"
    with pytest.raises(JournalError, match="No such file"):
        journal.read(path)
    path.touch()
    with pytest.raises(JournalError, match="empty"):
        journal.read(path)
    path.write_bytes(b'{"seed":1,"start":0,"format":99}\n')
    with pytest.raises(JournalError, match="99"):
        journal.read(path)


def test_a_journal_is_never_overwritten(tmp_path):
    write(tmp_path / "journal.jsonl")
    with pytest.raises(JournalError, match="already there"):
        Journal.create(tmp_path / "journal.jsonl", HEADER)


def test_half_a_last_line_is_cut_off_and_the_rest_goes_on(tmp_path):
    path = tmp_path / "journal.jsonl"
    written = write(path)
    written.close()
    path.write_bytes(path.read_bytes()[:-20])
    assert len(journal.read(path)[1]) == len(written.entries) - 1
    resumed = Journal.resume(path)
    resumed.append(99, "a", "f", {}, {})
    resumed.close()
    assert [entry.time for entry in journal.read(path)[1]][-1] == 99


def test_a_journal_has_one_writer(tmp_path):
    path = tmp_path / "journal.jsonl"
    first = Journal.create(path, HEADER)
    with pytest.raises(JournalError, match="another sandbox writes"):
        Journal.resume(path)
    first.close()
    Journal.resume(path).close()
