"""How long what is kept lives: limits, clocks that can be wrong, and what is due.

`retention` has the limits in force, `timekeeping` tells whether the clock can be
believed, `expiry` finds what is due, and `aside` keeps it hidden until it is erased.
It may import the other modules of `history` but its reader and writer. Start reading
at `expiry`.
"""
