"""Files as people have them: encodings, line ends, quotes, delimiters, lines without end."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.cli.importing.lines import LONGEST, FileError, Source
from tactful.cli.importing.records import BadRow, Row, read_table


def rows_of(path: Path, encoding: str | None = None, delimiter: str | None = None) -> list[Row | BadRow]:
    with closing(Source(path, encoding)) as source:
        return list(read_table(source, delimiter).rows)


def written(tmp_path: Path, content: bytes | str, name: str = "orders.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def values(rows: list[Row | BadRow]) -> list[dict[str, object]]:
    return [row.values for row in rows if isinstance(row, Row)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiter_line_end_and_byte_order_mark_are_found_out(
    tmp_path: Path, delimiter: str, end: str, mark: bytes
) -> None:
    lines = [["customer", "total"], ["ada", "1.50"], ["bob", "2.00"]]
    content = mark + "".join(delimiter.join(line) + end for line in lines).encode()
    rows = rows_of(written(tmp_path, content))
    assert values(rows) == [{"customer": "ada", "total": "1.50"}, {"customer": "bob", "total": "2.00"}]
    assert [row.line for row in rows] == [2, 3]


def test_a_quoted_cell_may_go_over_lines_and_the_row_keeps_its_first_line(tmp_path: Path) -> None:
    content = 'customer,note\nada,"one\ntwo, ""three"""\nbob,x\n'
    rows = rows_of(written(tmp_path, content))
    assert values(rows) == [{"customer": "ada", "note": 'one\ntwo, "three"'}, {"customer": "bob", "note": "x"}]
    assert [row.line for row in rows] == [2, 4]


def test_a_quote_inside_a_cell_is_a_quote(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, 'customer,size\nada,5" wide\nbob,6" wide\n'))
    assert values(rows) == [{"customer": "ada", "size": '5" wide'}, {"customer": "bob", "size": '6" wide'}]


def test_a_quote_that_never_ends_spoils_its_own_line_only(tmp_path: Path) -> None:
    content = 'customer,note\nada,"never ends\n' + "".join(f"c{i},x\n" for i in range(50))
    rows = rows_of(written(tmp_path, content))
    assert isinstance(rows[0], BadRow)
    assert "never ends" in rows[0].reason
    assert len(values(rows)) == 50


def test_a_line_without_end_is_refused_with_its_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    content = b"customer,note\nada,x\nbob," + b"y" * (10 * LONGEST) + b"\ncyd,z\n"
    rows = rows_of(written(tmp_path, content))
    assert [row.line for row in rows] == [2, 3, 4]
    assert isinstance(rows[1], BadRow)
    assert "longer than 64 KB" in rows[1].reason
    assert len("".join(rows[1].cells)) < 300
    assert values(rows) == [{"customer": "ada", "note": "x"}, {"customer": "cyd", "note": "z"}]


def test_a_line_in_another_encoding_is_refused_with_the_byte_and_its_neighbours_are_kept(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, b"customer,note\nada,x\nbob,caf\xe9\ncyd,z\n"))
    assert isinstance(rows[1], BadRow)
    assert "0xe9" in rows[1].reason
    assert "cp1252" in rows[1].reason
    assert len(values(rows)) == 2


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-le", "utf-32"])
def test_a_file_in_another_encoding_is_read_when_it_is_told(tmp_path: Path, encoding: str) -> None:
    content = "customer,note\nada,café\n".encode(encoding)
    assert values(rows_of(written(tmp_path, content), encoding)) == [{"customer": "ada", "note": "café"}]


def test_utf_16_says_itself_what_it_is(tmp_path: Path) -> None:
    content = "customer\tnote\r\nada\tcafé\r\n".encode("utf-16")
    assert values(rows_of(written(tmp_path, content))) == [{"customer": "ada", "note": "café"}]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"\x1f\x8brest", "gunzip"),
        (b"a\x00b\x00", "UTF-16"),
        (b"[{}]", "one JSON list"),
        (b"a,b,a\n1,2,3\n", 'column "a" twice'),
        (b"caf\xe9,b\n", "header in line 1 is not UTF-8"),
        (b"x" * (LONGEST + 5), "longer than 64 KB"),
    ],
)
def test_what_cannot_be_imported_at_all_is_said_in_a_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(FileError, match=told):
        rows_of(written(tmp_path, content))


def test_a_file_that_is_not_there_and_an_encoding_that_is_none_are_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read: no such file"):
        Source(tmp_path / "nothing.csv")
    with pytest.raises(FileError, match="cannot be read: is a directory"):
        Source(tmp_path)
    with pytest.raises(FileError, match='no encoding "utf-9"'):
        rows_of(written(tmp_path, "a,b\n1,2\n"), "utf-9")
    with pytest.raises(FileError, match="not written in ascii"):
        rows_of(written(tmp_path, "a,b\n1,é\n"), "ascii")


def test_a_row_with_too_many_or_too_few_cells_is_refused_with_its_cells(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, "customer,total\nada\nbob,1,2\ncyd,3\n"))
    assert [row.reason for row in rows if isinstance(row, BadRow)] == [
        "has 1 cells, and the header has 2",
        "has 3 cells, and the header has 2",
    ]
    assert [row.cells for row in rows if isinstance(row, BadRow)] == [("ada",), ("bob", "1", "2")]


def test_blank_lines_are_passed_over_and_nul_is_not(tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path, b"customer,total\n" + b"ada,1\n" * 400 + b"\n  \nbob,\x00\n"))
    assert len(rows) == 401
    assert isinstance(rows[-1], BadRow)


def test_json_lines_are_rows_and_each_bad_one_is_refused_by_itself(tmp_path: Path) -> None:
    content = '{"customer": "ada", "items": ["x"]}\n{"customer": \n"text"\n{"customer": "bob", "total": 1}\n'
    rows = rows_of(written(tmp_path, content, "orders.jsonl"))
    assert values(rows) == [{"customer": "ada", "items": ["x"]}, {"customer": "bob", "total": 1}]
    assert [row.line for row in rows if isinstance(row, BadRow)] == [2, 3]


def test_a_json_field_that_comes_late_is_not_lost_unseen(tmp_path: Path) -> None:
    content = '{"customer": "ada"}\n' * 150 + '{"customer": "bob", "note": "x"}\n'
    rows = rows_of(written(tmp_path, content, "orders.jsonl"))
    assert isinstance(rows[-1], BadRow)
    assert '"note"' in rows[-1].reason


@given(
    st.lists(
        st.lists(
            st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8),
            min_size=2,
            max_size=2,
        ),
        max_size=8,
    ),
    st.sampled_from([",", ";", "\t"]),
)
def test_whatever_a_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], delimiter: str
) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *table])
    path = written(tmp_path_factory.mktemp("csv"), buffer.getvalue())
    assert values(rows_of(path, delimiter=delimiter)) == [dict(zip("ab", row, strict=True)) for row in table]
