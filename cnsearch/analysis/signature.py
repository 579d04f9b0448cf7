"""Signatures: 64 bytes by which two texts are told to be copies of each other, without reading them again.

A text is the set of its shingles, the strings of ``SHINGLE`` letters in a row; the similarity of two texts is the share
of shingles that they have in common (A. Z. Broder, On the Resemblance and Containment of Documents, SEQUENCES 1997).
It is estimated by one-permutation MinHash (P. Li, A. Owen, C.-H. Zhang, One Permutation Hashing, NIPS 2012): shingles
are hashed, the range of the hashes is cut into bins, and of each bin the least hash is kept; of it only eight bits
(P. Li, A. C. Koenig, b-Bit Minwise Hashing, WWW 2010). A bin is equal in both signatures with the probability of the
similarity, so 64 of them estimate it with a standard deviation of at most 0.06; bins equal by chance add 1/255 of the
rest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.scripts import word_table
from cnsearch.arrays import CodePoints

SHINGLE = 8
"""Letters: Chinese characters, letters of other scripts, digits. Spacing, punctuation and line ends do not matter. With
6 of them copies have as much in common, and different articles of the same kind more."""
NUM_BINS = 64
SIGNATURE_BYTES = NUM_BINS
MIN_BODY_LETTERS = 100
"""The title belongs to the signature of a body shorter than this; a longer one is the same story under any title."""

_BITS = 32
_BIN_SHIFT = np.uint32(_BITS - (NUM_BINS - 1).bit_length())
_BIN_STARTS = np.arange(NUM_BINS, dtype=np.uint32) << _BIN_SHIFT

# Base of the polynomial: odd, 2**32 divided by the golden ratio; its second and fourth power, modulo 2**32.
_BASE = 0x9E3779B1
_BASE_1, _BASE_2, _BASE_4 = (np.uint32(pow(_BASE, exponent, 1 << _BITS)) for exponent in (1, 2, 4))


def signature(title: CodePoints, body: CodePoints) -> bytes:
    """The signature of an article: one byte per bin, 0 for a bin without a shingle.

    title, body : code points of the folded texts, uint32, shape (characters,); not modified
    Returns SIGNATURE_BYTES bytes, all 0 where there are fewer than SHINGLE letters.
    """
    letters = _letters(body)
    if len(letters) < MIN_BODY_LETTERS:
        letters = np.concatenate([_letters(title), letters])
    bins = np.zeros(NUM_BINS, dtype=np.uint8)
    if len(letters) < SHINGLE:
        return bins.tobytes()
    hashes = _mixed(_shingle_hashes(letters))
    hashes.sort()
    first = hashes.searchsorted(_BIN_STARTS)  # in each bin the least, if it has one
    ends = np.append(first[1:], len(hashes))
    filled = np.flatnonzero(first < ends)
    bins[filled] = hashes[first[filled]] % np.uint32(255) + np.uint32(1)
    return bins.tobytes()


def _letters(points: CodePoints) -> CodePoints:
    return points[word_table()[points]]


def _shingle_hashes(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The polynomial hash of each shingle, modulo 2**32, from those of its halves. REQUIRES: len(letters) >= SHINGLE

    Returns a new uint32 array, shape (len(letters) - SHINGLE + 1,).
    """
    pairs = letters[:-1] * _BASE_1 + letters[1:]
    fours = pairs[:-2] * _BASE_2 + pairs[2:]
    eights: npt.NDArray[np.uint32] = fours[:-4] * _BASE_4 + fours[4:]
    return eights


def _mixed(hashes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """A permutation of 32-bit numbers under which near ones go far apart: the finalizer of MurmurHash3 (A. Appleby,
    2011). In place."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        hashes ^= hashes >> np.uint32(shift)
        hashes *= np.uint32(factor)
    hashes ^= hashes >> np.uint32(16)
    return hashes
