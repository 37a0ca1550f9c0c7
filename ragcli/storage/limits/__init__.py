"""What the system runs out of: address space, memory, descriptors, threads.

`address_space` sees to room before native libraries load, `open_files` to descriptors,
`processors` counts what may be used; `shortage` turns what the system refuses into one
of our errors. It imports only `ragcli.errors`. Start at `shortage`.
"""
