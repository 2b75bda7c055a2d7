// SPDX-License-Identifier: MIT
/*
 * init of the machine. Runs every test of /jobs again and again, each time with the next choices, until there are none left or the
 * limit is reached, and prints each new outcome.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "lit_sys.h"

#define MAX_OUTCOMES 64
#define RUN_MS 8000
#define EXIT_MS 3000
/* after all schedules that are forced, threads run as they like so often */
#define UNSTEERED_RUNS 3
/* who has slept at a lock of the kernel's for so long sleeps for ever */
#define LOCKED_MS 1500
/* the kernel falls silent after 60 reports of a kind: before that the machine starts anew */
#define MAX_REPORTS 30
/* bytes of the window of no memory */
#define WINDOW 0x1000000ULL

static uint64_t mmio_pfn;
static unsigned int mmio_frames;
int lit_data[LIT_DATA];
static int reports;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* ---- processes ---- */

int lit_death(int pid, int *sig)
{
	char path[40], text[512], *s;
	int fd, field, status;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 1;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return 1;
	text[n] = 0;
	s = strrchr(text, ')');
	if (!s || (s[2] != 'Z' && s[2] != 'X'))
		return 0;
	/* state is field 3, the exit code field 52 */
	for (field = 3, s += 2; field < 52 && s; field++)
		s = strchr(s + 1, ' ');
	status = s ? atoi(s) : 0;
	if (sig)
		*sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return 1;
}

int lit_is_dead(int pid) { return lit_death(pid, NULL); }

/* Whether everybody who is not at an end sleeps in the kernel and takes no signal. */
static int all_locked(void)
{
	char path[40], text[512], *s;
	int i, fd, locked = 0;
	ssize_t n;

	for (i = 0; i < LIT_SLOTS; i++) {
		struct lit_proc *p = lit_shared->procs + i;

		if (!p->used || p->dead || p->parked)
			continue;
		snprintf(path, sizeof path, "/proc/%d/stat", p->pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = 0;
		s = strrchr(text, ')');
		if (!s || s[2] != 'D')
			return 0;
		locked = 1;
	}
	return locked;
}

extern char __data_start[], _end[];

/* What every process touches sooner or later is touched before the counters are read. */
static void warm(int counts)
{
	volatile char depth[65536];
	volatile char *at;
	size_t i;
	int pid, k;

	for (i = 0; i < sizeof depth; i += 512)
		depth[i] = 1;
	for (at = __data_start; at < _end; at += 512)
		*at = *at;
	for (k = 0; counts && k < 2; k++) {
		pid = fork();
		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
		for (at = __data_start; at < _end; at += 512)
			*at = *at;
		for (i = 0; i < sizeof depth; i += 512)
			depth[i] = 2;
	}
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
	warm(program->counts);
	for (k = 0; k < 2; k++)
		ioctl(lit_ctl, LITC_QUERY, &q);
	lit_me->base_anon = q.rss_anon;
	lit_me->base_file = q.rss_file;
	lit_me->used = 1;
	while (!lit_shared->go)
		usleep(100);
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
		int sig = 0;

		if (i < program->nthreads && !p->used)
			all = 0;
		if (!p->used || p->dead)
			continue;
		if (look_for_dead && lit_death(p->pid, &sig)) {
			p->dead = 1;
			usleep(1000);
			blame(p);
			/* a process that dies of BUG is not one that got a signal */
			if (!lit_log.bug && !lit_log.oops)
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
			usleep(200);
		if (!hurt)
			usleep(500);
		blame(p);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
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
	int i, hurt = 0;
	const char *trouble = NULL;

	memset(lit_shared, 0, offsetof(struct lit_shared, text));
	lit_shared->nprocs = program->nthreads;
	if (ioctl(lit_ctl, LITC_SELECT, sel) < 0)
		return strerror(errno);
	lit_log_clear();
	lit_values_begin(program, sel);
	program->poke();
	for (i = 0; i < program->nthreads; i++)
		if (fork() == 0)
			become(i, program);
	/* a page that init copied later might be a frame that the test has just freed */
	warm(0);
	lit_shared->go = 1;
	locked_since = now_ms();
	until = locked_since + RUN_MS;
	for (i = 0; !settled(program, i % 4 == 3); i++) {
		lit_log_read();
		if (lit_log.bug || lit_log.oops) {
			hurt = 1;
			break;
		}
		if (i % 16 == 15 && !all_locked())
			locked_since = now_ms();
		if (i > 16 && now_ms() - locked_since > LOCKED_MS) {
			lit_log.deadlock = hurt = 1;
			break;
		}
		if (now_ms() > until) {
			trouble = "timeout";
			break;
		}
		usleep(300);
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
	reports += lit_log.bad_map > lit_log.bad_page ? lit_log.bad_map : lit_log.bad_page;
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

static void test(int id, int index, int limit, int preemptions, int frames, int wanted)
{
	const struct lit_program *program = lit_programs[index];
	struct lit_select sel = { .test = index, .preemptions = 0, .marks = program->marks,
		.frames_choose = frames, .mmio_pfn = mmio_pfn, .mmio_frames = mmio_frames };
	static struct lit_status st;
	int runs = 0, i, lost = 0, stuck = 0, more = 1, unsteered = 0;
	double began = now_ms();
	const char *trouble = NULL;

	memcpy(sel.data, lit_data, sizeof sel.data);
	if (program->prepare)
		program->prepare();
	sel.turns = program->nthreads;
	nseen = 0;
	printf("LIT start %d\n", id);
	while ((more || unsteered > 0) && runs < limit) {
		trouble = run(program, &sel, &st);
		lost += st.lost;
		stuck += st.stuck != 0;
		if (trouble) {
			printf("LIT trouble %d %s %s\n", id, trouble, st.trace);
			break;
		}
		runs++;
		note(id, &st);
		if (unsteered > 0) {
			unsteered--;
			continue;
		}
		more = next(&sel, &st, program->nthreads, preemptions, wanted);
		if (!more && !over() && program->nthreads > 1) {
			unsteered = UNSTEERED_RUNS;
			sel.turns = sel.nchoices = sel.nframes = 0;
		}
	}
	printf("LIT done %d %d %s %d %d %.0f", id, runs, more && runs >= limit ? "limit" : "all", lost, stuck, now_ms() - began);
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

/* ---- start ---- */

static unsigned long symbol(const char *wanted)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[256], name[128], type;
	unsigned long at, found = 0;

	while (f && !found && fgets(line, sizeof line, f))
		if (sscanf(line, "%lx %c %127s", &at, &type, name) == 3 && strcmp(name, wanted) == 0)
			found = at;
	if (f)
		fclose(f);
	return found;
}

static int insert_module(void)
{
	static const char *const names[] = { "vm_normal_page", "vm_normal_page_pmd", "folio_walk_start", "lru_add_drain", "lru_add_drain_all",
		"vmf_insert_mixed_mkwrite", "remap_vmalloc_range_partial" };
	char parameters[320] = "";
	size_t i, used = 0;
	int fd = open("/lit.ko", O_RDONLY | O_CLOEXEC);

	for (i = 0; i < sizeof names / sizeof *names; i++)
		used += snprintf(parameters + used, sizeof parameters - used, "%s=0x%lx ", names[i], symbol(names[i]));
	return syscall(SYS_finit_module, fd, parameters, 0) < 0 ? -errno : 0;
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		errno = 0;
	close(fd);
}

static void mounts(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
}

/* Pages of a file that is no file of tmpfs are counted as the process's; so init goes on from there. */
static void move_to_tmpfs(char *self)
{
	static char text[4096];
	ssize_t n;
	int from, to;

	mkdir("/t", 0755);
	if (mount("t", "/t", "tmpfs", 0, NULL) < 0)
		return;
	from = open(self, O_RDONLY | O_CLOEXEC);
	to = open("/t/init", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	while ((n = read(from, text, sizeof text)) > 0)
		if (write(to, text, n) != n)
			return;
	close(from);
	close(to);
	execl("/t/init", "/t/init", NULL);
}

/* Finds the window of no memory and switches its decoder on, which only PC firmware does. */
static void find_window(void)
{
	unsigned long long first, last;
	char path[64], line[256];
	int i;

	for (i = 0; i < 32 && !mmio_pfn; i++) {
		FILE *f;

		snprintf(path, sizeof path, "/sys/bus/pci/devices/0000:00:%02x.0/resource", i);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof line, f))
			if (sscanf(line, "%llx %llx", &first, &last) == 2 && last - first == WINDOW - 1) {
				mmio_pfn = first >> 12;
				mmio_frames = WINDOW >> 12;
			}
		if (f)
			fclose(f);
		snprintf(path, sizeof path, "/sys/bus/pci/devices/0000:00:%02x.0/enable", i);
		if (mmio_pfn)
			set(path, "1");
	}
}

/*
 * A job is "TEST RUNS PREEMPTIONS FRAMES WANTED", the last being the number of outcomes after which more preemptions are pointless.
 * "record ID RUNS PREEMPTIONS FRAMES WANTED NUMBER..." gives test 0 a record to interpret. "mmio PFN COUNT" says where there is a
 * window of no memory, "window" that there is one.
 */
static void job(char *line)
{
	int id, limit, preemptions, frames, wanted, n, k = 0;
	int record = strncmp(line, "record ", 7) == 0;
	char *at = record ? line + 7 : line;

	if (sscanf(at, "%d %d %d %d %d%n", &id, &limit, &preemptions, &frames, &wanted, &n) != 5)
		return;
	if (!record && id >= lit_nprograms)
		return;
	memset(lit_data, 0, sizeof lit_data);
	for (at += n; record && k < LIT_DATA && sscanf(at, "%d%n", lit_data + k, &n) == 1; k++)
		at += n;
	set("/sys/kernel/debug/clear_warn_once", "1");
	test(id, record ? 0 : id, limit, preemptions, frames, wanted);
}

static void jobs(void)
{
	FILE *f = fopen("/jobs", "re");
	char line[512];
	unsigned long long pfn;
	unsigned int count;

	while (f && reports < MAX_REPORTS && fgets(line, sizeof line, f)) {
		if (sscanf(line, "mmio %llx %u", &pfn, &count) == 2) {
			mmio_pfn = pfn;
			mmio_frames = count;
			/* the window is a PCI device, and only PC firmware switches its decoder on */
			set("/sys/bus/pci/devices/0000:00:01.0/enable", "1");
		} else if (strcmp(line, "window\n") == 0) {
			find_window();
		} else
			job(line);
	}
}

int main(int argc, char **argv)
{
	struct utsname u;
	struct rlimit none = { 0, 0 };
	int r;

	if (argc > 0 && strcmp(argv[0], "/t/init") != 0)
		move_to_tmpfs("/init");
	mounts();
	/* before mounts() init has no console that it could write to */
	r = open("/dev/console", O_RDWR);
	if (r >= 0) {
		dup2(r, 0);
		dup2(r, 1);
		dup2(r, 2);
	}
	setvbuf(stdout, NULL, _IOLBF, 4096);
	setrlimit(RLIMIT_CORE, &none);
	uname(&u);
	printf("LIT boot %s %s\n", u.release, u.machine);
	set("/proc/sys/kernel/printk_devkmsg", "on");
	/* the default of the configuration, which the kernel gives up on machines of less than 512 MB */
	set("/sys/kernel/mm/transparent_hugepage/enabled", "always");
	lit_shared = mmap(NULL, sizeof *lit_shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	lit_log_open();
	r = insert_module();
	lit_ctl = open(LIT_CTL, O_RDWR | O_CLOEXEC);
	if (r || lit_ctl < 0)
		printf("LIT error module %d control %d\n", r, lit_ctl);
	else
		jobs();
	printf("LIT end\npfnmap: done\n");
	fflush(stdout);
	sync();
	/* a reset would start User-mode Linux again */
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
