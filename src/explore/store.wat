;; The set of states seen, as store.ts has it, for engines with WebAssembly: wasm-store.ts. `node scripts/store-wasm.mjs` makes store-wasm.ts of this.
;;
;; The memory begins with some words for those who share it (heap.ts, wasm-store.ts).
;; Words of a table, whose number $t is where they lie (table i at 128 * i + 128; the leaves are table 0, the nodes of part p table p + 1, the states the last):
;;   0 bytes of a content, 8 mask, 12 slots, 16 where the chunks of contents are, 20 log2 of the contents in a chunk, 24 contents before it is to
;;   grow, 28 slots that it had before it has grown, whose contents are being entered, 32 how many, 36 how many of them somebody has taken for that,
;;   64 contents. A slot is the number + 1 of a content (0: empty, -1: being filled), and the content's hash.
;; Words of a thread, at $s:
;;   0 four times the parts, 4 the state that is looked up, 8 the one loaded last, 12 and 16 numbers of their leaves, 20 and 24 of their
;;   parts, 28 first leaf of each part, 32 what each part's number is multiplied by in a hash (64 bits). Between two calls, the numbers of leaves at 12
;;   are those of the state loaded last. The words from 36 on are for `moves`.
;; Several threads may fill the tables at once: who finds an empty slot claims it, and whoever looks there meanwhile waits. Each takes numbers of
;; the table that is filled most by the block, so that threads do not write to the same lines of memory all the time.
(module
  (import "host" "memory" (memory 1 65536))
  ;; Told that table $t is to grow. Returns 1 if it has, 0 if there still is some room.
  (import "host" "full" (func $full (param $t i32) (result i32)))

  (global $added (mut i32) (i32.const 0))
  ;; Table whose numbers are taken by the block (0: none), how many are a block, and the next of those taken and the end of them.
  (global $blocks (export "blocks") (mut i32) (i32.const 0))
  (global $block (export "block") (mut i32) (i32.const 0))
  (global $next (export "next") (mut i32) (i32.const 0))
  (global $end (export "end") (mut i32) (i32.const 0))
  ;; For no engine to leave out what only touches memory.
  (global $touched (mut i32) (i32.const 0))

  ;; Number of the leaf at $from, which is entered if it is new.
  (func $leaf (param $from i32) (result i32)
    (local $v v128) (local $w v128) (local $x v128) (local $h i32) (local $slot i32) (local $at i32) (local $id i32) (local $to i32)
    (local.set $v (v128.load (local.get $from)))
    (local.set $w (v128.load offset=16 (local.get $from)))
    (local.set $x (i32x4.add
      (i32x4.mul (local.get $v) (v128.const i32x4 0x85ebca6b 0xc2b2ae35 0x27d4eb2f 0x165667b1))
      (i32x4.mul (local.get $w) (v128.const i32x4 0x9e3779b1 0x2545f491 0xcc9e2d51 0x1b873593))))
    (local.set $x (v128.xor (local.get $x) (i32x4.shr_u (local.get $x) (i32.const 15))))
    (local.set $x (i32x4.mul (local.get $x) (v128.const i32x4 0x2c1b3c6d 0x297a2d39 0x7feb352d 0x846ca68b)))
    (local.set $h (i32.xor
      (i32.add (i32x4.extract_lane 0 (local.get $x)) (i32.rotl (i32x4.extract_lane 1 (local.get $x)) (i32.const 8)))
      (i32.add
        (i32.rotl (i32x4.extract_lane 2 (local.get $x)) (i32.const 16))
        (i32.rotl (i32x4.extract_lane 3 (local.get $x)) (i32.const 24)))))
    (local.set $h (i32.mul (i32.xor (local.get $h) (i32.shr_u (local.get $h) (i32.const 16))) (i32.const 0x85ebca6b)))
    (local.set $h (i32.xor (local.get $h) (i32.shr_u (local.get $h) (i32.const 13))))
    (local.set $slot (local.get $h))
    (loop $next
      (local.set $at (i32.add (i32.load offset=140 (i32.const 0)) (i32.shl (i32.and (local.get $slot) (i32.load offset=136 (i32.const 0))) (i32.const 3))))
      (loop $wait
        (local.set $id (i32.atomic.load (local.get $at)))
        (br_if $wait (i32.eq (local.get $id) (i32.const -1))))
      (if (i32.eqz (local.get $id)) (then
        (return (call $insert (i32.const 128) (local.get $from) (local.get $h) (local.get $at)))))
      (if (i32.eq (i32.load offset=4 (local.get $at)) (local.get $h)) (then
        (local.set $id (i32.sub (local.get $id) (i32.const 1)))
        (local.set $to (i32.add
          (i32.load (i32.add (i32.load offset=144 (i32.const 0)) (i32.shl (i32.shr_u (local.get $id) (i32.load offset=148 (i32.const 0))) (i32.const 2))))
          (i32.shl
            (i32.and (local.get $id) (i32.sub (i32.shl (i32.const 1) (i32.load offset=148 (i32.const 0))) (i32.const 1)))
            (i32.const 5))))
        (if (i32.eqz (v128.any_true (v128.or
              (v128.xor (local.get $v) (v128.load (local.get $to)))
              (v128.xor (local.get $w) (v128.load offset=16 (local.get $to))))))
          (then (return (local.get $id))))))
      (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; Number that the table of a part, $t, has for the words at $from, which are entered if they are new.
  (func $node (param $t i32) (param $from i32) (result i32)
    (local $h i32) (local $i i32) (local $bytes i32)
    (local.set $bytes (i32.load (local.get $t))) (local.set $h (i32.const 0x2f0b4c47))
    (loop $word
      (local.set $h (i32.mul (i32.add (local.get $h) (i32.load (i32.add (local.get $from) (local.get $i)))) (i32.const 0x9e3779b1)))
      (local.set $h (i32.xor (local.get $h) (i32.shr_u (local.get $h) (i32.const 15))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $word (i32.lt_u (local.get $i) (local.get $bytes))))
    (local.set $h (i32.mul (local.get $h) (i32.const 0x85ebca6b)))
    (call $seek (local.get $t) (local.get $from) (i32.xor (local.get $h) (i32.shr_u (local.get $h) (i32.const 13)))))

  ;; Number that table $t has for the words at $from, of which the hash is $h; they are entered if they are new.
  (func $seek (param $t i32) (param $from i32) (param $h i32) (result i32)
    (local $slot i32) (local $at i32) (local $id i32) (local $to i32) (local $i i32) (local $bytes i32)
    (local.set $bytes (i32.load (local.get $t))) (local.set $slot (local.get $h))
    (loop $next
      (local.set $at (i32.add (i32.load offset=12 (local.get $t)) (i32.shl (i32.and (local.get $slot) (i32.load offset=8 (local.get $t))) (i32.const 3))))
      (loop $wait
        (local.set $id (i32.atomic.load (local.get $at)))
        (br_if $wait (i32.eq (local.get $id) (i32.const -1))))
      (if (i32.eqz (local.get $id)) (then
        (return (call $insert (local.get $t) (local.get $from) (local.get $h) (local.get $at)))))
      (if (i32.eq (i32.load offset=4 (local.get $at)) (local.get $h)) (then
        (local.set $id (i32.sub (local.get $id) (i32.const 1)))
        ;; as $content, which no engine inlines
        (local.set $to (i32.add
          (i32.load (i32.add (i32.load offset=16 (local.get $t)) (i32.shl (i32.shr_u (local.get $id) (i32.load offset=20 (local.get $t))) (i32.const 2))))
          (i32.mul
            (i32.and (local.get $id) (i32.sub (i32.shl (i32.const 1) (i32.load offset=20 (local.get $t))) (i32.const 1)))
            (local.get $bytes))))
        (local.set $i (i32.const 0))
        (block $differs
          (loop $equal
            (br_if $differs (i32.ne (i32.load (i32.add (local.get $from) (local.get $i))) (i32.load (i32.add (local.get $to) (local.get $i)))))
            (local.set $i (i32.add (local.get $i) (i32.const 4)))
            (br_if $equal (i32.lt_u (local.get $i) (local.get $bytes))))
          (return (local.get $id)))))
      (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; Where content $id of table $t lies.
  (func $content (param $t i32) (param $id i32) (result i32)
    (i32.add
      (i32.load (i32.add (i32.load offset=16 (local.get $t)) (i32.shl (i32.shr_u (local.get $id) (i32.load offset=20 (local.get $t))) (i32.const 2))))
      (i32.mul
        (i32.and (local.get $id) (i32.sub (i32.shl (i32.const 1) (i32.load offset=20 (local.get $t))) (i32.const 1)))
        (i32.load (local.get $t)))))

  ;; Looks up the words at $from again: their slot was taken, or has moved.
  (func $again (param $t i32) (param $from i32) (param $h i32) (result i32)
    (if (result i32) (i32.eq (local.get $t) (i32.const 128))
      (then (call $leaf (local.get $from)))
      (else (call $seek (local.get $t) (local.get $from) (local.get $h)))))

  ;; Enters the words at $from, of which the hash is $h, into the empty slot $at of table $t.
  (func $insert (param $t i32) (param $from i32) (param $h i32) (param $at i32) (result i32)
    (local $id i32) (local $to i32) (local $i i32) (local $some i32)
    (local.set $some (i32.and (i32.eq (local.get $t) (global.get $blocks)) (i32.ne (global.get $next) (global.get $end))))
    (if (i32.eqz (local.get $some)) (then
      (if (i32.ge_u (i32.atomic.load offset=64 (local.get $t)) (i32.load offset=24 (local.get $t))) (then
        (if (call $full (local.get $t)) (then (return (call $again (local.get $t) (local.get $from) (local.get $h)))))))))
    (if (i32.atomic.rmw.cmpxchg (local.get $at) (i32.const 0) (i32.const -1)) (then
      (return (call $again (local.get $t) (local.get $from) (local.get $h)))))
    (if (i32.eq (local.get $t) (global.get $blocks))
      (then
        (if (i32.eqz (local.get $some)) (then
          (global.set $next (i32.atomic.rmw.add offset=64 (local.get $t) (global.get $block)))
          (global.set $end (i32.add (global.get $next) (global.get $block)))))
        (local.set $id (global.get $next))
        (global.set $next (i32.add (local.get $id) (i32.const 1))))
      (else (local.set $id (i32.atomic.rmw.add offset=64 (local.get $t) (i32.const 1)))))
    (local.set $to (call $content (local.get $t) (local.get $id)))
    (loop $word
      (i32.store (i32.add (local.get $to) (local.get $i)) (i32.load (i32.add (local.get $from) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $word (i32.lt_u (local.get $i) (i32.load (local.get $t)))))
    (i32.store offset=4 (local.get $at) (local.get $h))
    (i32.atomic.store (local.get $at) (i32.add (local.get $id) (i32.const 1)))
    (global.set $added (i32.const 1))
    (local.get $id))

  ;; Looks up the state of thread $s in table $t. Returns its number if it is new, else -1 - number.
  (func (export "add") (param $s i32) (param $t i32) (result i32)
    (local $id i32)
    (call $number (local.get $s))
    (global.set $added (i32.const 0))
    (local.set $id (call $seek
      (local.get $t)
      (i32.load offset=20 (local.get $s))
      (call $mixed64 (call $sum (local.get $s) (i32.load offset=20 (local.get $s))))))
    (if (result i32) (global.get $added)
      (then (local.get $id))
      (else (i32.sub (i32.const -1) (local.get $id)))))

  ;; What the hash of a state is made of: the numbers of its parts, at $tuple, each times its factor. So a part that changes is a difference added.
  (func $sum (param $s i32) (param $tuple i32) (result i64)
    (local $p i32) (local $h i64)
    (loop $part
      (local.set $h (i64.add (local.get $h) (i64.mul
        (i64.load32_u (i32.add (local.get $tuple) (local.get $p)))
        (i64.load (i32.add (i32.load offset=32 (local.get $s)) (i32.shl (local.get $p) (i32.const 1)))))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $part (i32.lt_u (local.get $p) (i32.load (local.get $s)))))
    (local.get $h))

  ;; A hash of such a sum.
  (func $mixed64 (param $h i64) (result i32)
    (local.set $h (i64.mul (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 29))) (i64.const 0xbf58476d1ce4e5b9)))
    (i32.wrap_i64 (i64.shr_u (local.get $h) (i64.const 32))))

  ;; Finds the numbers of the parts of the state that is looked up.
  (func $number (param $s i32)
    (local $p i32) (local $l i32) (local $first i32) (local $end i32) (local $changed i32)
    (local $a i32) (local $b i32) (local $ids i32) (local $before i32)
    (local.set $a (i32.load offset=4 (local.get $s))) (local.set $b (i32.load offset=8 (local.get $s)))
    (local.set $ids (i32.load offset=12 (local.get $s))) (local.set $before (i32.load offset=16 (local.get $s)))
    (loop $part
      (local.set $first (i32.shl (i32.load (i32.add (i32.load offset=28 (local.get $s)) (local.get $p))) (i32.const 2)))
      (local.set $end (i32.shl (i32.load offset=4 (i32.add (i32.load offset=28 (local.get $s)) (local.get $p))) (i32.const 2)))
      (local.set $changed (i32.const 0)) (local.set $l (local.get $first))
      (loop $leaf
        (if (v128.any_true (v128.or
              (v128.xor (v128.load (local.get $a)) (v128.load (local.get $b)))
              (v128.xor (v128.load offset=16 (local.get $a)) (v128.load offset=16 (local.get $b)))))
          (then
            (local.set $changed (i32.const 1))
            (i32.store (i32.add (local.get $ids) (local.get $l)) (call $leaf (local.get $a)))))
        (local.set $a (i32.add (local.get $a) (i32.const 32)))
        (local.set $b (i32.add (local.get $b) (i32.const 32)))
        (local.set $l (i32.add (local.get $l) (i32.const 4)))
        (br_if $leaf (i32.lt_u (local.get $l) (local.get $end))))
      (if (local.get $changed)
        (then
          (i32.store (i32.add (i32.load offset=20 (local.get $s)) (local.get $p))
            ;; a part of one leaf has its number
            (if (result i32) (i32.eq (i32.sub (local.get $end) (local.get $first)) (i32.const 4))
              (then (i32.load (i32.add (local.get $ids) (local.get $first))))
              (else (call $node
                (i32.add (i32.const 256) (i32.shl (local.get $p) (i32.const 5)))
                (i32.add (local.get $ids) (local.get $first))))))
          (local.set $l (local.get $first))
          (loop $back
            (i32.store (i32.add (local.get $ids) (local.get $l)) (i32.load (i32.add (local.get $before) (local.get $l))))
            (local.set $l (i32.add (local.get $l) (i32.const 4)))
            (br_if $back (i32.lt_u (local.get $l) (local.get $end)))))
        (else
          (i32.store
            (i32.add (i32.load offset=20 (local.get $s)) (local.get $p))
            (i32.load (i32.add (i32.load offset=24 (local.get $s)) (local.get $p))))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $part (i32.lt_u (local.get $p) (i32.load (local.get $s))))))

  ;; Makes content $id of table $t the state that was loaded last.
  (func $load (export "load") (param $s i32) (param $t i32) (param $id i32)
    (local $p i32) (local $l i32) (local $first i32) (local $end i32) (local $tuple i32) (local $from i32) (local $to i32)
    (local.set $tuple (call $content (local.get $t) (local.get $id)))
    (loop $part
      (local.set $id (i32.load (i32.add (local.get $tuple) (local.get $p))))
      (if (i32.ne (local.get $id) (i32.load (i32.add (i32.load offset=24 (local.get $s)) (local.get $p)))) (then
        (i32.store (i32.add (i32.load offset=24 (local.get $s)) (local.get $p)) (local.get $id))
        (local.set $first (i32.load (i32.add (i32.load offset=28 (local.get $s)) (local.get $p))))
        (local.set $end (i32.load offset=4 (i32.add (i32.load offset=28 (local.get $s)) (local.get $p))))
        (local.set $from (if (result i32) (i32.eq (i32.sub (local.get $end) (local.get $first)) (i32.const 1))
          (then (i32.add (local.get $tuple) (local.get $p)))
          (else (call $content (i32.add (i32.const 256) (i32.shl (local.get $p) (i32.const 5))) (local.get $id)))))
        (local.set $l (local.get $first))
        (loop $leaf
          (local.set $id (i32.load (local.get $from)))
          (local.set $to (i32.shl (local.get $l) (i32.const 2)))
          (if (i32.ne (local.get $id) (i32.load (i32.add (i32.load offset=16 (local.get $s)) (local.get $to)))) (then
            (i32.store (i32.add (i32.load offset=16 (local.get $s)) (local.get $to)) (local.get $id))
            (i32.store (i32.add (i32.load offset=12 (local.get $s)) (local.get $to)) (local.get $id))
            (local.set $to (i32.add (i32.load offset=8 (local.get $s)) (i32.shl (local.get $l) (i32.const 5))))
            (local.set $id (call $content (i32.const 128) (local.get $id)))
            (v128.store (local.get $to) (v128.load (local.get $id)))
            (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $id)))))
          (local.set $from (i32.add (local.get $from) (i32.const 4)))
          (local.set $l (i32.add (local.get $l) (i32.const 1)))
          (br_if $leaf (i32.lt_u (local.get $l) (local.get $end))))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $part (i32.lt_u (local.get $p) (i32.load (local.get $s))))))

  ;; Enters the slots from $from to $end into the empty ones at $to, of which there are $mask + 1; others may enter other slots there.
  (func (export "enter") (param $from i32) (param $end i32) (param $to i32) (param $mask i32)
    (local $h i32) (local $at i32)
    (loop $slot
      (if (i32.load (local.get $from)) (then
        (local.set $h (i32.load offset=4 (local.get $from)))
        (loop $next
          (local.set $at (i32.add (local.get $to) (i32.shl (i32.and (local.get $h) (local.get $mask)) (i32.const 3))))
          (local.set $h (i32.add (local.get $h) (i32.const 1)))
          ;; a page that is read before it is written would be mapped twice, and all processors told
          (br_if $next (i64.ne (i64.atomic.rmw.cmpxchg (local.get $at) (i64.const 0) (i64.load (local.get $from))) (i64.const 0))))))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (br_if $slot (i32.ne (local.get $from) (local.get $end)))))

  ;; Gives content $id of the table of states, $t, the number $to, which is unused; for one thread, while the others stand still.
  (func (export "renumber") (param $s i32) (param $t i32) (param $id i32) (param $to i32)
    (local $from i32) (local $at i32) (local $i i32) (local $slot i32)
    (local.set $from (call $content (local.get $t) (local.get $id)))
    (local.set $slot (call $mixed64 (call $sum (local.get $s) (local.get $from))))
    (loop $next
      (local.set $at (i32.add (i32.load offset=12 (local.get $t)) (i32.shl (i32.and (local.get $slot) (i32.load offset=8 (local.get $t))) (i32.const 3))))
      (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
      (br_if $next (i32.ne (i32.load (local.get $at)) (i32.add (local.get $id) (i32.const 1)))))
    (i32.store (local.get $at) (i32.add (local.get $to) (i32.const 1)))
    (local.set $to (call $content (local.get $t) (local.get $to)))
    (loop $word
      (i32.store (i32.add (local.get $to) (local.get $i)) (i32.load (i32.add (local.get $from) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $word (i32.lt_u (local.get $i) (i32.load (local.get $t))))))

  ;; The rest is for moves that trees.ts has kept. Words of a thread for it:
  ;;   36 where the trees begin, 40 four times the moves; behind theirs lies one for states that have none
  ;;   44 where the ends that a move has come to are listed, 48 how many there is room for, 52 where forks are noted that it has come to
  ;;   56 slots that tell what a change made of a part last: 0 where the change is written down, 4 the number that the part had, 8 the one that it got
  ;;   60 successors that wait to be looked up, 64 the end of them, 68 the end of the room for them, 72 bytes of one: 0 its hash, 4 the state that it
  ;;      follows, 8 the number of its action among the state's, 12 for `flush`, 16 numbers of its parts
  ;;   76 the state whose moves are made, 80 four times the next of them, 84 actions that were made of it, 88 whether a move was possible
  ;; and what is reported:
  ;;   92 where new states are listed, 96 how many there is room for besides all that can wait, 100 how many there are; of each: 0 its number, 4 the state that it follows, 8 the number
  ;;      of the action
  ;;   104 actions of the states that were done with
  ;; and for `ends`:
  ;;   108 slots for states that moves have led to of late: numbers of their parts; 112 how many, less 1

  ;; Makes the moves of states, up to $end. Returns 0 when the report is full or nothing is left, 1 where a move is not known, 2 where a table must
  ;; grow first (word 1 of the memory; only where several threads fill them: the state has to begin again), 3 where a move has more ends
  ;; than there is room for, 4 where one has to be run.
  (func (export "moves") (param $s i32) (param $t i32) (param $end i32) (result i32)
    (local $n i32) (local $i i32) (local $at i32) (local $sum i64)
    (i32.store offset=100 (local.get $s) (i32.const 0)) (i32.store offset=104 (local.get $s) (i32.const 0))
    (loop $state
      (if (i32.ge_u (i32.load offset=76 (local.get $s)) (local.get $end)) (then
        (call $flush (local.get $s) (local.get $t))
        (return (i32.const 0))))
      (call $load (local.get $s) (local.get $t) (i32.load offset=76 (local.get $s)))
      (local.set $sum (call $sum (local.get $s) (i32.load offset=24 (local.get $s))))
      (block $made (loop $move
        ;; the last is only asked of states that have no other
        (if (i32.eq (i32.load offset=80 (local.get $s)) (i32.load offset=40 (local.get $s)))
          (then (br_if $made (i32.load offset=88 (local.get $s)))))
        (local.set $n (call $walk (local.get $s) (i32.add (i32.load offset=36 (local.get $s)) (i32.load offset=80 (local.get $s)))))
        (if (i32.lt_s (local.get $n) (i32.const -1)) (then
          (call $flush (local.get $s) (local.get $t))
          (return (i32.sub (i32.const -1) (local.get $n)))))
        (br_if $made (i32.eq (i32.load offset=80 (local.get $s)) (i32.load offset=40 (local.get $s))))
        (if (i32.ge_s (local.get $n) (i32.const 0)) (then
          (if (i32.gt_u
                (i32.add (i32.load offset=100 (local.get $s)) (local.get $n))
                (i32.load offset=96 (local.get $s)))
            (then
              (call $flush (local.get $s) (local.get $t))
              (return (i32.const 0))))
          (i32.store offset=88 (local.get $s) (i32.const 1))
          (local.set $i (i32.load offset=44 (local.get $s)))
          (local.set $n (i32.add (local.get $i) (i32.shl (local.get $n) (i32.const 2))))
          (loop $action
            (if (i32.atomic.load offset=4 (i32.const 0)) (then
              (call $flush (local.get $s) (local.get $t))
              (return (i32.const 2))))
            (local.set $at (i32.load offset=64 (local.get $s)))
            (i32.store offset=4 (local.get $at) (i32.load offset=76 (local.get $s)))
            (i32.store offset=8 (local.get $at) (i32.load offset=84 (local.get $s)))
            (i32.store offset=84 (local.get $s) (i32.add (i32.load offset=84 (local.get $s)) (i32.const 1)))
            (i32.store (local.get $at) (call $mixed64 (call $change
              (local.get $s)
              (i32.load (local.get $i))
              (i32.add (local.get $at) (i32.const 16))
              (local.get $sum))))
            (local.set $at (i32.add (local.get $at) (i32.load offset=72 (local.get $s))))
            (i32.store offset=64 (local.get $s) (local.get $at))
            (if (i32.eq (local.get $at) (i32.load offset=68 (local.get $s))) (then
              (call $flush (local.get $s) (local.get $t))))
            (local.set $i (i32.add (local.get $i) (i32.const 4)))
            (br_if $action (i32.ne (local.get $i) (local.get $n))))))
        (i32.store offset=80 (local.get $s) (i32.add (i32.load offset=80 (local.get $s)) (i32.const 4)))
        (br $move)))
      (i32.store offset=104 (local.get $s) (i32.add (i32.load offset=104 (local.get $s)) (i32.load offset=84 (local.get $s))))
      (i32.store offset=76 (local.get $s) (i32.add (i32.load offset=76 (local.get $s)) (i32.const 1)))
      (i32.store offset=80 (local.get $s) (i32.const 0)) (i32.store offset=84 (local.get $s) (i32.const 0))
      (i32.store offset=88 (local.get $s) (i32.const 0))
      (br $state))
    (unreachable))

  ;; Lists the ends of the moves that the state loaded last has, from the one at 80 on and up to the first that has to be run. Returns 0 if there is none,
  ;; 1 where a move is not known, 3 where it has more ends than there is room for besides the others, 4 where it has nothing to take. At 80 stands that move then, at 84
  ;; how many ends are listed, and at 88 whether a move was possible. Of an end that leads where this thread has been led of late, 0 is listed.
  (func (export "ends") (param $s i32) (result i32)
    (local $n i32) (local $list i32) (local $room i32) (local $i i32) (local $sum i64)
    (local.set $sum (call $sum (local.get $s) (i32.load offset=24 (local.get $s))))
    (local.set $list (i32.load offset=44 (local.get $s))) (local.set $room (i32.load offset=48 (local.get $s)))
    (block $end
      (loop $move
        (br_if $end (i32.ge_u (i32.load offset=80 (local.get $s)) (i32.load offset=40 (local.get $s))))
        (local.set $n (call $walk (local.get $s) (i32.add (i32.load offset=36 (local.get $s)) (i32.load offset=80 (local.get $s)))))
        (br_if $end (i32.lt_s (local.get $n) (i32.const -1)))
        (if (i32.ge_s (local.get $n) (i32.const 0)) (then
          (i32.store offset=88 (local.get $s) (i32.const 1))
          (local.set $i (i32.load offset=44 (local.get $s)))
          (i32.store offset=44 (local.get $s) (i32.add (local.get $i) (i32.shl (local.get $n) (i32.const 2))))
          (loop $action
            (if (i32.ne (local.get $i) (i32.load offset=44 (local.get $s))) (then
              (if (call $seen (local.get $s) (i32.load (local.get $i)) (local.get $sum)) (then
                (i32.store (local.get $i) (i32.const 0))))
              (local.set $i (i32.add (local.get $i) (i32.const 4)))
              (br $action))))
          (i32.store offset=48 (local.get $s) (i32.sub (i32.load offset=48 (local.get $s)) (local.get $n)))))
        (i32.store offset=80 (local.get $s) (i32.add (i32.load offset=80 (local.get $s)) (i32.const 4)))
        (br $move)))
    (i32.store offset=84 (local.get $s) (i32.sub (local.get $room) (i32.load offset=48 (local.get $s))))
    (i32.store offset=44 (local.get $s) (local.get $list))
    (i32.store offset=48 (local.get $s) (local.get $room))
    (if (result i32) (i32.lt_s (local.get $n) (i32.const -1))
      (then (i32.sub (i32.const -1) (local.get $n)))
      (else (i32.const 0))))

  ;; Whether the changes that are written down at $at lead from the state loaded last, whose hash is made of $sum, to one that is among those noted last; else
  ;; it is noted. What changes nothing does not count.
  (func $seen (param $s i32) (param $at i32) (param $sum i64) (result i32)
    (local $tuple i32) (local $slot i32) (local $i i32) (local $differs i32)
    ;; nothing more is entered before a table has grown
    (if (i32.or (i32.eqz (i32.load (local.get $at))) (i32.atomic.load offset=4 (i32.const 0))) (then (return (i32.const 0))))
    (local.set $tuple (i32.load offset=60 (local.get $s)))
    (local.set $slot (i32.add
      (i32.load offset=108 (local.get $s))
      (i32.mul
        (i32.and (call $mixed64 (call $change (local.get $s) (local.get $at) (local.get $tuple) (local.get $sum))) (i32.load offset=112 (local.get $s)))
        (i32.sub (i32.load offset=72 (local.get $s)) (i32.const 16)))))
    (loop $some
      (if (v128.any_true (v128.xor (v128.load (local.get $tuple)) (v128.load (local.get $slot)))) (then
        (local.set $differs (i32.const 1))
        (v128.store (local.get $slot) (v128.load (local.get $tuple)))))
      (local.set $tuple (i32.add (local.get $tuple) (i32.const 16)))
      (local.set $slot (i32.add (local.get $slot) (i32.const 16)))
      (local.set $i (i32.add (local.get $i) (i32.const 16)))
      (br_if $some (i32.lt_u (local.get $i) (i32.load (local.get $s)))))
    (i32.eqz (local.get $differs)))

  ;; Lists what the tree at $root has for the state loaded last: of each action, where its changes are written down. Returns how many they are, -1 if the
  ;; move is not possible, -2 if nothing is known of it, -4 if there is no room for so many, -5 if there is nothing to take, so that it has to be run.
  (func $walk (param $s i32) (param $root i32) (result i32)
    (local $n i32) (local $b i32) (local $word i32) (local $v i32) (local $at i32) (local $i i32) (local $count i32) (local $top i32)
    (local.set $b (i32.load offset=8 (local.get $s)))
    (local.set $n (i32.atomic.load (local.get $root)))
    (local.set $top (i32.load offset=52 (local.get $s)))
    (block $unknown (loop $node
      (br_if $unknown (i32.eqz (local.get $n)))
      (local.set $word (i32.load (local.get $n)))
      (if (i32.ge_s (local.get $word) (i32.const 0)) (then
        (if (i32.and (local.get $word) (i32.const 1))
          (then
            ;; many values: a table of them
            (local.set $v (i32.load (i32.add (local.get $b) (i32.xor (local.get $word) (i32.const 1)))))
            (local.set $i (call $mixed (local.get $v)))
            (loop $probe
              (local.set $at (i32.add
                (i32.load offset=8 (local.get $n))
                (i32.shl (i32.and (local.get $i) (i32.load offset=4 (local.get $n))) (i32.const 3))))
              (local.set $word (i32.atomic.load offset=4 (local.get $at)))
              (br_if $unknown (i32.eqz (local.get $word)))
              (if (i32.ne (i32.load (local.get $at)) (local.get $v)) (then
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br $probe))))
            (local.set $n (local.get $word)))
          (else
            (local.set $v (i32.load (i32.add (local.get $b) (local.get $word))))
            (loop $other
              (if (i32.ne (i32.load offset=4 (local.get $n)) (local.get $v)) (then
                (local.set $n (i32.atomic.load offset=8 (local.get $n)))
                (br_if $other (local.get $n))
                (br $unknown))))
            (local.set $n (i32.atomic.load offset=12 (local.get $n)))))
        (br $node)))
      (if (i32.eq (local.get $word) (i32.const -2)) (then
        ;; a fork: its branches are gone one after the other
        (i32.store (local.get $top) (local.get $n))
        (i32.store offset=4 (local.get $top) (i32.const 0))
        (i32.store offset=8 (local.get $top) (local.get $count))
        (local.set $top (i32.add (local.get $top) (i32.const 16)))
        (local.set $n (i32.atomic.load (i32.load offset=8 (local.get $n))))
        (br $node)))
      ;; an end
      (local.set $v (i32.load offset=8 (local.get $n)))
      (if (i32.lt_s (local.get $v) (i32.const 0)) (then (return (i32.const -1))))
      (if (local.get $v) (then
        (if (i32.eq (local.get $count) (i32.load offset=48 (local.get $s))) (then (return (i32.const -4))))
        (i32.store (i32.add (i32.load offset=44 (local.get $s)) (i32.shl (local.get $count) (i32.const 2))) (i32.load offset=4 (local.get $n)))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))))
      (loop $back
        (if (i32.eq (local.get $top) (i32.load offset=52 (local.get $s))) (then (return (local.get $count))))
        (local.set $at (i32.sub (local.get $top) (i32.const 16)))
        (local.set $n (i32.load (local.get $at)))
        (local.set $i (i32.add (i32.load offset=4 (local.get $at)) (i32.const 1)))
        (if (i32.lt_u (local.get $i) (i32.load offset=4 (local.get $n))) (then
          (i32.store offset=4 (local.get $at) (local.get $i))
          (local.set $n (i32.atomic.load (i32.add (i32.load offset=8 (local.get $n)) (i32.shl (local.get $i) (i32.const 2)))))
          (br $node)))
        ;; what a move does when there is nothing to take is not known
        (if (i32.eq (local.get $count) (i32.load offset=8 (local.get $at))) (then (return (i32.const -5))))
        (local.set $top (local.get $at))
        (br $back))))
    ;; behind the forks on the way
    (i32.store (local.get $top) (i32.const 0))
    (i32.const -2))

  ;; Where a value is looked for in a table of a tree: trees.ts has the same.
  (func $mixed (param $v i32) (result i32)
    (local.set $v (i32.mul (local.get $v) (i32.const 0x9e3779b1)))
    (i32.xor (local.get $v) (i32.shr_u (local.get $v) (i32.const 15))))

  ;; Writes to $tuple the numbers of the parts of the state loaded last as they are after the changes that are written down at $at. Returns the sum that its
  ;; hash is made of, which was $sum. Changes: 0 parts that change; of each: 0 four times its number, 4 and 8 four times its first leaf and the end of its last,
  ;; 12 its table (0: it has the number of its leaf), 16 leaves that change, 20 bytes of what follows; of each of these: 0 four times its number,
  ;; 4 words written; of each: 0 its bytes from the start of the leaf, 4 what is written.
  (func $change (param $s i32) (param $at i32) (param $tuple i32) (param $sum i64) (result i64)
    (local $parts i32) (local $leaves i32) (local $words i32) (local $p i32) (local $first i32) (local $end i32)
    (local $l i32) (local $to i32) (local $from i32) (local $ids i32)
    (local $slot i32) (local $old i32) (local $head i32)
    (local.set $from (i32.load offset=24 (local.get $s))) (local.set $end (i32.load (local.get $s)))
    (loop $copy
      (v128.store (i32.add (local.get $tuple) (local.get $p)) (v128.load (i32.add (local.get $from) (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 16)))
      (br_if $copy (i32.lt_u (local.get $p) (local.get $end))))
    (local.set $ids (i32.load offset=12 (local.get $s))) (local.set $parts (i32.load (local.get $at)))
    (local.set $head (i32.add (local.get $at) (i32.const 4)))
    (block $done
      (loop $part
        (br_if $done (i32.eqz (local.get $parts)))
        (local.set $parts (i32.sub (local.get $parts) (i32.const 1)))
        (local.set $p (i32.load (local.get $head)))
        (local.set $old (i32.load (i32.add (i32.load offset=24 (local.get $s)) (local.get $p))))
        (local.set $slot (i32.mul (i32.add (i32.mul (local.get $old) (i32.const 0x85ebca6b)) (local.get $head)) (i32.const 0x9e3779b1)))
        (local.set $slot (i32.add (i32.load offset=56 (local.get $s)) (i32.shl (i32.shr_u (local.get $slot) (i32.const 16)) (i32.const 4))))
        (if (i32.and
              (i32.eq (i32.load (local.get $slot)) (local.get $head))
              (i32.eq (i32.load offset=4 (local.get $slot)) (local.get $old)))
          (then (local.set $l (i32.load offset=8 (local.get $slot))))
          (else
            (local.set $first (i32.load offset=4 (local.get $head)))
            (local.set $end (i32.load offset=8 (local.get $head)))
            (local.set $leaves (i32.load offset=16 (local.get $head)))
            (local.set $at (i32.add (local.get $head) (i32.const 24)))
            (loop $leaf
              (local.set $l (i32.load (local.get $at))) (local.set $words (i32.load offset=4 (local.get $at)))
              (local.set $at (i32.add (local.get $at) (i32.const 8)))
              (local.set $to (i32.add (i32.load offset=4 (local.get $s)) (i32.shl (local.get $l) (i32.const 3))))
              (local.set $from (i32.add (i32.load offset=8 (local.get $s)) (i32.shl (local.get $l) (i32.const 3))))
              (v128.store (local.get $to) (v128.load (local.get $from)))
              (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $from)))
              (loop $word
                (i32.store (i32.add (local.get $to) (i32.load (local.get $at))) (i32.load offset=4 (local.get $at)))
                (local.set $at (i32.add (local.get $at) (i32.const 8)))
                (local.set $words (i32.sub (local.get $words) (i32.const 1)))
                (br_if $word (local.get $words)))
              (i32.store (i32.add (local.get $ids) (local.get $l)) (call $leaf (local.get $to)))
              (local.set $leaves (i32.sub (local.get $leaves) (i32.const 1)))
              (br_if $leaf (local.get $leaves)))
            (local.set $l (i32.load offset=12 (local.get $head)))
            (local.set $l (if (result i32) (local.get $l)
              (then (call $node (local.get $l) (i32.add (local.get $ids) (local.get $first))))
              (else (i32.load (i32.add (local.get $ids) (local.get $first))))))
            (i32.store (local.get $slot) (local.get $head))
            (i32.store offset=4 (local.get $slot) (local.get $old))
            (i32.store offset=8 (local.get $slot) (local.get $l))
            (loop $back
              (i32.store (i32.add (local.get $ids) (local.get $first)) (i32.load (i32.add (i32.load offset=16 (local.get $s)) (local.get $first))))
              (local.set $first (i32.add (local.get $first) (i32.const 4)))
              (br_if $back (i32.lt_u (local.get $first) (local.get $end))))))
        (i32.store (i32.add (local.get $tuple) (local.get $p)) (local.get $l))
        (local.set $sum (i64.add (local.get $sum) (i64.mul
          (i64.sub (i64.extend_i32_u (local.get $l)) (i64.extend_i32_u (local.get $old)))
          (i64.load (i32.add (i32.load offset=32 (local.get $s)) (i32.shl (local.get $p) (i32.const 1)))))))
        (local.set $head (i32.add (i32.add (local.get $head) (i32.load offset=20 (local.get $head))) (i32.const 24)))
        (br $part)))
    (local.get $sum))

  ;; Looks up the successors that wait, in order. First their slots are touched, all of them, and what lies behind, for memory to fetch them at the same time.
  (func $flush (param $s i32) (param $t i32)
    (local $from i32) (local $end i32) (local $size i32) (local $at i32) (local $id i32) (local $seen i32) (local $out i32)
    (local.set $from (i32.load offset=60 (local.get $s))) (local.set $end (i32.load offset=64 (local.get $s)))
    (local.set $size (i32.load offset=72 (local.get $s)))
    (if (i32.eq (local.get $from) (local.get $end)) (then (return)))
    (loop $slot
      (i32.store offset=12 (local.get $from) (i32.load (i32.add
        (i32.load offset=12 (local.get $t))
        (i32.shl (i32.and (i32.load (local.get $from)) (i32.load offset=8 (local.get $t))) (i32.const 3)))))
      (local.set $from (i32.add (local.get $from) (local.get $size)))
      (br_if $slot (i32.ne (local.get $from) (local.get $end))))
    (local.set $from (i32.load offset=60 (local.get $s)))
    (loop $behind
      (local.set $id (i32.load offset=12 (local.get $from)))
      (if (i32.gt_s (local.get $id) (i32.const 0)) (then
        (local.set $at (i32.add
          (i32.load offset=12 (local.get $t))
          (i32.shl (i32.and (i32.load (local.get $from)) (i32.load offset=8 (local.get $t))) (i32.const 3))))
        (if (i32.eq (i32.load offset=4 (local.get $at)) (i32.load (local.get $from))) (then
          (local.set $at (call $content (local.get $t) (i32.sub (local.get $id) (i32.const 1))))
          (local.set $seen (i32.add (local.get $seen) (i32.load (local.get $at))))))))
      (local.set $from (i32.add (local.get $from) (local.get $size)))
      (br_if $behind (i32.ne (local.get $from) (local.get $end))))
    (global.set $touched (local.get $seen))
    (local.set $from (i32.load offset=60 (local.get $s)))
    (local.set $out (i32.add (i32.load offset=92 (local.get $s)) (i32.mul (i32.load offset=100 (local.get $s)) (i32.const 12))))
    (loop $state
      (global.set $added (i32.const 0))
      (local.set $id (call $seek (local.get $t) (i32.add (local.get $from) (i32.const 16)) (i32.load (local.get $from))))
      (if (global.get $added) (then
        (i32.store (local.get $out) (local.get $id))
        (i32.store offset=4 (local.get $out) (i32.load offset=4 (local.get $from)))
        (i32.store offset=8 (local.get $out) (i32.load offset=8 (local.get $from)))
        (local.set $out (i32.add (local.get $out) (i32.const 12)))
        (i32.store offset=100 (local.get $s) (i32.add (i32.load offset=100 (local.get $s)) (i32.const 1)))))
      (local.set $from (i32.add (local.get $from) (local.get $size)))
      (br_if $state (i32.ne (local.get $from) (local.get $end))))
    (i32.store offset=64 (local.get $s) (i32.load offset=60 (local.get $s))))
)
