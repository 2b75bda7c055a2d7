// SPDX-License-Identifier: MIT
/*
 * The memory of a test. `ram` is a block of pages that the module holds while the model calls them free: with a reference count of 0,
 * so that whoever looks sees a free page. Before a step that may allocate, the one that the run chose is given to the page allocator,
 * which hands out first what it got last; after the step it is taken back if nobody took it. Its neighbours stay with the module, so
 * that the allocator cannot merge it with them.
 */
#include "lit_core.h"

#define MAX_RAM 16
/* a page whose block has a free neighbour would go to the end of the allocator's list */
#define LEAST_ORDER 3
#define MAX_OTHER 64
#define MAX_SEEN 64

static struct page *ram;
static unsigned int nram, ram_order;
static bool held[MAX_RAM];
static int lost;
/* The frame that was given to the allocator last, and how many there were to choose from. */
static int offered = -1, offers;
/* what free frames hold: the allocator may clear them on the way */
static u8 *contents;

static struct lit_other {
	struct page *pages;
	int count;
	bool reserved;
} other[LIT_REGIONS];

static struct lit_seen {
	unsigned long pfn;
	unsigned long mapping;
} seen[MAX_SEEN];
static int nseen;

static unsigned long mmio_first, mmio_end;

static int ram_index(struct page *page)
{
	unsigned long n = page - ram;

	return ram && page >= ram && n < nram ? (int)n : -1;
}

static void save(int i)
{
	void *from = kmap_local_page(ram + i);

	memcpy(contents + i * PAGE_SIZE, from, PAGE_SIZE);
	kunmap_local(from);
}

static void hold(int i)
{
	save(i);
	set_page_count(ram + i, 0);
	held[i] = true;
}

static void fill(int i)
{
	void *to = kmap_local_page(ram + i);

	memcpy(to, contents + i * PAGE_SIZE, PAGE_SIZE);
	kunmap_local(to);
}

static int nheld(void)
{
	int i, n = 0;

	for (i = 0; i < nram; i++)
		n += held[i];
	return n;
}

static int nth_held(int n)
{
	int i;

	for (i = 0; i < nram; i++)
		if (held[i] && n-- == 0)
			return i;
	return -1;
}

static int pick_frame(void)
{
	int n = nheld();

	return n == 0 ? -1 : nth_held(lit_frames_are_choices() ? lit_pick(n) : 0);
}

static int allocate_ram(unsigned int n)
{
	int i;

	nram = n;
	ram_order = max(get_order(n << PAGE_SHIFT), LEAST_ORDER);
	ram = alloc_pages(GFP_HIGHUSER_MOVABLE | __GFP_ZERO, ram_order);
	if (!ram)
		return -ENOMEM;
	split_page(ram, ram_order);
	for (i = 0; i < n; i++)
		hold(i);
	return 0;
}

static int allocate_other(struct lit_other *o, const struct lit_region *r)
{
	unsigned int order = get_order(r->count << PAGE_SHIFT);
	int i;

	o->pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
	if (!o->pages)
		return -ENOMEM;
	o->count = r->count;
	o->reserved = r->kind == LIT_RESERVED;
	split_page(o->pages, order);
	for (i = r->count; i < 1 << order; i++)
		__free_page(o->pages + i);
	for (i = 0; o->reserved && i < r->count; i++)
		SetPageReserved(o->pages + i);
	*r->first = page_to_pfn(o->pages);
	return 0;
}

/* What a test has put or taken too often must not be the next one's: the zero page is everybody's. */
static void mend_zero_page(void)
{
	static int count, mapcount;
	struct page *zero = ZERO_PAGE(0);

	if (!count) {
		count = page_ref_count(zero);
		mapcount = atomic_read(&zero->_mapcount);
	}
	set_page_count(zero, count);
	atomic_set(&zero->_mapcount, mapcount);
}

int lit_memory_begin(struct lit_select *sel, const struct lit_test *test)
{
	const struct lit_region *r;
	unsigned int wanted = 0, used = 0;
	int n = 0, err = 0;

	if (!contents)
		contents = kzalloc(MAX_RAM * PAGE_SIZE, GFP_KERNEL);
	mend_zero_page();
	memset(other, 0, sizeof other);
	memset(held, 0, sizeof held);
	nseen = lost = 0;
	offered = -1;
	ram = NULL;
	nram = 0;
	mmio_first = mmio_end = sel->mmio_pfn;
	for (r = test->regions; r->first; r++)
		if (r->kind == LIT_RAM)
			wanted += r->count;
	if (!contents || wanted > MAX_RAM)
		return -ENOMEM;
	if (wanted)
		err = allocate_ram(wanted);
	for (r = test->regions; r->first && !err; r++, n++) {
		if (r->kind == LIT_RAM) {
			*r->first = page_to_pfn(ram) + used;
			used += r->count;
		} else if (r->kind == LIT_MMIO) {
			/* as the window is, so that leaves of the region are aligned */
			if (r->count >= LIT_TABLE)
				mmio_end = mmio_first + ALIGN(mmio_end - mmio_first, LIT_TABLE);
			*r->first = mmio_end;
			mmio_end += r->count;
			if (mmio_end - mmio_first > sel->mmio_frames)
				err = -ENXIO;
		} else
			err = allocate_other(other + n, r);
		sel->region[n] = *r->first;
	}
	sel->nregions = n;
	sel->zero_pfn = page_to_pfn(ZERO_PAGE(0));
	return err;
}

void lit_memory_end(const struct lit_test *test)
{
	int i, n;

	lit_reclaim();
	for (i = 0; i < nram; i++)
		if (held[i]) {
			held[i] = false;
			/* what a test has taken from a frame that it had freed must not be the next one's */
			atomic_set(&ram[i]._mapcount, -1);
			set_page_count(ram + i, 1);
			__free_page(ram + i);
		}
	for (i = nram; ram && i < 1 << ram_order; i++)
		__free_page(ram + i);
	ram = NULL;
	nram = 0;
	for (n = 0; n < LIT_REGIONS; n++)
		for (i = 0; i < other[n].count; i++) {
			struct page *page = other[n].pages + i;

			/* what a test has spoilt is left alone */
			if (page_ref_count(page) != 1 || atomic_read(&page->_mapcount) != -1)
				continue;
			if (other[n].reserved)
				ClearPageReserved(page);
			__free_page(page);
		}
	memset(other, 0, sizeof other);
}

static void give(int i)
{
	fill(i);
	held[i] = false;
	set_page_count(ram + i, 1);
	__free_page(ram + i);
}

void lit_release(void)
{
	lit_reclaim();
	offers = nheld();
	if (offers == 0)
		return;
	offered = nth_held(lit_frames_are_choices() ? lit_peek_frame(offers) : 0);
	give(offered);
}

void lit_reclaim(void)
{
	struct page *kept[48];
	int i, nkept = 0, missing = 0;

	if (!ram)
		return;
	lit_drain();
	/* only an offer that was taken was a choice */
	if (offered >= 0 && page_ref_count(ram + offered) > 0 && lit_frames_are_choices())
		lit_note_frame(offers);
	offered = -1;
	for (i = 0; i < nram; i++)
		if (!held[i] && page_ref_count(ram + i) == 0) {
			save(i);
			missing++;
		}
	while (missing > 0 && nkept < ARRAY_SIZE(kept)) {
		struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_NOWARN);

		if (!page)
			break;
		i = ram_index(page);
		if (i < 0) {
			kept[nkept++] = page;
			continue;
		}
		fill(i);
		hold(i);
		missing--;
	}
	while (nkept > 0)
		__free_page(kept[--nkept]);
	lost += missing;
}

struct page *lit_alloc_pages(gfp_t gfp, unsigned int order)
{
	int i, n;
	bool again = offered >= 0;
	struct page *page;

	lit_enter("alloc_pages");
	lit_reclaim();
	lit_leave();
	if (!ram || (gfp & __GFP_COMP))
		return alloc_pages(gfp, order);
	if (order == 0)
		i = pick_frame();
	else
		for (i = 0; i + (1 << order) <= nram; i += 1 << order) {
			for (n = 0; n < 1 << order && held[i + n]; n++)
				;
			if (n == 1 << order)
				break;
		}
	if (i < 0 || i + (1 << order) > nram)
		return NULL;
	page = ram + i;
	for (n = 0; n < 1 << order; n++) {
		held[i + n] = false;
		if (gfp & __GFP_ZERO)
			memset(contents + (i + n) * PAGE_SIZE, 0, PAGE_SIZE);
		fill(i + n);
	}
	set_page_count(page, 1);
	if (again)
		lit_release();
	return page;
}

void lit_free_pages(struct page *page, unsigned int order)
{
	int i = ram_index(page), n;
	bool plain = i >= 0;

	lit_enter("__free_pages");
	for (n = 0; plain && n < 1 << order; n++)
		plain = atomic_read(&page[n]._mapcount) == -1 && !page[n].mapping;
	if (!plain || page_ref_count(page) != 1)
		__free_pages(page, order);
	else
		for (n = 0; n < 1 << order; n++)
			hold(i + n);
	lit_leave();
}

/* ---- end of a run ---- */

static unsigned long next_mapped(struct mm_struct *mm, unsigned long at)
{
	struct vm_area_struct *v;

	mmap_read_lock(mm);
	v = find_vma(mm, at);
	at = v ? max(at, v->vm_start) : ~0UL;
	mmap_read_unlock(mm);
	return at;
}

void lit_record(struct mm_struct *mm)
{
	unsigned long at, end = LIT_ARENA + LIT_ARENA_PAGES * PAGE_SIZE;

	for (at = next_mapped(mm, LIT_ARENA); at < end && nseen < MAX_SEEN; at = next_mapped(mm, at + PAGE_SIZE)) {
		struct lit_query q = { .addr = at };
		struct page *page;

		lit_query_mm(&q, mm, false);
		if (q.vma == 0 || q.present != 1 || !pfn_valid(q.pfn))
			continue;
		page = pfn_to_page(q.pfn);
		if (!PageAnon(page) || ram_index(page) >= 0)
			continue;
		seen[nseen].pfn = q.pfn;
		seen[nseen++].mapping = (unsigned long)READ_ONCE(page->mapping);
	}
}

/* Whether somebody uses a frame of `ram`, or has put back more than was there. The allocator keeps notes of its own where a page has its mapcount. */
static bool in_use(struct page *page)
{
	return page_ref_count(page) != 0 || (!PageBuddy(page) && atomic_read(&page->_mapcount) != -1);
}

int lit_leaked(const struct lit_test *test)
{
	int i, n;

	lit_reclaim();
	for (i = 0; i < nram; i++)
		if (in_use(ram + i)) {
			/* for whoever has to find out who has it */
			pr_notice("litmus: frame %d of ram has leaked: %d references, %d mappings\n", i, page_ref_count(ram + i),
				  atomic_read(&ram[i]._mapcount) + 1);
			return 1;
		}
	for (n = 0; n < LIT_REGIONS; n++)
		for (i = 0; i < other[n].count; i++)
			if (page_ref_count(other[n].pages + i) != 1 || atomic_read(&other[n].pages[i]._mapcount) != -1)
				return 1;
	for (i = 0; i < nseen; i++) {
		struct page *page = pfn_to_page(seen[i].pfn);

		if (page_ref_count(page) > 0 && (unsigned long)READ_ONCE(page->mapping) == seen[i].mapping)
			return 1;
	}
	return 0;
}

int lit_lost(void) { return lost; }

static bool is_mmio(u64 pfn) { return pfn >= mmio_first && pfn < mmio_end; }

int lit_frame(struct lit_frame *f)
{
	f->cell = 0;
	f->refcount = f->mapcount = LIT_V_NONE;
	f->has_page = pfn_valid(f->pfn);
	if (f->has_page) {
		struct page *page = pfn_to_page(f->pfn);
		void *at = kmap_local_page(page);

		memcpy(&f->cell, at, f->bytes);
		kunmap_local(at);
		f->refcount = page_ref_count(page);
		f->mapcount = atomic_read(&page->_mapcount) + 1;
	} else if (is_mmio(f->pfn)) {
		void __iomem *at = ioremap(PFN_PHYS(f->pfn), PAGE_SIZE);

		if (!at)
			return -ENOMEM;
		memcpy_fromio(&f->cell, at, f->bytes);
		iounmap(at);
	} else
		f->cell = ~0ULL;
	return 0;
}

int lit_poke(const struct lit_frame *f)
{
	if (pfn_valid(f->pfn)) {
		struct page *page = pfn_to_page(f->pfn);
		int i = ram_index(page);
		void *at = kmap_local_page(page);

		memcpy(at, &f->cell, f->bytes);
		kunmap_local(at);
		if (i >= 0)
			memcpy(contents + i * PAGE_SIZE, &f->cell, f->bytes);
	} else if (is_mmio(f->pfn)) {
		void __iomem *at = ioremap(PFN_PHYS(f->pfn), PAGE_SIZE);

		if (!at)
			return -ENOMEM;
		memset_io(at, 0, PAGE_SIZE);
		memcpy_toio(at, &f->cell, f->bytes);
		iounmap(at);
	}
	return 0;
}
