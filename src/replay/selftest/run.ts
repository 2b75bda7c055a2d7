import { readFile } from 'node:fs/promises';
import { DONE_LINE, type Machine } from '../types.js';
import { parseCases, skipReason, type CaseResults } from './ktap.js';

/** Runs the test on two kinds of memory, each in a process of its own with a time limit. */
const INIT = `
#include <stdio.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PCI "/sys/bus/pci/devices/0000:00:01.0/"

static void run(const char *target, const char *file)
{
	int status = 0;
	pid_t pid;
	printf("selftest: begin %s\\n", target);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		execl("/selftest", "selftest", "--", file, (char *)0);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	printf("selftest: end %s %d\\n", target, status);
}

int main(void)
{
	int fd;
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, 0);
	mount("sysfs", "/sys", "sysfs", 0, 0);
	mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
	fd = open("/dev/console", O_RDWR);
	dup2(fd, 1);
	dup2(fd, 2);
	printf("\\n");
	run("ram", "/dev/mem");
	fd = open(PCI "enable", O_WRONLY);
	if (fd >= 0 && write(fd, "1", 1) == 1)
		run("mmio", PCI "resource2");
	printf("${DONE_LINE}\\n");
	fflush(stdout);
	/* a reset would start User-mode Linux again */
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
`;

/** What the selftest said about one kind of memory. */
export interface SelftestRun {
  readonly results: CaseResults;
  /** Why there are none. */
  readonly skipped?: string;
}

/** The lines that the test printed for one target. */
function section(lines: readonly string[], target: string): readonly string[] | undefined {
  const begin = lines.findIndex((line) => line.endsWith(`selftest: begin ${target}`));
  if (begin === -1) return undefined;
  const end = lines.findIndex((line) => line.startsWith(`selftest: end ${target} `));
  return lines.slice(begin + 1, end === -1 ? undefined : end);
}

/** Reads the console of a boot, by target. */
export function parseSelftest(lines: readonly string[]): Readonly<Record<string, SelftestRun>> {
  const runs = ['ram', 'mmio'].flatMap((target) => {
    const printed = section(lines, target);
    if (!printed) return [];
    const skipped = skipReason(printed);
    const results = parseCases(printed);
    return [[target, skipped === undefined ? { results } : { results, skipped }] as const];
  });
  return Object.fromEntries(runs);
}

/**
 * Builds the selftest for a machine and runs it.
 * @throws Error with the console if the machine did not get to the end
 */
export async function runSelftest(
  machine: Machine,
  sources: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, SelftestRun>>> {
  const { toolchain, boot, kernel } = machine;
  const init = await readFile(await toolchain.buildProgram({ 'init.c': INIT }, 'selftest-init'));
  const selftest = await readFile(await toolchain.buildProgram(sources, 'selftest'));
  const files = [
    { path: 'init', data: init },
    { path: 'selftest', data: selftest },
  ];
  const { lines, end } = await boot.run(files, { timeoutMs: 240_000 });
  if (end !== 'done') throw new Error(`${kernel.id}: ${end}\n${lines.slice(-20).join('\n')}`);
  return parseSelftest(lines);
}
