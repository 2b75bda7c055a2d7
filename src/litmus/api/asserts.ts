/** Prints and assertions: `include/linux/{printk,dev_printk,bug,mmdebug}.h`. */
import { BOOL, INT, VOID, type CType } from '../../c/types.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { ApiFunction } from './define.js';
import { macro } from './expansion.js';

/** Prints nothing in the model; arguments are still computed. */
function printing(prototype: string): ApiFunction {
  return { prototype, special: 'nop' };
}

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug', 'devel', 'cont'];
const DEVICE_LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'dbg'];
const OFTENNESS = ['', '_once', '_ratelimited'];

const PRINTS: readonly (readonly [string, ApiFunction])[] = [
  ...['printk', 'trace_printk', ...LEVELS.map((l) => `pr_${l}`)].flatMap((name) =>
    OFTENNESS.map((often): [string, ApiFunction] => [
      name + often,
      printing(`int ${name}${often}(const char *fmt, ...)`),
    ]),
  ),
  ...DEVICE_LEVELS.flatMap((level) =>
    OFTENNESS.map((often): [string, ApiFunction] => [
      `dev_${level}${often}`,
      printing(`void dev_${level}${often}(const struct device *dev, const char *fmt, ...)`),
    ]),
  ),
  ['dump_stack', printing('void dump_stack(void)')],
];

/** An assertion of a scalar. */
function assertion(result: CType, call: (k: Kernel) => number): ApiFunction {
  return {
    call,
    generic: ([condition, ...more]) =>
      more.length === 0 && (condition?.kind === 'int' || condition?.kind === 'pointer')
        ? { result, parameters: [BOOL] }
        : 'one condition is needed',
  };
}

/** What warned(NAME) and bug(NAME) may name. */
export const ASSERTS: Readonly<Record<string, ApiFunction>> = {
  WARN_ON: assertion(INT, (k) => {
    if (k.argLo[0] !== 0) k.warn();
    return k.argLo[0]!;
  }),
  BUG_ON: assertion(VOID, (k) => {
    if (k.argLo[0] !== 0) k.bug();
    return 0;
  }),
};

const once = macro(1, (c, condition) => c.call('WARN_ON', condition));
const withText = macro(
  1,
  (c, condition, ...text) => c.comma(c.call('printk', ...text), c.call('WARN_ON', condition)),
  true,
);

/** Once or not is the same: each run is the first of its boot. */
const OTHERS: Readonly<Record<string, ApiFunction>> = {
  WARN_ON_ONCE: once,
  WARN: withText,
  WARN_ONCE: withText,
  BUG: macro(0, (c) => c.call('BUG_ON', 1)),
};

/** By name. */
export const PRINTS_AND_ASSERTS: Readonly<Record<string, ApiFunction>> = {
  ...Object.fromEntries(PRINTS),
  ...ASSERTS,
  ...OTHERS,
};
