"""The names of keys.

All keys of a profile begin with `ragcli:{user/profile}:`. The braces make a cluster
keep them together, and the user in them is what an access rule matches:
`~ragcli:{alice/*`. The names of a user's profiles are in a key of their own, so
that nobody needs SCAN or KEYS to find them.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pwd
import re

from ragcli.errors import ConfigError
from ragcli.frozen import frozen
from ragcli.storage.format_versions import SHARED_PROFILE

FORMAT = SHARED_PROFILE.version
"""Version of all that is under a profile's keys."""

_HASH_BYTES = 12
_USER = re.compile(r"[A-Za-z0-9._@-]{1,64}")


@frozen
class Keyspace:
    """The keys of one user."""

    user: str

    @property
    def tag(self) -> str:
        """Returns the hash tag of what is the user's and no profile's."""
        return f"{{{self.user}/}}"

    @property
    def profiles(self) -> str:
        """Returns the key of the names: a hash, name → when it was added."""
        return f"ragcli:{self.tag}:profiles"

    def profile_tag(self, name: str) -> str:
        """Returns the hash tag of a profile."""
        return f"{{{self.user}/{name}}}"

    def meta(self, name: str) -> str:
        """Returns the key that says what a profile is; the others follow from it."""
        return f"ragcli:{self.profile_tag(name)}:meta"


def keyspace(user: str) -> Keyspace:
    """Returns the keys of a user; of the one who is logged in for "".

    Raises:
        ConfigError: A name that could mean more than one user.
    """
    name = user or _login()
    if not _USER.fullmatch(name):
        raise ConfigError(
            f"user: {name[:80]!r} cannot be a user's name in Redis",
            "set `user` to 1 to 64 letters, digits, '.', '_', '@' or '-'",
        )
    return Keyspace(name)


def _login() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid-{os.geteuid()}"


def id_hash(identifier: str) -> str:
    """Returns a short hash of a record's id, which does not tell its time."""
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).digest()
    return base64.b64encode(digest[:_HASH_BYTES]).decode()
