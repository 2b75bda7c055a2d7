// SPDX-License-Identifier: MIT
/* Holds what was seen against the model, and says so in KTAP: a line for each outcome of the model, one for all that it does not have. */
#include <stdio.h>
#include <string.h>
#include "lit_sys.h"
#include "lit_ktap.h"

#define OTHERS 8

static int runs, counts[256];
static struct other {
	char text[1024];
	int positive, count;
} others[OTHERS];
static int nothers;

/* ---- values ---- */

static int number(struct lit_value v, int64_t *n)
{
	*n = v.kind == LIT_NULL ? 0 : v.n;
	return v.kind <= LIT_ADDR || v.kind == LIT_NULL;
}

static int equal(struct lit_value a, struct lit_value b)
{
	int64_t m, n;

	/* a frame is a page: NULL means that there is none */
	if ((a.kind == LIT_NULL && b.kind == LIT_FRAME) || (b.kind == LIT_NULL && a.kind == LIT_FRAME))
		return 0;
	if (a.kind == LIT_TYPE || b.kind == LIT_TYPE)
		return a.kind == b.kind && a.n == b.n;
	return number(a, &m) && number(b, &n) ? m == n : a.kind == b.kind;
}

int lit_compare(enum lit_operator op, struct lit_value a, struct lit_value b)
{
	int64_t m, n;

	if (op == LIT_EQ || op == LIT_NE)
		return equal(a, b) == (op == LIT_EQ);
	if (!number(a, &m) || !number(b, &n))
		return 0;
	return op == LIT_LT ? m < n : op == LIT_LE ? m <= n : op == LIT_GT ? m > n : m >= n;
}

int lit_true(struct lit_value v) { return v.kind <= LIT_ADDR && v.n != 0; }

/* ---- the model's words ---- */

static int region_of(const struct lit_program *p, uint64_t pfn)
{
	int i;

	for (i = 0; i < p->nregions; i++)
		if (pfn - lit_region(i) < (uint64_t)p->regions[i].count)
			return i;
	return -1;
}

static void print(char *to, size_t n, struct lit_value v)
{
	const struct lit_program *p = lit_programs[0];
	int r = v.kind == LIT_INT || v.kind == LIT_FRAME ? region_of(p, v.n) : -1;
	int zero = (uint64_t)v.n == lit_zero_pfn();

	if (v.kind == LIT_NULL || (v.kind == LIT_ADDR && v.n == 0))
		snprintf(to, n, "NULL");
	else if (v.kind == LIT_NONE || v.kind == LIT_DEAD)
		snprintf(to, n, v.kind == LIT_NONE ? "none" : "dead");
	else if (v.kind == LIT_TYPE)
		snprintf(to, n, "%s", lit_type_name(v.n));
	else if (v.kind == LIT_ADDR && v.n > 0)
		snprintf(to, n, "addr");
	else if (v.kind == LIT_FRAME && r >= 0 && p->regions[r].kind != LIT_RAM)
		snprintf(to, n, "%s.%d", p->regions[r].name, (int)(v.n - lit_region(r)));
	else if (v.kind == LIT_FRAME && zero)
		snprintf(to, n, "zero");
	else if (v.kind == LIT_FRAME && (r >= 0 || v.n >= 0x100))
		/* of the test's RAM or from elsewhere: the model calls all alike */
		snprintf(to, n, "ram");
	else if (r >= 0 && v.n > 0x100)
		snprintf(to, n, "%lld", (long long)(lit_question.pfns[r] + v.n - lit_region(r)));
	else if (v.n > 0x100 && zero)
		snprintf(to, n, "%lld", (long long)lit_question.zero);
	else
		snprintf(to, n, "%lld", (long long)v.n);
}

static void words(char *to, size_t n)
{
	const char *const *reg;
	char value[64];
	size_t used = 0;

	to[0] = 0;
	for (reg = lit_question.registers; *reg && used < n; reg++) {
		print(value, sizeof value, lit_noted(*reg));
		used += snprintf(to + used, n - used, "%s%s=%s;", used ? " " : "", *reg, value);
	}
}

/* ---- runs ---- */

void lit_ktap_run(void)
{
	const struct lit_expected *e;
	static char text[1024];
	int positive, i;

	runs++;
	if (!lit_question.filter())
		return;
	positive = lit_question.holds();
	words(text, sizeof text);
	for (e = lit_question.outcomes; e->text; e++)
		if (e->positive == positive && strcmp(e->text, text) == 0) {
			counts[e - lit_question.outcomes]++;
			return;
		}
	for (i = 0; i < nothers; i++)
		if (others[i].positive == positive && strcmp(others[i].text, text) == 0) {
			others[i].count++;
			return;
		}
	if (nothers == OTHERS)
		return;
	others[nothers].positive = positive;
	others[nothers].count = 1;
	strcpy(others[nothers++].text, text);
}

static const char *holds(int positive) { return positive ? "condition holds" : "condition does not hold"; }

void lit_ktap_end(const struct lit_program *p, const char *trouble)
{
	const struct lit_expected *e;
	int n = 0, i;

	for (e = lit_question.outcomes; e->text; e++)
		n++;
	/* a message of the kernel may stand in the middle of a line */
	printf("\nKTAP version 1\n1..%d\n# %s, %d runs: %s\n", n + 1, p->name, runs, lit_question.condition);
	for (i = 0, e = lit_question.outcomes; i < n; i++, e++) {
		printf("# seen in %d runs\n", counts[i]);
		printf("ok %d %s (%s)%s\n", i + 1, e->text, holds(e->positive), counts[i] ? "" : " # SKIP not seen");
	}
	for (i = 0; i < nothers; i++)
		printf("# seen in %d runs, and no outcome of the model: %s (%s)\n", others[i].count, others[i].text,
		       holds(others[i].positive));
	if (trouble)
		printf("# %s\n", trouble);
	printf("%s %d nothing else was seen\n", nothers || trouble ? "not ok" : "ok", n + 1);
}
