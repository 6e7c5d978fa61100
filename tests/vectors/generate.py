# SPDX-License-Identifier: Apache-2.0
"""
Makes the test kit: sealed files with one fault each, and a few that must open (README.md).

    python tests/vectors/generate.py [FOLDER]

Everything follows from fixed keys and texts, so that each run gives the same bytes.  A case is
made from a good file by one change.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import kit_documents
import kit_files
import kit_good
import kit_headers
import kit_values
import kit_whole
from kit_base import Case

GROUPS: tuple[Callable[[], Iterator[Case]], ...] = (
    kit_good.good_files,
    kit_values.damaged_values,
    kit_values.wrong_frames,
    kit_values.moved_values,
    kit_documents.changed_documents,
    kit_documents.clear_places,
    kit_documents.seals,
    kit_headers.headers,
    kit_headers.header_places,
    kit_files.cut_files,
    kit_files.moved_files,
    kit_files.no_documents,
    kit_whole.whole_files,
    kit_whole.files_on_their_own,
)


def cases() -> list[Case]:
    """Give all cases; their names are unique."""
    made = [case for group in GROUPS for case in group()]
    assert len({case.name for case in made}) == len(made)
    return made


def write(folder: Path) -> int:
    """Write the kit into a folder, take away what is no case, and give their number."""
    folder.mkdir(parents=True, exist_ok=True)
    made = cases()
    names = {case.name for case in made}
    for old in folder.iterdir():
        if old.name not in names:
            old.unlink()
    for case in made:
        (folder / case.name).write_bytes(case.to_bytes())
    return len(made)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "kit"
    print(f"{write(target)} cases in {target}")
