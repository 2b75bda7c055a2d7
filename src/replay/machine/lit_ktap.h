/* SPDX-License-Identifier: MIT */
/* What a test asks, and what the model answers; question.c says it. */
#ifndef LIT_KTAP_H
#define LIT_KTAP_H
#include "lit_run.h"

struct lit_expected {
	/* the registers as the model prints them, and whether the condition holds */
	const char *text;
	int positive;
};

struct lit_question {
	const char *condition;
	/* the registers of an outcome, in the order in which they are printed; the last is NULL */
	const char *const *registers;
	/* outcomes in which this does not hold do not count */
	int (*filter)(void);
	int (*holds)(void);
	/* the outcomes of the model; the last has no text */
	const struct lit_expected *outcomes;
	/* first pfns of the regions in the model, and of its zero page: where a number is one, it prints as the model's */
	const unsigned long long *pfns;
	unsigned long long zero;
};
extern const struct lit_question lit_question;

enum lit_operator { LIT_EQ, LIT_NE, LIT_LT, LIT_LE, LIT_GT, LIT_GE };
int lit_compare(enum lit_operator op, struct lit_value a, struct lit_value b);
int lit_true(struct lit_value v);
#endif
