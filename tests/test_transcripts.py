# SPDX-License-Identifier: Apache-2.0
"""What people type and what they get, as files of tests/transcripts/, run with the real program."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import transcript

FOLDER = Path(__file__).parent / "transcripts"


def cases() -> list[object]:
    return [
        pytest.param(
            path,
            id=path.stem,
            marks=pytest.mark.needs(*transcript.needed(path.read_text(encoding="utf-8"))),
        )
        for path in sorted(FOLDER.glob("*.txt"))
    ]


def play(path: Path, shell: transcript.Shell, *, update: bool) -> list[str]:
    """The differences of one transcript; with `update`, the file is rewritten instead."""
    script = transcript.parse(path.read_text(encoding="utf-8"))
    for name, body in script.files.items():
        target = shell.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(body, encoding="utf-8")
    problems = []
    for step in script.steps:
        lines, code = shell.run(step.command)
        if code == step.code and transcript.matches(step.expected, lines):
            continue
        problems.append(transcript.difference(step, lines, code))
        step.expected, step.code = lines, code
    if problems and update:
        path.write_text(script.text(), encoding="utf-8")
        return []
    return problems


@pytest.mark.parametrize("path", cases())
def test_transcript(path: Path, tmp_path: Path, home: Path, programs: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    shell = transcript.Shell(work, home, programs)

    problems = play(path, shell, update=bool(os.environ.get("GITSEAL_UPDATE_TRANSCRIPTS")))

    assert not problems, "\n\n".join(problems)


SAMPLE = """\
# needs: sh
# A file, a variable and a folder are kept.
$ cat note
hello

$ export A=1; mkdir sub; cd sub

$ echo $A; pwd; false
1
$WORK/sub
? 1

$ cat <<END
> one
> END
one

# Two and more lines.
$ seq 4; echo "# not a comment"
1
[...]
[..] not a comment

-- note --
hello
"""


class TestTheHarness:
    def test_plays_a_transcript(self, tmp_path: Path, home: Path, programs: Path) -> None:
        path = tmp_path / "sample.txt"
        path.write_text(SAMPLE)
        (tmp_path / "work").mkdir()

        assert play(path, transcript.Shell(tmp_path / "work", home, programs), update=False) == []

    def test_writes_the_same_file_again(self) -> None:
        assert transcript.parse(SAMPLE).text() == SAMPLE

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (("hello\n\n", "goodbye\n\n"), "-goodbye"),
            (("? 1\n", ""), "+? 1"),
            (("one\n\n# Two", "one\ntwo\n\n# Two"), "-two"),
            (("[...]\n", ""), "+3"),
        ],
    )
    def test_says_what_differs(
        self, change: tuple[str, str], told: str, tmp_path: Path, home: Path, programs: Path
    ) -> None:
        path = tmp_path / "sample.txt"
        path.write_text(SAMPLE.replace(*change, 1))
        (tmp_path / "work").mkdir()

        problems = play(path, transcript.Shell(tmp_path / "work", home, programs), update=False)

        assert len(problems) == 1
        assert told in problems[0]

    def test_updates_what_differs_and_keeps_what_matches(
        self, tmp_path: Path, home: Path, programs: Path
    ) -> None:
        path = tmp_path / "sample.txt"
        path.write_text(SAMPLE.replace("hello\n\n", "goodbye\n\n", 1))
        (tmp_path / "work").mkdir()

        play(path, transcript.Shell(tmp_path / "work", home, programs), update=True)

        assert path.read_text() == SAMPLE

    def test_refuses_text_before_the_first_command(self) -> None:
        with pytest.raises(ValueError, match="before the first command"):
            transcript.parse("hello\n$ true\n")

    def test_finds_the_program_under_test(self, programs: Path) -> None:
        assert shutil.which("gitseal", path=str(programs))
