/** The diagnostics of the litmus language: PFN2xxx structure, PFN3xxx what cannot be run, PFN4xxx configurations. */
import type { CodeDoc } from '../c/diagnostics.js';
import { CONDITION_CODES } from './codes/condition.js';
import { CONFIGURATION_CODES } from './codes/configuration.js';
import { HEADER_CODES } from './codes/header.js';
import { LOWERING_CODES } from './codes/lowering.js';
import { MEMORY_CODES } from './codes/memory.js';
import { PROMISE_CODES } from './codes/promises.js';
import { NAME_CODES } from './codes/names.js';
import { THREAD_CODES } from './codes/threads.js';

/** The documentation of every code of the litmus language, in the order of their numbers. */
export const LITMUS_CODES: readonly CodeDoc[] = [
  HEADER_CODES,
  MEMORY_CODES,
  THREAD_CODES,
  CONDITION_CODES,
  NAME_CODES,
  LOWERING_CODES,
  CONFIGURATION_CODES,
  PROMISE_CODES,
]
  .flatMap((group): CodeDoc[] => Object.values(group))
  .sort((a, b) => a.code.localeCompare(b.code));
