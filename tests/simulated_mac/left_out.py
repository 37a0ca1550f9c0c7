"""Tests that mean nothing on a Mac, or on a simulated one, each with its reason."""

from __future__ import annotations

LINUX = {
    "test_helpers_change_nothing_not_even_when_one_dies": "only Linux is sure to fork",
    "test_the_worker_is_bounded": "RLIMIT_AS binds nobody; the watch has its own test",
    "test_a_text_that_takes_too_much_memory_costs_nothing_else": (
        "RLIMIT_AS binds nobody; the watch has its own test"
    ),
    "test_what_a_native_library_needs_is_told_before_it_is_loaded": (
        "RLIMIT_AS binds nobody, so that nothing tells how much is too much"
    ),
    "test_the_doctor_says_of_any_home_what_is_wrong_with_it[/proc/x]": (
        "there is no /proc"
    ),
    "test_a_pid_that_was_given_again_is_not_the_holder[changes3-None]": (
        "a Mac's name follows its network, and its identity decides"
    ),
    "test_not_enough_memory": "RLIMIT_DATA binds nobody",
    "test_a_quick_command_loads_next_to_nothing_beside_typer[history]": (
        "what file system a profile is on is asked through ctypes"
    ),
    "test_directories_of_killed_processes_are_swept": "there is no memory file system",
}
"""By name of the function, or of one case of it: what only Linux has."""

PLAYED = {
    "test_this_machine_tells_what_its_disk_is": "its statfs is Linux's",
    "test_the_version_takes_what_the_interpreter_has_loaded": (
        "the simulation itself loads modules before the program does"
    ),
}
"""By name: what a real Mac can do, and the simulation cannot play."""
