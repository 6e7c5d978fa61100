# SPDX-License-Identifier: Apache-2.0
"""The person at the keyboard: which key is theirs, and what to call them."""

from __future__ import annotations

import os

from gitseal.errors import GitsealError, NoCredentialsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.operations.workspace import Workspace


def own_key(workspace: Workspace) -> tuple[str, str, bool]:
    """
    Find the user's own key, or make one in the user's configuration.

    Returns:
        its URI, where it is, and whether it was made now.

    Raises:
        NoCredentialsError: there is none, and no home directory to put one into.
    """
    means = workspace.session.means
    for identity in means.identities.all():
        return identity.recipient, identity.origin, False
    for uri in means.local_keys.uris():
        return uri, "the local key", False
    folder = workspace.settings.config_dir
    if folder is None:
        raise NoCredentialsError(
            "you have no key, and no home directory for one", hint="set GITSEAL_IDENTITY_FILE"
        )
    from gitseal.masterkeys.identities import generate_identity

    path = os.path.join(folder, "identity.txt")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    recipient = generate_identity(path)
    workspace.session.reload()
    return recipient, path, True


def usual_name(workspace: Workspace) -> str:
    """Give a reader's name for the user: the first word of git's `user.name`, or `me`."""
    from gitseal.repository.running import ask

    try:
        name = ask(workspace.needed_repository(), ["config", "user.name"], ok=(0, 1)).decode()
    except (GitsealError, UnicodeDecodeError):
        name = ""
    word = "".join(char for char in name.split(" ")[0].lower() if char.isascii() and char.isalnum())
    return word if word[:1].isalpha() else "me"
