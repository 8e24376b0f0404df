"""Dropout in C against an independent Philox4x32-10 in Python integers."""

import ctypes

import numpy as np
import pytest
from ctable import Random, Table
from kernelcheck import SIZES, noise

WORD = 0xFFFFFFFF


def philox(counter, key):
    """Salmon et al. (2011), as published: ten rounds of two multiplications."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & WORD, (p0 >> 32) ^ c[3] ^ k[1], p0 & WORD]
        k = [(k[0] + 0x9E3779B9) & WORD, (k[1] + 0xBB67AE85) & WORD]
    return c


def word(i, step, key):
    block = i // 4
    return philox((block & WORD, block >> 32, step & WORD, step >> 32), key)[i % 4]


def source(rate=0.3, step=7, key=(11, 22)):
    return Random((ctypes.c_uint32 * 2)(*key), step, rate)


def mask(table, first, n, r):
    out = np.full(n, 7, table.dtype)
    table.dropout_mask(out, first, n, r)
    return out


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([WORD] * 4, [WORD] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    ],
)
def test_philox_of_this_file_gives_the_published_answers(counter, key, words):
    assert philox(counter, key) == words


@pytest.mark.parametrize("first", [0, 1, 6, 4 * 2**32 - 5, 2**40 + 3])
@pytest.mark.parametrize("step", [0, 7, 2**32 + 1, 2**64 - 1])
def test_mask_is_the_published_generator(isa, dtype, first, step):
    r = source(rate=0.3, step=step, key=(WORD, 5))
    keep = [word(first + i, step, (WORD, 5)) >= 0.3 * 2**32 for i in range(40)]
    desired = np.where(keep, np.array(1 / 0.7, dtype), np.array(0, dtype))
    for table in (Table("ref", dtype), Table(isa, dtype)):
        assert np.array_equal(mask(table, first, 40, r), desired)


def test_mask_is_the_same_everywhere(isa, dtype):
    for n in (*SIZES, 1000):
        for first in (0, 1, 2, 3, 250):
            kept = mask(Table(isa, dtype), first, n, source()) != 0
            assert np.array_equal(kept, mask(Table("ref", "float64"), first, n, source()) != 0)


def test_a_part_of_the_stream_is_the_stream(isa, dtype):
    table, r = Table(isa, dtype), source()
    whole, x = mask(table, 0, 1100, r), noise(1100, dtype=dtype)
    for first, n in [(0, 5), (1, 1099), (4, 512), (255, 3), (1023, 77), (257, 600)]:
        assert np.array_equal(mask(table, first, n, r), whole[first : first + n])
        y = np.empty(n, dtype)
        table.dropout(y, x[first : first + n], first, n, r)
        assert np.array_equal(y, x[first : first + n] * whole[first : first + n])


def test_dropped_is_zero_whatever_it_was(isa, dtype):
    for table in (Table("ref", dtype), Table(isa, dtype)):
        kept = mask(table, 3, 1000, source()) != 0
        x = np.where(kept, 1.0, np.resize([np.nan, np.inf, -np.inf], 1000)).astype(dtype)
        table.dropout(x, x, 3, 1000, source())
        assert np.array_equal(x != 0, kept)
        assert np.all(x[kept] == np.array(1 / 0.7, dtype))


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_share_of_dropped(isa, dtype, rate):
    n = 100_000
    for table in (Table("ref", dtype), Table(isa, dtype)):
        factors = mask(table, 0, n, source(rate))
        dropped = (factors == 0).mean()
        assert abs(dropped - rate) <= 4 * np.sqrt(rate * (1 - rate) / n)
        if rate < 1:
            assert abs(factors.mean() - 1) < 0.02 / (1 - rate)


@pytest.mark.parametrize("other", [{"step": 8}, {"key": (12, 22)}, {"key": (11, 23)}])
def test_seed_layer_and_step_give_masks_of_their_own(isa, dtype, other):
    n, rate = 10_000, 0.5
    one = mask(Table(isa, dtype), 0, n, source(rate)) != 0
    two = mask(Table(isa, dtype), 0, n, source(rate, **other)) != 0
    assert abs((one == two).mean() - 0.5) < 0.02


def test_uniform_between_maps_each_number_to_its_range(isa, dtype):
    n, r = 300, source()
    ranges, u, between = noise(n, 2, spread=3.0), np.empty(n), np.empty(n)
    Table(isa, dtype).uniform(u, 5, n, r)
    Table(isa, dtype).uniform_between(between, ranges, 5, n, r)
    assert np.array_equal(between, ranges[:, 0] + u * (ranges[:, 1] - ranges[:, 0]))
