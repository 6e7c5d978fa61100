# SPDX-License-Identifier: Apache-2.0
"""What is in doubt is not merged: our version stays, git has a conflict, and a person is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from desk import CANARY
from gitseal.guest import merging
from gitseal.operations.merging_files import merge
from gitseal.repository.locking import mark_locked
from merges import Merges, lines, secret

pytestmark = pytest.mark.needs("gitseal")

BASE = lines(A="a", B="b", C="c")
OURS = lines(A="a", B="ours", C="c")
THEIRS = lines(A="a", B="b", C="theirs")


def planted(merges: Merges, theirs: bytes) -> None:
    """Somebody without a key has put other bytes onto `topic`."""
    merges.start({".env": BASE, "other.env": lines(A="a", B="b", C="other")})
    forge(merges, theirs)


def forge(merges: Merges, theirs: bytes | None) -> None:
    merges.git("switch", "-qc", "topic")
    if theirs is not None:
        merges.plant(".env", theirs)
    merges.git("commit", "-qm", "theirs")
    merges.git("switch", "-q", "-f", "main")
    merges.commit("ours", {".env": OURS})


def refused(merges: Merges, reason: str) -> None:
    ours = merges.blob("HEAD:.env")

    said = merges.git("merge", "topic", code=1)

    assert reason in said
    assert "our version stays" in said
    assert merges.blob(":2:.env") == ours
    assert merges.content() == OURS
    assert not merges.leaks()


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (lambda blob: blob.replace(b"C=seal", b"D=seal"), "theirs: "),
        (lambda blob: blob.replace(b"A=seal:v1[_", b"A=seal:v1[_z"), "theirs: "),
        (lambda blob: b"EVIL=1\n" + blob, "theirs: "),
        (lambda blob: blob.replace(b"# gitseal seal:", b"# "), "theirs: the seal is missing"),
        (lambda blob: blob.partition(b"# gitseal v")[0], "theirs: holds sealed values, but not"),
        (lambda _blob: b"A=1\n", "theirs: is in clear, where it should be sealed"),
        (lambda _blob: b"", "theirs: is in clear, where it should be sealed"),
        (lambda _blob: b"\0GITSEAL\1garbage", "theirs: "),
        (lambda blob: blob.replace(b'"app"', b'"web"'), "theirs: is sealed for scope web"),
    ],
    ids=["moved", "damaged", "added", "unsigned", "cut", "clear", "empty", "garbage", "scope"],
)  # fmt: skip
def test_a_forged_side(forged: Callable[[bytes], bytes], reason: str, merges: Merges) -> None:
    merges.start({".env": BASE})
    forge(merges, forged(merges.blob("HEAD:.env")))

    refused(merges, reason)


def test_another_file_of_the_scope_that_was_copied_here(sealed: Merges) -> None:
    """A merge would seal what was written for another place; whoever can push can copy."""
    sealed.start({".env": BASE, "other.env": lines(A="a", B="b", C="other")})
    forge(sealed, sealed.blob("HEAD:other.env"))

    refused(sealed, "theirs: was sealed as other.env")


def test_a_copy_with_a_base_that_was_copied_as_well(sealed: Merges) -> None:
    """The base seems to say that the file was moved; but it still stands where it was sealed."""
    sealed.start({".env": BASE, "other.env": lines(A="a", B="b", C="other")})
    old = sealed.blob("HEAD:other.env")
    sealed.commit("other", {"other.env": lines(A="a", B="b", C="c", D="other")})
    new = sealed.blob("HEAD:other.env")
    sealed.git("switch", "-qc", "topic")
    for blob in (old, new):
        sealed.plant(".env", blob)
        sealed.git("commit", "-qm", "copy")
    sealed.git("switch", "-q", "-f", "main")
    sealed.commit("ours", {".env": OURS})

    said = sealed.git("cherry-pick", "topic", code=1)

    assert "theirs: was sealed as other.env" in said
    assert sealed.content() == OURS


def test_a_file_of_another_scope(merges: Merges) -> None:
    merges.start({".env": BASE}, files=[".env"])
    merges.desk.scope("web", files=["web.env"], worktree=merges.worktree)
    merges.desk.seal("web.env", lines(A="a", B="b", C="web"))
    merges.plant("web.env", (merges.folder / "web.env").read_bytes())
    merges.git("add", "-A")
    merges.git("commit", "-qm", "web")
    forge(merges, merges.blob("HEAD:web.env"))

    refused(merges, "theirs: is sealed for scope web")


def test_no_key(sealed: Merges) -> None:
    planted(sealed, sealed_of(sealed))
    identity = sealed.desk.home / ".config/gitseal/identity.txt"
    identity.rename(identity.with_suffix(".away"))

    said = sealed.git("merge", "topic", code=1)

    identity.with_suffix(".away").rename(identity)
    assert "our version stays" in said
    assert sealed.content() == OURS


def sealed_of(merges: Merges) -> bytes:
    """What a reader would have put there."""
    merges.desk.scope(worktree=merges.worktree)
    file = merges.desk.seal(".env", THEIRS)
    data = file.read_bytes()
    file.unlink()
    return data


def test_a_locked_worktree(plain: Merges) -> None:
    plain.start({".env": BASE})
    plain.fork({".env": OURS}, {".env": THEIRS})
    current = plain.desk.workspace()
    blobs = [plain.blob(f"{one}:.env") for one in ("main~1", "main", "topic")]
    mark_locked(current.needed_repository())
    for name, blob in zip("OAB", blobs, strict=True):
        (plain.folder / name).write_bytes(blob)

    assert merging.run(current, ["O", "A", "B", "7", ".env"]) == 1

    assert (plain.folder / "A").read_bytes() == blobs[1]


def test_an_untrusted_record(sealed: Merges) -> None:
    import shutil

    sealed.start({".env": BASE})
    sealed.fork({".env": OURS}, {".env": THEIRS})
    shutil.rmtree(sealed.folder / ".git/gitseal/pins")
    shutil.rmtree(sealed.folder / ".gitseal/vouch", ignore_errors=True)
    pins = sealed.desk.home / ".config/gitseal/pins"
    pins.rename(pins.with_name("away"))

    said = sealed.git("merge", "topic", code=1)

    pins.with_name("away").rename(pins)
    assert "our version stays" in said
    assert sealed.content() == OURS


class TestTheCall:
    """The driver's own manners, without git around it."""

    @pytest.fixture
    def stages(self, sealed: Merges) -> list[str]:
        sealed.start({".env": BASE})
        sealed.fork({".env": OURS}, {".env": lines(A="a", B="theirs", C="c")})
        for name, revision in (("O", "main~1"), ("A", "main"), ("B", "topic")):
            (sealed.folder / name).write_bytes(sealed.blob(f"{revision}:.env"))
        return ["O", "A", "B"]

    def test_labels_are_gits(self, sealed: Merges, stages: list[str]) -> None:
        labels = ["base", "HEAD", "abc123 (a subject, `with` signs)"]

        code = merging.run(sealed.desk.workspace(), [*stages, "7", ".env", *labels])

        text = (sealed.folder / "A").read_text()
        assert code == 1
        assert "<<<<<<< HEAD\n" in text
        assert ">>>>>>> abc123 (a subject, `with` signs)\n" in text

    def test_labels_that_an_old_git_left_alone(self, sealed: Merges, stages: list[str]) -> None:
        merging.run(sealed.desk.workspace(), [*stages, "7", ".env", "%S", "%X", "%Y"])

        assert "<<<<<<< ours\n" in (sealed.folder / "A").read_text()

    def test_the_size_of_markers_is_gits(self, sealed: Merges, stages: list[str]) -> None:
        merging.run(sealed.desk.workspace(), [*stages, "12", ".env"])

        assert "<<<<<<<<<<<< ours\n" in (sealed.folder / "A").read_text()

    @pytest.mark.parametrize(
        "arguments",
        [[], ["O", "A", "B", "7"], ["O", "A", "gone", "7", ".env"], ["O", "A", "B", "7", "no.txt"],
         ["O", "A", "B", "7", "../outside.env"], ["O", "A", "B", "7", ""]],
    )  # fmt: skip
    def test_whatever_goes_wrong_is_a_conflict(
        self, arguments: list[str], sealed: Merges, stages: list[str]
    ) -> None:
        before = (sealed.folder / stages[1]).read_bytes()

        assert merging.run(sealed.desk.workspace(), arguments) == 1

        assert (sealed.folder / "A").read_bytes() == before

    def test_a_bug_is_a_conflict_and_shows_no_value(
        self, sealed: Merges, stages: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An exception of anybody's code may quote a value; its text is never shown."""
        before = (sealed.folder / "A").read_bytes()

        def broken(*_arguments: object) -> None:
            raise ValueError(secret("in an exception"))

        monkeypatch.setattr("gitseal.operations.merging_contents.merge_documents", broken)
        told: list[str] = []
        current = sealed.desk.workspace()
        current.tell_user = told.append

        assert merging.run(current, [*stages, "7", ".env"]) == 1

        assert (sealed.folder / "A").read_bytes() == before
        assert "unexpected ValueError" in told[0]
        assert CANARY not in told[0]


def test_clear_sides_get_a_clear_answer(plain: Merges) -> None:
    """`git rerere` hands over what lies in the worktree, and writes the answer there."""
    plain.start({".env": BASE})
    base, ours, theirs = (one.encode() for one in (BASE, OURS, THEIRS))

    merged = merge(plain.desk.workspace(), base, ours, theirs, ".env")

    assert merged == (lines(A="a", B="ours", C="theirs").encode(), True)


def test_a_clear_commit_that_is_picked_is_not_sealed(merges: Merges) -> None:
    """Whoever can push makes up a base as well: clear text, and a clear change of it."""
    merges.start({".env": BASE})
    ours = merges.blob("HEAD:.env")
    merges.git("switch", "-qc", "topic")
    for text in ("EVIL=0\n", "EVIL=0\nMORE=1\n"):
        merges.plant(".env", text.encode())
        merges.git("commit", "-qm", "clear")
    merges.git("switch", "-q", "-f", "main")

    said = merges.git("cherry-pick", "topic", code=1)

    assert "theirs: is in clear, where it should be sealed" in said
    assert merges.blob(":2:.env") == ours
    assert "is in clear in git" in merges.desk("resolve", "--theirs", ".env", code=2).err


def test_a_file_without_a_scope_is_left_alone(merges: Merges) -> None:
    merges.start({".env": BASE})
    attributes = merges.folder / ".gitattributes"
    attributes.write_text(attributes.read_text() + "*.txt merge=gitseal\n")
    for branch, text in (("main", "base\n"), ("topic", "theirs\n"), ("main", "ours\n")):
        if branch == "topic":
            merges.git("switch", "-qc", "topic")
        else:
            merges.git("switch", "-q", branch)
        Path(merges.folder, "notes.txt").write_text(text)
        merges.git("add", "-A")
        merges.git("commit", "-qm", text)

    said = merges.git("merge", "topic", code=1)

    assert "no scope of this worktree claims it" in said
