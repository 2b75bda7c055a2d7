import { readFile } from 'node:fs/promises';
import { DONE_LINE, type BootFile, type Machine, type Toolchain } from '../types.js';
import type { KernelFindings } from './catalogue.js';

/** A first boot: does the kernel run our program and load our module, and what is there? */

const INIT = `
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static void devices(void)
{
	char line[256], path[128];
	unsigned long long start, end, flags;
	int i;
	for (i = 0; i < 32; i++) {
		FILE *f;
		snprintf(path, sizeof path, "/sys/bus/pci/devices/0000:00:%02x.0/resource", i);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof line, f))
			if (sscanf(line, "%llx %llx %llx", &start, &end, &flags) == 3 && end - start == 0xffffff)
				printf("probe: window %llx\\n", start);
		if (f)
			fclose(f);
	}
}

static void symbols(void)
{
	char line[512];
	FILE *f = fopen("/proc/kallsyms", "r");
	while (f && fgets(line, sizeof line, f))
		if (strstr(line, " vm_normal_page\\n") && strncmp(line, "00000000", 8))
			printf("probe: kallsyms\\n");
	if (f)
		fclose(f);
}

int main(void)
{
	struct utsname name;
	int fd, rc;
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, 0);
	mount("sysfs", "/sys", "sysfs", 0, 0);
	uname(&name);
	/* The firmware leaves its cursor in the middle of a line. */
	printf("\\nprobe: release %s\\n", name.release);
	symbols();
	devices();
	fd = open("/probe.ko", O_RDONLY);
	rc = syscall(SYS_finit_module, fd, "", 0);
	printf("probe: module %d\\n", rc);
	rc = syscall(SYS_finit_module, open("/kprobe.ko", O_RDONLY), "", 0);
	printf("probe: kprobe %d\\n", rc);
	printf("${DONE_LINE}\\n");
	fflush(stdout);
	/* a reset would start User-mode Linux again */
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
`;

const MODULE = `
#include <linux/module.h>
static int __init probe_init(void) { return 0; }
static void __exit probe_exit(void) { }
module_init(probe_init);
module_exit(probe_exit);
MODULE_LICENSE("GPL");
`;

/** Loads only where a kprobe finds vm_normal_page(). */
const KPROBE = `
#include <linux/kprobes.h>
#include <linux/module.h>
static struct kprobe probe = { .symbol_name = "vm_normal_page" };
static int __init probe_init(void)
{
#ifdef CONFIG_KPROBES
	int rc = register_kprobe(&probe);
	if (!rc)
		unregister_kprobe(&probe);
	return rc;
#else
	return probe.addr ? 0 : -ENOSYS;
#endif
}
static void __exit probe_exit(void) { }
module_init(probe_init);
module_exit(probe_exit);
MODULE_LICENSE("GPL");
`;

/** Size of the window of I/O memory in frames. */
const WINDOW_FRAMES = 4096;

/**
 * Reads what the probe printed.
 * @throws Error if the module did not load: then nothing can be replayed
 */
export function parseProbe(lines: readonly string[]): KernelFindings {
  const values = (name: string): string[] =>
    lines.flatMap((line) => {
      const match = /^probe: (\S+) ?(.*)$/.exec(line);
      return match?.[1] === name ? [match[2]!] : [];
    });
  const version = values('release')[0];
  if (version === undefined || values('module')[0] !== '0') {
    throw new Error(`the first boot failed:\n${lines.slice(-30).join('\n')}`);
  }
  const window = values('window')[0];
  return {
    version,
    hooks: { kprobes: values('kprobe')[0] === '0', kallsyms: values('kallsyms').length > 0 },
    ...(window === undefined || BigInt(`0x${window}`) === 0n
      ? {}
      : { mmio: [Number(BigInt(`0x${window}`) >> 12n), WINDOW_FRAMES] as const }),
  };
}

/** What a first boot needs. */
export async function probeFiles(toolchain: Toolchain): Promise<BootFile[]> {
  const init = await readFile(await toolchain.buildProgram({ 'init.c': INIT }, 'init'));
  const module = await readFile(await toolchain.buildModule({ 'probe.c': MODULE }, 'probe'));
  const kprobe = await readFile(await toolchain.buildModule({ 'kprobe.c': KPROBE }, 'kprobe'));
  return [
    { path: 'init', data: init },
    { path: 'probe.ko', data: module },
    { path: 'kprobe.ko', data: kprobe },
  ];
}

/** Builds for a kernel, boots it, and says what it found and how long the boot took, in seconds. */
export async function probe(machine: Machine): Promise<{ found: KernelFindings; seconds: number }> {
  const files = await probeFiles(machine.toolchain);
  const { lines, timeMs } = await machine.boot.run(files, { timeoutMs: 240_000 });
  return { found: parseProbe(lines), seconds: timeMs / 1000 };
}
