"""What one process opens does not depend on what it opened before or after."""

from __future__ import annotations

from ragcli.runtime import Runtime
from tests.sealed import FILES, publish


def test_a_stateless_call_is_no_state_of_the_process() -> None:
    runtime = Runtime()
    runtime.store.create("work", {}).close()
    with (
        runtime.open("work", stateless=True) as passing,
        runtime.open("work") as usual,
    ):
        publish(usual.session, FILES)

        assert passing.session.snapshots.notes is None
        assert usual.session.snapshots.notes is not None
        assert not passing.writes
        assert usual.writes


def test_a_process_asks_its_store_and_no_address() -> None:
    here = Runtime(environ={"RAGCLI_STORE": "memory://runtime"})
    here.store.create("work", {}).close()

    assert here.store.names() == ["work"]
    assert here.profile_states() == {}
    with here.open("work") as workspace:
        assert not workspace.forks
    assert Runtime().store.names() == []
