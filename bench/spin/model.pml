/*
 * The system of test.litmus.in, as Promela, for arm 7.2: written from docs/litmus.md ("What is a step") and from what Linux does, without
 * pfnmap's code. One atomic or d_step is one step of a thread: it ends where others can come in.
 *
 * -DFRAMES=n: frames of pool, 5, 8, 16 or 32. -DPAGES=n: pages that P0 maps and stores to, 1 or 2. -DDUMP: every state is noted for
 * the comparison (README.md).
 */
#ifndef FRAMES
#define FRAMES 8
#endif
#ifndef PAGES
#define PAGES 1
#endif
#define BUF FRAMES /* the driver's page, behind the frames of pool */

/* The pages of the mappings: 0 is P0's, 1 and 2 are P1's, 3 is P0's second if it has one. */
#define MAPPED (PAGES + 2)
#define OWNER(page) (page == 1 || page == 2)

/* What vm_pgoff says of a page: arm takes the entry that maps this frame for a raw one. */
#define LINEAR(page) (page >= 2 -> 4 : 3)

/* struct page. A frame of pool without references is in the allocator. Those that buf starts with are not counted. */
byte refcount[FRAMES + 1];
byte mapcount[FRAMES + 1];
bit cell[FRAMES + 1]; /* what the first byte holds */

byte pte[MAPPED]; /* 0, or frame + 1. buf is mapped read-only, anonymous pages writable. */
bit vma[2]; /* linked into its mm */
byte rss_anon[2];
byte rss_file[2];

/* The VMAs of the file in the order in which they were linked, process + 1: their vm_pgoff is the same. */
byte i_mmap[2];
bit i_mmap_read; /* the revoke holds i_mmap_rwsem; writers hold it inside a step only */

bit r; /* what P0 has read */
byte parked; /* threads at their end */

#ifdef DUMP
byte op[2]; /* the operation that a thread is in, or about to begin */
#define OP(thread, n) op[thread] = n
#define SEEN c_code { seen(); }
c_decl {
	\#include "dump.h"
}
c_code {
	static void seen(void)
	{
		struct tuple t = { 0 };
		int i;

		for (i = 0; i < FRAMES + 1; i++) {
			t.refcount[i] = now.refcount[i];
			t.mapcount[i] = now.mapcount[i];
			t.cell[i] = now.cell[i];
		}
		for (i = 0; i < MAPPED; i++)
			t.pte[i] = now.pte[i];
		for (i = 0; i < 2; i++) {
			t.op[i] = now.op[i];
			t.vma[i] = now.vma[i];
			t.in_i_mmap[i] = now.i_mmap[0] == i + 1 || now.i_mmap[1] == i + 1;
			t.rss_anon[i] = now.rss_anon[i];
			t.rss_file[i] = now.rss_file[i];
		}
		t.i_mmap_read = now.i_mmap_read;
		t.r = now.r;
		note(&t);
	}
}
#else
#define OP(thread, n) skip
#define SEEN skip
#endif

#define TAKE(n) :: refcount[n] == 0 -> f = n

/* Any free frame. */
inline alloc_page() {
	if
	TAKE(0) TAKE(1) TAKE(2) TAKE(3) TAKE(4)
#if FRAMES > 5
	TAKE(5) TAKE(6) TAKE(7)
#endif
#if FRAMES > 8
	TAKE(8) TAKE(9) TAKE(10) TAKE(11) TAKE(12) TAKE(13) TAKE(14) TAKE(15)
#endif
#if FRAMES > 16
	TAKE(16) TAKE(17) TAKE(18) TAKE(19) TAKE(20) TAKE(21) TAKE(22) TAKE(23)
	TAKE(24) TAKE(25) TAKE(26) TAKE(27) TAKE(28) TAKE(29) TAKE(30) TAKE(31)
#endif
	fi
}

/*
 * zap_present_ptes() of one page. Without a special bit, vm_normal_page() gives no page for the linear frame of a VM_PFNMAP mapping:
 * the entry goes, what was counted for it stays.
 */
inline zap_page(page) {
	if
	:: pte[page] != 0 ->
		if
		:: pte[page] - 1 != LINEAR(page) ->
			if
			:: pte[page] - 1 == BUF -> rss_file[OWNER(page)]--
			:: else -> rss_anon[OWNER(page)]--
			fi;
			mapcount[pte[page] - 1]--;
			refcount[pte[page] - 1]--
		:: else
		fi;
		pte[page] = 0
	:: else
	fi
}

inline zap(proc) {
	if
#if PAGES == 1
	:: proc == 0 -> zap_page(0)
#else
	:: proc == 0 -> zap_page(0); zap_page(3)
#endif
	:: else -> zap_page(1); zap_page(2)
	fi
}

/* i_mmap_lock_write(): a step ends here only if it must wait. */
inline i_mmap_lock_write() {
	if
	:: i_mmap_read -> SEEN; !i_mmap_read
	:: else
	fi
}

/* mmap(): a step to the driver's handler, one through it, one that links the VMA. */
inline sys_mmap(proc, next) {
	skip;
	skip;
	atomic {
		i_mmap_lock_write();
		d_step {
			vma[proc] = 1;
			if
			:: i_mmap[0] == 0 -> i_mmap[0] = proc + 1
			:: else -> i_mmap[1] = proc + 1
			fi;
			OP(proc, next);
			SEEN
		}
	}
}

/* A store. do_cow_fault() takes a frame, asks the handler, copies and maps; then the store is made again. */
inline store(page, next) {
	do
	:: d_step {
		pte[page] != 0 -> cell[pte[page] - 1] = 1;
		OP(OWNER(page), next);
		SEEN
	};
	break
	:: atomic {
		pte[page] == 0 -> alloc_page();
		d_step { refcount[f] = 1; SEEN }
	};
	d_step { refcount[BUF]++; SEEN }; /* the handler's get_page() */
	d_step {
		cell[f] = cell[BUF];
		refcount[BUF]--;
		pte[page] = f + 1;
		mapcount[f] = 1;
		rss_anon[OWNER(page)]++;
		f = 0;
		SEEN
	}
	od
}

/* A load. do_read_fault() maps the handler's page. */
inline load(page, next) {
	do
	:: d_step {
		pte[page] != 0 -> r = cell[pte[page] - 1];
		OP(OWNER(page), next);
		SEEN
	};
	break
	:: pte[page] == 0; /* to the handler */
	d_step { refcount[BUF]++; SEEN };
	d_step {
		pte[page] = BUF + 1;
		mapcount[BUF]++;
		rss_file[OWNER(page)]++;
		SEEN
	}
	od
}

/*
 * The question, where no thread can move: exists (0:r = 0 /\ leaked()). An error is a yes. Nothing is left then for the processes' exit
 * to unmap.
 */
inline park() {
	parked++;
	if
	:: parked == 2 ->
		f = 0;
		do
		:: f <= BUF && refcount[f] == 0 -> f++
		:: else -> break
		od;
		assert(r != 0 || f > BUF);
		f = 0
	:: else
	fi
}

/* munmap(): out of the mm, then the entries, then out of i_mmap. */
inline sys_munmap(proc, next) {
	atomic {
		d_step { vma[proc] = 0; zap(proc) }
		i_mmap_lock_write();
		d_step {
			if
			:: i_mmap[0] == proc + 1 -> i_mmap[0] = i_mmap[1]
			:: else
			fi;
			i_mmap[1] = 0;
			OP(proc, next);
			park();
			SEEN
		}
	}
}

/* ioctl(): to the handler, to its call of unmap_mapping_range(); that in a step for each VMA, copies too; back to user space. */
inline revoke(next) {
	skip;
	skip;
	d_step { i_mmap_read = 1; zap(i_mmap[0] - 1); SEEN }
	if
	:: d_step { i_mmap[1] != 0 -> zap(i_mmap[1] - 1); SEEN };
	d_step { i_mmap_read = 0; SEEN }
	:: d_step { i_mmap[1] == 0 -> i_mmap_read = 0; SEEN }
	fi;
	d_step { OP(1, next); park(); SEEN }
}

active proctype P0() {
	byte f;

	SEEN;
	d_step { OP(0, 1); SEEN } /* open() */
	sys_mmap(0, 2);
	store(0, 3);
#if PAGES > 1
	store(3, 4);
#endif
	load(0, PAGES + 3);
	sys_munmap(0, PAGES + 4);
end:	false
}

active proctype P1() {
	byte f;

	d_step { OP(1, 1); SEEN }
	sys_mmap(1, 2);
	store(1, 3);
	store(2, 4);
	revoke(5);
end:	false
}
