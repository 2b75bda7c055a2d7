/** What threads may call: system calls with their usual arguments, and calls that stand for GUP users. */
import { doGroupExit } from '../../kernel/exit.js';
import { sysCoredump } from '../../kernel/fs/coredump.js';
import { sysFork, sysWaitpid } from '../../kernel/fork.js';
import { sysClose, sysIoctl, sysOpen } from '../../kernel/fs/open.js';
import { sysFutex } from '../../kernel/futex.js';
import { routine, type Routine } from '../../kernel/routine.js';
import { sysFollowPfnmap, sysProcmem, sysProcmemWrite } from '../../kernel/mm/follow.js';
import { sysGup, sysGupFast, sysPut, sysReadPin, sysVmsplice } from '../../kernel/mm/gup_users.js';
import { sysClearSoftDirty, sysSoftDirty } from '../../kernel/fs/proc/clear_refs.js';
import { sysPagemap, sysSmaps } from '../../kernel/fs/proc/task_mmu.js';
import { sysHmmRangeFault } from '../../kernel/mm/hmm.js';
import { sysMadvise } from '../../kernel/mm/madvise.js';
import { sysMigrateVmaSetup } from '../../kernel/mm/migrate_device.js';
import { sysMincore } from '../../kernel/mm/mincore.js';
import { sysMlock, sysMlockall, sysMunlock, sysMunlockall } from '../../kernel/mm/mlock.js';
import { sysMmap, sysMunmap } from '../../kernel/mm/mmap.js';
import { sysMprotect } from '../../kernel/mm/mprotect.js';
import { sysMremap } from '../../kernel/mm/mremap.js';
import { sysMsync } from '../../kernel/mm/msync.js';
import { sysGetpid, sysProcessVmReadv, sysProcessVmWritev } from '../../kernel/mm/process_vm_access.js';
import { sysKvmPfn, sysVfioPin } from '../../kernel/mm/raw_users.js';
import { sysUffdRegister } from '../../kernel/mm/userfaultfd.js';
import { CHOOSE, type ApiFunction } from './define.js';

/** exit(n): every thread of the process ends. */
const sysExit = routine('kernel/exit.c:do_group_exit', 2, (k) => doGroupExit(k, 0));

function call(prototype: string, r: Routine): ApiFunction {
  return { prototype, routine: r, point: true };
}

/** By name. Every pointer is a user pointer; a string names a device and arrives as its driver's number (-1: no such file). */
export const SYSCALLS: Readonly<Record<string, ApiFunction>> = {
  choose: CHOOSE,
  open: call('int open(const char *path, int flags)', sysOpen),
  close: call('int close(int fd)', sysClose),
  ioctl: call('int ioctl(int fd, unsigned int cmd, unsigned long arg)', sysIoctl),
  mmap: call('void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)', sysMmap),
  munmap: call('int munmap(void *addr, size_t length)', sysMunmap),
  mprotect: call('int mprotect(void *addr, size_t length, int prot)', sysMprotect),
  mremap: call('void *mremap(void *addr, size_t old_length, size_t new_length, int flags, ...)', sysMremap),
  madvise: call('int madvise(void *addr, size_t length, int advice)', sysMadvise),
  mlock: call('int mlock(const void *addr, size_t length)', sysMlock),
  mlock2: call('int mlock2(const void *addr, size_t length, int flags)', sysMlock),
  munlock: call('int munlock(const void *addr, size_t length)', sysMunlock),
  mlockall: call('int mlockall(int flags)', sysMlockall),
  munlockall: call('int munlockall(void)', sysMunlockall),
  msync: call('int msync(void *addr, size_t length, int flags)', sysMsync),
  fork: call('pid_t fork(void)', sysFork),
  waitpid: call('pid_t waitpid(pid_t pid)', sysWaitpid),
  getpid: call('pid_t getpid(void)', sysGetpid),
  process_vm_readv: call(
    'long process_vm_readv(pid_t pid, void *local, void *remote, size_t length)',
    sysProcessVmReadv,
  ),
  process_vm_writev: call(
    'long process_vm_writev(pid_t pid, void *local, void *remote, size_t length)',
    sysProcessVmWritev,
  ),
  exit: call('void exit(int status)', sysExit),
  gup: call('int gup(void *p, unsigned int flags)', sysGup),
  gup_fast: call('int gup_fast(void *p, unsigned int flags)', sysGupFast),
  put: call('int put(void *p)', sysPut),
  read_pin: call('int read_pin(void *p)', sysReadPin),
  futex: call('int futex(void *p)', sysFutex),
  vmsplice: call('int vmsplice(void *p)', sysVmsplice),
  follow_pfnmap: call('long follow_pfnmap(void *p)', sysFollowPfnmap),
  mincore: call('int mincore(void *p)', sysMincore),
  kvm_pfn: call('long kvm_pfn(void *p, int write)', sysKvmPfn),
  vfio_pin: call('long vfio_pin(void *p, int write)', sysVfioPin),
  uffd_register: call('int uffd_register(void *p, size_t length)', sysUffdRegister),
  coredump: call('int coredump(void *p)', sysCoredump),
  hmm_range_fault: call('int hmm_range_fault(void *p, unsigned int request)', sysHmmRangeFault),
  migrate_vma_setup: call('int migrate_vma_setup(void *p)', sysMigrateVmaSetup),
  smaps: call('int smaps(void *p)', sysSmaps),
  pagemap: call('long pagemap(void *p)', sysPagemap),
  soft_dirty: call('int soft_dirty(void *p)', sysSoftDirty),
  clear_soft_dirty: call('int clear_soft_dirty(void)', sysClearSoftDirty),
  procmem: call('int procmem(void *p)', sysProcmem),
  procmem_write: call('int procmem_write(void *p, int value)', sysProcmemWrite),
};
