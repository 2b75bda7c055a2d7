// SPDX-License-Identifier: MIT
/*
 * Who goes next. Threads that take turns stop at each scheduling point, and the run's choices say who goes on; a thread that could
 * have gone on and has to wait is a preemption, of which a run may have a few. A thread that sleeps in the kernel, at a lock that
 * is not ours, loses its turn after a while.
 */
#include "lit_core.h"
#include <linux/wait.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#define DEPTH 4

enum state { ABSENT, READY, LOCKED, DONE };

static struct {
	struct task_struct *task;
	enum state state;
	/* the calls it is in */
	char api[DEPTH][LIT_NAME];
	int depth;
} slot[LIT_SLOTS];

static DEFINE_SPINLOCK(lock);
static DECLARE_WAIT_QUEUE_HEAD(wait);
static unsigned int turns, entered, preemptions, preempted, stuck;
static int turn = -1;
static bool frames_choose, marks;
static u8 given[LIT_CHOICES], given_frames[LIT_CHOICES];
static unsigned int ngiven, ngiven_frames;
static struct lit_status st;

void lit_schedule_begin(const struct lit_select *sel)
{
	int i;

	for (i = 0; i < LIT_SLOTS; i++)
		if (slot[i].task)
			put_task_struct(slot[i].task);
	memset(slot, 0, sizeof slot);
	memset(&st, 0, sizeof st);
	turns = sel->turns;
	entered = preempted = stuck = 0;
	preemptions = sel->preemptions;
	turn = -1;
	frames_choose = sel->frames_choose;
	marks = sel->marks;
	ngiven = min_t(unsigned int, sel->nchoices, LIT_CHOICES);
	ngiven_frames = min_t(unsigned int, sel->nframes, LIT_CHOICES);
	memcpy(given, sel->choices, sizeof given);
	memcpy(given_frames, sel->frame, sizeof given_frames);
}

void lit_schedule_end(void)
{
	turns = 0;
	wake_up_all(&wait);
}

bool lit_taking_turns(void) { return turns > 1; }
bool lit_frames_are_choices(void) { return frames_choose; }

int lit_slot(void)
{
	int i;

	for (i = 0; i < LIT_SLOTS; i++)
		if (slot[i].task == current)
			return i;
	return -1;
}

int lit_pick(int n)
{
	int c;

	if (n <= 1 || st.used >= LIT_CHOICES)
		return 0;
	c = st.used < ngiven ? given[st.used] % n : 0;
	st.choices[st.used] = c;
	st.widths[st.used++] = n;
	return c;
}

int lit_choose(int n) { return lit_pick(n); }

int lit_peek_frame(int n)
{
	return st.frames_used < ngiven_frames ? given_frames[st.frames_used] % n : 0;
}

void lit_note_frame(int n)
{
	if (n <= 1 || st.frames_used >= LIT_CHOICES)
		return;
	st.frame[st.frames_used] = lit_peek_frame(n);
	st.frame_widths[st.frames_used++] = n;
}

static void note(int me, const char *what)
{
	size_t used = strlen(st.trace);

	snprintf(st.trace + used, sizeof st.trace - used, "%d:%s ", me, what);
}

/* Somebody ready other than `me`: the n-th, or -1. */
static int other_ready(int me, int n)
{
	int i;

	for (i = 0; i < turns; i++)
		if (i != me && slot[i].state == READY && n-- == 0)
			return i;
	return -1;
}

static int others_ready(int me)
{
	int i, n = 0;

	for (i = 0; i < turns; i++)
		n += i != me && slot[i].state == READY;
	return n;
}

/* The thread whose turn it is sleeps at a lock of the kernel's. */
static bool asleep(int i)
{
	return i >= 0 && slot[i].task && (READ_ONCE(slot[i].task->__state) & TASK_UNINTERRUPTIBLE);
}

static void wait_turn(int me)
{
	int quiet = 0;

	while (turns && READ_ONCE(turn) != me) {
		if (wait_event_interruptible_timeout(wait, !turns || READ_ONCE(turn) == me, msecs_to_jiffies(30)) < 0)
			return;
		if (READ_ONCE(turn) == me)
			break;
		quiet = entered == turns && asleep(READ_ONCE(turn)) ? quiet + 1 : 0;
		if (quiet > 4) {
			spin_lock(&lock);
			note(turn, "(asleep)");
			stuck++;
			turn = me;
			spin_unlock(&lock);
		}
	}
}

static void pass(int me, int to)
{
	WRITE_ONCE(turn, to);
	wake_up_all(&wait);
	if (me >= 0 && to != me)
		wait_turn(me);
}

void lit_point(const char *name)
{
	int me = lit_slot(), to = me, n;

	if (me < 0 || turns < 2)
		return;
	if (READ_ONCE(turn) != me)
		wait_turn(me);
	spin_lock(&lock);
	note(me, name);
	n = others_ready(me);
	if (n > 0 && preempted < preemptions) {
		int c = lit_pick(n + 1);

		if (c > 0) {
			preempted++;
			to = other_ready(me, c - 1);
		}
	}
	spin_unlock(&lock);
	if (to != me)
		pass(me, to);
}

int lit_enter_slot(int n)
{
	if (n < 0 || n >= LIT_SLOTS)
		return -EINVAL;
	spin_lock(&lock);
	get_task_struct(current);
	slot[n].task = current;
	slot[n].state = READY;
	slot[n].depth = 0;
	entered++;
	if (turns > 1 && entered == turns)
		WRITE_ONCE(turn, lit_pick(turns));
	spin_unlock(&lock);
	if (turns > 1 && n < turns) {
		wake_up_all(&wait);
		wait_turn(n);
	}
	return 0;
}

void lit_done(int me)
{
	int n, to = -1;

	if (me < 0 || slot[me].state == DONE)
		return;
	spin_lock(&lock);
	slot[me].state = DONE;
	if (turns > 1 && READ_ONCE(turn) == me) {
		n = others_ready(me);
		if (n > 0)
			to = other_ready(me, lit_pick(n));
	}
	spin_unlock(&lock);
	if (to >= 0)
		pass(-1, to);
}

void lit_enter(const char *api)
{
	int me = lit_slot();

	lit_point(api);
	if (me < 0)
		return;
	if (slot[me].depth < DEPTH)
		strscpy(slot[me].api[slot[me].depth], api, LIT_NAME);
	slot[me].depth++;
	if (marks)
		pr_notice("lit> %d %s\n", me, api);
}

void lit_leave(void)
{
	int me = lit_slot();

	if (me < 0)
		return;
	if (slot[me].depth > 0)
		slot[me].depth--;
	if (marks)
		pr_notice("lit< %d\n", me);
}

/* The driver's own locks: a thread that would sleep gives its turn away instead. */
void lit_mutex_lock(struct mutex *m)
{
	int me = lit_slot();

	if (me < 0 || turns < 2) {
		mutex_lock(m);
		return;
	}
	lit_point("mutex_lock");
	while (!mutex_trylock(m)) {
		int n, to;

		spin_lock(&lock);
		note(me, "(locked)");
		slot[me].state = LOCKED;
		n = others_ready(me);
		to = n > 0 ? other_ready(me, lit_pick(n)) : -1;
		spin_unlock(&lock);
		if (to < 0) {
			mutex_lock(m);
			break;
		}
		pass(me, to);
	}
	slot[me].state = READY;
}

void lit_mutex_unlock(struct mutex *m)
{
	int i;

	mutex_unlock(m);
	spin_lock(&lock);
	for (i = 0; i < turns; i++)
		if (slot[i].state == LOCKED)
			slot[i].state = READY;
	spin_unlock(&lock);
	lit_point("mutex_unlock");
}

void lit_status(struct lit_status *out)
{
	int i;

	st.stuck = stuck;
	for (i = 0; i < LIT_SLOTS; i++)
		strscpy(st.api[i], slot[i].depth > 0 ? slot[i].api[min(slot[i].depth, DEPTH) - 1] : "", LIT_NAME);
	*out = st;
}
