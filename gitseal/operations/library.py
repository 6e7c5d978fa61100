# SPDX-License-Identifier: Apache-2.0
"""What `import gitseal` offers, for one workspace."""

from __future__ import annotations

from gitseal.operations.opening import open_path
from gitseal.operations.reading import node_at, open_for_use, write_node
from gitseal.operations.sealing import seal_content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.operations.workspace import Workspace


def open_file(workspace: Workspace, path: str) -> bytes:
    """Give the content of a sealed file; see `gitseal.open_file`."""
    return open_path(workspace, path).clear.data


def read_value(workspace: Workspace, path: str, key: str) -> str:
    """Give one value of a sealed file as text; see `gitseal.read_value`."""
    opened = open_for_use(workspace, path)
    return write_node(opened, node_at(opened, key), None)


def seal_bytes(workspace: Workspace, data: bytes, path: str) -> bytes:
    """Seal content as the file at a path; see `gitseal.seal_bytes`."""
    return seal_content(workspace, data, workspace.locate(path))
