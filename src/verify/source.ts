/** What the text of a driver tells about the programs that it needs to meet. */
import { DiagnosticSink } from '../c/diagnostics.js';
import { cut } from '../litmus/scan.js';
import type { LitmusTest } from '../litmus/ast.js';
import type { Compiled } from '../run/boot.js';
import type { Declarations } from './declarations.js';

export interface Traits {
  /** The offset of a mapping can make a difference: the driver looks at it, or the linear rule does. */
  readonly offsets: boolean;
  /** Mappings are searched for by their offsets. */
  readonly unmaps: boolean;
  /** The driver reads or writes through pointers of the program's. */
  readonly pointers: boolean;
  /** Commands that its header names. */
  readonly revokes: ReadonlySet<number>;
}

const LOOKS = /pgoff|mmap_prepare|vm_iomap_memory|dma_mmap|vm_map_pages\b/;
export function traitsOf(test: LitmusTest, c: Compiled, { revokes }: Declarations): Traits {
  const { driver } = cut(test.source, new DiagnosticSink(test.source));
  const text = test.source.text
    .slice(driver.start, driver.end)
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*|\(\*[\s\S]*?\*\)/g, ' ');
  const offsets = LOOKS.test(text) || (!c.facts.pteSpecial && /VM_PFNMAP/.test(text));
  return {
    offsets,
    pointers: /\b(copy_(to|from)_user|get_user|put_user)\b/.test(text),
    revokes,
    unmaps: /unmap_mapping/.test(text),
  };
}
