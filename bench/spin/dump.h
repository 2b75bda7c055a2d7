/*
 * The projection of README.md, on SPIN's side: every state of the model is noted, and each distinct one written to the file that the
 * environment names in DUMP, as the line that states.mjs writes for pfnmap's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tuple {
	unsigned char op[2], vma[2], in_i_mmap[2], pte[PAGES + 2], rss_anon[2], rss_file[2], i_mmap_read, r;
	unsigned char refcount[FRAMES + 1], mapcount[FRAMES + 1], cell[FRAMES + 1];
};

static struct tuple *set;
static size_t slots, taken;

static size_t slot_of(const struct tuple *t)
{
	const unsigned char *bytes = (const unsigned char *)t;
	size_t i, hash = 14695981039346656037u;

	for (i = 0; i < sizeof *t; i++)
		hash = (hash ^ bytes[i]) * 1099511628211u;
	hash ^= hash >> 29;
	/* A slot is empty while no thread is in any operation: op counts from 1 in the set. */
	for (i = hash & (slots - 1); set[i].op[0] && memcmp(&set[i], t, sizeof *t); i = (i + 1) & (slots - 1))
		;
	return i;
}

static void write_set(void)
{
	FILE *out = fopen(getenv("DUMP"), "w");
	size_t s;
	int i;

	if (!out)
		exit(1);
	for (s = 0; s < slots; s++) {
		const struct tuple *t = &set[s];

		if (!t->op[0])
			continue;
		fprintf(out, "op %d,%d vma %d,%d i_mmap %d,%d pte ", t->op[0] - 1, t->op[1] - 1, t->vma[0], t->vma[1],
			t->in_i_mmap[0], t->in_i_mmap[1]);
		for (i = 0; i < PAGES + 2; i++)
			fprintf(out, i ? ",%d" : "%d", t->pte[i] - 1);
		fprintf(out, " anon %d,%d file %d,%d read %d r %d", t->rss_anon[0], t->rss_anon[1], t->rss_file[0], t->rss_file[1],
			t->i_mmap_read, t->r);
		for (i = 0; i <= FRAMES; i++)
			fprintf(out, " %d/%d/%d", t->refcount[i], t->mapcount[i], t->cell[i]);
		fputc('\n', out);
	}
	if (fclose(out))
		exit(1);
}

static void enlarge(void)
{
	struct tuple *old = set;
	size_t s, before = slots;

	slots = slots ? 2 * slots : 1 << 16;
	set = calloc(slots, sizeof *set);
	if (!set)
		exit(1);
	for (s = 0; s < before; s++)
		if (old[s].op[0])
			set[slot_of(&old[s])] = old[s];
	if (!old)
		atexit(write_set);
	free(old);
}

static void note(struct tuple *t)
{
	size_t s;

	if (2 * taken >= slots)
		enlarge();
	t->op[0]++;
	t->op[1]++;
	s = slot_of(t);
	if (!set[s].op[0]) {
		set[s] = *t;
		taken++;
	}
}
