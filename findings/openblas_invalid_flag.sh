#!/usr/bin/env bash
# Guess:   NumPy warns "invalid value encountered in matmul" only if a product involves an infinity or a NaN.
# Truth:   a float32 matrix [n, 5] times a vector of 5 finite values raises the warning, although the product is
#          finite and right, whenever stale bytes on the stack look like a signalling NaN. The AVX-512 kernel of the
#          OpenBLAS in NumPy's wheels reads such bytes; its AVX2 kernel does not. It needs n % 4 >= 2 and exactly five
#          columns: other sizes (n up to 17, up to 39 columns) and float64 do not warn. The upper or lower half of an
#          address can be such a NaN, so without the filler below the warning comes and goes between processes.
# Seen:    numpy 2.4.6 (OpenBLAS 0.3.31.188.0, kernels for SkylakeX)
# Bites:   test suites with `filterwarnings = error`, np.errstate(invalid="raise"), and anyone who looks for a NaN.
# Instead: compute such reference values in float64.
# Needs:   python3 with venv, cc, x86-64 with AVX-512. Exit 0: still so. Exit 1: the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet numpy==2.4.6

# Fill the part of the stack below the caller with one bit pattern.
cat >fill.c <<'C'
#include <stdint.h>
void fill(uint32_t pattern) {
    volatile uint32_t stack[40000];
    for (int i = 0; i < 40000; i++) stack[i] = pattern;
}
C
cc -O0 -shared -fPIC -o fill.so fill.c

cat >warns.py <<'P'
import ctypes
import warnings

import numpy as np

fill = ctypes.CDLL("./fill.so").fill
fill.argtypes = [ctypes.c_uint32]
rng = np.random.default_rng(0)


def warned(rows, columns, dtype, pattern):
    matrix = rng.standard_normal((rows, columns)).astype(dtype)
    vector = rng.standard_normal(columns).astype(dtype)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fill(pattern)
        product = matrix @ vector
    # The product is right, with and without the warning.
    assert np.allclose(product, (matrix.astype("d") * vector.astype("d")).sum(axis=1), atol=1e-5)
    return [str(warning.message) for warning in caught]


SIGNALLING = 0x7F9C1234  # As float32, and twice as float64.
print("7 x 5, float32:", warned(7, 5, "f", SIGNALLING))
shapes = [(n, d) for n in range(1, 18) for d in range(1, 40) if warned(n, d, "f", SIGNALLING)]
print("shapes that warn:", shapes)
assert shapes == [(n, 5) for n in range(1, 18) if n % 4 >= 2], "other shapes"
assert not warned(7, 5, "f", 0), "warns without a NaN on the stack"
assert not [1 for n in range(1, 18) for d in range(1, 40) if warned(n, d, "d", 0x7FF41234)], "float64"
P
OPENBLAS_CORETYPE=SkylakeX venv/bin/python warns.py
! OPENBLAS_CORETYPE=Haswell venv/bin/python warns.py 2>/dev/null
