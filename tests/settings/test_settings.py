# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gitseal.errors import UsageError
from gitseal.settings import Settings, printable


def settings(**environ: str) -> Settings:
    return Settings.from_environment(environ)


def with_config(home: Path, text: str) -> Settings:
    folder = home / ".config" / "gitseal"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(text)
    return settings(HOME=str(home))


class TestPlaces:
    def test_the_usual_ones(self) -> None:
        found = settings(HOME="/home/ada")

        assert found.home == "/home/ada"
        assert found.config_dir == "/home/ada/.config/gitseal"
        assert found.temp_dir == "/tmp"
        assert found.runtime_dir is None

    def test_xdg_and_tmpdir_move_them(self) -> None:
        found = settings(HOME="/h", XDG_CONFIG_HOME="/c", XDG_RUNTIME_DIR="/r", TMPDIR="/t")

        assert (found.config_dir, found.runtime_dir, found.temp_dir) == ("/c/gitseal", "/r", "/t")

    def test_relative_ones_do_not_count(self) -> None:
        found = settings(HOME="h", XDG_CONFIG_HOME="c", XDG_RUNTIME_DIR="r", TMPDIR=".")

        assert (found.config_dir, found.runtime_dir, found.temp_dir) == (None, None, "/tmp")

    def test_no_home_is_no_error(self) -> None:
        found = settings()

        assert found.config_dir is None
        assert found.identity_sources() == ()
        assert found.editor() is None

    def test_the_environment_of_the_process_is_the_default(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITSEAL_TRUST", "pin")

        found = Settings.from_environment()

        assert found.trust == "pin"
        assert found.environ == dict(os.environ)


class TestIdentitySources:
    def test_their_order(self, tmp_path: Path) -> None:
        home = str(tmp_path)
        found = settings(
            HOME=home,
            SOPS_AGE_KEY="s",
            SOPS_AGE_KEY_FILE="/sops",
            GITSEAL_IDENTITY="i",
            GITSEAL_IDENTITY_FILE="~/id",
            GITSEAL_KEY="k",
            XDG_CONFIG_HOME=f"{home}/c",
        ).identity_sources()

        assert [(source.name, source.kind, source.value, source.named) for source in found] == [
            ("GITSEAL_KEY", "key", "k", True),
            ("GITSEAL_IDENTITY", "text", "i", True),
            ("GITSEAL_IDENTITY_FILE", "file", f"{home}/id", True),
            (f"{home}/c/gitseal/identity.txt", "file", f"{home}/c/gitseal/identity.txt", False),
            ("SOPS_AGE_KEY", "text", "s", True),
            ("SOPS_AGE_KEY_FILE", "file", "/sops", True),
            (f"{home}/c/sops/age/keys.txt", "file", f"{home}/c/sops/age/keys.txt", False),
            (f"{home}/.ssh/id_ed25519", "file", f"{home}/.ssh/id_ed25519", False),
        ]

    def test_sops_has_another_place_on_macos(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")

        values = [source.value for source in settings(HOME="/h").identity_sources()]

        assert "/h/Library/Application Support/sops/age/keys.txt" in values

    def test_empty_variables_do_not_count(self) -> None:
        assert settings(GITSEAL_KEY="", GITSEAL_IDENTITY="").identity_sources() == ()

    def test_the_configuration_adds_files(self, tmp_path: Path) -> None:
        found = with_config(tmp_path, 'identities = ["~/work.txt"]\n').identity_sources()

        assert [source.value for source in found][:2] == [
            f"{tmp_path}/work.txt",
            f"{tmp_path}/.config/gitseal/identity.txt",
        ]
        assert found[0].named

    def test_no_repr_holds_a_secret(self) -> None:
        found = settings(HOME="/h", GITSEAL_KEY="canary-one", GITSEAL_IDENTITY="canary-two")

        assert "canary" not in repr(found) + repr(found.identity_sources())


class TestConfiguration:
    def test_all_it_can_say(self, tmp_path: Path) -> None:
        text = 'color = "never"\neditor = "vim -f"\nidentities = ["/a"]\ntimeout = 2.5\n'
        user = with_config(tmp_path, text).user

        assert (user.color, user.editor, user.identities) == ("never", "vim -f", ("/a",))
        assert user.timeout == 2.5

    def test_a_missing_file_says_nothing(self, tmp_path: Path) -> None:
        user = settings(HOME=str(tmp_path)).user

        assert (user.color, user.editor, user.identities, user.timeout) == ("auto", None, (), None)

    def test_an_unknown_key_is_an_error_with_a_suggestion(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="unknown key 'edtor'") as caught:
            _ = with_config(tmp_path, 'edtor = "vim"\n').user

        assert caught.value.hint == "did you mean 'editor'?"
        assert caught.value.path == str(tmp_path / ".config/gitseal/config.toml")

    @pytest.mark.parametrize(
        "text",
        [
            "color = 1",
            'color = "blue"',
            "editor = []",
            'identities = "a"',
            "identities = [1]",
            'identities = ["a\\u0000"]',
            "timeout = true",
            "timeout = 0",
            "timeout = nan",
            'timeout = "5"',
        ],
    )
    def test_a_wrong_value_is_an_error(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(UsageError, match=text.partition(" ")[0]):
            _ = with_config(tmp_path, text).user

    @pytest.mark.parametrize("text", ["editor = canary", "canary", "[canary"])
    def test_what_is_not_toml_is_an_error_that_quotes_nothing(
        self, tmp_path: Path, text: str
    ) -> None:
        with pytest.raises(UsageError, match=r"not TOML \(at") as caught:
            _ = with_config(tmp_path, text).user

        assert "canary" not in str(caught.value)

    def test_too_large_and_not_utf8(self, tmp_path: Path) -> None:
        found = with_config(tmp_path, "")
        path = tmp_path / ".config/gitseal/config.toml"
        path.write_bytes(b"#" * 70_000)
        with pytest.raises(UsageError, match="larger"):
            _ = found.user
        path.write_bytes(b"\xff")
        with pytest.raises(UsageError, match="UTF-8"):
            _ = found.user


class TestEditor:
    def test_the_order(self, tmp_path: Path) -> None:
        environ = {"HOME": str(tmp_path), "TERM": "xterm"}
        steps = [
            ("EDITOR", "e"),
            ("VISUAL", "v"),
            ("GITSEAL_EDITOR", "g"),
        ]
        for name, command in steps:
            environ[name] = command
            assert Settings(environ).editor() == (command, name)
        del environ["GITSEAL_EDITOR"]
        assert Settings(environ).editor("git's") == ("git's", "core.editor")
        assert with_config(tmp_path, 'editor = "c"').editor("git's") == (
            "c",
            "editor in config.toml",
        )

    def test_a_dumb_terminal_has_no_visual_editor(self) -> None:
        assert settings(VISUAL="v", EDITOR="e", TERM="dumb").editor() == ("e", "EDITOR")

    def test_blanks_are_no_editor(self) -> None:
        assert settings(EDITOR="  ").editor() is None


class TestColorAndQuestions:
    @pytest.mark.parametrize(
        ("environ", "terminal", "expected"),
        [
            ({"TERM": "xterm"}, True, True),
            ({"TERM": "xterm"}, False, False),
            ({"TERM": "dumb"}, True, False),
            ({}, True, False),
            ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
            ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
            ({"CLICOLOR_FORCE": "1"}, False, True),
            ({"CLICOLOR_FORCE": "0", "TERM": "xterm"}, False, False),
            ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, True, False),
        ],
    )
    def test_colour(self, environ: dict[str, str], terminal: bool, expected: bool) -> None:
        assert Settings(environ).wants_color(terminal=terminal) is expected

    def test_colour_by_configuration(self, tmp_path: Path) -> None:
        assert with_config(tmp_path, 'color = "always"').wants_color(terminal=False)

    @pytest.mark.parametrize(
        ("environ", "expected"),
        [
            ({}, False),
            ({"CI": "true"}, True),
            ({"CI": "false"}, False),
            ({"GITHUB_ACTIONS": "true"}, True),
            ({"JENKINS_URL": "http://x"}, True),
        ],
    )
    def test_build_services_are_known(self, environ: dict[str, str], expected: bool) -> None:
        found = Settings(environ)

        assert found.ci is expected
        assert found.may_ask(terminal=True) is not expected
        assert not found.may_ask(terminal=False)

    def test_nothing_is_asked_where_that_is_forbidden(self) -> None:
        assert not settings(GITSEAL_NO_INPUT="1").may_ask(terminal=True)
        assert settings(GITSEAL_NO_INPUT="0").may_ask(terminal=True)


class TestPrintable:
    @pytest.mark.parametrize("text", ["envs/prod/app.yaml", "größe €", "日本", ""])
    def test_ordinary_text_stays(self, text: str) -> None:
        assert printable(text) == text

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a\x1b[31mb", "a\\x1b[31mb"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\x9b2J", "\\x9b2J"),
            ("\x00\x7f", "\\x00\\x7f"),
            ("a\u202eb", "a\\u{202e}b"),
            ("\u2066x\u2069", "\\u{2066}x\\u{2069}"),
            ("\u2028", "\\u{2028}"),
            ("\udcff", "\\xff"),
            ("\ud800", "\\u{d800}"),
            ("\u200b", "\\u{200b}"),
            ("\U000e0041", "\\u{e0041}"),
        ],
    )
    def test_what_a_terminal_would_act_on_becomes_visible(self, text: str, expected: str) -> None:
        assert printable(text) == expected

    def test_nothing_but_plain_characters_ever_comes_out(self) -> None:
        for code in range(0x110000):
            char = chr(code)
            shown = printable(char)
            assert shown == " " or shown.isprintable(), hex(code)
