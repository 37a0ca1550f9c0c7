"""Expiry: what was not used for `ttl`, and what is older than `ttl_absolute`.

A conversation without a turn for `ttl` expires whole, and so does a profile that
was not used for as long, with everything in it. A turn older than `ttl_absolute`
expires wherever it is; a copy in a fork is as old as its original.

It takes two steps. What is due is set aside: nobody reads it, and it can be brought
back. After a time of grace, measured by a clock that nobody can set, it is erased
from the log, from quarantine and from the caches. See `timekeeping` for when the
clock is believed, and `retention` for the limits. A record whose own time cannot be
right, because it lies in the future or before this program existed, counts from when
it was first looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ragcli.errors import UsageError
from ragcli.sessions.history import conversations, erasure, turns
from ragcli.sessions.history.conversations import Threads
from ragcli.sessions.history.lifetime import aside
from ragcli.sessions.history.lifetime.aside import Aside, Batch, Sight
from ragcli.sessions.history.lifetime.retention import Limits, plausible
from ragcli.sessions.history.lifetime.timekeeping import Ledger
from ragcli.sessions.protocols import Expired, Session
from ragcli.sessions.records.clock import now, stamp_of
from ragcli.sessions.records.record_types import Record

_KINDS = ("turn", "detail")


def notices_of(done: list[Expired]) -> list[str]:
    """Returns one line for each conversation or profile that expired."""
    lines = []
    for expired in done:
        turns = f"{expired.turns} turn" + ("s" if expired.turns != 1 else "")
        if expired.aside:
            lines.append(
                f"{turns} of {expired.profile} expired and were set aside: `ragcli "
                f"profile restore {expired.profile}` brings them back"
            )
        else:
            lines.append(f"{turns} of {expired.profile}, set aside before, are erased")
    return lines


def doubted(name: str, notice: str) -> UsageError:
    """Returns the error for erasing on the word of a clock that is not believed."""
    return UsageError(
        f"profile {name}: the clock is doubted; nothing is erased by it",
        notice
        or "it must agree for a day first; `ragcli profile delete` asks no clock",
    )


def tend(session: Session, limit: Limits, ledger: Ledger) -> list[Expired]:
    """Sets aside what is due in a profile; erases what was set aside for its grace.

    While the clock is doubted nothing of that happens; what is set aside and not
    due by what the clock says by then comes back.

    Returns:
        What was set aside, and what was erased.
    """
    known = state = aside.read(session)
    listed: Threads | None = None
    if not limit.any:
        if state.batches:
            _keep(session, replace(state, batches=()))
        return []
    done: list[Expired] = []
    if not ledger.doubtful:
        state, erased, listed = _erased(session, state, limit, ledger)
        done = [erased] if erased.any else []
        state, due, fresh = _set_aside(session, state, limit, ledger)
        done += [due] if due.any else []
        listed = fresh or listed
        state = _copies(session, state, limit, ledger)
    elif state.batches:
        state = _brought_back(session, state, limit)
    if state.batches != known.batches:
        _keep(session, state, listed)
    elif state != known:
        aside.write(session, state)
    return done


def tend_opened(
    session: Session, limit: Limits, seen: tuple[Ledger, str], *, expires: bool
) -> list[str]:
    """Tends a profile that is opened; returns what people are to be told.

    Args:
        session: The open profile.
        limit: What holds for it.
        seen: What is known of time there, and a line if the clock jumped.
        expires: Whether what is due is set aside and erased.
    """
    ledger, notice = seen
    notices = [notice] if notice else []
    return notices + (notices_of(tend(session, limit, ledger)) if expires else [])


def prune(
    session: Session,
    limit: Limits,
    look: Callable[[], tuple[Ledger, str]],
    *,
    dry_run: bool,
    grace: bool,
) -> list[Expired]:
    """Erases what has expired inside a profile, for whoever asks for just that.

    Args:
        session: The open profile.
        limit: What holds for it.
        look: Compares the clock with what is known of time there.
        dry_run: Only say what has expired.
        grace: Take both steps as opening does, instead of erasing at once.

    Raises:
        UsageError: The clock is doubted.
    """
    if dry_run:
        return [expire_turns(session, limit, dry_run=True)]
    ledger, notice = look()
    if grace:
        return tend(session, limit, ledger)
    if ledger.doubtful:
        raise doubted(session.name, notice)
    return [expire_turns(session, limit)]


def restore(session: Session) -> Expired:
    """Brings back what is set aside in a profile; it counts as written now."""
    state = aside.read(session)
    if not state.batches:
        return Expired(session.name)
    ids, kinds, listed = state.ids, Counter[str](), Threads()
    for record in session.log.since(0):
        listed.count(record)
        if record.id in ids:
            kinds[record.kind] += 1
    counted = {**state.counted, **dict.fromkeys(ids, now())}
    _keep(session, Aside(counted=counted), listed)
    return _counted(session, kinds, aside=True)


def expire_turns(session: Session, limit: Limits, *, dry_run: bool = False) -> Expired:
    """Erases at once what has expired inside a profile; returns what it was.

    With what is set aside, and without any grace: for whoever asked for that.
    """
    state = aside.read(session)
    survey = _surveyed(session, state, limit)
    gone = survey.expired() | survey.aside
    listed = Threads()
    if not dry_run:
        if gone:
            listed = _erase(session, gone, Aside())
        if limit.any:
            session.purge(lambda written, _: written < limit.latest)
        if gone or state.batches:
            _keep(session, Aside(counted=survey.counted), listed if gone else None)
    return _counted(session, survey.kinds(gone))


def _erase(session: Session, gone: Mapping[str, str], state: Aside) -> Threads:
    """Erases records for good; returns the list of what can be seen then.

    Args:
        session: The open profile.
        gone: Their ids, and the conversation of each.
        state: What is set aside afterwards.
    """
    session.put_blob(conversations.BLOB, None)
    listed = Threads()
    change = erasure.without(session.log.since, gone)
    erasure.erase(session, "expire", change, Sight(state).watching(listed.count))
    return listed


def _keep(session: Session, state: Aside, listed: Threads | None = None) -> None:
    """Stores the state, and the list of what can be seen; None has it made anew."""
    aside.write(session, state)
    if listed is None:
        session.put_blob(conversations.BLOB, None)
    else:
        conversations.keep(session, listed, Sight(state).view)


def _counted(
    session: Session, kinds: Mapping[str, int], *, aside: bool = False
) -> Expired:
    talks, asked = kinds.get("conversation", 0), kinds.get("turn", 0)
    return Expired(session.name, asked, talks, aside=aside)


def _erased(
    session: Session, state: Aside, limit: Limits, ledger: Ledger
) -> tuple[Aside, Expired, Threads | None]:
    """Erases the batches whose time of grace is over."""
    ripe = [b for b in state.batches if _over(b.witnessed, b.at, limit, ledger)]
    if not ripe:
        return state, Expired(session.name), None
    ids = {name for batch in ripe for name in batch.ids}
    gone, kinds = {}, Counter[str]()
    for record in session.log.since(0):
        if record.id in ids:
            gone[record.id] = _owner(record)
            kinds[_kind(record)] += 1
    waiting = tuple(batch for batch in state.batches if batch not in ripe)
    state = replace(state, batches=waiting)
    listed = _erase(session, gone, state)
    return state, _counted(session, kinds), listed


def _over(witnessed: float, at: str, limit: Limits, ledger: Ledger) -> bool:
    """Tells whether a time of grace is over by both clocks."""
    passed = ledger.witnessed - witnessed
    return passed >= limit.grace and at <= stamp_of(ledger.wall - limit.grace)


def _set_aside(
    session: Session, state: Aside, limit: Limits, ledger: Ledger
) -> tuple[Aside, Expired, Threads | None]:
    """Adds a batch of what is due now, unless the last look rules that out."""
    nothing = Expired(session.name)
    turns_due = not state.oldest_turn or state.oldest_turn < limit.absolute
    if not turns_due and not state.oldest_talk < limit.idle:
        return state, nothing, None
    survey = _surveyed(session, state, limit)
    gone = survey.expired()
    oldest_turn, oldest_talk = survey.oldest()
    state = replace(
        state,
        counted=survey.counted,
        oldest_turn=oldest_turn,
        oldest_talk=oldest_talk,
    )
    fresh = {name: owner for name, owner in gone.items() if name not in survey.aside}
    if not fresh:
        return state, nothing, None
    kinds = survey.kinds(fresh)
    del survey, gone
    batch, listed = _batch(session, state, fresh, ledger)
    state = replace(state, batches=(*state.batches, batch))
    return state, _counted(session, kinds, aside=True), listed


def _batch(
    session: Session, state: Aside, gone: Mapping[str, str], ledger: Ledger
) -> tuple[Batch, Threads]:
    """Returns what erasing these records would take out and change.

    With the list of what can be seen while they are set aside as well.
    """
    titles, hidden = erasure.Titles(gone), list[str]()
    listed, sight = Threads(), Sight(state)
    change = erasure.taking_out(gone, {})
    for record in session.log.since(0):
        titles.note(record)
        changed = change(record)
        if changed is None:
            hidden.append(record.id)
        elif (visible := sight.of(changed)) is not None:
            listed.count(visible)
    anew = titles.anew()
    listed.retitle(anew)
    ids = tuple(gone)
    when = stamp_of(ledger.wall)
    return Batch(ledger.witnessed, when, ids, tuple(hidden), anew), listed


def _copies(session: Session, state: Aside, limit: Limits, ledger: Ledger) -> Aside:
    """Removes side copies (fragments, drafts) a time of grace after they were due."""
    if state.copies is None:
        return replace(state, copies=(ledger.witnessed, limit.latest))
    witnessed, before = state.copies
    if ledger.witnessed - witnessed < limit.grace:
        return state
    session.purge(lambda written, _: written < before)
    return replace(state, copies=(ledger.witnessed, limit.latest))


def _brought_back(session: Session, state: Aside, limit: Limits) -> Aside:
    """Returns the state without batches that are not due by what the clock says."""
    survey = _surveyed(session, state, limit)
    due = survey.expired().keys()
    waiting = tuple(
        batch for batch in state.batches if survey.aside.keys() & set(batch.ids) <= due
    )
    return replace(state, batches=waiting)


@dataclass(slots=True)
class _Talk:
    """What is known of one conversation while a log is looked through."""

    used: str = ""
    """When it was last used."""
    young: list[str] = field(default_factory=list)
    """Turns that are younger than the absolute limit, by id."""
    oldest: str = ""
    """The oldest time of those."""
    old: list[str] = field(default_factory=list)
    """Turns that are not."""
    others: list[str] = field(default_factory=list)
    """Its start, its titles and summaries."""


class _Survey:
    """Ids and times of a log's records: what can be said of them without their texts.

    Args:
        state: What is set aside.
        limit: The limits in force.
    """

    def __init__(self, state: Aside, limit: Limits) -> None:
        self._known, self._ids = state.counted, state.ids
        self._limit = limit
        self._talks: dict[str, _Talk] = {}
        self.counted: dict[str, str] = {}
        """From when records count whose own time does not say it."""
        self.aside: dict[str, str] = {}
        """What is set aside and still there, and the conversation of each."""

    def note(self, record: Record) -> None:
        """Takes a record in; all of them, oldest first."""
        when = turns.written(record)
        if record.id in self._known:
            when = self.counted[record.id] = self._known[record.id]
        elif not plausible(when):
            when = self.counted[record.id] = now()
        if record.kind == "redaction":
            return
        owner = _owner(record)
        talk = self._talks.setdefault(owner, _Talk())
        if record.id in self._ids:
            self.aside[record.id] = owner
        talk.used = max(talk.used, when)
        if record.kind != "turn":
            talk.others.append(record.id)
        elif when < self._limit.absolute:
            talk.old.append(record.id)
        else:
            talk.young.append(record.id)
            talk.oldest = min(talk.oldest or when, when)

    def expired(self) -> dict[str, str]:
        """Returns the ids of what has expired, and the conversation of each."""
        gone: dict[str, str] = {}
        for owner, talk in self._talks.items():
            unused = talk.used < self._limit.idle
            gone |= dict.fromkeys(talk.old, owner)
            if unused:
                gone |= dict.fromkeys(talk.young, owner)
            if (unused or not talk.young) and talk.used < self._limit.latest:
                gone |= dict.fromkeys(talk.others, owner)
        return gone

    def oldest(self) -> tuple[str, str]:
        """Returns the oldest turn that stays, and the oldest last use of a talk.

        A conversation without a turn is as old as its last use.
        """
        talks = [t for t in self._talks.values() if not self._is_over(t)]
        times = [talk.oldest or talk.used for talk in talks]
        last_used = [talk.used for talk in talks]
        return min(times, default=now()), min(last_used, default=now())

    def _is_over(self, talk: _Talk) -> bool:
        """Tells whether a conversation has expired whole."""
        alive = talk.young and talk.used >= self._limit.idle
        return not alive and talk.used < self._limit.latest

    def kinds(self, gone: Mapping[str, str]) -> Counter[str]:
        """Returns how many records there are of each kind; starts are conversations."""
        counts = Counter[str]()
        for name, owner in gone.items():
            is_detail = name in self._talks[owner].others
            counts["conversation" if name == owner else _KINDS[is_detail]] += 1
        return counts


def _surveyed(session: Session, state: Aside, limit: Limits) -> _Survey:
    """Looks through a profile's log."""
    survey = _Survey(state, limit)
    for record in session.log.since(0):
        survey.note(record)
    return survey


def _kind(record: Record) -> str:
    if record.kind == "turn" or record.id == _owner(record):
        return record.kind
    return f"{record.kind} detail"


def _owner(record: Record) -> str:
    """Returns the conversation that a record belongs to."""
    return str(record.body.get("conversation") or record.id)
