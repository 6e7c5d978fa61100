# SPDX-License-Identifier: Apache-2.0
"""The two parsers of PyYAML, and what loading the C one alone leaves behind: nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fakesealing import FakeSealed
from gitseal import documents
from gitseal.documents import _libyaml
from gitseal.errors import NotADocumentError

ROOT = Path(__file__).parents[2]


def run(program: str) -> str:
    """Run a program in a fresh interpreter; this one has imported yaml long ago."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LOAD = "import sys\nfrom gitseal.documents import _libyaml\nengine = _libyaml.engine()\n"


def test_the_c_parser_is_used_here() -> None:
    assert _libyaml.engine().in_c


def test_the_c_parser_comes_without_the_rest_of_yaml() -> None:
    program = LOAD + (
        "assert engine.in_c\n"
        "list(iter(engine.new_parser('a: 1').get_event, None))\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] == 'yaml'))\n"
    )

    assert run(program) == "[]"


def test_importing_yaml_afterwards_gives_all_of_it() -> None:
    program = LOAD + (
        "import yaml\n"
        "assert yaml.__with_libyaml__\n"
        "assert yaml.load('a: [1, *x]\\nb: 2'.replace('*x', '2'), yaml.CSafeLoader)"
        " == {'a': [1, 2], 'b': 2}\n"
        "assert yaml.safe_load('a: 1') == {'a': 1}\n"
        "assert yaml.dump({'a': 1}, Dumper=yaml.CSafeDumper) == 'a: 1\\n'\n"
        "assert yaml.nodes.ScalarNode is type(yaml.compose('x', Loader=yaml.CLoader))\n"
        "assert yaml.events.ScalarEvent in map(type, yaml.parse('x', Loader=yaml.CLoader))\n"
        "for part in ('error', 'tokens', 'events', 'nodes', 'reader', 'scanner', 'parser',\n"
        "             'composer', 'constructor', 'resolver', '_yaml', 'cyaml'):\n"
        "    assert getattr(yaml, part) is sys.modules['yaml.' + part], part\n"
        "for loader in (yaml.CSafeLoader, yaml.SafeLoader):\n"
        "    for text, error in (('a: [', yaml.parser.ParserError),\n"
        "                        ('a: \"', yaml.scanner.ScannerError),\n"
        "                        ('a: \\x01', yaml.reader.ReaderError),\n"
        "                        ('a: *x', yaml.composer.ComposerError),\n"
        "                        ('a: !x y', yaml.constructor.ConstructorError)):\n"
        "        try:\n"
        "            yaml.load(text, loader)\n"
        "        except error:\n"
        "            continue\n"
        "        raise AssertionError((loader, text))\n"
        "try:\n"
        "    yaml.dump(object(), Dumper=yaml.CSafeDumper)\n"
        "except yaml.representer.RepresenterError:\n"
        "    print('fine')\n"
        "from gitseal import documents\n"
        "from gitseal.errors import DocumentError\n"
        "assert len(documents.parse(b'a: 1', 'yaml').slots) == 1\n"
        "try:\n"
        "    documents.parse(b'a: [', 'yaml')\n"
        "except DocumentError:\n"
        "    pass\n"
    )

    assert run(program) == "fine"


@pytest.mark.parametrize("imported", ["yaml", "yaml.nodes", "yaml._yaml", "ruamel.yaml"])
def test_any_part_may_be_imported_before_or_after(imported: str) -> None:
    check = (
        "import yaml\n"
        "assert yaml.load('a: 1', yaml.CSafeLoader) == {'a': 1}\n"
        "assert len(list(iter(_libyaml.engine().new_parser('a: 1').get_event, None))) == 8\n"
        "print('fine')\n"
    )

    assert run(LOAD + f"import {imported}\n" + check) == "fine"
    assert run(f"import {imported}\n" + LOAD + check) == "fine"


def test_a_package_that_is_not_as_expected_is_imported_as_usual() -> None:
    program = (
        "from gitseal.documents import _libyaml\n"
        "_libyaml._EXCEPTIONS.pop('yaml.reader')\n"
        "engine = _libyaml.engine()\n"
        "import sys, yaml\n"
        "assert engine.in_c and yaml.reader.ReaderError\n"
        "assert not any(isinstance(one, _libyaml._Keeper) for one in sys.meta_path)\n"
        "print('fine')\n"
    )

    assert run(program) == "fine"


def test_without_the_c_parser_the_other_one_is_used() -> None:
    program = (
        "import sys\n"
        "sys.modules['yaml._yaml'] = None\n"
        "from gitseal import documents\n"
        "from gitseal.documents import _libyaml\n"
        "assert not _libyaml.engine().in_c\n"
        "print(len(documents.parse(b'a: [1, 2]', 'yaml').slots))\n"
    )

    assert run(program) == "2"


@pytest.fixture
def pure(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = _libyaml.load_pure()
    assert not engine.in_c
    monkeypatch.setattr(_libyaml, "engine", lambda: engine)


TEXT = """\
# first
a: &x !t "q"  # second
b: |+
  block

c: [ {d: 'e', ? f : *x}, plain ]
1: ~
k: >-
  folded
  text
"""


def test_both_parsers_give_the_same_document(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = documents.parse(TEXT.encode(), "yaml")
    engine = _libyaml.load_pure()
    monkeypatch.setattr(_libyaml, "engine", lambda: engine)
    document = documents.parse(TEXT.encode(), "yaml")

    for part in ("events", "slots", "comments", "empties", "aliases"):
        assert getattr(document, part) == getattr(expected, part)


@pytest.mark.usefixtures("pure")
@pytest.mark.parametrize("text", [TEXT, "- a\n- |\n  b", "", "x\r\n", "a: !!str\nb: |\n  c"])
def test_the_parser_in_python_seals_and_opens_too(text: str) -> None:
    sealed = FakeSealed(text)

    sealed.check()
    assert sealed.reads_back()


@pytest.mark.usefixtures("pure")
@pytest.mark.parametrize(
    "text", ["a: &hunter2! x", "a: @hunter2", "a: [hunter2", "a: !hunter2!x y", "a: \x01hunter2"]
)
def test_messages_of_the_parser_in_python_quote_nothing(text: str) -> None:
    with pytest.raises(NotADocumentError) as caught:
        documents.parse(text.encode(), "yaml")

    assert caught.value.line == 1
    assert caught.value.column >= 4
    for part in ("hunter", "'"):
        assert part not in str(caught.value)
