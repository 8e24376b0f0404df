# What the op that convolves and pools (conv_pool) takes over from a pooling step.

from ..core.types cimport FIRST_OWN

cdef enum:
    PLACES_AT = FIRST_OWN   # operand: places of maxima

cdef enum:                  # sizes: a fnn_pool, and
    AVERAGE = 13
    PLACES_OF_IMAGE         # bytes from the places of one image to the next

cdef enum:
    BYTE_PLACES = 256       # of windows whose places are bytes
