"""What reading a damaged or hostile archive of arrays (``.npz``) can raise."""

from __future__ import annotations

import struct
import zipfile
import zlib

ARRAY_FILE_ERRORS = (
    OSError,
    KeyError,
    ValueError,
    TypeError,
    EOFError,
    OverflowError,
    MemoryError,  # a header that claims more than there is
    RuntimeError,  # a member that calls itself encrypted, or packed in a way that nobody knows (NotImplementedError)
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
