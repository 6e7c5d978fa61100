# SPDX-License-Identifier: Apache-2.0
"""git merges sealed files by key path, stores nothing in clear, and leaves doubts to a person."""

from __future__ import annotations

import pytest

from merges import CONFIG, Merges, lines, secret

pytestmark = pytest.mark.needs("gitseal")

TALL = {name: name.lower() for name in "ABCDEFGHIJKLMN"}
"""Keys enough that git's own text merge sees no overlap between the first and the last."""


def tokens(blob: bytes) -> dict[bytes, bytes]:
    """The sealed text of each key."""
    found = (line.partition(b"=") for line in blob.splitlines() if b"=seal:v1" in line)
    return {key: value for key, _, value in found}


class TestByKeyPath:
    def test_adjacent_keys_of_two_branches_are_merged(self, merges: Merges) -> None:
        merges.start({".env": lines(A="a", B="b", C="c")})
        merges.fork(
            {".env": lines(A="a", B="ours", C="c")}, {".env": lines(A="a", B="b", C="theirs")}
        )

        merges.git("merge", "--no-edit", "topic")

        assert merges.content() == lines(A="a", B="ours", C="theirs")
        merges.good()

    def test_what_nobody_changed_keeps_its_sealed_text(self, merges: Merges) -> None:
        merges.start({".env": lines(A="a", B="b", C="c", D="d")})
        merges.fork(
            {".env": lines(A="a", B="ours", C="c", D="d")},
            {".env": lines(A="a", B="b", C="theirs", D="d")},
        )
        ours, theirs = (tokens(merges.blob(f"{one}:.env")) for one in ("main", "topic"))

        merges.git("merge", "--no-edit", "topic")

        merged = tokens(merges.blob("HEAD:.env"))
        assert merged[b"A"] == ours[b"A"]
        assert merged[b"D"] == ours[b"D"]
        assert merged[b"B"] == ours[b"B"]
        assert merged[b"C"] == theirs[b"C"]

    def test_the_same_change_on_both_sides_is_no_conflict(self, merges: Merges) -> None:
        merges.start({".env": lines(A="a", B="b", C="c")})
        merges.fork(
            {".env": lines(A="a", B="same", C="ours")}, {".env": lines(A="x", B="same", C="c")}
        )

        merges.git("merge", "--no-edit", "topic")

        assert merges.content() == lines(A="x", B="same", C="ours")
        merges.good()

    def test_one_key_with_two_values_is_a_conflict(self, merges: Merges) -> None:
        merges.start({".env": lines(A="a", B="b")})
        merges.fork({".env": lines(A="a", B="ours")}, {".env": lines(A="a", B="theirs")})

        said = merges.git("merge", "topic", code=1)

        assert "both sides changed B" in said
        assert "gitseal resolve .env" in said
        assert "UU .env" in merges.git("status", "--porcelain")
        text = (merges.folder / ".env").read_text()
        assert "<<<<<<< ours\n" in text
        assert ">>>>>>> topic\n" in text
        if merges.plain:
            assert f"B={secret('ours')}\n=======\nB={secret('theirs')}\n" in text
        else:
            assert "seal:v1[_" in text
        assert not merges.leaks()

    def test_a_conflict_is_decided_in_the_file_where_it_is_readable(self, plain: Merges) -> None:
        plain.start({".env": lines(A="a", B="b")})
        plain.fork({".env": lines(A="o", B="ours")}, {".env": lines(A="a", B="theirs")})
        plain.git("merge", "topic", code=1)

        plain.desk.write(".env", lines(A="o", B="both"))
        plain.git("commit", "-qam", "merged")

        assert plain.content() == lines(A="o", B="both")
        plain.good()

    def test_a_conflict_can_be_taken_back(self, merges: Merges) -> None:
        merges.start({".env": lines(A="a")})
        merges.fork({".env": lines(A="ours")}, {".env": lines(A="theirs")})
        merges.git("merge", "topic", code=1)

        merges.git("merge", "--abort")

        assert merges.content() == lines(A="ours")
        merges.good()

    @pytest.mark.parametrize("side", ["ours", "theirs"])
    def test_git_itself_can_take_one_side(self, side: str, merges: Merges) -> None:
        merges.start({".env": lines(A="a")})
        merges.fork({".env": lines(A="ours")}, {".env": lines(A="theirs")})
        merges.git("merge", "topic", code=1)

        merges.git("checkout", f"--{side}", ".env")
        merges.git("commit", "-qam", "merged")

        assert merges.content() == lines(A=side)
        merges.good()

    def test_a_deleted_and_a_changed_key_are_a_conflict(self, merges: Merges) -> None:
        merges.start({".env": lines(A="a", B="b")})
        merges.fork({".env": lines(A="a")}, {".env": lines(A="a", B="theirs")})

        said = merges.git("merge", "topic", code=1)

        assert "both sides changed B" in said
        assert not merges.leaks()

    def test_a_deleted_and_another_changed_key_are_merged(self, merges: Merges) -> None:
        merges.start({".env": lines(A="a", B="b", C="c")})
        merges.fork({".env": lines(A="a", C="c")}, {".env": lines(A="a", B="b", C="theirs")})

        merges.git("merge", "--no-edit", "topic")

        assert merges.content() == lines(A="a", C="theirs")
        merges.good()

    def test_comments_of_both_sides_are_kept(self, merges: Merges) -> None:
        start = f"# {secret('note')}\n" + lines(A="a", B="b", C="c")
        merges.start({".env": start}, comments="seal")
        merges.fork(
            {".env": start.replace("C=", f"# {secret('new')}\nC=")},
            {".env": start.replace(secret("a"), secret("theirs"))},
        )

        merges.git("merge", "--no-edit", "topic")

        assert merges.content() == (
            f"# {secret('note')}\n"
            + lines(A="theirs", B="b")
            + f"# {secret('new')}\n"
            + lines(C="c")
        )
        merges.good()

    def test_yaml_and_json_are_merged_value_by_value(self, merges: Merges) -> None:
        yaml = f"db:\n  host: {secret('h')}   # main\n  password: '{secret('p')}'\n"
        json = f'{{"a": "{secret("a")}", "b": "{secret("b")}"}}\n'
        merges.start({"app.yaml": yaml, "app.json": json})
        merges.fork(
            {
                "app.yaml": yaml.replace(secret("h"), secret("h1")),
                "app.json": json.replace(secret("a"), secret("a1")),
            },
            {
                "app.yaml": yaml.replace(secret("p"), secret("p2")),
                "app.json": json.replace(secret("b"), secret("b2")),
            },
        )

        merges.git("merge", "--no-edit", "topic")

        assert merges.content("app.yaml") == (
            f"db:\n  host: {secret('h1')}   # main\n  password: '{secret('p2')}'\n"
        )
        assert merges.content("app.json") == f'{{"a": "{secret("a1")}", "b": "{secret("b2")}"}}\n'
        merges.good("app.yaml")


class TestFiles:
    def test_a_file_that_both_sides_added(self, merges: Merges) -> None:
        merges.start({"other.env": lines(X="x")})
        merges.fork({".env": lines(A="a", B="ours")}, {".env": lines(A="a", B="theirs")})

        said = merges.git("merge", "topic", code=1)

        assert "both sides changed B" in said
        assert "AA .env" in merges.git("status", "--porcelain")
        assert not merges.leaks()

    def test_a_file_that_both_sides_added_alike(self, merges: Merges) -> None:
        merges.start({"other.env": lines(X="x")})
        merges.fork({".env": lines(A="a", B="b")}, {".env": lines(A="a", B="b", C="c")})

        merges.git("merge", "--no-edit", "topic")

        assert merges.content() == lines(A="a", B="b", C="c")
        merges.good()

    def test_a_file_deleted_here_and_changed_there_is_gits_to_tell(self, merges: Merges) -> None:
        merges.start({".env": lines(A="a"), "other.env": lines(X="x")})
        merges.fork({".env": None}, {".env": lines(A="theirs")})

        said = merges.git("merge", "topic", code=1)

        assert "modify/delete" in said
        assert merges.content() == lines(A="theirs")
        assert not merges.leaks()

    def test_a_file_renamed_here_and_changed_there(self, plain: Merges) -> None:
        plain.start({"a.env": lines(**TALL)})
        plain.git("switch", "-qc", "topic")
        plain.commit("theirs", {"a.env": lines(**TALL | {"A": "theirs"})})
        plain.git("switch", "-q", "main")
        plain.git("mv", "a.env", "b.env")
        plain.commit("ours", {"b.env": lines(**TALL | {"N": "ours"})})

        plain.git("merge", "--no-edit", "topic")

        assert plain.content("b.env") == lines(**TALL | {"A": "theirs", "N": "ours"})
        plain.good("b.env")

    @pytest.mark.parametrize("mover", ["main", "topic"])
    def test_a_file_moved_on_one_branch_and_changed_on_the_other(
        self, mover: str, sealed: Merges
    ) -> None:
        public = "".join(
            f"INFO_{n}=this is public, and long enough to be found\n" for n in range(40)
        )
        sealed.start(
            {"a.env": public + lines(A="a", B="b")}, clear=[f"INFO_{n}" for n in range(40)]
        )
        sealed.git("branch", "topic")
        for branch in ("main", "topic"):
            sealed.git("switch", "-q", branch)
            if branch == mover:
                sealed.desk("mv", "a.env", "b.env")
                sealed.desk("set", "b.env", "A", "--stdin", data=secret("moved").encode())
            else:
                sealed.desk("set", "a.env", "B", "--stdin", data=secret("edited").encode())
            sealed.git("add", "-A")
            sealed.git("commit", "-qm", branch)
        sealed.git("switch", "-q", "main")

        sealed.git("merge", "--no-edit", "topic")

        assert sealed.content("b.env") == public + lines(A="moved", B="edited")
        sealed.good("b.env")


class TestWholeFiles:
    def test_lines_of_a_key_file_are_merged(self, merges: Merges) -> None:
        rows = [f"{secret(str(n))}\n" for n in range(12)]
        merges.start({"server.pem": "".join(rows)})
        merges.fork(
            {"server.pem": "".join([f"{secret('ours')}\n", *rows[1:]])},
            {"server.pem": "".join([*rows[:-1], secret("theirs")])},
        )

        merges.git("merge", "--no-edit", "topic")

        merged = "".join([f"{secret('ours')}\n", *rows[1:-1], secret("theirs")])
        assert merges.content("server.pem") == merged
        merges.good("server.pem")

    def test_lines_that_clash_are_a_conflict(self, merges: Merges) -> None:
        merges.start({"server.pem": f"{secret('a')}\n"})
        merges.fork({"server.pem": f"{secret('ours')}\n"}, {"server.pem": f"{secret('theirs')}\n"})

        merges.git("merge", "topic", code=1)

        if merges.plain:
            text = (merges.folder / "server.pem").read_text()
            assert f"{secret('ours')}\n=======\n{secret('theirs')}\n" in text
        else:
            # No line of a container can hold a marker: ours stays, whole.
            assert merges.content("server.pem") == f"{secret('ours')}\n"
        assert not merges.leaks()

    def test_bytes_are_never_merged_as_text(self, merges: Merges) -> None:
        base = f"{secret('k')}\0\n\n\n".encode()
        merges.start({"server.pem": base})
        ours, theirs = b"1" + base, base + b"\n2"
        merges.fork({"server.pem": ours}, {"server.pem": theirs})

        merges.git("merge", "topic", code=1)

        merges.git("checkout", "--theirs", "server.pem")
        merges.git("commit", "-qam", "merged")
        assert merges.content("server.pem").encode() == theirs
        merges.good("server.pem")


class TestHistory:
    def test_criss_cross(self, merges: Merges) -> None:
        merges.start({".env": lines(**TALL)})
        merges.fork({".env": lines(**TALL | {"G": "1"})}, {".env": lines(**TALL | {"G": "2"})})
        merges.git("branch", "old", "main")
        for branch, other, key in (("main", "topic", "A"), ("topic", "old", "N")):
            merges.git("switch", "-q", branch)
            merges.git("merge", "-q", other, code=1)
            merges.put(".env", lines(**TALL | {"G": "3", key: branch}))
            merges.git("add", ".env")
            merges.git("commit", "-qm", "merged")
        merges.git("switch", "-q", "main")

        said = merges.git("merge", "--no-edit", "topic")

        assert "gitseal resolve" not in said, "a conflict of the virtual base is nobody's"
        assert merges.content() == lines(**TALL | {"G": "3", "A": "main", "N": "topic"})
        merges.good()

    def test_a_recorded_decision_is_replayed(self, merges: Merges) -> None:
        merges.start({".env": lines(A="a", B="b", C="c")})
        merges.git("config", "rerere.enabled", "true")
        merges.fork({".env": lines(A="a", B="ours", C="c")}, {".env": lines(A="a", B="x", C="c")})
        merges.git("merge", "topic", code=1)
        merges.put(".env", lines(A="a", B="decided", C="c"))
        merges.git("add", ".env")
        merges.git("commit", "-qm", "merged")
        merges.git("reset", "-q", "--hard", "HEAD^")

        said = merges.git("merge", "topic", code=1)

        assert "using previous resolution" in said
        assert merges.content() == lines(A="a", B="decided", C="c")
        merges.git("commit", "-qam", "merged again")
        merges.good()

    def test_a_file_that_was_clear_before_is_sealed(self, merges: Merges) -> None:
        """The base is clear, one branch sealed it, and the other went on in clear."""
        clear = lines(A="a", B="b", C="c").replace("cAnArY", "public")
        merges.start({"other.env": lines(X="x")})
        merges.plant(".env", clear.encode())
        merges.git("commit", "-qm", "clear")
        merges.git("switch", "-qc", "topic")
        merges.plant(".env", clear.replace("3t-c", "3t-theirs").encode())
        merges.git("commit", "-qm", "still clear")
        merges.git("switch", "-q", "-f", "main")
        merges.put(".env", clear.replace("3t-a", "3t-ours"))
        merges.git("add", ".env")
        merges.git("commit", "-qm", "sealed")

        said = merges.git("merge", "--no-edit", "topic")

        assert "theirs was in clear; it is sealed now" in said
        assert merges.content() == clear.replace("3t-a", "3t-ours").replace("3t-c", "3t-theirs")
        merges.good()

    @pytest.mark.parametrize("integrity", ["mergeable"])
    def test_a_server_merges_what_is_mergeable(self, integrity: str, merges: Merges) -> None:
        merges.start({".env": lines(**TALL)}, integrity=integrity)
        merges.fork(
            {".env": lines(**TALL | {"A": "ours"})}, {".env": lines(**TALL | {"N": "theirs"})}
        )
        for name in ("name", "driver"):
            merges.git("config", "--unset", f"merge.gitseal.{name}")

        merges.git("merge", "--no-edit", "topic")

        assert merges.content() == lines(**TALL | {"A": "ours", "N": "theirs"})
        merges.good()


class TestWorktrees:
    def test_a_linked_worktree(self, merges: Merges) -> None:
        merges.start({".env": lines(A="a", B="b", C="c")})
        merges.fork(
            {".env": lines(A="a", B="ours", C="c")}, {".env": lines(A="a", B="b", C="theirs")}
        )
        linked = merges.folder.parent / "linked"
        merges.git("worktree", "add", "-q", str(linked), "topic")

        merges.git("-C", str(linked), "merge", "--no-edit", "main")

        merges.git("merge", "--ff-only", "topic")
        assert merges.content() == lines(A="a", B="ours", C="theirs")
        merges.good()

    def test_a_folder_below_the_top(self, merges: Merges) -> None:
        merges.start({"a/b/x.env": lines(A="a", B="b", C="c")})
        merges.fork(
            {"a/b/x.env": lines(A="a", B="ours", C="c")},
            {"a/b/x.env": lines(A="a", B="b", C="theirs")},
        )

        merges.git("-C", "a/b", "merge", "--no-edit", "topic")

        assert merges.content("a/b/x.env") == lines(A="a", B="ours", C="theirs")
        merges.good("a/b/x.env")

    def test_a_repository_without_one_is_left_alone(self, merges: Merges) -> None:
        """What its records are cannot be told where nothing is checked out."""
        merges.start({".env": lines(A="a", B="b", C="c")})
        merges.fork(
            {".env": lines(A="a", B="ours", C="c")}, {".env": lines(A="a", B="b", C="theirs")}
        )
        bare = merges.folder.parent / "bare.git"
        merges.git("clone", "-q", "--bare", ".", str(bare))
        merges.git(
            "-C", str(bare), "config", "merge.gitseal.driver", CONFIG["merge.gitseal.driver"]
        )
        (bare / "info").mkdir(exist_ok=True)
        (bare / "info/attributes").write_text("*.env merge=gitseal\n.env merge=gitseal\n")

        said = merges.git("-C", str(bare), "merge-tree", "--write-tree", "main", "topic", code=1)

        assert "this repository has no worktree" in said
        assert "our version stays" in said
