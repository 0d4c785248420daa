"""LaTeX through pandoc, an extra."""

import builtins
from pathlib import Path
from typing import Any

import pytest
from polyseme.indexer.readers import latex, read_file
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions


def read(folder: Path, data: str | bytes) -> list[Extract | Failure]:
    path = folder / "a.tex"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_file(path, ReadOptions()))


def blocks(folder: Path, body: str, head: str = "") -> list[str]:
    pytest.importorskip("pypandoc", reason="the extra polyseme[office] is not installed")
    (extract,) = read(
        folder, f"\\documentclass{{article}}{head}\n\\begin{{document}}\n{body}\n\\end{{document}}\nafter"
    )
    assert isinstance(extract, Extract), extract
    return extract.text.split("\n\n")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("\\section{A} The \\emph{bank}. % no\n\nTwo.", ["A", "The bank.", "Two."]),
        (
            "caf\\'e na\\\"\\i ve \\ss{} \\oe{}uvre \\v{c} ``so'' --- \\$5 50\\% hy\\-phen",
            ["café naïve ß œuvre č “so” — $5 50% hyphen"],
        ),
        ("One\\footnote{A \\textbf{note}.} two\\footnote{More.}.", ["One¹ two².", "A note.", "More."]),
        ("See \\cite[p.~3]{knuth84} and \\citep{a,b}.", ["See [knuth84] and [a; b]."]),
        ("\\begin{tabular}{l|r} a & b \\\\ \\hline c & d \\end{tabular}", ["a", "b", "c", "d"]),
        ("\\begin{itemize}\\item one \\item two\\end{itemize}", ["one", "two"]),
        ("\\begin{figure}\\includegraphics{x}\\caption{A caption.}\\end{figure}", ["A caption."]),
        ("a\n\n\\begin{comment} no \\end{comment}\nb \\label{no}\\vspace{2cm}\\pagestyle{plain} c", ["a", "b c"]),
        ("m\\textsuperscript{2} M\\textsuperscript{lle} $a^2$", ["m² Mlle a²"]),
        ("\\Lex[no]{one} \\Lex{two} \\lex*{three} \\todo{no}", ["one two three"]),
        ("\\lex{it's\nin two lines} \\lex" + "{}" * 40 + "{it's}", ["it’s in two lines it’s"]),
        ("The word \\lex{bank} and \\gl{river}{Fluss}.", ["The word bank and river Fluss."]),
        ("Mass $\\frac{\\int}{x}$ here \\[ \\int_0^1 \\frac{a}{b} \\] end", ["Mass here end"]),
    ],
)
def test_latex_is_read_as_printed(tmp_path: Path, body: str, text: list[str]) -> None:
    assert blocks(tmp_path, body) == text


def test_commands_of_the_file_are_expanded(tmp_path: Path) -> None:
    head = "\\newcommand{\\river}{Thames}\\newcommand{\\say}[2]{#1, said #2}"
    assert blocks(tmp_path, "\\river{} \\say{Yes}{he}.", head) == ["Thames Yes, said he."]


def test_title_authors_and_date_of_the_title_page_are_metadata(tmp_path: Path) -> None:
    pytest.importorskip("pypandoc", reason="the extra polyseme[office] is not installed")
    head = "\\title{The \\emph{Bank} \\& Co}\\author{Ann Lee \\and Bob Ray}\\date{4 March 1999}"
    (extract,) = read(tmp_path, f"{head}\\begin{{document}}\\maketitle Text.\\end{{document}}")
    assert isinstance(extract, Extract)
    assert extract.metadata == {
        **{"title": "The Bank & Co", "author": ["Ann Lee", "Bob Ray"], "date": "1999-03-04", "year": "1999"},
    }
    assert extract.text.endswith("Text.")
    (extract,) = read(tmp_path, "Text.")
    assert extract == Extract("Text.")


def test_old_encodings_of_latex_are_read(tmp_path: Path) -> None:
    pytest.importorskip("pypandoc", reason="the extra polyseme[office] is not installed")
    text = "\\usepackage[{}]{{inputenc}}\\begin{{document}}caf\u00e9\\end{{document}}"
    for name, codec in (("latin1", "latin-1"), ("applemac", "mac_roman"), ("utf8", "utf-8"), ("cp850", "cp850")):
        (extract,) = read(tmp_path, text.format(name).encode(codec))
        assert extract == Extract("café"), name


def test_other_files_are_named_and_never_opened(tmp_path: Path) -> None:
    pytest.importorskip("pypandoc", reason="the extra polyseme[office] is not installed")
    (tmp_path / "one.tex").write_text("secret")
    missing = Failure("two.tex is included, but is not a file beside it", "include")
    assert read(tmp_path, "Text. \\input{one} \\input{two}") == [Extract("Text."), missing]
    outside = Failure("../x.tex is included, but is not a file beside it", "include")
    assert read(tmp_path, "Text. \\input{../x}") == [Extract("Text."), outside]
    only = "no text of its own; it includes one.tex, read as files of their own"
    assert read(tmp_path, "\\begin{document}\\input{one}\\end{document}") == [Failure(only)]


def test_without_the_extra_the_reason_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **named: Any) -> Any:
        if name == "pypandoc":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert read(tmp_path, "Text.") == [Failure("install polyseme[office] to read LaTeX")]


def test_large_empty_and_deeply_nested_latex_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pypandoc", reason="the extra polyseme[office] is not installed")
    assert read(tmp_path, " \n") == [Failure("empty")]
    monkeypatch.setattr(latex, "MAX_SIZE", 10)
    assert read(tmp_path, "x" * 11) == [Failure("larger than 0 MiB; split it")]
    monkeypatch.setattr(latex, "MAX_SIZE", 2**20)
    (item,) = read(tmp_path, "\\newcommand{\\a}{\\a\\a}\\a")
    assert isinstance(item, Failure)
