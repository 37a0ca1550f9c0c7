"""Every error that is not a bug of ours: one tree, one line, one exit code.

RagcliError                     message, hint, kind, exit code
├── UsageError              2   a flag, argument or question that cannot be used
│   └── ConfigError         2   a configuration file, key or value
├── Unverified              1   --strict, and a citation does not hold
├── ModelUnavailable        3   no server, no model, no package, a broken stream
│   ├── ServerUnreachable   3
│   ├── ModelNotFound       3
│   ├── ProviderMissing     3   the extra that carries it is not installed
│   └── ModelFailed         3   it answered with an error, or stopped half-way
│       ├── PromptTooLong   3   longer than the model's window
│       └── ServerBusy      3   too many requests, or it is still loading
├── StoreUnavailable        3   the sessions' server cannot be reached or refuses
│   └── StoreUnsettled     75   during a failover: nobody knows yet who has the data
├── Damaged                 4   a profile or an index is not what we wrote
│   ├── HistoryDamaged      4
│   ├── SnapshotDamaged     4
│   ├── AuditDamaged        4
│   ├── NewerFormat         4   written by a newer ragcli
│   ├── EmbedderMismatch    4   the index was made by another embedder
│   └── BundleRefused       4   an archive that is damaged or hostile
├── NotFound                5
│   ├── ProfileNotFound     5
│   │   └── ProfileExpired  5   it was not used for its `ttl`, and is set aside
│   ├── DocumentNotFound    5
│   ├── ConversationNotFound 5  also: no such turn
│   └── SnapshotNotFound    5
├── SomeFailed              6   some inputs failed, the rest is done
│   ├── UnreadableDocument  6   a file that cannot be read as its format
│   └── PageUnavailable     6   a page on the web that cannot be had
│       └── PageGone        6   its server says that there is none
├── StorageFailed          74   disk full or read-only, a failed sync, no memory left
├── Locked                 75   somebody else holds it (named)
│   └── Conflict           75   the head moved: --expect-seq, compare-and-swap
└── NotPermitted           77   mode, owner, link
    ├── PassphraseNeeded   77
    └── WrongPassphrase    77
"""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class ExitCode(IntEnum):
    """What the process says when it ends; part of the contract with scripts."""

    ANSWERED = 0
    NOTHING_FOUND = 1
    USAGE = 2
    UNAVAILABLE = 3
    DAMAGED = 4
    NOT_FOUND = 5
    SOME_FAILED = 6
    BUG = 70
    STORAGE = 74
    LOCKED = 75
    NOT_PERMITTED = 77
    INTERRUPTED = 130


class RagcliError(Exception):
    """Base of all errors that a user can cause, meet and mend.

    Args:
        message: One line: what is wrong, and which file, flag or line.
        hint: One line: what to do about it, or "".
    """

    code: ExitCode = ExitCode.BUG
    kind: str = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RagcliError):
    """A flag, argument or question that cannot be used as it is."""

    code = ExitCode.USAGE
    kind = "usage"


class ConfigError(UsageError):
    """A configuration file, key or value that cannot be used."""

    kind = "config"


class Unverified(RagcliError):
    """`--strict` was asked for, and a citation does not hold."""

    code = ExitCode.NOTHING_FOUND
    kind = "unverified"


class ModelUnavailable(RagcliError):
    """No model can answer."""

    code = ExitCode.UNAVAILABLE
    kind = "model_unavailable"


class ServerUnreachable(ModelUnavailable):
    """Nothing listens at the model server's address."""

    kind = "server_unreachable"


class ModelNotFound(ModelUnavailable):
    """The server does not have this model."""

    kind = "model_not_found"


class ProviderMissing(ModelUnavailable):
    """The package that carries this provider is not installed."""

    kind = "provider_missing"


class ModelFailed(ModelUnavailable):
    """The model answered with an error, or its stream broke."""

    kind = "model_failed"


class PromptTooLong(ModelFailed):
    """The model refused a prompt that is longer than its window.

    Args:
        message: As for every error.
        hint: As for every error.
        window: Tokens of context, as the refusal tells them; 0 if it does not say.
    """

    kind = "prompt_too_long"

    def __init__(self, message: str, hint: str = "", window: int = 0) -> None:
        super().__init__(message, hint)
        self.window = window


class ServerBusy(ModelFailed):
    """The server would answer later: too many requests, or a model that loads.

    Args:
        message: As for every error.
        hint: As for every error.
        after: Seconds after which it wants to be asked again; 0 if it does not say.
    """

    kind = "server_busy"

    def __init__(self, message: str, hint: str = "", after: float = 0.0) -> None:
        super().__init__(message, hint)
        self.after = after


class StoreUnavailable(RagcliError):
    """The session store's server cannot be reached, or refuses."""

    code = ExitCode.UNAVAILABLE
    kind = "store_unavailable"


class StoreUnsettled(StoreUnavailable):
    """During a failover: a server answers that may not be the one in charge."""

    code = ExitCode.LOCKED
    kind = "store_unsettled"


class Damaged(RagcliError):
    """A profile, history or index is not what was written."""

    code = ExitCode.DAMAGED
    kind = "damaged"


class HistoryDamaged(Damaged):
    """A record of the history fails its check."""

    kind = "history_damaged"


class SnapshotDamaged(Damaged):
    """A file of a snapshot is missing or fails its hash."""

    kind = "snapshot_damaged"


class AuditDamaged(Damaged):
    """The audit log's chain is broken."""

    kind = "audit_damaged"


class NewerFormat(Damaged):
    """Written by a newer ragcli than this one."""

    kind = "newer_format"


class EmbedderMismatch(Damaged):
    """The index was made by another embedder than the one in use."""

    kind = "embedder_mismatch"


class BundleRefused(Damaged):
    """An archive that is damaged, too large or hostile; nothing of it was used."""

    kind = "bundle_refused"


class NotFound(RagcliError):
    """No such profile, document, conversation, turn or snapshot."""

    code = ExitCode.NOT_FOUND
    kind = "not_found"


class ProfileNotFound(NotFound):
    """No profile of this name."""

    kind = "profile_not_found"


class ProfileExpired(ProfileNotFound):
    """The profile was not used for its `ttl`; it can be brought back."""

    kind = "profile_expired"


class DocumentNotFound(NotFound):
    """No such document, or none at all."""

    kind = "document_not_found"


class ConversationNotFound(NotFound):
    """No such conversation or turn in this profile."""

    kind = "conversation_not_found"


class SnapshotNotFound(NotFound):
    """No such generation of the index."""

    kind = "snapshot_not_found"


class SomeFailed(RagcliError):
    """Some inputs failed; the others are done."""

    code = ExitCode.SOME_FAILED
    kind = "some_failed"


class UnreadableDocument(SomeFailed):
    """A file that cannot be read as the document it claims to be."""

    kind = "unreadable_document"


class PageUnavailable(SomeFailed):
    """A page on the web that cannot be had: no server, too large, not public."""

    kind = "page_unavailable"


class PageGone(PageUnavailable):
    """A page that its server says is not there."""

    kind = "page_gone"


class StorageFailed(RagcliError):
    """The disk said no: full, read-only, or a sync that failed."""

    code = ExitCode.STORAGE
    kind = "storage_failed"


class Locked(RagcliError):
    """Somebody else holds the lock; the message names the holder."""

    code = ExitCode.LOCKED
    kind = "locked"


class Conflict(Locked):
    """The head is not where the caller expected it."""

    kind = "conflict"


class NotPermitted(RagcliError):
    """A mode, an owner or a link that cannot be trusted."""

    code = ExitCode.NOT_PERMITTED
    kind = "not_permitted"


class PassphraseNeeded(NotPermitted):
    """The profile is encrypted and no passphrase was given."""

    kind = "passphrase_needed"


class WrongPassphrase(NotPermitted):
    """The passphrase opens none of the profile's key slots."""

    kind = "wrong_passphrase"
