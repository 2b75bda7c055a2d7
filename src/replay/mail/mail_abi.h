/* SPDX-License-Identifier: MIT */
/* What init asks of the module. */
#ifndef MAIL_ABI_H
#define MAIL_ABI_H
#include <linux/types.h>
#include <linux/ioctl.h>

#define MAIL_NULL (-1)
#define MAIL_UNKNOWN (-2)

/* A page of the caller. */
struct mail_look {
	__u64 addr;
	__u64 vm_pgoff, pfn;
	/* pfns, or MAIL_NULL */
	__s64 vm_normal_page, folio_walk;
	__s64 is_anon, refcount, mapcount;
	/* pages, exactly */
	__s64 rss_anon;
};

struct mail_frame {
	__u64 pfn;
	__s64 refcount, mapcount;
};

#define MAIL_LOOK _IOWR('M', 1, struct mail_look)
#define MAIL_FRAME _IOWR('M', 2, struct mail_frame)
/* Takes a page from the allocator, gives it back, and says which it was. */
#define MAIL_PREDICT _IOR('M', 3, struct mail_frame)
#endif
