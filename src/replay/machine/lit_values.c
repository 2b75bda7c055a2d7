// SPDX-License-Identifier: MIT
/* What conditions look at. A frame is printed by its region, an address by its distance from the arena: runs can then be compared. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "lit_sys.h"

#define FOREIGN 16
#define NOTES 64

static const struct lit_program *program;
static struct lit_select selected;
static char outcome[8192];
static uint64_t foreign[FOREIGN];
static int nforeign;
static struct {
	const char *reg;
	struct lit_value value;
} notes[NOTES];
static int nnotes;

void lit_values_begin(const struct lit_program *p, const struct lit_select *sel)
{
	program = p;
	selected = *sel;
	outcome[0] = 0;
	nforeign = nnotes = 0;
}

const char *lit_outcome(void) { return outcome; }

unsigned long lit_zero_pfn(void) { return (unsigned long)selected.zero_pfn; }

unsigned long lit_region(int n) { return (unsigned long)selected.region[n]; }

void lit_poke(int region, int index, int bytes, uint64_t value)
{
	struct lit_frame f = { .pfn = selected.region[region] + index, .bytes = bytes, .cell = value };

	ioctl(lit_ctl, LITC_POKE, &f);
}

struct lit_value lit_int(int64_t n) { return (struct lit_value){ LIT_INT, n }; }
struct lit_value lit_frame(uint64_t pfn) { return (struct lit_value){ LIT_FRAME, pfn }; }
struct lit_value lit_type(int64_t n) { return (struct lit_value){ LIT_TYPE, n }; }

const char *lit_type_name(int64_t n)
{
	static const char *const names[] = { "wb", "wc", "uc_minus", "uc", "wt", "wp", "device" };

	return names[n];
}

struct lit_value lit_special(int kind) { return (struct lit_value){ kind, 0 }; }
struct lit_value lit_addr(uint64_t at) { return (struct lit_value){ LIT_ADDR, at }; }

static int is_number(struct lit_value v) { return v.kind <= LIT_ADDR; }

struct lit_value lit_neg(struct lit_value v) { return is_number(v) ? lit_int(-v.n) : v; }

struct lit_value lit_binary(char op, struct lit_value a, struct lit_value b)
{
	int64_t n = 0;

	if (!is_number(a))
		return a;
	if (!is_number(b))
		return b;
	switch (op) {
	case '+': n = a.n + b.n; break;
	case '-': n = a.n - b.n; break;
	case '*': n = a.n * b.n; break;
	case '<': n = a.n << b.n; break;
	case '>': n = a.n >> b.n; break;
	}
	return (struct lit_value){ a.kind == LIT_INT ? b.kind : a.kind, n };
}

struct lit_proc *lit_process(int thread, int depth, const int *children)
{
	int at = thread, i, d;

	for (d = 0; d < depth; d++) {
		for (i = 0; i < LIT_SLOTS; i++)
			if (lit_shared->procs[i].used && lit_shared->procs[i].parent == at && lit_shared->procs[i].nth == children[d])
				break;
		if (i == LIT_SLOTS)
			return NULL;
		at = i;
	}
	return lit_shared->procs + at;
}

struct lit_value lit_variable(struct lit_proc *p, size_t at, size_t size, char kind)
{
	uint64_t raw = 0;
	int64_t n;
	int shift = 64 - 8 * (int)size;

	if (!p)
		return lit_special(LIT_NONE);
	memcpy(&raw, p->variables + at, size);
	n = (int64_t)(raw << shift) >> shift;
	if (kind == 'p')
		return lit_addr(n < 0 && n >= -4095 ? (uint64_t)n : raw);
	return lit_int(kind == 's' ? n : (int64_t)raw);
}

struct lit_value lit_global_variable(int index)
{
	struct lit_global_value v = { .index = index };

	return ioctl(lit_ctl, LITC_GLOBAL, &v) < 0 ? lit_special(LIT_NONE) : lit_int(v.value);
}

static int frozen(void) { return lit_log.bug || lit_log.oops; }

struct lit_value lit_attribute(struct lit_proc *p, const char *name)
{
	struct lit_query q = { .addr = LIT_ARENA };

	if (!p)
		return lit_special(LIT_NONE);
	if (strcmp(name, "signal") == 0)
		return lit_int(p->signal);
	if (frozen())
		return lit_special(LIT_NONE);
	if (strcmp(name, "bad_rss_anon") == 0)
		return lit_int(p->bad_anon);
	if (strcmp(name, "bad_rss_file") == 0)
		return lit_int(p->bad_file);
	if (strcmp(name, "bad_rss") == 0)
		return lit_int(p->bad_anon != 0 || p->bad_file != 0);
	q.pid = p->pid;
	if (p->dead || ioctl(lit_ctl, LITC_QUERY, &q) < 0)
		return lit_special(LIT_DEAD);
	return lit_int(strcmp(name, "rss_anon") == 0 ? q.rss_anon - p->base_anon : q.rss_file - p->base_file);
}

static struct lit_value number(int64_t n) { return n == LIT_V_NONE ? lit_special(LIT_NONE) : lit_int(n); }

static struct lit_value frame_or_null(int64_t n)
{
	return n == LIT_V_NONE ? lit_special(LIT_NONE) : n == LIT_V_NULL ? lit_special(LIT_NULL) : lit_frame(n);
}

struct lit_value lit_of_address(const char *observer, struct lit_proc *p, struct lit_value at, int flag)
{
	struct lit_query q = { 0 };

	if (frozen() || !p)
		return lit_special(LIT_NONE);
	if (p->dead)
		return lit_special(LIT_DEAD);
	if (!is_number(at))
		return lit_special(LIT_NONE);
	q.pid = p->pid;
	q.addr = at.n;
	if (at.n < 0 && at.n >= -4095)
		return lit_special(LIT_NONE);
	if (ioctl(lit_ctl, LITC_QUERY, &q) < 0)
		return lit_special(LIT_DEAD);
	if (!q.vma)
		return lit_special(LIT_NONE);
	if (strcmp(observer, "vma_flags") == 0)
		return lit_int(q.vma_flags >> flag & 1);
	if (strcmp(observer, "vm_pgoff") == 0)
		/* an offset that no machine has a frame for is a number */
		return q.vm_pgoff >> 32 ? lit_int(q.vm_pgoff) : lit_frame(q.vm_pgoff);
	if (strcmp(observer, "vm_normal_page") == 0)
		return frame_or_null(q.vm_normal_page);
	if (strcmp(observer, "folio_walk") == 0)
		return frame_or_null(q.folio_walk);
	if (strcmp(observer, "pfn") == 0)
		return frame_or_null(q.pfn);
	if (strcmp(observer, "special") == 0)
		return number(q.special);
	if (strcmp(observer, "present") == 0)
		return number(q.present);
	if (strcmp(observer, "writable") == 0)
		return number(q.writable);
	if (strcmp(observer, "level") == 0)
		return number(q.level);
	if (strcmp(observer, "cache") == 0)
		return q.cache == LIT_V_NONE ? lit_special(LIT_NONE) : lit_type(q.cache);
	return number(q.is_anon);
}

struct lit_value lit_of_frame(const char *observer, struct lit_value v, int bytes)
{
	struct lit_frame f = { .bytes = bytes };

	if (frozen() || !is_number(v))
		return lit_special(LIT_NONE);
	f.pfn = v.n;
	if (ioctl(lit_ctl, LITC_FRAME, &f) < 0)
		return lit_special(LIT_NONE);
	if (strcmp(observer, "mem") == 0)
		return lit_int(f.cell);
	if (!f.has_page)
		return lit_special(LIT_NONE);
	return lit_int(strcmp(observer, "refcount") == 0 ? f.refcount : f.mapcount);
}

struct lit_value lit_of_system(const char *observer, const char *name)
{
	char word[LIT_NAME + 4];

	if (strcmp(observer, "bug") == 0)
		return lit_int(lit_log.bug && strcmp(lit_log.api, name) == 0);
	snprintf(word, sizeof word, " %s ", name);
	if (strcmp(observer, "warned") == 0)
		return lit_int(strstr(lit_log.warned, word) != NULL);
	if (strcmp(observer, "deadlock") == 0)
		return lit_int(lit_log.deadlock);
	if (strcmp(observer, "undefined") == 0)
		return lit_int(0);
	if (frozen())
		return lit_special(LIT_NONE);
	if (strcmp(observer, "bad_rss") == 0) {
		int i, n = 0;

		for (i = 0; i < LIT_SLOTS; i++)
			n += lit_shared->procs[i].bad_anon != 0 || lit_shared->procs[i].bad_file != 0;
		return lit_int(n);
	}
	if (strcmp(observer, "bad_map") == 0)
		return lit_int(lit_log.bad_map);
	if (strcmp(observer, "bad_page") == 0)
		return lit_int(lit_log.bad_page);
	return lit_int(ioctl(lit_ctl, LITC_LEAKED, 0));
}

/* Appends `name+k` of the region that holds a frame; false if there is none. */
static int region_name(char *to, size_t n, uint64_t pfn)
{
	int i;

	for (i = 0; i < program->nregions; i++)
		if (pfn - selected.region[i] < (uint64_t)program->regions[i].count) {
			snprintf(to, n, "%s+%d", program->regions[i].name, (int)(pfn - selected.region[i]));
			return 1;
		}
	return 0;
}

static void frame_name(char *to, size_t n, uint64_t pfn)
{
	int i;

	if (region_name(to, n, pfn))
		return;
	if (pfn == selected.zero_pfn) {
		snprintf(to, n, "zero");
		return;
	}
	/* an offset that is no frame of anybody, or a frame that came from elsewhere */
	if (pfn < 0x100) {
		snprintf(to, n, "%llu", (unsigned long long)pfn);
		return;
	}
	for (i = 0; i < nforeign && foreign[i] != pfn; i++)
		;
	if (i == nforeign && nforeign < FOREIGN)
		foreign[nforeign++] = pfn;
	snprintf(to, n, "?%d", i);
}

static void print(char *to, size_t n, struct lit_value v)
{
	char name[64];

	switch (v.kind) {
	case LIT_NONE:
		snprintf(to, n, "none");
		return;
	case LIT_DEAD:
		snprintf(to, n, "dead");
		return;
	case LIT_NULL:
		snprintf(to, n, "null");
		return;
	case LIT_TYPE:
		snprintf(to, n, "t:%s", lit_type_name(v.n));
		return;
	case LIT_FRAME:
		frame_name(name, sizeof name, v.n);
		snprintf(to, n, "f:%s", name);
		return;
	case LIT_ADDR:
		if (v.n >= -4095 && v.n <= 0)
			snprintf(to, n, "a:%lld", (long long)v.n);
		else
			snprintf(to, n, "a:@%lld", (long long)(v.n - (int64_t)LIT_ARENA));
		return;
	case LIT_INT:
		if (v.n > 0x100 && region_name(name, sizeof name, v.n))
			snprintf(to, n, "r:%s", name);
		else if (v.n > 0x100 && (uint64_t)v.n == selected.zero_pfn)
			snprintf(to, n, "r:zero");
		else
			snprintf(to, n, "i:%lld", (long long)v.n);
	}
}

void lit_note(const char *reg, struct lit_value v)
{
	size_t used = strlen(outcome);

	if (nnotes < NOTES) {
		notes[nnotes].reg = reg;
		notes[nnotes++].value = v;
	}
	used += snprintf(outcome + used, sizeof outcome - used, "%s=", reg);
	print(outcome + used, sizeof outcome - used, v);
	used = strlen(outcome);
	snprintf(outcome + used, sizeof outcome - used, ";");
}

struct lit_value lit_noted(const char *reg)
{
	int i;

	for (i = 0; i < nnotes; i++)
		if (strcmp(notes[i].reg, reg) == 0)
			return notes[i].value;
	return lit_special(LIT_NONE);
}
