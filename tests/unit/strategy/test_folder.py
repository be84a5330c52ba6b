"""The folder on disk: what is read of it, and what is said of what cannot be."""

from pathlib import Path

import pytest

from tactful.strategy import Problem, StrategyErrors, read_strategy, version_hash
from tactful.strategy.folder import read_folder
from tactful.strategy.limits import LARGEST_FILE_BYTES, LARGEST_STRATEGY_BYTES, MOST_FILES
from tests.unit.strategy.samples import FLORIST_FOLDER, bakery


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bakery" / "templates" / "hello").mkdir(parents=True)
    (tmp_path / "bakery" / "strategy.yaml").write_text(bakery())
    (tmp_path / "bakery" / "templates" / "hello" / "email.mjml").write_text("Hello")
    return tmp_path / "bakery"


def refused(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(StrategyErrors) as caught:
        read_folder(path)
    return caught.value.problems


def test_a_folder_is_read_as_texts_by_path(folder: Path) -> None:
    files = read_folder(folder)
    assert list(files) == ["templates/hello/email.mjml", "strategy.yaml"]
    assert read_strategy(files).name == "bakery"
    assert read_folder(str(folder)) == files


def test_the_florist_can_be_read() -> None:
    assert read_strategy(read_folder(FLORIST_FOLDER)).name == "florist"


def test_what_is_no_part_of_a_strategy_is_passed_over(folder: Path) -> None:
    before = read_folder(folder)
    (folder / "README.md").write_bytes(b"\xff")
    (folder / "templates" / ".DS_Store").write_bytes(b"\xff")
    (folder / "notes").mkdir()
    (folder / "notes" / "x.txt").write_bytes(b"\xff")
    assert read_folder(folder) == before


def test_a_byte_order_mark_and_windows_line_ends_give_the_same_version(folder: Path) -> None:
    before = version_hash(read_folder(folder))
    text = (folder / "strategy.yaml").read_text()
    (folder / "strategy.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert version_hash(read_folder(folder)) == before


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path / "nowhere")
    assert problem.found == "nothing at this path"


def test_the_file_in_place_of_the_folder_is_told(folder: Path) -> None:
    (problem,) = refused(folder / "strategy.yaml")
    assert problem.hint == f'Did you mean "{folder}"?'


def test_a_folder_without_a_strategy_names_the_file_that_may_be_it(folder: Path) -> None:
    (folder / "strategy.yaml").rename(folder / "strategy.yml")
    (problem,) = refused(folder)
    assert problem.hint == 'There is "strategy.yml": rename it.'


def test_a_byte_that_is_not_utf_8_is_told_with_its_place(folder: Path) -> None:
    (folder / "templates" / "hello" / "sms.txt").write_bytes("Zürich\nGruß".encode() + "ü".encode("latin-1"))
    (folder / "templates" / "hello" / "push.txt").write_bytes("Zürich".encode("utf-16"))
    problems = refused(folder)
    assert [(one.file, one.line, one.column) for one in problems] == [
        ("templates/hello/push.txt", 1, 1),
        ("templates/hello/sms.txt", 2, 5),
    ]
    assert "UTF-16" in problems[0].found
    assert "0xFC" in problems[1].found


def test_files_that_are_too_large_are_not_read(folder: Path) -> None:
    (folder / "templates" / "hello" / "email.mjml").write_bytes(b"x" * (LARGEST_FILE_BYTES + 1))
    (folder / "strategy.yaml").write_bytes(b"#" * (LARGEST_STRATEGY_BYTES + 1))
    assert [one.found for one in refused(folder)] == [
        "a file of more than 256,000 bytes",
        "a file of more than 1,000,000 bytes",
    ]


def test_a_line_of_a_hundred_megabytes_is_refused(folder: Path) -> None:
    with (folder / "strategy.yaml").open("wb") as file:
        file.truncate(100_000_000)
    assert [one.found for one in refused(folder)] == ["a file of more than 256,000 bytes"]


def test_too_many_files_are_refused(folder: Path) -> None:
    for number in range(MOST_FILES):
        (folder / "templates" / "hello" / f"{number}.txt").touch()
    assert "more than 1,000 files" in refused(folder)[0].found


def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_followed(folder: Path) -> None:
    (folder / "templates" / "again").symlink_to(folder / "templates" / "hello")
    assert "templates/again/email.mjml" in read_folder(folder)
    (folder / "templates" / "again").unlink()
    secret = folder.parent / "secret.txt"
    secret.write_text("secret")
    (folder / "templates" / "hello" / "sms.txt").symlink_to(secret)
    (folder / "codes").symlink_to(folder.parent)
    assert [(one.file, one.found) for one in refused(folder)] == [
        ("codes", "a link out of the folder"),
        ("templates/hello/sms.txt", "a link out of the folder"),
    ]


def test_links_that_go_in_circles_end(folder: Path) -> None:
    (folder / "templates" / "round").symlink_to(folder / "templates")
    assert any("too deep" in one.found for one in refused(folder))
    (folder / "templates" / "round").unlink()
    (folder / "templates" / "self").symlink_to(folder / "templates" / "self")
    assert [one.file for one in refused(folder)] == ["templates/self"]


def test_what_is_no_file_is_refused(folder: Path) -> None:
    (folder / "codes" / "deep.csv").mkdir(parents=True)
    assert read_folder(folder)
    (folder / "strategy.yaml").unlink()
    (folder / "strategy.yaml").mkdir()
    assert [one.found for one in refused(folder)] == ["something that is no file"]
