#!/usr/bin/env bash
# No object file in a folder but those of the libraries fnn_avx* may have an AVX instruction: a processor without would
# stop at it before it is asked what it runs. Takes the folder of a build for x86-64, and binutils.
set -euo pipefail

# Instructions of AVX and later are those on vector registers whose names begin with v.
avx()
{
    [ -n "$(objdump --disassemble --no-show-raw-insn "$1" |
        grep -E -m 1 "[[:space:]]v[a-z0-9]+ .*%[xyz]mm")" ]
}

avx "$1/fnn_avx2_f32/csrc/kernels/products.o" || { echo "check_isa: finds no AVX even in fnn_avx2_f32"; exit 1; }
count=0
while read -r object; do
    if avx "$object"; then
        echo "check_isa: $object has AVX instructions"
        exit 1
    fi
    count=$((count + 1))
done < <(find "$1" -name "*.o" ! -path "*/fnn_avx*" ! -path "*/digests/*")
echo "check_isa: no AVX instruction in $count object files"
