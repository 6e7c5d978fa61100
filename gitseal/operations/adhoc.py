# SPDX-License-Identifier: Apache-2.0
"""Files that carry their own keys and rules: scope `file`, without a policy (format 8)."""

from __future__ import annotations

from gitseal import sealedfile
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import RefusedError
from gitseal.keys import AD_HOC_SCOPE, Context, DataKey, ScopeId
from gitseal.native.binding import origin_bytes
from gitseal.native.header import FileRules, Header
from gitseal.operations.opening import carried_rules
from gitseal.sealedfile import ClearFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.operations.opening import Opened
    from gitseal.operations.workspace import Place, Workspace


def seal_for(
    workspace: Workspace, data: bytes, place: Place, readers: Sequence[tuple[str, str]]
) -> bytes:
    """
    Seal content under a data key of its own, wrapped for the given readers.

    Args:
        workspace: keys of this call.
        data: clear content.
        place: where it will stand; no scope may claim it.
        readers: (name, key URI) of everyone who shall open it.

    Raises:
        RefusedError: a scope claims the path, or the content is sealed already.
        MasterKeyError: the key of a reader cannot be used.
    """
    if workspace.grant(place) is not None:
        raise RefusedError(
            "a scope of .gitseal.yaml claims this path, so its readers decide",
            hint="leave out --to, or seal it under another name",
            path=place.typed,
        )
    content = sealedfile.inspect(data, place.name)
    if not isinstance(content, ClearFile):
        raise RefusedError("is sealed already", path=place.typed)
    scope = ScopeId(AD_HOC_SCOPE, Context(), 1)
    data_key = DataKey.generate()
    wraps = workspace.session.wrap_for(readers, data_key, scope)
    keys = ScopeKeys(data_key, scope)
    origin_bytes(place.name)
    header = Header(
        AD_HOC_SCOPE,
        1,
        keys.kid,
        place.name,
        context=scope.context,
        keys=wraps,
        rules=FileRules(["**"], [], "seal"),
    )
    return content.seal(header, keys, carried_rules(header))


def seal_carried(opened: Opened, text: bytes) -> bytes:
    """
    Seal new content of a file of scope `file` under the key and rules it carries.

    Raises:
        RefusedError: a portable file of a scope whose record is not here.
        DocumentError: the content cannot be sealed without loss.
    """
    sealed, keys = opened.sealed, opened.keys
    if sealed is None or keys is None:
        raise RefusedError("is not sealed", path=opened.place.typed)
    rules = carried_rules(sealed.header)
    content = sealedfile.inspect(text, opened.place.name, whole=sealed.is_whole)
    if not isinstance(content, ClearFile):
        raise RefusedError("is sealed already", path=opened.place.typed)
    return content.seal(sealed.header.finished(seal=None), keys, rules)
