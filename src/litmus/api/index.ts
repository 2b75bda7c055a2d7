/** The environments of driver code and of threads: what the C checker may look up and what the lowering calls. */
import type { Environment, ExternalConstant, ExternalFunction, FileScopeMacro } from '../../c/environment.js';
import type { DataModel } from '../../c/types.js';
import { ERRNO } from '../../kernel/errno.js';
import { KERNEL_FLAGS } from '../../kernel/flags.js';
import { PTE_PRESENT, PTE_WRITE } from '../../kernel/pte.js';
import { UAPI_CONSTANTS } from '../../kernel/uapi.js';
import { ASSERTS } from './asserts.js';
import type { ApiFunction, ApiStruct } from './define.js';
import { DESC_MACROS, DRIVER_DESC, VMA_BITS } from './driver-desc.js';
import { DRIVER_FAULT, FAULT_MACROS } from './driver-fault.js';
import { CONVENIENCES, IOCTL_NUMBERS } from './conveniences.js';
import { DRIVER_CORE, GFP } from './driver-core.js';
import { DRIVER_MEMTYPE } from './driver-memtype.js';
import { DRIVER_MM } from './driver-mm.js';
import { DRIVER_MACROS } from './macros.js';
import { DRIVER_OBJECTS } from './driver-objects.js';
import { STRUCTS, TYPEDEFS } from './structs.js';
import { SYSCALLS } from './syscalls.js';

export type { ApiField, ApiFunction, ApiStruct } from './define.js';
export { callApi, num, pfnArg, ret64 } from './define.js';

/** What of a configuration the environments depend on. */
export interface EnvironmentOptions {
  readonly model: DataModel;
  /** Bits of phys_addr_t and dma_addr_t. */
  readonly physAddrTBits: number;
  /** Entries of a page table. */
  readonly ptrs: number;
  /** Names of the test's regions: run-time constants. */
  readonly regions: readonly string[];
}

/** Functions of drivers, by name. */
export const DRIVER_FUNCTIONS: Readonly<Record<string, ApiFunction>> = {
  ...DRIVER_MM,
  ...DRIVER_MEMTYPE,
  ...DRIVER_DESC,
  ...DRIVER_FAULT,
  ...DRIVER_CORE,
  ...DRIVER_OBJECTS,
  ...DRIVER_MACROS,
  ...CONVENIENCES,
  ...DESC_MACROS,
  ...FAULT_MACROS,
};

/** Functions of threads, by name. */
export const THREAD_FUNCTIONS: Readonly<Record<string, ApiFunction>> = { ...SYSCALLS, ...IOCTL_NUMBERS };

/** Names for bug(NAME) and warned(NAME), by id; 0 is nobody, 1 a page fault outside any call. */
export const API_NAMES: readonly string[] = [
  'none',
  'page_fault',
  ...new Set(
    [SYSCALLS, DRIVER_MM, DRIVER_MEMTYPE, DRIVER_DESC, DRIVER_FAULT, DRIVER_CORE, ASSERTS].flatMap((table) =>
      Object.keys(table),
    ),
  ),
];

const API_IDS: ReadonlyMap<string, number> = new Map(API_NAMES.map((name, id) => [name, id]));

/** Id of a name of {@link API_NAMES}, 0 when it is none of them. */
export function apiId(name: string): number {
  return API_IDS.get(name) ?? 0;
}

/** Kernel struct `tag` with its fields' implementations. */
export function apiStruct(tag: string): ApiStruct | undefined {
  return STRUCTS.get(tag);
}

/** Constants that do not depend on the configuration but on whether the code is a driver's. */
const DRIVER_CONSTANTS: Readonly<Record<string, ExternalConstant>> = {
  GFP_KERNEL: { type: 'gfp_t', value: BigInt(GFP.KERNEL) },
  GFP_ATOMIC: { type: 'gfp_t', value: 0xa20n },
  GFP_USER: { type: 'gfp_t', value: 0xcc0n },
  GFP_HIGHUSER: { type: 'gfp_t', value: 0xcc2n },
  GFP_HIGHUSER_MOVABLE: { type: 'gfp_t', value: BigInt(GFP.HIGHUSER) },
  __GFP_ZERO: { type: 'gfp_t', value: BigInt(GFP.ZERO) },
  __GFP_COMP: { type: 'gfp_t', value: BigInt(GFP.COMP) },
  PAGE_SHARED: { type: 'pgprot_t', value: BigInt(PTE_PRESENT | PTE_WRITE) },
  PAGE_READONLY: { type: 'pgprot_t', value: BigInt(PTE_PRESENT) },
  THIS_MODULE: { type: 'struct module *', value: 0n, address: true },
  CAP_SYS_ADMIN: { type: 'int', value: 21n },
  CAP_SYS_RAWIO: { type: 'int', value: 17n },
};

const MACROS: ReadonlyMap<string, FileScopeMacro> = new Map<string, FileScopeMacro>([
  ['DEFINE_MUTEX', { kind: 'object', type: 'struct mutex' }],
  ['DEFINE_SPINLOCK', { kind: 'object', type: 'struct spinlock' }],
  ['DECLARE_RWSEM', { kind: 'object', type: 'struct rw_semaphore' }],
  ['module_init', { kind: 'init' }],
  ['module_exit', { kind: 'exit' }],
  ...[
    ...['LICENSE', 'DESCRIPTION', 'AUTHOR', 'VERSION', 'ALIAS', 'PARM_DESC', 'IMPORT_NS', 'DEVICE_TABLE'].map(
      (what) => `MODULE_${what}`,
    ),
    ...['module_param', 'module_param_named', 'EXPORT_SYMBOL', 'EXPORT_SYMBOL_GPL'],
  ].map((name): [string, FileScopeMacro] => [name, { kind: 'ignore' }]),
]);

function commonConstants(o: EnvironmentOptions): Map<string, ExternalConstant> {
  const map = new Map<string, ExternalConstant>();
  const size = 4096n;
  const ptrs = BigInt(o.ptrs);
  const shift = (n: number): bigint => BigInt(Math.log2(o.ptrs) * n);
  for (const [name, value] of Object.entries(ERRNO)) map.set(name, { type: 'int', value: BigInt(value) });
  map.set('BITS_PER_LONG', { type: 'int', value: o.model.name === 'LP64' ? 64n : 32n });
  map.set('PAGE_SHIFT', { type: 'int', value: 12n });
  map.set('PAGE_SIZE', { type: 'unsigned long', value: size });
  map.set('PAGE_MASK', { type: 'unsigned long', value: ~(size - 1n) });
  map.set('PMD_SHIFT', { type: 'int', value: 12n + shift(1) });
  map.set('PMD_SIZE', { type: 'unsigned long', value: size * ptrs });
  map.set('PMD_MASK', { type: 'unsigned long', value: ~(size * ptrs - 1n) });
  map.set('PMD_ORDER', { type: 'int', value: shift(1) });
  map.set('HPAGE_PMD_SIZE', { type: 'unsigned long', value: size * ptrs });
  map.set('HPAGE_PMD_MASK', { type: 'unsigned long', value: ~(size * ptrs - 1n) });
  map.set('HPAGE_PMD_ORDER', { type: 'int', value: shift(1) });
  map.set('HPAGE_PMD_NR', { type: 'int', value: ptrs });
  map.set('PUD_SHIFT', { type: 'int', value: 12n + shift(2) });
  map.set('PUD_SIZE', { type: 'unsigned long', value: size * ptrs * ptrs });
  map.set('PUD_MASK', { type: 'unsigned long', value: ~(size * ptrs * ptrs - 1n) });
  map.set('PUD_ORDER', { type: 'int', value: shift(2) });
  map.set('PTRS_PER_PTE', { type: 'int', value: ptrs });
  map.set('PTRS_PER_PMD', { type: 'int', value: ptrs });
  map.set('NULL', { type: 'void *', value: 0n });
  for (const region of o.regions) map.set(region, { type: 'unsigned long', what: 'region' });
  return map;
}

function environment(
  o: EnvironmentOptions,
  space: Environment['space'],
  functions: Readonly<Record<string, ApiFunction>>,
  constants: ReadonlyMap<string, ExternalConstant>,
  structs: ReadonlyMap<string, ApiStruct>,
  macros: ReadonlyMap<string, FileScopeMacro>,
): Environment {
  const physical = ['phys_addr_t', 'dma_addr_t', 'resource_size_t'];
  const typedefNames = [...TYPEDEFS.keys(), ...physical];
  const kinds = {
    function: Object.keys(functions),
    constant: constants,
    struct: structs,
    typedef: typedefNames,
    macro: macros,
  };
  return {
    model: o.model,
    space,
    lookupFunction: (name): ExternalFunction | undefined =>
      Object.hasOwn(functions, name) ? functions[name] : undefined,
    lookupConstant: (name) => constants.get(name),
    lookupStruct: (tag) => structs.get(tag),
    lookupTypedef: (name) =>
      !physical.includes(name)
        ? TYPEDEFS.get(name)
        : o.physAddrTBits === 64
          ? 'unsigned long long'
          : 'unsigned long',
    lookupMacro: (name) => macros.get(name),
    names: (kind) => {
      const from = kinds[kind];
      return Array.isArray(from) ? from : (from as ReadonlyMap<string, unknown>).keys();
    },
  };
}

/** What driver code may use. */
export function driverEnvironment(o: EnvironmentOptions): Environment {
  const constants = commonConstants(o);
  for (const [name, value] of Object.entries(KERNEL_FLAGS)) constants.set(name, flagConstant(name, value));
  for (const [name, bit] of Object.entries(VMA_BITS))
    constants.set(name, { type: 'int', value: BigInt(bit) });
  for (const [name, c] of Object.entries(DRIVER_CONSTANTS)) constants.set(name, c);
  for (const name of ['PROT_READ', 'PROT_WRITE', 'PROT_EXEC'] as const) {
    constants.set(name, { type: 'int', value: BigInt(UAPI_CONSTANTS[name]) });
  }
  return environment(o, 'kernel', DRIVER_FUNCTIONS, constants, STRUCTS, MACROS);
}

/** VM_* are unsigned long, VM_FAULT_* unsigned int. */
function flagConstant(name: string, value: number): ExternalConstant {
  const type = name.startsWith('VM_FAULT_') || !name.startsWith('VM_') ? 'unsigned int' : 'unsigned long';
  return { type, value: BigInt(value >>> 0) };
}

/** What threads may use. */
export function threadEnvironment(o: EnvironmentOptions): Environment {
  const constants = commonConstants(o);
  for (const [name, value] of Object.entries(UAPI_CONSTANTS))
    constants.set(name, { type: 'int', value: BigInt(value) });
  for (const [name, value] of Object.entries(KERNEL_FLAGS)) {
    if (name.startsWith('FOLL_') || name.startsWith('HMM_PFN_'))
      constants.set(name, { type: 'int', value: BigInt(value) });
  }
  constants.set('MAP_FAILED', { type: 'void *', value: -1n });
  constants.set('arena', { type: 'char *', what: 'arena' });
  // Kernel structs are known, for structs of the driver may contain them; threads have no pointer to any.
  return environment(o, 'user', THREAD_FUNCTIONS, constants, STRUCTS, new Map());
}
