# SPDX-License-Identifier: Apache-2.0
"""
One marked secret, every command, and then a search of everything that was printed or left behind.

The mark is new in every run and holds characters that each encoding writes differently.  It may be
on standard output where printing it is the command's job, and in the files that were asked for.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import shlex
import shutil
import stat
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gitseal.masterkeys.identities import generate_identity

SHM = Path("/dev/shm")
WORD = f"Zq{secrets.token_hex(8)}/+={secrets.token_hex(4)}"
NUMBER = str(secrets.randbelow(10**24) + 10**24)
MULTI = f"-----BEGIN KEY-----\n{WORD}\n-----END KEY-----\n"

ENV = f"""\
# {WORD} in a comment
DB_PASSWORD={WORD}
SINGLE='{WORD}'
export DOUBLE="{WORD}\\n"
NUMBER={NUMBER} # {WORD}
KEPT=1
"""
YAML = f"""\
# {WORD}
db:
  password: {WORD} # {WORD}
  single: 'it''s {WORD}'
  double: "\\t{WORD}"
  number: {NUMBER}
  block: |
    {WORD}
    second
  folded: >-
    {WORD}
    folded
  several: {WORD}
    lines
  anchor: &a !mine {WORD}
  alias: *a
list:
  - {WORD}
  - [flow, "{WORD}", {{k: '{WORD}'}}]
kept: 1
"""
JSON = f'{{\n  "db": {{"password": "{WORD}", "number": {NUMBER}}},\n  "list": ["{WORD}"]\n}}\n'
FILES = {".env": ENV, "config/app.yaml": YAML, "config/app.json": JSON, "keys/server.pem": MULTI}


def _encodings() -> dict[str, bytes]:
    found = {}
    for name, text in (("word", WORD), ("number", NUMBER)):
        raw = text.encode()
        found[name] = raw
        found[f"{name}, hexadecimal"] = raw.hex().encode()
        found[f"{name}, URL-encoded"] = urllib.parse.quote(text, safe="").encode()
        found[f"{name}, JSON with escaped slashes"] = text.replace("/", "\\/").encode()
        found[f"{name}, UTF-16"] = text.encode("utf-16-le")
        for shift in range(3):
            # The characters of base 64 that depend on nothing but the mark, at each alignment.
            body = base64.b64encode(bytes(shift) + raw)[4 if shift else 0 : -4]
            found[f"{name}, base64 +{shift}"] = body
            found[f"{name}, base64url +{shift}"] = body.translate(bytes.maketrans(b"+/", b"-_"))
    found["half of the word"] = WORD[:14].encode()
    found["half of the number"] = NUMBER[:14].encode()
    return found


ENCODINGS = _encodings()
_ANY = re.compile(b"|".join(re.escape(form) for form in ENCODINGS.values()), re.IGNORECASE)


def marks(data: bytes) -> list[str]:
    """In which forms the mark stands in some bytes."""
    if _ANY.search(data) is None:
        return []
    lower = data.lower()
    return [name for name, form in ENCODINGS.items() if form.lower() in lower]


class Place:
    """A person's whole world below one folder, and everything that was printed in it."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.folder = folder
        self.repo = folder / "repo"
        self.outside = folder / "asked-for"
        self.runtime = runtime
        self.leaks: list[str] = []
        self.commands: set[str] = set()
        names = ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
                 "XDG_STATE_HOME")  # fmt: skip
        self.environ = dict(os.environ)
        for name in names:
            (folder / name.lower()).mkdir(mode=0o700)
            self.environ[name] = str(folder / name.lower())
        self.outside.mkdir()
        self.environ |= {
            "XDG_RUNTIME_DIR": str(runtime),
            "GIT_CONFIG_GLOBAL": str(folder / "home" / ".gitconfig"),
            "GITSEAL_DEBUG": "1",
            "DEBUG": "1",
            "PYTHONFAULTHANDLER": "1",
            "GIT_TRACE": str(folder / "home" / "git-trace"),
            "GIT_TRACE_PACKET": str(folder / "home" / "git-trace-packet"),
        }
        self.environ.pop("GITSEAL_KEY", None)
        self.identity = folder / "xdg_config_home" / "gitseal" / "identity.txt"
        self.recipient = generate_identity(str(self.identity))

    def gitseal(
        self,
        *words: str,
        code: int | tuple[int, ...] = 0,
        prints: bool = False,
        data: bytes = b"",
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> str:
        """Run a command; what it writes is searched, its output only if printing is not its job."""
        self.commands.add(words[0])
        done = subprocess.run(
            [sys.executable, "-m", "gitseal", *words],
            cwd=cwd or self.repo,
            env={**self.environ, **(environ or {})},
            input=data,
            capture_output=True,
            timeout=60,
            check=False,
        )
        codes = (code,) if isinstance(code, int) else code
        assert done.returncode in codes, f"{words}: {done.returncode}\n{done.stderr.decode()}"
        assert b"Traceback" not in done.stderr
        self._search(done.stderr, f"standard error of {words}")
        if not prints:
            self._search(done.stdout, f"standard output of {words}")
        return done.stdout.decode("utf-8", "replace")

    def git(self, *words: str) -> bytes:
        done = subprocess.run(
            ["git", *words], cwd=self.repo, env=self.environ, capture_output=True, check=True
        )
        return done.stdout

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "More")

    def script(self, body: str) -> str:
        """An editor, or a program to run."""
        path = self.outside / f"script{len(list(self.outside.iterdir()))}"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return str(path)

    def search_files(self, when: str) -> None:
        """Look into every file of this world, into git's compressed objects, and into memory."""
        places = [self.folder, self.runtime, SHM]
        for top in places:
            for directory, folders, names in os.walk(top):
                folders[:] = [one for one in folders if Path(directory, one) != self.outside]
                for name in [*names, *folders]:
                    self._search(os.fsencode(name), f"{when}: the name of {directory}/{name}")
                for name in names:
                    self._search_file(Path(directory, name), when)
        objects = self.git("cat-file", "--batch-all-objects", "--batch", "--buffer")
        self._search(objects, f"{when}: git's objects")

    def _search_file(self, path: Path, when: str) -> None:
        try:
            if stat.S_ISREG(path.lstat().st_mode):
                self._search(path.read_bytes(), f"{when}: {path}")
        except OSError:  # another test's, gone again
            return

    def _search(self, data: bytes, where: str) -> None:
        self.leaks += [f"{where}: {form}" for form in marks(data)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """The world, with the files sealed and committed."""
    if SHM.is_dir() and os.access(SHM, os.W_OK):
        runtime = SHM / f"canary-{secrets.token_hex(6)}"
        runtime.mkdir(mode=0o700)
    else:
        runtime = tmp_path / "runtime"
        runtime.mkdir(mode=0o700)
    here = Place(tmp_path, runtime)
    subprocess.run(["git", "init", "-q", str(here.repo)], env=here.environ, check=True)
    for name, text in FILES.items():
        (here.repo / name).parent.mkdir(exist_ok=True)
        (here.repo / name).write_text(text)
    patterns = [word for name in FILES for word in ("--files", name)]
    here.gitseal("init", "--yes", "--name", "ada", *patterns, "--files", "more/**")
    here.commit()
    yield here
    shutil.rmtree(runtime, ignore_errors=True)


def test_the_search_finds_what_it_looks_for() -> None:
    for form in (
        WORD.encode(), WORD.upper().encode(), base64.b64encode(f"x{WORD}yz".encode()),
        base64.urlsafe_b64encode(f"ab{WORD}".encode()), WORD.encode().hex().encode(),
        urllib.parse.quote(WORD, safe="").encode(), NUMBER.encode(), ENV.encode(),
    ):  # fmt: skip
        assert marks(b"before " + form + b" after")
    assert not marks(b"Zq and nothing more")


def everyday(here: Place) -> None:
    """Every command, doing what it is for."""
    for path, text in FILES.items():
        assert here.gitseal("decrypt", path, prints=True) == text
        here.gitseal("decrypt", "-o", str(here.outside / path.replace("/", "-")), path)
        here.gitseal("encrypt", path)
    here.gitseal("get", ".env", "DB_PASSWORD", prints=True)
    here.gitseal("get", "config/app.yaml", "db", "--format", "json", prints=True)
    codes = (0, 2, 6, 9)  # some forms cannot hold every value, and say so
    for form, path in zip(
        ("env", "json", "yaml", "docker", "shell", "github"), [*FILES, *FILES], strict=False
    ):
        here.gitseal("export", path, "--format", form, prints=True, code=codes)
    clear = here.outside / "value"
    clear.write_text(WORD)
    for path in (".env", "config/app.yaml", "config/app.json"):
        here.gitseal("set", path, "new", "--stdin", data=WORD.encode())
        here.gitseal("set", path, "other", "--from-file", str(clear))
        here.gitseal("set", path, "new", "--stdin", "--dry-run", data=b"2")
        here.gitseal("unset", path, "new")
    here.gitseal("set", ".env", "ARGUMENT", WORD)
    here.gitseal("set", "more/new.yaml", "a.b", "--stdin", data=WORD.encode())
    here.gitseal(
        "edit",
        "config/app.yaml",
        environ={"EDITOR": here.script('sed -i s/kept:.1/kept:\\ 2/ "$1"')},
    )
    add = here.script(f'echo "LATER={WORD}" >> "$1"')
    here.gitseal("edit", ".env", environ={"EDITOR": add})
    here.gitseal("run", ".env", "--", "true")
    here.gitseal("run", "--mount", "keys/server.pem", "--", "true")
    here.gitseal("run", "--mask", ".env", "--", "true")
    here.gitseal("encrypt", "-", "--filename", "more/b.yaml", data=YAML.encode())
    sealed = here.gitseal("encrypt", "-", "--filename", ".env", data=ENV.encode()).encode()
    here.gitseal("decrypt", "-", "--filename", ".env", prints=True, data=sealed)
    (here.folder / "alone.yaml").write_text(YAML)
    here.gitseal("encrypt", "--to", here.recipient, "alone.yaml", cwd=here.folder)
    here.gitseal("mv", "more/new.yaml", "more/moved.yaml")


def looking(here: Place) -> None:
    """What only looks: values are no business of it."""
    for words in (
        ["check"], ["check", "--format", "json"], ["check", "--staged"], ["status"],
        ["status", "--format", "json"], ["diff"], ["diff", "--format", "json"],
        ["diff", "--staged"], ["log", ".env"], ["log", "config/app.yaml:db"],
        ["log", "--format", "json", "config/app.json"], ["blame", "config/app.yaml"],
        ["blame", "--format", "json", ".env"], ["log", "keys/server.pem"], ["doctor"],
        ["doctor", "--format", "json"], ["keys", "whoami"],
        ["policy", "explain", ".env"], ["policy", "explain", "config/app.yaml", "db.password"],
        ["readers", "list"], ["trust"], ["completion", "bash"], ["completion", "zsh"],
        ["completion", "fish"], ["--complete-keys", "config/app.yaml"], ["--help"],
        ["--version"], ["recover", ".env"], ["apply", "--dry-run"], ["git", "install"],
        ["git", "uninstall"], ["lock"], ["unlock"], ["unlock", "--for", "1h", "main"],
        ["lock", "--dry-run"],
    ):  # fmt: skip
        here.gitseal(*words, code=(0, 1, 2, 6))


def sharing(here: Place) -> None:
    """Readers come and go, keys change."""
    other = generate_identity(str(here.folder / "other.txt"))
    here.gitseal("readers", "add", "ben", other, "--yes")
    here.commit()
    here.gitseal("readers", "remove", "ben", "--yes", code=(0, 1))
    here.commit()
    here.gitseal("rotate", "--yes", code=(0, 1))
    here.commit()
    here.gitseal("apply", "--yes", code=(0, 1))
    policy = here.repo / ".gitseal.yaml"
    policy.write_text(policy.read_text().replace('seal: ["**"]', 'seal: ["**", "x"]'))
    here.gitseal("apply", "--yes", code=(0, 1))
    here.commit()
    here.gitseal("keys", "generate", "-o", str(here.folder / "third.txt"), code=(0, 2))


def merging(here: Place) -> None:
    """Two branches change one value; git's driver, and then a person, sees to it."""
    driver = f"{shlex.quote(sys.executable)} -m gitseal git merge-driver %O %A %B %L %P %S %X %Y"
    here.git("config", "merge.gitseal.driver", driver)
    (here.repo / ".git/info").mkdir(exist_ok=True)
    (here.repo / ".git/info/attributes").write_text(".env merge=gitseal\n*.yaml merge=gitseal\n")
    here.git("branch", "other")
    for branch in ("other", "-"):
        here.git("checkout", "-q", branch)
        for path, key in ((".env", "SINGLE"), ("config/app.yaml", "db.single")):
            value = f"{branch} {WORD}".encode()
            here.gitseal("set", path, key, "--stdin", data=value)
        here.commit()
    said = subprocess.run(
        ["git", "merge", "other"], cwd=here.repo, env=here.environ, capture_output=True, check=False
    )
    assert said.returncode == 1
    here._search(said.stdout + said.stderr, "a merge")
    here.search_files("in the middle of a merge")
    for body, code in (("exit 0", 9), (f'echo "{WORD}" >> "$1"; exit 3', 1)):
        here.gitseal("resolve", ".env", code=code, environ={"EDITOR": here.script(body)})
    here.gitseal("resolve", ".env", "--dry-run")
    own = here.script("sed -i -e '/^<<<<<<</,/^=======$/d' -e '/^>>>>>>>/d' \"$1\"")
    here.gitseal("resolve", ".env", environ={"EDITOR": own})
    here.gitseal("resolve", "config/app.yaml", "--theirs")
    for kept in here.repo.glob("*.gitseal-edit*"):
        kept.unlink()
    here.commit()


def failing(here: Place) -> None:
    """The same commands with files, keys and editors that do not do what they should."""
    wrong = {
        "GITSEAL_IDENTITY_FILE": str(here.folder / "other.txt"),
        "XDG_CONFIG_HOME": str(here.folder / "nothing"),
        "HOME": str(here.folder / "nothing"),
    }
    faults = {".env": f"A=1\n{WORD}\n", "config/app.yaml": f"a: [{WORD}\n",
              "config/app.json": f'{{"a": {WORD}}}\n'}  # fmt: skip
    for path, broken in faults.items():
        file = here.repo / path
        good = file.read_text()
        for words in (["decrypt", path], ["get", path, "a"], ["export", path], ["unset", path, "a"],
                      ["rotate", "--yes"]):  # fmt: skip
            here.gitseal(*words, code=(1, 2, 4), environ=wrong)
        here.gitseal("set", path, "a", "--stdin", data=WORD.encode(), code=4, environ=wrong)
        middle = good.index("seal:v1[_") + 15
        damaged = good[:middle] + ("0" if good[middle] != "0" else "1") + good[middle + 1 :]
        both = f"<<<<<<< a\n{good}=======\n{good}>>>>>>> b\n"
        for text in (damaged, good[: len(good) // 2], both, good + broken):
            file.write_text(text)
            for words in (["decrypt", path], ["encrypt", path], ["check"], ["diff"]):
                here.gitseal(*words, code=(0, 1, 3, 6, 9))
            here.gitseal("set", path, "a", "--stdin", data=WORD.encode(), code=(3, 6, 9))
        here.gitseal("get", path, "a", code=(3, 9))
        here.gitseal("unset", path, "a", code=(3, 9))
        here.gitseal("run", path, "--", "true", code=125)
        here.gitseal("recover", path, code=6)
        file.write_text(good)
        _clear_at_a_sealed_place(here, path, broken)
        file.write_text(good)
        _editors(here, path, broken)


def _clear_at_a_sealed_place(here: Place, path: str, broken: str) -> None:
    """Clear text that was written over a sealed file; it is no leftover of ours."""
    for text in (broken, FILES[path]):
        (here.repo / path).write_text(text)
        for words in (["decrypt", path], ["get", path, "a"], ["check"],
                      ["check", "--format", "json"], ["diff"], ["status"]):  # fmt: skip
            here.gitseal(*words, code=(0, 1, 6, 9))
        here.gitseal("run", path, "--", "true", code=125)
    (here.repo / path).write_text(broken)
    here.gitseal("encrypt", path, code=9)
    here.gitseal("set", path, "a", "--stdin", data=WORD.encode(), code=(6, 9))


def _editors(here: Place, path: str, broken: str) -> None:
    bad = here.script(f"printf '%s' '{broken}' > \"$1\"")
    here.gitseal("edit", path, code=9, environ={"EDITOR": bad})
    here.gitseal("edit", path, code=(1, 2, 6), environ={"EDITOR": here.script("kill -9 $$")})
    here.gitseal(
        "edit",
        path,
        code=(1, 2, 6),
        environ={"EDITOR": here.script(f'echo "{WORD}" >> "$1"; exit 3')},
    )
    here.gitseal("edit", path, code=(0, 1, 2, 6), environ={"EDITOR": here.script('rm "$1"')})
    here.gitseal(
        "edit", path, code=(0, 1, 2, 6, 126, 127), environ={"EDITOR": "/nonexistent/editor"}
    )
    theirs = here.script(f'echo >> "{here.repo / path}"; echo "# {WORD}" >> "$1"')
    here.gitseal("edit", path, code=(3, 7, 9), environ={"EDITOR": theirs})


@pytest.mark.slow
def test_no_secret_is_where_it_should_not_be(place: Place) -> None:
    everyday(place)
    place.search_files("after everyday work")
    looking(place)
    place.commit()
    sharing(place)
    for words in (["check"], ["status"], ["diff"], ["diff", "HEAD~1"], ["log", ".env"],
                  ["blame", ".env"]):  # fmt: skip
        place.gitseal(*words, code=(0, 1))
    place.search_files("after sharing")
    merging(place)
    place.search_files("after merging")
    failing(place)
    place.search_files("after failures")

    assert not place.leaks, "\n".join(dict.fromkeys(place.leaks))
    _every_command_was_run(place.commands)


def _every_command_was_run(commands: set[str]) -> None:
    from gitseal.cli.table import COMMANDS

    assert set(COMMANDS) <= commands
