#!/bin/bash
# @TEST@: builds the driver and the program, boots a kernel with them, and compares what it shows with expected.ktap.
#
#   ./run.sh [KERNEL [HEADERS]]
#
# See README. Exit status: 0 if the kernel shows what is expected, 1 if not, 2 if something is missing.
set -u
cd "$(dirname "$0")" || exit 2
KERNEL=${1:-${KERNEL:-/boot/vmlinuz-$(uname -r)}}
HEADERS=${2:-${HEADERS:-/lib/modules/$(uname -r)/build}}
TIMEOUT=${TIMEOUT:-300}
ACCEL=${ACCEL:-tcg}
triplet=@TRIPLET@
command -v "$triplet-gcc" >/dev/null || triplet=
CROSS_COMPILE=${CROSS_COMPILE-${triplet:+$triplet-}}

fail() { echo "run.sh: $1" >&2; exit 2; }
[ -r "$KERNEL" ] || fail "no kernel '$KERNEL': give the image as first argument"
[ -e "$HEADERS/Makefile" ] || fail "no headers '$HEADERS': give the directory for 'make -C' as second argument"
KERNEL=$(realpath "$KERNEL")
HEADERS=$(realpath "$HEADERS")
for tool in make "${CROSS_COMPILE}gcc" @PROGRAM@ timeout; do
  command -v "$tool" >/dev/null || fail "no $tool: see README"
done

# Headers of a kernel that a newer GCC built ask for options that an older one does not know.
export GCC="${CROSS_COMPILE}gcc"
KCC=$GCC
$GCC -Werror -fmin-function-alignment=16 -fzero-init-padding-bits=all -xc -c -o /dev/null /dev/null 2>/dev/null ||
  KCC=$PWD/kernel-cc
mkdir -p build
make KDIR="$HEADERS" CROSS_COMPILE="$CROSS_COMPILE" KCC="$KCC" >build/make.txt 2>&1 || {
  tail -20 build/make.txt >&2
  fail 'the build failed; see build/make.txt'
}

# The initramfs: a newc archive, see Documentation/driver-api/early-userspace/buffer-format.rst.
inode=1
pad() { head -c $(((4 - $1 % 4) % 4)) /dev/zero; }
entry() { # NAME MODE [FILE]
  local size=0
  [ $# -lt 3 ] || size=$(wc -c <"$3")
  printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X' \
    $((inode++)) "$2" 0 0 1 0 "$size" 0 0 0 0 $((${#1} + 1)) 0
  printf '%s\0' "$1"
  pad $((110 + ${#1} + 1))
  [ $# -lt 3 ] || cat "$3"
  pad "$size"
}
{
  entry dev 0040755
  entry init 0100755 build/init
  entry lit.ko 0100644 build/module/lit.ko
  entry jobs 0100644 jobs
  entry 'TRAILER!!!' 0
} | gzip -1 >build/initramfs.gz

boot() {
@START@
}

# What the machine printed of KTAP, without lines of the kernel's log between them.
results() {
  tr -d '\r' <build/console.txt | sed -n '/^KTAP version 1/,/^\(not \)\?ok @LAST@ /p' |
    grep -E '^(KTAP|[0-9]+\.\.|#|ok |not ok )'
}

boot >build/console.txt 2>&1
# An emulator can make a kernel crash that is right: a crash counts if it comes twice.
results >build/got.ktap || boot >build/console.txt 2>&1
results >build/got.ktap || { echo 'run.sh: the machine did not come to an end; see build/console.txt' >&2; exit 1; }
cat build/got.ktap

# Lines that begin with # say how often. What expected.ktap marks as SKIP may be seen all the same.
grep -v '^#' build/got.ktap >build/got
grep -v '^#' expected.ktap | awk '
  { want = $0 }
  (getline got < "build/got") <= 0 { bad = 1; next }
  got != want { sub(/ # SKIP not seen$/, "", want); if (got != want) { print "# expected: " $0; bad = 1 } }
  END { exit bad }' && { echo "# as expected, on $(sed -n 's/.*LIT boot //p' build/console.txt | tail -1 | tr -d '\r')"; exit 0; }
echo '# not as expected: see expected.ktap and build/console.txt'
exit 1
