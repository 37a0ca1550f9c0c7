"""Memory-mapped files: only what is used is read, and no descriptor stays open.

`mmap.mmap` keeps a descriptor as long as the mapping lives (before Python 3.13 it
always does), and an index has half a dozen files for each of its segments: macOS gives
a process 256. A mapping needs none (mmap(2)).
"""

from __future__ import annotations

import mmap
import os
import weakref


def mapped(descriptor: int) -> memoryview:
    """Returns the bytes of an open file; read-only, and unmapped with the last view.

    The descriptor may be closed at once, and the file removed. Nobody may shorten it:
    reading what is not there any more ends the process.

    Raises:
        OSError: It cannot be mapped.
    """
    size = os.fstat(descriptor).st_size
    if not size:
        return memoryview(b"")
    import ctypes  # 2 ms, and only by who reads an index

    library = ctypes.CDLL(None, use_errno=True)
    map_file = library.mmap
    map_file.restype = ctypes.c_void_p
    map_file.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_longlong,
    ]
    unmap = library.munmap
    unmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    address = map_file(None, size, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
    if address == ctypes.c_void_p(-1).value:
        failed = ctypes.get_errno()
        raise OSError(failed, os.strerror(failed))
    content = (ctypes.c_ubyte * size).from_address(address)
    # Not at exit: threads of libraries may still be reading.
    weakref.finalize(content, unmap, address, size).atexit = False
    return memoryview(content).cast("B").toreadonly()


def let_go(view: memoryview) -> None:
    """Tells the system that the pages of a mapped file may leave memory.

    They are read again when they are touched. Nothing happens to other bytes.

    Args:
        view: What `mapped` returned, or any bytes.
    """
    import ctypes

    if not isinstance(view.obj, ctypes.Array) or not hasattr(mmap, "MADV_DONTNEED"):
        return
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    address = ctypes.addressof(view.obj)
    advise(address, ctypes.sizeof(view.obj), mmap.MADV_DONTNEED)
