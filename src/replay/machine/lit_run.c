// SPDX-License-Identifier: MIT
/* Runs a test again and again, each time with the next choices, until there are none left or the limit is reached, and prints each new outcome. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "lit_sys.h"

#define MAX_OUTCOMES 64
#define RUN_MS 8000
#define EXIT_MS 3000
/* how often init looks around if nobody tells it anything */
#define WAIT_MS 5
/* after all schedules that are forced, threads run as they like so often; once if all that the model has was seen */
#define UNSTEERED_RUNS 3
/* who has slept at a lock of the kernel's for so long sleeps for ever */
#define LOCKED_MS 1500

int lit_data[LIT_DATA];
int lit_reports;

/* Asks the kernel and not the vDSO, whose pages would be counted as the process's. */
static double now_ms(void)
{
	long t[2];

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, t);
	return t[0] * 1e3 + t[1] / 1e6;
}

/* Whether the kernel's timers are so coarse that the shortest sleep lasts longer than most runs, as those of User-mode Linux are. */
static int coarse(void)
{
	static int known = -1;

	if (known < 0) {
		double began = now_ms();

		usleep(100);
		usleep(100);
		known = now_ms() - began > 4;
	}
	return known;
}

void lit_nap(unsigned int us)
{
	double until;

	if (!coarse()) {
		usleep(us);
		return;
	}
	until = now_ms() + us / 1e3;
	do
		sched_yield();
	while (now_ms() < until);
}

/* ---- processes ---- */

int lit_death(int pid, int *sig)
{
	int task = ioctl(lit_ctl, LITC_TASK, pid), status = task >> 8;

	if (task != 0 && (task & 0xff) != 'Z' && (task & 0xff) != 'X')
		return 0;
	if (task != 0 && sig)
		*sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return 1;
}

int lit_is_dead(int pid) { return lit_death(pid, NULL); }

/* Whether everybody who is not at an end sleeps in the kernel and takes no signal. */
static int all_locked(void)
{
	int i, locked = 0;

	for (i = 0; i < LIT_SLOTS; i++) {
		struct lit_proc *p = lit_shared->procs + i;

		if (!p->used || p->dead || p->parked)
			continue;
		if ((ioctl(lit_ctl, LITC_TASK, p->pid) & 0xff) != 'D')
			return 0;
		locked = 1;
	}
	return locked;
}

extern char __data_start[], _end[];

/* as deep as threads and init ever get */
#define STACK 16384

static void touch_stack(void)
{
	volatile char depth[STACK], *at;
	size_t i;

	for (i = 0; i < sizeof depth; i += 4096)
		depth[i] = 1;
	/* and up to where it began: what our callers keep there may lie in other pages */
	for (at = depth + sizeof depth - 1; at < (volatile char *)environ; at += 4096)
		*at = *at;
	at = (volatile char *)environ;
	*at = *at;
}

/*
 * init shares its pages with threads that it has made: what it will write to while they run it copies now. Later it might be given a frame
 * of the test, which then looks as if it had leaked.
 */
static void touch_all(void)
{
	volatile char *at;

	for (at = __data_start; at < _end; at += 4096)
		*at = *at;
	_end[-1] = _end[-1];
	/* the page of errno is none of these: a read of the log that finds nothing writes to it */
	errno = 0;
	touch_stack();
}

static void become(int slot, const struct lit_program *program)
{
	struct lit_query q = { .addr = LIT_ARENA, .pid = getpid() };
	int k;

	close(lit_ctl);
	lit_ctl = open(LIT_CTL, O_RDWR | O_CLOEXEC);
	lit_me = lit_shared->procs + slot;
	lit_me->pid = getpid();
	lit_me->parent = -1;
	/* copied now, and not while a step of the test allocates; variables of ours have been written to above */
	touch_stack();
	errno = 0;
	for (k = 0; k < 2; k++)
		ioctl(lit_ctl, LITC_QUERY, &q);
	lit_me->base_anon = q.rss_anon;
	lit_me->base_file = q.rss_file;
	lit_me->used = 1;
	while (!lit_shared->go)
		lit_nap(100);
	ioctl(lit_ctl, LITC_ENTER, (unsigned long)slot);
	program->threads[slot]();
	lit_me->parked = 1;
	ioctl(lit_ctl, LITC_PARK, 0);
	for (;;)
		pause();
}

/* Puts down to process `p` what the kernel has just said about counters. */
static void blame(struct lit_proc *p)
{
	lit_log_read();
	p->bad_anon += lit_log.bad_anon;
	p->bad_file += lit_log.bad_file;
	lit_log.bad_anon = lit_log.bad_file = 0;
}

static int settled(const struct lit_program *program, int look_for_dead)
{
	int i, all = 1;

	for (i = 0; i < LIT_SLOTS; i++) {
		struct lit_proc *p = lit_shared->procs + i;
		int sig = -1;

		if (i < program->nthreads && !p->used)
			all = 0;
		if (!p->used || p->dead)
			continue;
		if (look_for_dead && lit_death(p->pid, &sig)) {
			p->dead = 1;
			lit_nap(1000);
			blame(p);
			/* a process that dies of BUG is not one that got a signal; of one that is gone its parent knows */
			if (sig >= 0 && !lit_log.bug && !lit_log.oops)
				p->signal = sig;
		} else if (!p->parked)
			all = 0;
	}
	return all;
}

static void find_culprit(void)
{
	struct lit_status st;
	int i;

	if (ioctl(lit_ctl, LITC_STATUS, &st) < 0)
		return;
	for (i = 0; i < LIT_SLOTS; i++)
		if (st.api[i][0])
			snprintf(lit_log.api, LIT_NAME, "%s", st.api[i]);
}

static void end_all(int hurt)
{
	int i;

	for (i = 0; i < LIT_SLOTS; i++) {
		struct lit_proc *p = lit_shared->procs + i;
		double until = now_ms() + (hurt ? 30 : EXIT_MS);

		if (!p->used || p->dead)
			continue;
		kill(p->pid, SIGKILL);
		while (!lit_is_dead(p->pid) && now_ms() < until)
			lit_nap(200);
		if (!hurt)
			lit_nap(500);
		blame(p);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Sleeps until somebody has finished or ended, or for a few milliseconds. Who is about to end takes a moment yet: false if nobody is. */
static int await_news(void)
{
	static int soon;

	if (soon > 0) {
		soon--;
		lit_nap(100);
		return 1;
	}
	if (ioctl(lit_ctl, LITC_WAIT, WAIT_MS) <= 0)
		return 0;
	soon = 5;
	return 1;
}

/* ---- runs ---- */

struct seen {
	char *text;
	int count;
};

static void print_choices(const __u8 *c, unsigned int n)
{
	unsigned int i;

	while (n > 0 && c[n - 1] == 0)
		n--;
	if (n == 0)
		printf("-");
	for (i = 0; i < n; i++)
		printf("%s%d", i ? "." : "", c[i]);
}

/* The next choices after those of a run: frames change fastest. */
static int advance(struct lit_select *sel, const struct lit_status *st)
{
	int i;

	for (i = (int)st->frames_used - 1; i >= 0; i--)
		if (st->frame[i] + 1 < st->frame_widths[i]) {
			memcpy(sel->frame, st->frame, i);
			sel->frame[i] = st->frame[i] + 1;
			sel->nframes = i + 1;
			memcpy(sel->choices, st->choices, st->used);
			sel->nchoices = st->used;
			return 1;
		}
	for (i = (int)st->used - 1; i >= 0; i--)
		if (st->choices[i] + 1 < st->widths[i]) {
			memcpy(sel->choices, st->choices, i);
			sel->choices[i] = st->choices[i] + 1;
			sel->nchoices = i + 1;
			sel->nframes = 0;
			return 1;
		}
	return 0;
}

static const char *run(const struct lit_program *program, struct lit_select *sel, struct lit_status *st)
{
	double until, locked_since;
	int i, hurt = 0, news = 0, locked = 0;
	const char *trouble = NULL;

	memset(lit_shared, 0, offsetof(struct lit_shared, text));
	lit_shared->nprocs = program->nthreads;
	lit_warn_again();
	if (ioctl(lit_ctl, LITC_SELECT, sel) < 0)
		return strerror(errno);
	lit_log_clear();
	lit_values_begin(program, sel);
	program->poke();
	for (i = 0; i < program->nthreads; i++)
		if (fork() == 0)
			become(i, program);
	touch_all();
	lit_shared->go = 1;
	locked_since = now_ms();
	until = locked_since + RUN_MS;
	for (i = 0; !settled(program, news || i % 4 == 3); i++) {
		lit_log_read();
		if (lit_log.bug || lit_log.oops) {
			hurt = 1;
			break;
		}
		/* a look in vain is not enough: a busy host may have stopped the whole machine for so long */
		if (i % 4 == 3)
			locked = all_locked() ? locked + 1 : 0;
		if (locked == 0)
			locked_since = now_ms();
		if (locked > 4 && now_ms() - locked_since > LOCKED_MS) {
			lit_log.deadlock = hurt = 1;
			break;
		}
		if (now_ms() > until) {
			trouble = "timeout";
			break;
		}
		news = await_news();
	}
	/* what is left of the kernel's report would fall into our lines */
	if (hurt)
		klogctl(6, NULL, 0);
	/* a thread that has parked may have been killed by somebody all the same */
	settled(program, 1);
	find_culprit();
	lit_log_read();
	if (!hurt)
		ioctl(lit_ctl, LITC_SETTLE, 0);
	program->state();
	for (i = 0; i < LIT_SLOTS && !hurt; i++)
		if (lit_shared->procs[i].used && !lit_shared->procs[i].dead)
			ioctl(lit_ctl, LITC_RECORD, (unsigned long)lit_shared->procs[i].pid);
	end_all(hurt || trouble);
	if (!hurt)
		ioctl(lit_ctl, LITC_SETTLE, 0);
	lit_log_read();
	program->end();
	ioctl(lit_ctl, LITC_STATUS, st);
	ioctl(lit_ctl, LITC_FINISH, 0);
	lit_reports += lit_log.bad_map > lit_log.bad_page ? lit_log.bad_map : lit_log.bad_page;
	if (lit_log.oops)
		trouble = "oops";
	return trouble;
}

static struct seen seen[MAX_OUTCOMES];
static int nseen;

/* Prints an outcome that is new, and counts it. */
static void note(int id, const struct lit_status *st)
{
	const char *text = lit_outcome();
	int i;

	for (i = 0; i < nseen && strcmp(seen[i].text, text) != 0; i++)
		;
	if (i == nseen && nseen < MAX_OUTCOMES) {
		seen[nseen].text = strdup(text);
		seen[nseen++].count = 0;
		printf("LIT out %d ", id);
		print_choices(st->choices, st->used);
		printf(" ");
		print_choices(st->frame, st->frames_used);
		printf(" %s\n", text);
	}
	if (i < nseen)
		seen[i].count++;
	if (lit_ktap_run)
		lit_ktap_run();
}

static int over(void) { return lit_log.bug || lit_log.deadlock; }

/* The next choices, then one preemption more: schedules with few come first. False if there is nothing left to try. */
static int next(struct lit_select *sel, const struct lit_status *st, int nthreads, int preemptions, int wanted)
{
	if (over())
		return 0;
	if (advance(sel, st))
		return 1;
	if (nthreads < 2 || sel->preemptions >= (unsigned int)preemptions || (sel->preemptions > 0 && nseen >= wanted))
		return 0;
	sel->preemptions++;
	sel->nchoices = sel->nframes = 0;
	return 1;
}

void lit_test(const struct lit_job *job)
{
	const struct lit_program *program = lit_programs[job->program];
	struct lit_select sel = { .test = job->program, .preemptions = 0, .marks = program->marks,
		.frames_choose = job->frames, .mmio_pfn = job->mmio_pfn, .mmio_frames = job->mmio_frames };
	static struct lit_status st;
	int runs = 0, i, lost = 0, stuck = 0, more = 1, unsteered = 0;
	double began = now_ms();
	const char *trouble = NULL;

	/* before there are processes that would each find out for themselves, or have pages of their own */
	coarse();
	touch_all();
	memcpy(sel.data, lit_data, sizeof sel.data);
	if (program->prepare)
		program->prepare();
	sel.turns = program->nthreads;
	nseen = 0;
	printf("LIT start %d\n", job->id);
	while ((more || unsteered > 0) && runs < job->runs) {
		trouble = run(program, &sel, &st);
		lost += st.lost;
		stuck += st.stuck != 0;
		if (trouble) {
			printf("LIT trouble %d %s %s\n", job->id, trouble, st.trace);
			break;
		}
		runs++;
		note(job->id, &st);
		if (unsteered > 0) {
			unsteered--;
			continue;
		}
		more = next(&sel, &st, program->nthreads, job->preemptions, job->wanted);
		if (!more && !over() && program->nthreads > 1) {
			unsteered = nseen < job->wanted ? UNSTEERED_RUNS : 1;
			sel.turns = sel.nchoices = sel.nframes = 0;
		}
	}
	printf("LIT done %d %d %s %d %d %.0f", job->id, runs, more && runs >= job->runs ? "limit" : "all", lost, stuck, now_ms() - began);
	for (i = 0; i < nseen; i++) {
		printf(" %d", seen[i].count);
		free(seen[i].text);
	}
	printf("\n");
	/* what the terminal still holds would be cut by a report of the next test */
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	if (lit_ktap_end)
		lit_ktap_end(program, trouble);
}
